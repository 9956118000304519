//! What one server asks of another: checks and setup of the connection, and `DistroDataRequest`
//! with a client or its name. No request carries a number, and no address but the machine's.

use super::client::client_text;
use super::{CLIENT_DATA, read_client};
use crate::model::{ClientCall, ClientData, ClientId};
use crate::wire::grpc::payload::{Headers, Payload};
use crate::wire::grpc::requests::DistroRequest;
use crate::wire::text::json::JsonText;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

/// What a `DistroDataRequest` says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// `CHANGE` or `ADD`: what a client publishes now.
    Changed(ClientData),
    /// `DELETE`: a client is gone.
    Gone(ClientId),
    /// `VERIFY`: whether a client is known.
    Verify(ClientId),
    /// `SNAPSHOT`: what there is.
    Snapshot,
    /// `QUERY`: what a client publishes.
    Query(ClientId),
    /// Data of a kind that nobody handles, and whether it was to be verified.
    Unhandled {
        /// It was.
        verify: bool,
    },
}

impl Said {
    /// What a request says; `None` where a real server throws.
    pub fn of(request: &DistroRequest) -> Option<Self> {
        let operation = request.operation.as_deref()?;
        if operation == "SNAPSHOT" {
            return Some(Self::Snapshot);
        }
        let data = request.data.as_ref()?;
        let ours = data.kind.as_deref() == Some(CLIENT_DATA);
        let named = || data.key.as_deref().map(ClientId::new);
        match operation {
            "VERIFY" if !ours => Some(Self::Unhandled { verify: true }),
            "VERIFY" => verified(&text(data.content.as_deref()?)?).map(Self::Verify),
            "QUERY" => named().map(Self::Query),
            _ if !ours => Some(Self::Unhandled { verify: false }),
            // The data's own type decides, whatever the operation.
            _ => match data.operation.as_deref()? {
                "ADD" | "CHANGE" => {
                    read_client(&text(data.content.as_deref()?)?).map(Self::Changed)
                }
                "DELETE" => named().map(Self::Gone),
                _ => Some(Self::Unhandled { verify: false }),
            },
        }
    }
}

/// The name in a `DistroClientVerifyInfo`.
fn verified(text: &str) -> Option<ClientId> {
    // It is part of a client with nothing else in it.
    read_client(text).map(|client| client.id)
}

/// What is in a content; `None` when that is no text in base64.
pub(super) fn text(content: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(content).ok()?).ok()
}

/// A content.
pub(super) fn content(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// A call about clients, to the member of that address, from a machine.
pub fn client_call(call: &ClientCall, to: &str, machine: &str) -> Payload {
    let mut json = begin();
    let (operation, key, data) = match call {
        ClientCall::Snapshot => {
            json.text("dataOperation", "SNAPSHOT");
            return payload("DistroDataRequest", json, "cluster", machine);
        }
        ClientCall::Changed(client) => ("CHANGE", &client.id, Some(client_text(client))),
        ClientCall::Gone(id) => ("DELETE", id, None),
        ClientCall::Verify(id) => {
            let mut info = JsonText::object();
            info.text("clientId", id.as_str());
            info.number("revision", 0);
            ("VERIFY", id, Some(info.finish()))
        }
    };
    let mut named = JsonText::object();
    named.text("resourceKey", key.as_str());
    named.text("resourceType", CLIENT_DATA);
    if operation != "VERIFY" {
        named.text("targetServer", to);
    }
    let mut distro = JsonText::object();
    distro.raw("distroKey", &named.finish());
    distro.text("type", operation);
    if let Some(data) = data {
        distro.text("content", &content(&data));
    }
    json.raw("distroData", &distro.finish());
    json.text("dataOperation", operation);
    payload("DistroDataRequest", json, "cluster", machine)
}

/// `ServerCheckRequest`: the first call on a connection.
pub fn link_check(machine: &str) -> Payload {
    payload("ServerCheckRequest", begin(), "internal", machine)
}

/// `ConnectionSetupRequest`: what a server says of itself on its stream.
pub fn link_setup(version: &str, machine: &str) -> Payload {
    let mut json = begin();
    json.text("clientVersion", &format!("Nacos-Java-Client:v{version}"));
    json.raw("labels", r#"{"source":"cluster"}"#);
    payload("ConnectionSetupRequest", json, "internal", machine)
}

/// `HealthCheckRequest`: after some time without another.
pub fn health_check(machine: &str) -> Payload {
    payload("HealthCheckRequest", begin(), "internal", machine)
}

fn begin() -> JsonText {
    let mut json = JsonText::object();
    json.raw("headers", "{}");
    json
}

fn payload(kind: &str, mut json: JsonText, module: &str, machine: &str) -> Payload {
    json.text("module", module);
    Payload {
        kind: kind.to_owned(),
        client_ip: machine.to_owned(),
        headers: Headers::new(),
        body: Bytes::from(json.finish()),
    }
}
