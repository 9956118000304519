// What an application that asks nacos-client is given, again and again, for `facos drill`.

import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.Properties;

public class Drill {
    private static final long PAUSE_MS = 200;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", System.getenv("FACOS_SERVER"));
        properties.setProperty("namespace", System.getenv("FACOS_NAMESPACE"));
        String group = System.getenv("FACOS_GROUP");
        String service = System.getenv("FACOS_SERVICE");
        NamingService naming = null;
        while (true) {
            try {
                if (naming == null) {
                    naming = NamingFactory.createNamingService(properties);
                }
                // With a subscription, as applications have it: it is answered from the cache.
                StringBuilder hosts = new StringBuilder();
                for (Instance host : naming.getAllInstances(service, group)) {
                    hosts.append(hosts.length() == 0 ? "\"" : ",\"");
                    hosts.append(host.getIp()).append(':').append(host.getPort()).append('"');
                }
                System.out.println("{\"hosts\":[" + hosts + "]}");
            } catch (Exception error) {
                String text = error.toString().replaceAll("[^ -~]|[\"\\\\]", " ");
                System.out.println("{\"error\":\"" + text + "\"}");
            }
            Thread.sleep(PAUSE_MS);
        }
    }
}
