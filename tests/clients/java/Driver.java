// A life of nacos-client; driver.py in the folder above says what each line means.

import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Properties;

public class Driver {
    private final NamingService naming;
    private final String group;
    private final String service;
    private final int port;
    private final boolean ephemeral;

    private Driver(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", arguments[0]);
        properties.setProperty("namespace", arguments[1]);
        naming = NamingFactory.createNamingService(properties);
        group = arguments[2];
        service = arguments[3];
        port = Integer.parseInt(arguments[4]);
        ephemeral = !arguments[5].equals("persistent");
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        Driver driver = null;
        for (String step = lines.readLine(); step != null; step = lines.readLine()) {
            try {
                if (driver == null) {
                    driver = new Driver(arguments);
                }
                driver.take(step);
                say("done " + step);
            } catch (Exception error) {
                say("failed " + step + " " + error.toString().replace('\n', ' '));
            }
        }
        // The SDK's threads would keep the process.
        System.exit(0);
    }

    private void take(String step) throws Exception {
        switch (step) {
            case "register":
                naming.registerInstance(service, group, instance("first", 1));
                break;
            case "subscribe":
                naming.subscribe(service, group, event -> {
                    say("heard", ((NamingEvent) event).getInstances());
                });
                break;
            case "update":
                // It has no call for it: registering again is its way.
                naming.registerInstance(service, group, instance("first-updated", 2));
                break;
            case "list":
                say("listed", naming.getAllInstances(service, group, false));
                break;
            case "deregister":
                naming.deregisterInstance(service, group, instance("first-updated", 2));
                break;
            default:
                throw new IllegalArgumentException(step);
        }
    }

    private Instance instance(String role, double weight) {
        Instance instance = new Instance();
        instance.setIp("127.0.0.1");
        instance.setPort(port);
        instance.setWeight(weight);
        instance.setEphemeral(ephemeral);
        instance.addMetadata("role", role);
        return instance;
    }

    private static void say(String word, List<Instance> hosts) {
        StringBuilder line = new StringBuilder(word);
        for (Instance host : hosts) {
            String role = host.getMetadata().get("role");
            line.append(' ').append(host.getPort()).append('/').append(role);
            line.append('/').append(host.getWeight());
        }
        say(line.toString());
    }

    private static synchronized void say(String line) {
        System.out.println(line);
    }
}
