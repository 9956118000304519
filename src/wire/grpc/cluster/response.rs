//! `DistroDataResponse` both ways, and what any response says of its success.

use super::client::{client_text, clients_text};
use super::request::{content, text};
use super::{CLIENT_DATA, read_clients};
use crate::model::{ClientCall, ClientData, PeerAnswer, PeerFailure};
use crate::wire::grpc::answers::{Answer, begin};
use crate::wire::grpc::kinds::RequestKind;
use crate::wire::grpc::payload::Payload;
use crate::wire::grpc::requests::Read;
use crate::wire::json::jackson::{Token, Tokens, bean, scalars};
use crate::wire::text::json::JsonText;
use bytes::Bytes;

/// Why a `DistroDataRequest` was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistroFailure {
    /// The client to be verified is not known.
    Unverified,
    /// It threw; the response calls that a success all the same.
    Thrown,
    /// Nobody handles such data; likewise.
    Unhandled,
}

/// What was told was taken, or what was asked for is this client.
pub fn distro_answer(client: Option<&ClientData>) -> Answer {
    let Some(client) = client else { return Answer::success(RequestKind::Distro) };
    data_answer(client.id.as_str(), &client_text(client))
}

/// Everything that there is.
pub fn distro_snapshot(clients: &[ClientData]) -> Answer {
    data_answer("SNAPSHOT", &clients_text(clients))
}

fn data_answer(key: &str, text: &str) -> Answer {
    let mut named = JsonText::object();
    named.text("resourceKey", key);
    named.text("resourceType", CLIENT_DATA);
    let mut distro = JsonText::object();
    distro.raw("distroKey", &named.finish());
    distro.text("content", &content(text));
    let mut json = begin(200, 0, None);
    json.raw("distroData", &distro.finish());
    json.boolean("success", true);
    Answer { kind: RequestKind::Distro.response(), body: Bytes::from(json.finish()), code: 0 }
}

/// It was not done (`grpc/cluster-port`).
pub fn distro_failed(failure: DistroFailure) -> Answer {
    let (result, message) = match failure {
        DistroFailure::Unverified => (500, "[DISTRO-FAILED] distro data verify failed"),
        DistroFailure::Thrown => (200, "handle distro request with exception"),
        DistroFailure::Unhandled => (200, "[DISTRO-FAILED] distro data handle failed"),
    };
    let mut json = begin(result, 500, Some(message));
    json.boolean("success", result == 200);
    Answer { kind: RequestKind::Distro.response(), body: Bytes::from(json.finish()), code: 500 }
}

/// Whether a response says success, whatever it answers.
pub fn is_accepted(response: &Payload) -> bool {
    read(response).is_some_and(|said| said.result == 200)
}

/// What a member made of a call.
///
/// # Errors
/// It refused, or its response can not be read.
pub fn answer_of(call: &ClientCall, response: &Payload) -> Result<PeerAnswer, PeerFailure> {
    let unread = || PeerFailure::Unreadable(response.text().into_owned());
    let said = read(response).ok_or_else(unread)?;
    if said.result != 200 {
        let refused =
            matches!(call, ClientCall::Verify(_)) && response.kind == "DistroDataResponse";
        if refused {
            return Ok(PeerAnswer::Unverified);
        }
        let status = u16::try_from(said.code).unwrap_or(500);
        return Err(PeerFailure::Status { status, body: said.message.unwrap_or_default().into() });
    }
    if !matches!(call, ClientCall::Snapshot) {
        return Ok(PeerAnswer::Done);
    }
    let clients = said.content.and_then(|content| read_clients(&text(&content)?));
    clients.map(PeerAnswer::Clients).ok_or_else(unread)
}

#[derive(Default)]
struct Response {
    result: i32,
    code: i32,
    message: Option<Box<str>>,
    content: Option<Box<str>>,
}

fn read(response: &Payload) -> Option<Response> {
    let text = response.text();
    let mut tokens = Tokens::new(&text);
    tokens.next().ok()?;
    let mut said = Response::default();
    bean::object(&mut tokens, "", |tokens, name| {
        match name {
            "resultCode" => said.result = scalars::int(tokens)?,
            "errorCode" => said.code = scalars::int(tokens)?,
            "message" => said.message = scalars::text(tokens)?,
            "distroData" => said.content = distro_content(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
    .ok()?;
    Some(said)
}

fn distro_content(tokens: &mut Tokens) -> Read<Option<Box<str>>> {
    let mut content = None;
    if tokens.current() == Some(Token::Null) {
        return Ok(None);
    }
    bean::object(tokens, "", |tokens, name| {
        match name {
            "content" => content = scalars::text(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(content)
}
