//! What servers ask clients on their streams (`grpc/subscribe-push`, `grpc/idle-detection`,
//! `grpc/reload-client`).

use super::payload::{Headers, Payload};
use crate::wire::text::json::JsonText;
use bytes::Bytes;

/// The message of a request, in its frame. `fields` are the JSON of what stands between `requestId`
/// and `module`, beginning with a comma where there is anything.
pub fn ask(kind: &str, id: u64, fields: &[&[u8]], module: &str, server_ip: &str) -> Bytes {
    let mut head = JsonText::object();
    head.raw("headers", "{}");
    head.text("requestId", &id.to_string());
    let head = head.unfinished();
    let mut body = Vec::with_capacity(
        head.len() + fields.iter().map(|field| field.len()).sum::<usize>() + 24 + module.len(),
    );
    body.extend_from_slice(head.as_bytes());
    for field in fields {
        body.extend_from_slice(field);
    }
    body.extend_from_slice(br#","module":""#);
    body.extend_from_slice(module.as_bytes());
    body.extend_from_slice(br#""}"#);
    let (kind, client_ip) = (kind.to_owned(), server_ip.to_owned());
    Payload { kind, client_ip, headers: Headers::new(), body: Bytes::from(body) }.encode()
}

#[cfg(test)]
mod tests {
    use super::super::payload::PREFIX_BYTES;
    use super::*;

    #[test]
    fn a_request_reads_as_real_servers_write_it() {
        let text = |fields: &[&[u8]], module| {
            let framed = ask("X", 9, fields, module, "10.0.0.1");
            let read = Payload::decode(framed.slice(PREFIX_BYTES..)).unwrap();
            assert_eq!((&*read.kind, &*read.client_ip), ("X", "10.0.0.1"));
            read.text().into_owned()
        };
        assert_eq!(text(&[], "internal"), r#"{"headers":{},"requestId":"9","module":"internal"}"#);
        assert_eq!(
            text(&[br#","serviceInfo":"#, b"{}"], "naming"),
            r#"{"headers":{},"requestId":"9","serviceInfo":{},"module":"naming"}"#
        );
    }
}
