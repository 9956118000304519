//! Texts with names in braces, cut once and filled in for each request without an allocation.
use std::io::Write;
use std::net::Ipv4Addr;

use super::workload::{DEFAULT_BEAT_INTERVAL, Workload};

/// The names of one service, as the forms and bodies of requests carry them.
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
    /// The namespace, as it stands in a string of JSON.
    pub json_namespace: String,
    /// The group, as it stands in a string of JSON.
    pub json_group: String,
    /// The name without its group, as it stands in a string of JSON.
    pub json_name: String,
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
            json_namespace: escaped(namespace),
            json_group: escaped(group),
            json_name: escaped(name),
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

/// A text with names in braces, cut at them.
#[derive(Debug, PartialEq)]
pub struct Template(Vec<Segment>);

#[derive(Debug, PartialEq)]
enum Segment {
    Literal(Vec<u8>),
    Namespace,
    Group,
    Service,
    Plain,
    Bare,
    JsonNamespace,
    JsonGroup,
    JsonName,
    Ip,
    Port,
    Udp,
    Metadata,
    RawMetadata,
}

/// The metadata of every instance, without the closing brace, for forms and for JSON.
#[derive(Debug)]
pub struct Metadata {
    encoded: Vec<u8>,
    raw: Vec<u8>,
}

impl Template {
    /// Cuts a text at its names in braces. A brace that encloses no known name is text.
    pub fn new(text: &str) -> Self {
        let mut segments = Vec::new();
        let (mut literal, mut from) = (0, 0);
        while let Some(open) = text[from..].find('{').map(|at| from + at) {
            let close = text[open..].find('}').map_or(text.len(), |at| open + at);
            let Some(segment) = named(&text[open + 1..close]) else {
                from = open + 1;
                continue;
            };
            if open > literal {
                segments.push(Segment::Literal(text.as_bytes()[literal..open].to_vec()));
            }
            segments.push(segment);
            (literal, from) = (close + 1, close + 1);
        }
        if literal < text.len() {
            segments.push(Segment::Literal(text.as_bytes()[literal..].to_vec()));
        }
        Self(segments)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the text with everything filled in.
    pub fn fill(&self, metadata: &Metadata, subject: &Subject<'_>, out: &mut Vec<u8>) {
        for segment in &self.0 {
            let bytes = match segment {
                Segment::Literal(bytes) => bytes,
                Segment::Namespace => subject.names.namespace.as_bytes(),
                Segment::Group => subject.names.group.as_bytes(),
                Segment::Service => subject.names.service.as_bytes(),
                Segment::Plain => subject.names.plain.as_bytes(),
                Segment::Bare => subject.names.bare.as_bytes(),
                Segment::JsonNamespace => subject.names.json_namespace.as_bytes(),
                Segment::JsonGroup => subject.names.json_group.as_bytes(),
                Segment::JsonName => subject.names.json_name.as_bytes(),
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
                    push_metadata(out, &metadata.encoded, quoted, b"%2C", subject.change);
                    continue;
                }
                Segment::RawMetadata => {
                    let quoted: [&[u8]; 3] = [b"\"change\":\"", b"\"", b"}"];
                    push_metadata(out, &metadata.raw, quoted, b",", subject.change);
                    continue;
                }
            };
            out.extend_from_slice(bytes);
        }
    }
}

fn named(name: &str) -> Option<Segment> {
    Some(match name {
        "namespace" => Segment::Namespace,
        "group" => Segment::Group,
        "service" => Segment::Service,
        "plain" => Segment::Plain,
        "bare" => Segment::Bare,
        "json_namespace" => Segment::JsonNamespace,
        "json_group" => Segment::JsonGroup,
        "json_name" => Segment::JsonName,
        "ip" => Segment::Ip,
        "port" => Segment::Port,
        "udp" => Segment::Udp,
        "metadata" => Segment::Metadata,
        "raw_metadata" => Segment::RawMetadata,
        _ => return None,
    })
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

impl Metadata {
    /// Empty unless the workload asks for some bytes of it, or for a beat period that differs from
    /// the servers' own: they tell clients the period that the instance's metadata names.
    pub fn new(workload: &Workload) -> Self {
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

/// A text between the quotes of JSON.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
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

    #[test]
    fn metadata_has_the_bytes_and_the_period_that_are_asked_for() {
        let workload = Workload { metadata_bytes: 20, ..Workload::default() };
        assert_eq!(Metadata::new(&workload).raw.len() + 1, 20);
        let beat_interval = std::time::Duration::from_secs(1);
        let raw = Metadata::new(&Workload { beat_interval, ..Workload::default() }).raw;
        assert_eq!(raw, b"{\"preserved.heart.beat.interval\":\"1000\"");
        assert!(encoded("{\"a b\":1}") == "%7B%22a%20b%22%3A1%7D");
    }

    #[test]
    fn json_between_the_names_stays_as_it_is() {
        let template = Template::new(
            r#"{"headers":{},"name":"{json_name}","instance":{"ip":"{ip}","m":{raw_metadata}}}"#,
        );
        let names = ServiceNames::new("public", "G", "a\"b");
        let ip = Ipv4Addr::new(10, 0, 0, 1);
        let subject = Subject { names: &names, ip, port: 1, udp: 0, change: 7 };
        let mut out = Vec::new();
        template.fill(&Metadata::new(&Workload::default()), &subject, &mut out);
        let expected =
            r#"{"headers":{},"name":"a\"b","instance":{"ip":"10.0.0.1","m":{"change":"7"}}}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
