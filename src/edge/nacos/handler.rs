//! One node's HTTP face: every request goes through here.

use super::answer::{self, Accepts};
use super::call::{Call, Handled, Note, Outcome, agent_text};
use super::gate::{self, Located};
use super::routes::{Api, Route, Routes};
use super::{instance, legacy};
use crate::edge::http::tomcat::{self, PageStyle};
use crate::edge::http::{Answer, Handler, Request, Response};
use crate::node::{Node, Operation};
use crate::profile::{Cors, ErrorPage, NamespaceCheck, Quirks, SendErrorStyle};
use crate::wire::status::{self, ErrorRequest, Refused};
use crate::wire::{BodyForm, Params, Reply};
use std::sync::Arc;

/// Answers the requests of one node.
pub struct NacosHandler {
    node: Arc<Node>,
    routes: Routes,
}

/// Paths below this are guarded by the naming filters.
const NAMING: &str = "/v1/ns/";

impl NacosHandler {
    /// The face of a node.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node, routes: Routes::default() }
    }
}

impl Handler for NacosHandler {
    fn handle(&self, request: &Request<'_>) -> Answer {
        let quirks = self.node.quirks();
        let exchange = Exchange { node: &self.node, quirks: &quirks, request };
        exchange.answer(&self.routes)
    }
}

/// The look of the container's pages.
pub fn page_style(quirks: &Quirks) -> PageStyle {
    match quirks.http.error_page {
        ErrorPage::Tomcat9013 => PageStyle::Tomcat9013,
        ErrorPage::Tomcat9046 => PageStyle::Tomcat9046,
    }
}

/// One request and its answer.
struct Exchange<'a> {
    node: &'a Arc<Node>,
    quirks: &'a Quirks,
    request: &'a Request<'a>,
}

impl Exchange<'_> {
    fn answer(&self, routes: &Routes) -> Answer {
        let (quirks, request) = (self.quirks, self.request);
        let other = || Note::new(Operation::Other);
        if request.method == "TRACE" {
            return self.finish(tomcat::page(page_style(quirks), 405), other());
        }
        let path = match gate::locate(request.path) {
            Located::Inside(path) => path,
            Located::Outside => return self.finish(tomcat::page(page_style(quirks), 404), other()),
            Located::Rejected(message) => return self.send_error(500, message, other()),
        };
        if !gate::is_method(request.method) {
            return self.finish(tomcat::page(page_style(quirks), 500), other());
        }
        let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
        let params = match Params::read(request.query, request.body, form, quirks) {
            Ok(params) => params,
            Err(refusal) => return self.send_error(500, &refusal.message, other()),
        };
        let method = overridden_method(request.method, &params);
        match routes.find(method, &path, quirks) {
            Some(route) => self.dispatch(route, params),
            None => self.no_such_api(&path),
        }
    }

    fn no_such_api(&self, path: &str) -> Answer {
        let (quirks, request) = (self.quirks, self.request);
        let note = Note::new(Operation::Other);
        if !path.starts_with(NAMING) {
            let page = status::no_such_page(quirks, &self.error_request(&Accepts::of(request)));
            return self.finish_reply(page, &Accepts::of(request), note);
        }
        if answer::is_preflight(request) && quirks.http.cors == Cors::AnyOrigin {
            return self.finish(answer::preflight(request, quirks), note);
        }
        let message = format!("no such api:{}:{}", request.method, request.path);
        self.send_error(501, &message, note)
    }

    fn dispatch(&self, route: Route, mut params: Params<'_>) -> Answer {
        let (quirks, request) = (self.quirks, self.request);
        let mut note = Note::new(route.operation);
        if quirks.namespace.check == NamespaceCheck::Refused && names_no_namespace(&params) {
            return self.send_error(400, "forbidden namespace", note);
        }
        let accepts = Accepts::of(request);
        if matches!(accepts, Accepts::Nonsense) {
            return self.finish_reply(status::unacceptable(quirks), &accepts, note);
        }
        if matches!(route.api, Api::Beat | Api::LegacyBeat) {
            crate::wire::v1::beat::restrict_source(&mut params, quirks);
        }
        let call = Call { node: self.node, quirks, request, params };
        match run(route.api, &call, &mut note) {
            Ok(Handled { reply, receipt: None }) => self.applied(reply, &accepts, note),
            Ok(Handled { reply, receipt: Some(receipt) }) => {
                let answer = self.applied(reply, &accepts, note);
                let Answer::Now(response) = answer else { return answer };
                Answer::Later(Box::pin(async move {
                    match receipt.durable().await {
                        Ok(()) => response,
                        Err(error) => {
                            tracing::error!(%error, "an acknowledged write could not be stored");
                            Response::empty(500)
                        }
                    }
                }))
            }
            Err(refusal) => match status::refused(&refusal, quirks.errors.style) {
                Refused::Reply(reply) => self.applied(reply, &accepts, note),
                Refused::SendError(status, message) => self.send_error(status, &message, note),
            },
        }
    }

    /// The answer of a controller.
    fn applied(&self, reply: Reply, accepts: &Accepts<'_>, note: Note) -> Answer {
        let mut response = answer::response(reply, accepts, self.quirks.errors.style);
        answer::cross_origin(&mut response, self.request, self.quirks);
        self.finish(response, note)
    }

    /// The answer to a filter's `sendError`.
    fn send_error(&self, status: u16, message: &str, note: Note) -> Answer {
        let accepts = Accepts::of(self.request);
        let request = self.error_request(&accepts);
        let page = status::error_page(self.quirks, status, message, &request);
        self.finish_reply(page, &accepts, note)
    }

    fn error_request(&self, accepts: &Accepts<'_>) -> ErrorRequest<'_> {
        ErrorRequest {
            path: self.request.path,
            now: self.node.now(),
            prefers_html: accepts.prefers_html()
                && self.quirks.errors.send_error != SendErrorStyle::UnauthorizedEmpty,
        }
    }

    fn finish_reply(&self, reply: Reply, accepts: &Accepts<'_>, note: Note) -> Answer {
        let style = self.quirks.errors.style;
        self.finish(answer::response(reply, accepts, style), note)
    }

    fn finish(&self, mut response: Response, note: Note) -> Answer {
        answer::keep_alive(&mut response, self.quirks);
        note.answered(self.node, agent_text(self.request), response.status);
        Answer::Now(response)
    }
}

/// Spring's `HiddenHttpMethodFilter`: a POST may say that it is something else.
fn overridden_method<'a>(method: &'a str, params: &Params<'_>) -> &'a str {
    if method != "POST" {
        return method;
    }
    let wanted = params.first("_method").unwrap_or_default();
    let known = ["PUT", "DELETE", "PATCH"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(wanted)).unwrap_or(method)
}

/// 1.1.4 refuses names of namespaces that could climb out of a directory.
fn names_no_namespace(params: &Params<'_>) -> bool {
    params.first("namespaceId").is_some_and(|name| name.contains("..") || name.contains('/'))
}

fn run(api: Api, call: &Call<'_>, note: &mut Note) -> Outcome {
    match api {
        Api::Register => instance::register(call, note),
        Api::Update => instance::update(call, note),
        Api::Patch => instance::patch(call, note),
        Api::Deregister => instance::deregister(call, note),
        Api::Instance => instance::instance(call, note),
        Api::List => instance::list(call, note),
        Api::Beat => instance::beat(call, note),
        Api::Statuses => instance::statuses(call, note),
        Api::BatchUpdate => instance::batch(call, note, false),
        Api::BatchDelete => instance::batch(call, note, true),
        Api::Hello => Ok(Reply::ok().into()),
        Api::LegacyList => legacy::list(call, note),
        Api::LegacyBeat => legacy::beat(call, note),
    }
}
