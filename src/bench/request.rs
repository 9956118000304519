//! Requests of one SDK, compiled once and written into a buffer without an allocation each.
use std::net::IpAddr;

use super::operation::Operation;
use super::sdk::{Body, Form, Http, PARTS};
use super::template::{Metadata, Subject, Template};
use super::workload::Workload;

/// The operations that are requests of HTTP; they stand first among all.
const HTTP: [Operation; 4] =
    [Operation::Register, Operation::Deregister, Operation::Beat, Operation::List];

/// Both ends of the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The server's `host:port`, for the `Host` header.
    pub host: String,
    /// The address of this machine that the server sees and pushes to.
    pub client_ip: IpAddr,
}

/// The requests of one SDK to one server.
#[derive(Debug)]
pub struct Requests {
    compiled: [Compiled; HTTP.len()],
    light_beat: Compiled,
    metadata: Metadata,
}

#[derive(Debug)]
struct Compiled {
    /// Method and path.
    start: Vec<u8>,
    query: Template,
    body: CompiledBody,
    /// From ` HTTP/1.1` to the last header.
    headers: Vec<u8>,
}

#[derive(Debug)]
enum CompiledBody {
    Absent,
    Empty,
    Query,
    Form(Template),
}

impl Requests {
    /// Compiles the forms of an SDK for one server.
    pub fn new(sdk: &Http, ends: &Ends, workload: &Workload) -> Self {
        let compile = |operation, light| Compiled::new(sdk, ends, operation, light);
        Self {
            compiled: HTTP.map(|operation| compile(operation, false)),
            light_beat: compile(Operation::Beat, true),
            metadata: Metadata::new(workload),
        }
    }

    /// Replaces `out` by a request; `scratch` is for its body.
    pub fn write(
        &self,
        operation: Operation,
        light: bool,
        subject: &Subject<'_>,
        out: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
    ) {
        out.clear();
        let light = light && operation == Operation::Beat;
        // What only gRPC knows is never planned for an agent of HTTP.
        let Some(compiled) = self.compiled.get(operation as usize) else { return };
        let compiled = if light { &self.light_beat } else { compiled };
        out.extend_from_slice(&compiled.start);
        if !compiled.query.is_empty() {
            out.push(b'?');
        }
        let query = out.len();
        compiled.query.fill(&self.metadata, subject, out);
        scratch.clear();
        match &compiled.body {
            CompiledBody::Absent | CompiledBody::Empty => {}
            CompiledBody::Query => scratch.extend_from_slice(&out[query..]),
            CompiledBody::Form(form) => form.fill(&self.metadata, subject, scratch),
        }
        out.extend_from_slice(&compiled.headers);
        if !matches!(compiled.body, CompiledBody::Absent) {
            out.extend_from_slice(b"Content-Length: ");
            out.extend_from_slice(itoa::Buffer::new().format(scratch.len()).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(scratch);
    }
}

impl Compiled {
    fn new(sdk: &Http, ends: &Ends, operation: Operation, light: bool) -> Self {
        let (start, Form { query, body }) = match operation {
            Operation::Register => ("POST /nacos/v1/ns/instance", sdk.register),
            Operation::Deregister => ("DELETE /nacos/v1/ns/instance", sdk.deregister),
            Operation::Beat => ("PUT /nacos/v1/ns/instance/beat", sdk.beat(light)),
            _ => ("GET /nacos/v1/ns/instance/list", sdk.list),
        };
        let host = &ends.host;
        let template = |form: &str| {
            let mut form = form.replace("{client_ip}", &ends.client_ip.to_string());
            for (name, part) in PARTS {
                form = form.replace(&format!("{{{name}}}"), part);
            }
            Template::new(&form)
        };
        Self {
            start: start.as_bytes().to_vec(),
            query: template(query),
            body: match body {
                Body::Absent => CompiledBody::Absent,
                Body::Empty => CompiledBody::Empty,
                Body::Query => CompiledBody::Query,
                Body::Form(form) => CompiledBody::Form(template(form)),
            },
            headers: format!(" HTTP/1.1\r\nHost: {host}\r\n{}", sdk.headers).into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::sdk::{Sdk, Speaks};
    use super::super::template::ServiceNames;
    use super::*;

    fn written(sdk: &str, operation: Operation, light: bool, change: u32) -> String {
        let client_ip = Ipv4Addr::LOCALHOST.into();
        let ends = Ends { host: "127.0.0.1:8848".to_owned(), client_ip };
        let Speaks::Http(sdk) = &Sdk::named(sdk).unwrap().speaks else { panic!("it speaks gRPC") };
        let requests = Requests::new(sdk, &ends, &Workload::default());
        let names = ServiceNames::new("public", "DEFAULT_GROUP", "orders");
        let ip = Ipv4Addr::new(10, 1, 2, 3);
        let subject = Subject { names: &names, ip, port: 8080, udp: 5000, change };
        let (mut out, mut scratch) = (b"old".to_vec(), Vec::new());
        requests.write(operation, light, &subject, &mut out, &mut scratch);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_full_beat_of_java_1_2_1_is_as_recorded() {
        let beat = written("java-1.2.1", Operation::Beat, false, 0);
        let (head, body) = beat.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(
            "PUT /nacos/v1/ns/instance/beat?app=unknown&namespaceId=public&port=8080&ip=10.1.2.3\
             &serviceName=DEFAULT_GROUP%40%40orders&encoding=UTF-8 HTTP/1.1\r\n\
             Host: 127.0.0.1:8848\r\nClient-Version: 1.2.1\r\n\
             User-Agent: Nacos-Java-Client:v1.2.1\r\n"
        ));
        assert!(head.ends_with(&format!("\r\nContent-Length: {}", body.len())));
        assert_eq!(
            body,
            "beat=%7B%22ip%22%3A%2210.1.2.3%22%2C%22metadata%22%3A%7B%7D%2C%22period%22%3A5000\
             %2C%22port%22%3A8080%2C%22scheduled%22%3Afalse%2C%22serviceName%22%3A%22\
             DEFAULT_GROUP%40%40orders%22%2C%22stopped%22%3Afalse%2C%22weight%22%3A1.0%7D"
        );
    }

    #[test]
    fn a_light_beat_has_no_body_and_no_length() {
        let beat = written("java-1.4.2", Operation::Beat, true, 0);
        assert!(beat.ends_with("Connection: keep-alive\r\n\r\n"), "{beat}");
        assert!(!beat.contains("Content-Length"));
    }

    #[test]
    fn java_1_1_4_repeats_its_query_in_the_body() {
        let beat = written("java-1.1.4", Operation::Beat, false, 0);
        let (head, body) = beat.split_once("\r\n\r\n").unwrap();
        let query = head.split_once('?').unwrap().1.split_once(' ').unwrap().0;
        assert_eq!(query, body);
        assert!(body.starts_with("beat=%7B%22ip%22"));
    }

    #[test]
    fn the_beat_of_go_is_raw_json_in_the_body() {
        let beat = written("go-1", Operation::Beat, false, 7);
        assert!(beat.starts_with("PUT /nacos/v1/ns/instance/beat HTTP/1.1\r\n"));
        assert!(
            beat.contains("\r\n\r\nserviceName=DEFAULT_GROUP@@orders&beat={\"ip\":\"10.1.2.3\"")
        );
        assert!(beat.contains("\"metadata\":{\"change\":\"7\"},\"scheduled\":false}"), "{beat}");
    }

    #[test]
    fn a_change_stands_in_the_metadata() {
        let register = written("java-1.2.1", Operation::Register, false, 17);
        assert!(register.contains("metadata=%7B%22change%22%3A%2217%22%7D&ip=10.1.2.3&"));
    }

    #[test]
    fn a_list_names_the_port_for_pushes() {
        let list = written("node", Operation::List, false, 0);
        assert!(list.starts_with("GET /nacos/v1/ns/instance/list?namespaceId=public&"));
        assert!(list.contains("&udpPort=5000&"));
    }
}
