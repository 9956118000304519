//! One node's HTTP face: every request goes through here.

use super::answer::{self, Accepts};
use super::call::{Call, Handled, Note};
use super::finish::{self, Finish};
use super::gate::{self, Located};
use super::routes::{Route, Routes};
use super::traffic;
use crate::edge::http::tomcat::{self, PageStyle};
use crate::edge::http::{Answer, Handler, Request, Response};
use crate::node::{Node, Operation};
use crate::profile::{Cors, ErrorPage, NamespaceCheck, Quirks};
use crate::wire::{BodyForm, Params, status};
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
        let accepts = Accepts::of(request);
        let finish = Finish::of(&self.node, &quirks, request, &accepts);
        let other = Note::new(Operation::Other);
        if request.method == "TRACE" {
            return Answer::Now(finish.response(tomcat::page(page_style(&quirks), 405), other));
        }
        let path = match gate::locate(request.path) {
            Located::Inside(path) => path,
            Located::Outside => {
                return Answer::Now(finish.response(tomcat::page(page_style(&quirks), 404), other));
            }
            Located::Rejected(message) => {
                return Answer::Now(finish.send_error(500, message, other));
            }
        };
        if path.is_empty() {
            return Answer::Now(finish.response(answer::slash_redirect(request), other));
        }
        if !gate::is_method(request.method) {
            return Answer::Now(finish.response(tomcat::page(page_style(&quirks), 500), other));
        }
        let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
        let params = match Params::read(request.query, request.body, form, &quirks) {
            Ok(params) => params,
            Err(refusal) => {
                return Answer::Now(finish.send_error(500, &refusal.message, other));
            }
        };
        let method = overridden_method(request.method, &params);
        let route = self.routes.find(method, &path, &quirks);
        if self.node.is_restricted()
            && path.starts_with(NAMING)
            && let Some(reply) = traffic::refusal(&self.node, &quirks, request, method)
        {
            let operation = route.map_or(Operation::Other, |route| route.operation);
            return Answer::Now(finish.reply(reply, Note::new(operation)));
        }
        match route {
            Some(route) => dispatch(route, &finish, request, params),
            None => Answer::Now(no_such_api(&finish, request, &path)),
        }
    }
}

/// The look of the container's pages.
pub fn page_style(quirks: &Quirks) -> PageStyle {
    match quirks.http.error_page {
        ErrorPage::Tomcat9013 => PageStyle::Tomcat9013,
        ErrorPage::Tomcat9046 => PageStyle::Tomcat9046,
    }
}

fn no_such_api(finish: &Finish<'_>, request: &Request<'_>, path: &str) -> Response {
    let note = Note::new(Operation::Other);
    if !path.starts_with(NAMING) {
        return finish.no_such_page(note);
    }
    if answer::is_preflight(request) && finish.quirks.http.cors == Cors::AnyOrigin {
        return finish.response(answer::preflight(request, finish.quirks), note);
    }
    let message = format!("no such api:{}:{}", request.method, request.path);
    finish.send_error(501, &message, note)
}

fn dispatch(
    route: Route,
    finish: &Finish<'_>,
    request: &Request<'_>,
    params: Params<'_>,
) -> Answer {
    let quirks = finish.quirks;
    let mut note = Note::new(route.operation);
    if quirks.namespace.check == NamespaceCheck::Refused && names_no_namespace(&params) {
        return Answer::Now(finish.send_error(400, "forbidden namespace", note));
    }
    if finish.accepts.nonsense {
        return Answer::Now(finish.reply(status::unacceptable(quirks), note));
    }
    let mut call = Call { node: finish.node, quirks, request, params };
    match (route.run)(&mut call, &mut note) {
        Ok(Handled::Now(reply)) => Answer::Now(finish.outcome(Ok(reply), note)),
        Ok(Handled::Later(outcome)) => finish::later(&call, finish.accepts.clone(), outcome, note),
        Ok(Handled::Durable(reply, receipt)) => {
            let response = finish.outcome(Ok(reply), note);
            Answer::Later(Box::pin(async move {
                match receipt.durable().await {
                    Ok(()) => response,
                    Err(error) => {
                        tracing::error!(%error, "an accepted write could not be stored");
                        Response::empty(500)
                    }
                }
            }))
        }
        Err(refusal) => Answer::Now(finish.outcome(Err(refusal), note)),
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
