//! Requests of one SDK, compiled once and written into a buffer without an allocation each.
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use super::operation::{OPERATIONS, Operation};
use super::sdk::{Body, Form, PARTS, Sdk};
use super::workload::{DEFAULT_BEAT_INTERVAL, Workload};

/// The encoded names of one service.
#[derive(Clone, Debug)]
pub struct ServiceNames {
    /// The namespace, encoded.
    pub namespace: String,
    /// The group, encoded.
    pub group: String,
    /// `group@@service`, encoded.
    pub service: String,
    /// `group@@service` as it is.
    pub plain: String,
    /// The name without its group, encoded.
    pub bare: String,
}

impl ServiceNames {
    /// The names of a service in a group of a namespace.
    pub fn new(namespace: &str, group: &str, name: &str) -> Self {
        let plain = format!("{group}@@{name}");
        Self {
            namespace: encoded(namespace),
            group: encoded(group),
            service: encoded(&plain),
            bare: encoded(name),
            plain,
        }
    }
}

/// What differs from one request of a form to the next.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The service's names.
    pub names: &'a ServiceNames,
    /// The instance's address.
    pub ip: Ipv4Addr,
    /// The instance's port.
    pub port: u16,
    /// The subscriber's port for pushes, 0 for none.
    pub udp: u16,
    /// The number of the instance's change, 0 before the first.
    pub change: u32,
}

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
    compiled: [Compiled; OPERATIONS],
    light_beat: Compiled,
    metadata: Metadata,
}

#[derive(Debug)]
struct Compiled {
    /// Method and path.
    start: Vec<u8>,
    query: Vec<Segment>,
    body: CompiledBody,
    /// From ` HTTP/1.1` to the last header.
    headers: Vec<u8>,
}

#[derive(Debug)]
enum CompiledBody {
    Absent,
    Empty,
    Query,
    Form(Vec<Segment>),
}

#[derive(Debug, PartialEq)]
enum Segment {
    Literal(Vec<u8>),
    Namespace,
    Group,
    Service,
    Plain,
    Bare,
    Ip,
    Port,
    Udp,
    Metadata,
    RawMetadata,
}

/// The metadata of every instance, without the closing brace, for both places.
#[derive(Debug)]
struct Metadata {
    encoded: Vec<u8>,
    raw: Vec<u8>,
}

impl Requests {
    /// Compiles the forms of an SDK for one server.
    pub fn new(sdk: &Sdk, ends: &Ends, workload: &Workload) -> Self {
        let compile = |operation, light| Compiled::new(sdk, ends, operation, light);
        Self {
            compiled: Operation::ALL.map(|operation| compile(operation, false)),
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
        let light = light && operation == Operation::Beat;
        let compiled = if light { &self.light_beat } else { &self.compiled[operation as usize] };
        out.clear();
        out.extend_from_slice(&compiled.start);
        if !compiled.query.is_empty() {
            out.push(b'?');
        }
        let query = out.len();
        self.fill(&compiled.query, subject, out);
        scratch.clear();
        match &compiled.body {
            CompiledBody::Absent | CompiledBody::Empty => {}
            CompiledBody::Query => scratch.extend_from_slice(&out[query..]),
            CompiledBody::Form(segments) => self.fill(segments, subject, scratch),
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

    fn fill(&self, segments: &[Segment], subject: &Subject<'_>, out: &mut Vec<u8>) {
        for segment in segments {
            let bytes = match segment {
                Segment::Literal(bytes) => bytes,
                Segment::Namespace => subject.names.namespace.as_bytes(),
                Segment::Group => subject.names.group.as_bytes(),
                Segment::Service => subject.names.service.as_bytes(),
                Segment::Plain => subject.names.plain.as_bytes(),
                Segment::Bare => subject.names.bare.as_bytes(),
                Segment::Ip => {
                    push_ip(out, subject.ip);
                    continue;
                }
                Segment::Port => {
                    push_number(out, u32::from(subject.port));
                    continue;
                }
                Segment::Udp => {
                    push_number(out, u32::from(subject.udp));
                    continue;
                }
                Segment::Metadata => {
                    let quoted: [&[u8]; 3] = [b"%22change%22%3A%22", b"%22", b"%7D"];
                    push_metadata(out, &self.metadata.encoded, quoted, b"%2C", subject.change);
                    continue;
                }
                Segment::RawMetadata => {
                    let quoted: [&[u8]; 3] = [b"\"change\":\"", b"\"", b"}"];
                    push_metadata(out, &self.metadata.raw, quoted, b",", subject.change);
                    continue;
                }
            };
            out.extend_from_slice(bytes);
        }
    }
}

/// Metadata with the number of the change behind the constant part.
fn push_metadata(
    out: &mut Vec<u8>,
    constant: &[u8],
    [name, quote, brace]: [&[u8]; 3],
    comma: &[u8],
    change: u32,
) {
    out.extend_from_slice(constant);
    if change > 0 {
        // A constant part that is more than its brace has an entry before this one.
        if constant.len() > brace.len() {
            out.extend_from_slice(comma);
        }
        out.extend_from_slice(name);
        push_number(out, change);
        out.extend_from_slice(quote);
    }
    out.extend_from_slice(brace);
}

impl Compiled {
    fn new(sdk: &Sdk, ends: &Ends, operation: Operation, light: bool) -> Self {
        let start = match operation {
            Operation::Register => "POST /nacos/v1/ns/instance",
            Operation::Deregister => "DELETE /nacos/v1/ns/instance",
            Operation::Beat => "PUT /nacos/v1/ns/instance/beat",
            Operation::List => "GET /nacos/v1/ns/instance/list",
        };
        let Form { query, body } = sdk.form(operation, light);
        let host = &ends.host;
        let segments =
            |form: &str| segments(&form.replace("{client_ip}", &ends.client_ip.to_string()));
        Self {
            start: start.as_bytes().to_vec(),
            query: segments(query),
            body: match body {
                Body::Absent => CompiledBody::Absent,
                Body::Empty => CompiledBody::Empty,
                Body::Query => CompiledBody::Query,
                Body::Form(form) => CompiledBody::Form(segments(form)),
            },
            headers: format!(" HTTP/1.1\r\nHost: {host}\r\n{}", sdk.headers()).into_bytes(),
        }
    }
}

impl Metadata {
    /// Empty unless the workload asks for some bytes of it, or for a beat period that differs from
    /// the servers' own: they tell clients the period that the instance's metadata names.
    fn new(workload: &Workload) -> Self {
        let mut entries = Vec::new();
        if workload.beat_interval != DEFAULT_BEAT_INTERVAL {
            let period_ms = workload.beat_interval.as_millis();
            entries.push(format!("\"preserved.heart.beat.interval\":\"{period_ms}\""));
        }
        if workload.metadata_bytes > 0 {
            // `{"bench":""}` takes twelve bytes of them.
            let filling = "x".repeat(workload.metadata_bytes.saturating_sub(12));
            entries.push(format!("\"bench\":\"{filling}\""));
        }
        let raw = format!("{{{}", entries.join(","));
        Self { encoded: encoded(&raw).into_bytes(), raw: raw.into_bytes() }
    }
}

/// Cuts a form at its names in braces. A brace that encloses no known name is text.
fn segments(form: &str) -> Vec<Segment> {
    let mut form = form.to_owned();
    for (name, part) in PARTS {
        form = form.replace(&format!("{{{name}}}"), part);
    }
    let mut segments = Vec::new();
    let (mut text, mut from) = (0, 0);
    while let Some(open) = form[from..].find('{').map(|at| from + at) {
        let close = form[open..].find('}').map_or(form.len(), |at| open + at);
        let Some(segment) = named(&form[open + 1..close]) else {
            from = open + 1;
            continue;
        };
        if open > text {
            segments.push(Segment::Literal(form.as_bytes()[text..open].to_vec()));
        }
        segments.push(segment);
        (text, from) = (close + 1, close + 1);
    }
    if text < form.len() {
        segments.push(Segment::Literal(form.as_bytes()[text..].to_vec()));
    }
    segments
}

fn named(name: &str) -> Option<Segment> {
    Some(match name {
        "namespace" => Segment::Namespace,
        "group" => Segment::Group,
        "service" => Segment::Service,
        "plain" => Segment::Plain,
        "bare" => Segment::Bare,
        "ip" => Segment::Ip,
        "port" => Segment::Port,
        "udp" => Segment::Udp,
        "metadata" => Segment::Metadata,
        "raw_metadata" => Segment::RawMetadata,
        _ => return None,
    })
}

/// Percent-encoding as Java's `URLEncoder` does it, with `%20` for a blank.
fn encoded(text: &str) -> String {
    let mut encoded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) {
            encoded.push(byte);
        } else {
            write!(encoded, "%{byte:02X}").expect("a vector takes every write");
        }
    }
    String::from_utf8(encoded).expect("only ASCII was written")
}

fn push_ip(out: &mut Vec<u8>, ip: Ipv4Addr) {
    for (index, octet) in ip.octets().into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        push_number(out, u32::from(octet));
    }
}

fn push_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sdk: &str, operation: Operation, light: bool, change: u32) -> String {
        let client_ip = Ipv4Addr::LOCALHOST.into();
        let ends = Ends { host: "127.0.0.1:8848".to_owned(), client_ip };
        let requests = Requests::new(Sdk::named(sdk).unwrap(), &ends, &Workload::default());
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
        let workload = Workload { metadata_bytes: 20, ..Workload::default() };
        assert_eq!(Metadata::new(&workload).raw.len() + 1, 20);
        let beat_interval = std::time::Duration::from_secs(1);
        let raw = Metadata::new(&Workload { beat_interval, ..Workload::default() }).raw;
        assert_eq!(raw, b"{\"preserved.heart.beat.interval\":\"1000\"");
        assert!(encoded("{\"a b\":1}") == "%7B%22a%20b%22%3A1%7D");
    }

    #[test]
    fn a_list_names_the_port_for_pushes() {
        let list = written("node", Operation::List, false, 0);
        assert!(list.starts_with("GET /nacos/v1/ns/instance/list?namespaceId=public&"));
        assert!(list.contains("&udpPort=5000&"));
    }
}
