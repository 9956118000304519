//! What the server's messages say: answers to calls, and requests on the stream.
use std::borrow::Cow;

use serde::Deserialize;

use super::super::operation::Operation;
use super::super::record::Failure;
use crate::wire::grpc::{PREFIX_BYTES, PayloadRef, prefix};

/// The class of an operation's answer.
pub fn expected(operation: Operation) -> &'static str {
    match operation {
        Operation::Register | Operation::Deregister => "InstanceResponse",
        Operation::List => "QueryServiceResponse",
        Operation::Subscribe => "SubscribeServiceResponse",
        // Beats are never sent; any answer to one would be odd.
        Operation::HealthCheck | Operation::Beat => "HealthCheckResponse",
        Operation::Connect => "ServerCheckResponse",
    }
}

/// The message of a call that ended with this `grpc-status`.
///
/// # Errors
/// The call failed, or its answer is not one message.
pub fn message(status: Option<u32>, answer: &[u8]) -> Result<PayloadRef<'_>, Failure> {
    match status {
        Some(0) => {}
        // Codes of gRPC end at 16.
        Some(code) => return Err(Failure::Status(code.min(u32::from(u16::MAX)) as u16)),
        None => return Err(Failure::Http),
    }
    match first_message(answer) {
        Some((length, message)) if length == answer.len() => {
            PayloadRef::read(message).ok_or(Failure::Answer)
        }
        _ => Err(Failure::Answer),
    }
}

/// The first message of a stream's bytes with its length and that of its frame; `None` when more
/// must come. A compressed one, which nobody asked for, is not read: its bytes are no payload.
pub fn first_message(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let head: [u8; PREFIX_BYTES] = bytes.get(..PREFIX_BYTES)?.try_into().ok()?;
    let length = PREFIX_BYTES + prefix(head).length;
    bytes.get(PREFIX_BYTES..length).map(|message| (length, message))
}

/// Why an answer is none of those that were waited for: the code that it names, or that it is odd.
pub fn refusal(body: &[u8]) -> Failure {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(rename = "resultCode")]
        result: i64,
        #[serde(default, rename = "errorCode")]
        error: i64,
    }
    match serde_json::from_slice(body) {
        Ok(Refusal { result: 200, .. }) | Err(_) => Failure::Answer,
        Ok(Refusal { result, error }) => {
            let code = if error == 0 { result } else { error };
            Failure::Status(u16::try_from(code).unwrap_or(u16::MAX))
        }
    }
}

/// What the server asks on the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The number of its request, which the answer repeats.
    pub id: Cow<'a, str>,
    /// The service of a push, without its group.
    pub service: Option<Cow<'a, str>>,
}

/// Reads a request of the server; `None` when it is none.
pub fn asked(body: &[u8]) -> Option<Asked<'_>> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow, rename = "requestId")]
        id: Cow<'a, str>,
        #[serde(default, borrow, rename = "serviceInfo")]
        info: Option<Info<'a>>,
    }
    #[derive(Deserialize)]
    struct Info<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
    }
    let Request { id, info } = serde_json::from_slice(body).ok()?;
    // It is repeated in JSON as it is.
    let plain = id.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    plain.then(|| Asked { id, service: info.map(|info| info.name) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::grpc::Prepared;

    #[test]
    fn an_answer_is_one_message_of_a_call_that_went_well() {
        let mut bytes = Vec::new();
        Prepared::new("InstanceResponse", "", &[]).write(b"{}", &mut bytes);
        let read = message(Some(0), &bytes).unwrap();
        assert_eq!((read.kind, read.body), ("InstanceResponse", &b"{}"[..]));
        assert_eq!(message(Some(14), &bytes), Err(Failure::Status(14)));
        assert_eq!(message(None, &bytes), Err(Failure::Http));
        assert_eq!(message(Some(0), &[]), Err(Failure::Answer));
        assert_eq!(message(Some(0), &[&bytes[..], &bytes].concat()), Err(Failure::Answer));
        assert_eq!(first_message(&bytes[..7]), None);
    }

    #[test]
    fn a_refusal_names_its_code() {
        let unregistered = br#"{"resultCode":500,"errorCode":301,"message":"x","success":false}"#;
        assert_eq!(refusal(unregistered), Failure::Status(301));
        assert_eq!(refusal(br#"{"resultCode":500}"#), Failure::Status(500));
        assert_eq!(refusal(br#"{"resultCode":200}"#), Failure::Answer);
        assert_eq!(refusal(b"ok"), Failure::Answer);
    }

    #[test]
    fn a_request_of_the_server_has_a_number_and_perhaps_a_service() {
        let push = br#"{"headers":{},"requestId":"102","serviceInfo":{"name":"x.1","hosts":[]}}"#;
        let asked = asked(push).unwrap();
        assert_eq!((&*asked.id, asked.service.as_deref()), ("102", Some("x.1")));
        let plain = super::asked(br#"{"requestId":"7","module":"internal"}"#).unwrap();
        assert_eq!((&*plain.id, plain.service), ("7", None));
        assert_eq!(super::asked(br#"{"requestId":"a\"b"}"#), None);
        assert_eq!(super::asked(b"{}"), None);
    }
}
