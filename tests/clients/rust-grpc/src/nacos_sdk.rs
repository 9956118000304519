//! A life of nacos-sdk over gRPC; `driver.py` two folders above says what each line means.

use nacos_sdk::api::naming::{
    NamingChangeEvent, NamingEventListener, NamingService, NamingServiceBuilder, ServiceInstance,
};
use nacos_sdk::api::props::ClientProps;
use std::collections::HashMap;
use std::sync::Arc;

struct Driver {
    client: NamingService,
    group: String,
    service: String,
    port: i32,
    ephemeral: bool,
}

/// Says what the subscription says.
struct Heard;

impl NamingEventListener for Heard {
    fn event(&self, event: Arc<NamingChangeEvent>) {
        say("heard", event.instances.as_deref().unwrap_or_default());
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, namespace, group, service, port, kind] = arguments.as_slice() else {
        panic!("usage: SERVER NAMESPACE GROUP SERVICE PORT KIND");
    };
    let (told, mut steps) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    });
    // An empty list is what the last instance leaves behind; the SDK would keep it to itself.
    let props = ClientProps::new()
        .server_addr(server.as_str())
        .namespace(namespace.as_str())
        .naming_push_empty_protection(false)
        .app_name("facos-clients");
    let built = NamingServiceBuilder::new(props).build().await;
    let port = port.parse().expect("the caller gives a port");
    let driver = built.map(|client| Driver {
        client,
        group: group.clone(),
        service: service.clone(),
        port,
        ephemeral: kind != "persistent",
    });
    while let Some(step) = steps.recv().await {
        let done = match &driver {
            Ok(driver) => driver.take(&step).await,
            Err(error) => Err(error.to_string()),
        };
        match done {
            Ok(()) => println!("done {step}"),
            Err(error) => println!("failed {step} {}", error.replace('\n', " ")),
        }
    }
    // The SDK's tasks would keep the process.
    std::process::exit(0);
}

impl Driver {
    async fn take(&self, step: &str) -> Result<(), String> {
        let (service, group) = (self.service.clone(), Some(self.group.clone()));
        let done = match step {
            "register" => {
                self.client.register_instance(service, group, self.instance("first", 1.0)).await
            }
            "update" => {
                let updated = self.instance("first-updated", 2.0);
                self.client.register_instance(service, group, updated).await
            }
            "deregister" => {
                self.client.deregister_instance(service, group, self.instance("first", 1.0)).await
            }
            "subscribe" => {
                self.client.subscribe(service, group, Vec::new(), Arc::new(Heard)).await
            }
            "list" => {
                let listed = self.client.get_all_instances(service, group, Vec::new(), false);
                listed.await.map(|hosts| say("listed", &hosts))
            }
            _ => return Err("the SDK has no such call".to_owned()),
        };
        done.map_err(|error| error.to_string())
    }

    fn instance(&self, role: &str, weight: f64) -> ServiceInstance {
        ServiceInstance {
            ip: "127.0.0.1".to_owned(),
            port: self.port,
            weight,
            ephemeral: self.ephemeral,
            metadata: HashMap::from([("role".to_owned(), role.to_owned())]),
            ..Default::default()
        }
    }
}

fn say(word: &str, hosts: &[ServiceInstance]) {
    let mut line = word.to_owned();
    for host in hosts {
        let role = host.metadata.get("role").map_or("-", String::as_str);
        line += &format!(" {}/{role}/{}", host.port, host.weight);
    }
    println!("{line}");
}
