//! The messages of one agent to one server, compiled once and written without an allocation each.
use super::super::operation::{OPERATIONS, Operation};
use super::super::request::Ends;
use super::super::template::{Metadata, Subject, Template};
use super::super::workload::Workload;
use super::agents::Grpc;
use crate::wire::grpc::Prepared;

/// Requests of the server that are answered, and with what.
const ACKS: [(&str, &str); 3] = [
    ("NotifySubscriberRequest", "NotifySubscriberResponse"),
    ("ClientDetectionRequest", "ClientDetectionResponse"),
    (RESET, "ConnectResetResponse"),
];
/// The request that makes a client connect anew.
pub const RESET: &str = "ConnectResetRequest";
/// The request that carries a push.
pub const NOTIFY: &str = ACKS[0].0;

/// The messages of one agent.
#[derive(Debug)]
pub struct Calls {
    calls: [Option<Call>; OPERATIONS],
    subscribe_again: Call,
    /// The first message on the stream, framed.
    setup: Vec<u8>,
    acks: [Prepared; ACKS.len()],
    agent: &'static Grpc,
    metadata: Metadata,
}

#[derive(Debug)]
struct Call {
    prepared: Prepared,
    body: Template,
}

impl Calls {
    /// Compiles the messages of an agent.
    pub fn new(agent: &'static Grpc, ends: &Ends, workload: &Workload) -> Self {
        let ip = ends.client_ip.to_string();
        let call = |kind: &str, app: Option<&str>, body: &str| {
            let headers = app.map(|app| ("app", app));
            let prepared = Prepared::new(kind, &ip, headers.as_slice());
            Call { prepared, body: Template::new(body) }
        };
        let (instance, service) = (agent.instance_app, agent.service_app);
        let subscribe = "SubscribeServiceRequest";
        let calls = Operation::ALL.map(|operation| {
            Some(match operation {
                Operation::Register => call("InstanceRequest", instance, agent.register),
                Operation::Deregister => call("InstanceRequest", instance, agent.deregister),
                Operation::Beat => return None,
                Operation::List => call("ServiceQueryRequest", service, agent.list),
                Operation::Subscribe => call(subscribe, service, agent.subscribe),
                Operation::HealthCheck => call("HealthCheckRequest", None, agent.health),
                Operation::Connect => call("ServerCheckRequest", None, agent.check),
            })
        });
        let mut setup = Vec::new();
        let prepared = Prepared::new("ConnectionSetupRequest", &ip, &[]);
        prepared.write(agent.setup.as_bytes(), &mut setup);
        Self {
            calls,
            subscribe_again: call(subscribe, service, agent.subscribe_again),
            setup,
            acks: ACKS.map(|(_, answer)| Prepared::new(answer, &ip, &[])),
            agent,
            metadata: Metadata::new(workload),
        }
    }

    /// Replaces `out` by a message; `scratch` is for its body. `again` is for what is done again
    /// on a new connection.
    pub fn write(
        &self,
        operation: Operation,
        again: bool,
        subject: &Subject<'_>,
        out: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
    ) {
        out.clear();
        // Beats are never planned for an agent of gRPC.
        let Some(call) = &self.calls[operation as usize] else { return };
        let call =
            if again && operation == Operation::Subscribe { &self.subscribe_again } else { call };
        scratch.clear();
        call.body.fill(&self.metadata, subject, scratch);
        call.prepared.write(scratch, out);
    }

    /// The first message on the stream.
    pub fn setup(&self) -> &[u8] {
        &self.setup
    }

    /// Replaces `out` by the answer to a request of the server, by its number; whether there is
    /// one.
    pub fn ack(&self, kind: &str, id: &str, out: &mut Vec<u8>, scratch: &mut Vec<u8>) -> bool {
        let known = ACKS.iter().zip(&self.acks).find(|((asked, _), _)| *asked == kind);
        let Some((_, prepared)) = known else { return false };
        if kind == RESET && !self.agent.obeys_resets {
            return false;
        }
        let [before, behind] = self.agent.ack;
        scratch.clear();
        for part in [before, id, behind] {
            scratch.extend_from_slice(part.as_bytes());
        }
        out.clear();
        prepared.write(scratch, out);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::super::sdk::Sdk;
    use super::super::super::template::ServiceNames;
    use super::*;
    use crate::wire::grpc::{PREFIX_BYTES, PayloadRef};

    fn calls(agent: &str) -> Calls {
        let agent = Sdk::named(agent).unwrap().grpc().unwrap();
        let ends = Ends { host: "h:1".to_owned(), client_ip: Ipv4Addr::LOCALHOST.into() };
        Calls::new(agent, &ends, &Workload::default())
    }

    fn written(agent: &str, operation: Operation, again: bool) -> (String, String) {
        let names = ServiceNames::new("public", "DEFAULT_GROUP", "orders");
        let ip = Ipv4Addr::new(10, 1, 2, 3);
        let subject = Subject { names: &names, ip, port: 8080, udp: 0, change: 3 };
        let (mut out, mut scratch) = (b"old".to_vec(), Vec::new());
        calls(agent).write(operation, again, &subject, &mut out, &mut scratch);
        let payload = PayloadRef::read(&out[PREFIX_BYTES..]).unwrap();
        (payload.kind.to_owned(), String::from_utf8(payload.body.to_vec()).unwrap())
    }

    #[test]
    fn java_registers_as_recorded() {
        let (kind, body) = written("java-2.0.2", Operation::Register, false);
        assert_eq!(kind, "InstanceRequest");
        assert_eq!(
            body,
            "{\"headers\":{},\"namespace\":\"public\",\"serviceName\":\"orders\",\
             \"groupName\":\"DEFAULT_GROUP\",\"type\":\"registerInstance\",\"instance\":\
             {\"ip\":\"10.1.2.3\",\"port\":8080,\"weight\":1.0,\"healthy\":true,\
             \"enabled\":true,\"ephemeral\":true,\"metadata\":{\"change\":\"3\"},\
             \"instanceHeartBeatInterval\":5000,\"instanceHeartBeatTimeOut\":15000,\
             \"ipDeleteTimeout\":30000},\"module\":\"naming\"}"
        );
    }

    #[test]
    fn every_body_of_every_agent_is_json() {
        for sdk in &super::super::AGENTS {
            let agent = sdk.grpc().unwrap();
            for operation in Operation::ALL.into_iter().filter(|one| *one != Operation::Beat) {
                for again in [false, true] {
                    let (kind, body) = written(sdk.name, operation, again);
                    let read: serde_json::Value = serde_json::from_str(&body)
                        .unwrap_or_else(|error| panic!("{} {kind}: {error}: {body}", sdk.name));
                    assert!(read["module"].is_string(), "{body}");
                }
            }
            let setup: serde_json::Value = serde_json::from_str(agent.setup).unwrap();
            assert_eq!(setup["labels"]["module"], "naming");
            assert!(setup.get("abilities").is_none());
            let ack = format!("{}7{}", agent.ack[0], agent.ack[1]);
            let ack: serde_json::Value = serde_json::from_str(&ack).unwrap();
            assert_eq!((&ack["requestId"], &ack["resultCode"]), (&"7".into(), &200.into()));
        }
    }

    #[test]
    fn java_leaves_the_clusters_out_when_it_subscribes_again() {
        let clusters = |again| written("java-2.0.2", Operation::Subscribe, again).1;
        assert!(clusters(false).contains("\"clusters\":\"\""));
        assert!(!clusters(true).contains("clusters"));
    }

    #[test]
    fn python_does_not_answer_resets() {
        let answered = |agent: &str, kind: &str| {
            calls(agent).ack(kind, "12", &mut Vec::new(), &mut Vec::new())
        };
        assert!(answered("java-2.0.2", RESET) && !answered("python-2", RESET));
        assert!(answered("python-2", NOTIFY) && !answered("python-2", "FutureRequest"));
    }
}
