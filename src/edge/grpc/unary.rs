//! A unary call, in the order of the real dispatcher: check, handler, connection, body, handler
//! again (`grpc/unregistered`, `grpc/bad-payloads`).

use super::lines::Line;
use super::server::Shared;
use super::{access, config, distro, loader, naming};
use crate::edge::nacos::Note;
use crate::model::{ConnectionMeta, Refusal};
use crate::node::{Node, Operation};
use crate::peers::upgrade::Core;
use crate::wire::grpc::{
    Answer, ErrorCode, Headers, Payload, Request, RequestKind, Unread, read, server_check,
};
use std::sync::Arc;

/// What a naming request is told before the upgrade (`GrpcRequestFilter`).
const RUNS_AS_1X: &str = "Nacos cluster is running with 1.X mode, can't accept gRPC request \
    temporarily. Please check the server status or close Double write to force open 2.0 mode. \
    Detail https://nacos.io/en-us/docs/2.0.0-upgrading.html.";

/// What a handler is given.
pub struct Call<'a> {
    /// The node that answers.
    pub node: &'a Arc<Node>,
    /// Who asks.
    pub by: &'a Arc<ConnectionMeta>,
    /// Headers of payload and body.
    pub headers: &'a Headers,
}

impl Call<'_> {
    /// A header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }
}

/// Answers a call.
pub async fn answer(shared: &Shared, line: &Arc<Line>, payload: Payload) -> Answer {
    let node = &shared.node;
    if payload.kind == "ServerCheckRequest" {
        Note::new(Operation::ServerCheck).answered(node, "", 200);
        return server_check(&line.name);
    }
    let Some(kind) = RequestKind::named(&payload.kind) else {
        return unheard(node, "", Answer::dispatch(ErrorCode::NoHandler));
    };
    let Some(by) = node.read_in(Core::New, |registry, now| registry.seen(now, line.id)) else {
        return unheard(node, "", Answer::dispatch(ErrorCode::Unregistered));
    };
    let mut headers = payload.headers.clone();
    let request = match read(kind, &payload.text(), &mut headers) {
        Ok(request) => request,
        Err(Unread::Null) => {
            return unheard(node, by.agent(), Answer::dispatch(ErrorCode::BadBody));
        }
        Err(Unread::Unparsable) => return unheard(node, by.agent(), Answer::unparsable(kind)),
    };
    let mut note = Note::new(operation(kind));
    let call = Call { node, by: &by, headers: &headers };
    if !access::allows(&call, &node.quirks(), kind, &request).await {
        let answer = Answer::failed(kind, 403, None);
        note.answered(node, by.agent(), status(&answer));
        return answer;
    }
    if is_naming(kind) && gates(node) {
        let answer = Answer::failed(kind, 500, Some(RUNS_AS_1X));
        note.answered(node, by.agent(), status(&answer));
        return answer;
    }
    let answered = handle(&call, line, kind, request, &mut note).await;
    let answer = answered.unwrap_or_else(|refusal| Answer::refused(&refusal));
    note.answered(node, by.agent(), status(&answer));
    answer
}

/// Whether naming over gRPC is refused now: the deployment still answers as 1.x does.
fn gates(node: &Node) -> bool {
    node.is_upgraded() == Some(false) && node.quirks().upgrade.gates_grpc
}

fn is_naming(kind: RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::Instance
            | RequestKind::ServiceQuery
            | RequestKind::ServiceList
            | RequestKind::Subscribe
    )
}

/// An answer that no handler gave.
fn unheard(node: &Node, agent: &str, answer: Answer) -> Answer {
    Note::new(Operation::Other).answered(node, agent, status(&answer));
    answer
}

/// The journal's status of an answer.
fn status(answer: &Answer) -> u16 {
    if answer.code == 0 { 200 } else { answer.code }
}

fn operation(kind: RequestKind) -> Operation {
    match kind {
        RequestKind::Instance => Operation::Register,
        RequestKind::ServiceQuery => Operation::Query,
        RequestKind::ServiceList => Operation::Names,
        RequestKind::Subscribe => Operation::Subscribe,
        RequestKind::HealthCheck => Operation::HealthCheck,
        RequestKind::LoaderInfo | RequestKind::Reload => Operation::Loader,
        RequestKind::ConfigQuery
        | RequestKind::ConfigPublish
        | RequestKind::ConfigRemove
        | RequestKind::ConfigListen
        | RequestKind::ConfigSync => Operation::Config,
        RequestKind::Distro => Operation::Other,
    }
}

async fn handle(
    call: &Call<'_>,
    line: &Arc<Line>,
    kind: RequestKind,
    request: Request,
    note: &mut Note,
) -> Result<Answer, Refusal> {
    match request {
        Request::Instance(request) => naming::instance(call, request, note),
        Request::Query(request) => naming::query(call, &request, note),
        Request::List(request) => Ok(naming::names(call, &request)),
        Request::Subscribe(request) => naming::subscribe(call, &request, note),
        Request::Config(request) => match kind {
            RequestKind::ConfigQuery => config::query(call, &request),
            RequestKind::ConfigPublish => Ok(config::publish(call, request).await),
            _ => config::remove(call, &request).await,
        },
        Request::Listen(request) => Ok(config::listen(call, line, &request)),
        Request::Distro(request) => Ok(distro::take(call, &request)),
        Request::Reload(request) => Ok(loader::reload(call, &request)),
        Request::Plain => match kind {
            RequestKind::HealthCheck => Ok(Answer::success(kind)),
            RequestKind::LoaderInfo => Ok(loader::info(call)),
            _ => Err(Refusal::null_pointer()),
        },
    }
}
