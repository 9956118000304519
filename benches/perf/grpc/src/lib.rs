//! Messages of Nacos's gRPC, and payloads made of JSON.

// The file has no package, so its messages and services stand in one module.
mod generated {
    include!(concat!(env!("OUT_DIR"), "/_.rs"));
}

pub use generated::*;

use prost::Message;

/// A payload of a type with a body.
pub fn payload(kind: &str, body: &serde_json::Value) -> Payload {
    let metadata =
        Metadata { r#type: kind.into(), client_ip: "127.0.0.1".into(), ..<_>::default() };
    let value = body.to_string().into_bytes();
    let body = prost_types::Any { type_url: String::new(), value };
    Payload { metadata: Some(metadata), body: Some(body) }
}

/// The bytes of a payload behind gRPC's length prefix.
pub fn framed(payload: &Payload) -> bytes::Bytes {
    let message = payload.encode_to_vec();
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&message);
    bytes.into()
}
