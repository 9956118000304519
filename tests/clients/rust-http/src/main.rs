//! A life of nacos_rust_client over HTTP, or over gRPC with `USE_GRPC`; `driver.py` two folders
//! above says what each line means.

use nacos_rust_client::client::naming_client::{
    Instance, InstanceDefaultListener, NamingClient, QueryInstanceListParams, ServiceInstanceKey,
};
use nacos_rust_client::client::ClientBuilder;
use std::collections::HashMap;
use std::sync::Arc;

struct Driver {
    client: Arc<NamingClient>,
    group: String,
    service: String,
    port: u32,
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, namespace, group, service, port, _kind] = arguments.as_slice() else {
        panic!("usage: SERVER NAMESPACE GROUP SERVICE PORT KIND");
    };
    let client = ClientBuilder::new()
        .set_endpoint_addrs(server)
        .set_tenant(namespace.clone())
        .set_use_grpc(std::env::var_os("USE_GRPC").is_some())
        .set_client_ip("127.0.0.1".to_owned())
        .build_naming_client();
    let port = port.parse().expect("the caller gives a port");
    let driver = Driver { client, group: group.clone(), service: service.clone(), port };
    let (told, mut steps) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(step) = steps.recv().await {
        match driver.take(&step).await {
            Ok(()) => println!("done {step}"),
            Err(error) => println!("failed {step} {}", error.replace('\n', " ")),
        }
    }
    // The SDK's actors would keep the process.
    std::process::exit(0);
}

impl Driver {
    async fn take(&self, step: &str) -> Result<(), String> {
        match step {
            "register" => self.client.register(self.instance()),
            "subscribe" => return self.subscribe().await,
            "list" => return self.list().await,
            "deregister" => self.client.unregister(self.instance()),
            _ => return Err("the SDK has no such call".to_owned()),
        }
        Ok(())
    }

    async fn subscribe(&self) -> Result<(), String> {
        let key = ServiceInstanceKey::new(&self.service, &self.group);
        let told =
            Arc::new(|hosts: Arc<Vec<Arc<Instance>>>, _added, _removed| say("heard", &hosts));
        let listener = InstanceDefaultListener::new(key, Some(told));
        self.client.subscribe(Box::new(listener)).await.map_err(|error| error.to_string())
    }

    async fn list(&self) -> Result<(), String> {
        let wanted = QueryInstanceListParams::new_simple(&self.service, &self.group);
        let hosts = self.client.query_instances(wanted).await.map_err(|error| error.to_string())?;
        say("listed", &hosts);
        Ok(())
    }

    fn instance(&self) -> Instance {
        let metadata = HashMap::from([("role".to_owned(), "first".to_owned())]);
        Instance::new("127.0.0.1", self.port, &self.service, &self.group, "", "", Some(metadata))
    }
}

fn say(word: &str, hosts: &[Arc<Instance>]) {
    let mut line = word.to_owned();
    for host in hosts {
        let role = host.metadata.as_ref().and_then(|metadata| metadata.get("role"));
        let role = role.map_or("-", String::as_str);
        line += &format!(" {}/{role}/{}", host.port, host.weight);
    }
    println!("{line}");
}
