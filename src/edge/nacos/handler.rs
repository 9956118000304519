//! One node's HTTP face: every request goes through here.

use super::access::{self, Access, Caller};
use super::answer::{self, Accepts};
use super::call::{Call, Handled, Note, unstored};
use super::finish::{self, Finish};
use super::gate::{self, Located};
use super::routes::{NAMING, Route, Routes};
use super::{forward, resume, traffic};
use crate::edge::http::tomcat::{self, PageStyle};
use crate::edge::http::{Answer, Handler, Request, Response};
use crate::model::{JavaException, Refusal};
use crate::node::{Node, Operation};
use crate::profile::{Cors, ErrorPage, Guard, NamespaceCheck, Quirks};
use crate::wire::{BodyForm, Params, status};
use std::sync::Arc;

/// Answers the requests of one node.
pub struct NacosHandler {
    node: Arc<Node>,
    routes: Routes,
    context_path: String,
}

impl NacosHandler {
    /// The face of a node whose paths begin so.
    pub fn new(node: Arc<Node>, context_path: &str) -> Self {
        Self { node, routes: Routes::default(), context_path: context_path.to_owned() }
    }

    /// Answers what is inside of the application.
    fn inside(
        &self,
        finish: &Finish<'_>,
        request: &Request<'_>,
        params: Params<'_>,
        path: &str,
    ) -> Answer {
        let quirks = finish.quirks;
        let naming = path.starts_with(NAMING);
        let method = overridden_method(request.method, &params);
        // Spring answers HEAD where there is GET; Nacos's naming filters do not let it pass.
        let looked_up = if method == "HEAD" && !naming { "GET" } else { method };
        let route = self.routes.find(looked_up, path, quirks);
        if self.node.is_restricted()
            && naming
            && let Some(reply) = traffic::refusal(&self.node, quirks, request, method)
        {
            let operation = route.map_or(Operation::Other, |route| route.operation);
            return Answer::Now(finish.reply(reply, Note::new(operation)));
        }
        let mut caller = None;
        let mut open = true;
        if !naming && quirks.auth.guard == Guard::ConsoleLogin && !access::is_open(path) {
            open = false;
            caller = access::logged_in(&self.node, request, &params);
            if caller.is_none() {
                return Answer::Now(finish.login_needed(Note::new(Operation::Other)));
            }
        }
        let access = access::of(&self.node, quirks, route.as_ref(), request, &params);
        match (route, access) {
            (route, Access::Refused(refusal)) => {
                let operation = route.map_or(Operation::Other, |route| route.operation);
                Answer::Now(finish.outcome(Err(refusal), Note::new(operation)))
            }
            (Some(route), Access::Password(claim)) => {
                resume::after_password(route, finish, request, claim)
            }
            (Some(route), Access::Granted(granted)) => {
                run(route, finish, request, params, granted.or(caller))
            }
            (None, _) if !naming && self.routes.has_path(path, quirks) => {
                Answer::Now(wrong_method(finish, request, method))
            }
            (None, _) => Answer::Now(no_such_api(finish, request, path, open)),
        }
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
        let path = match gate::locate(request.path, &self.context_path) {
            Located::Inside(path) if path.is_empty() => {
                return Answer::Now(finish.response(answer::to_the_slash(request), other));
            }
            Located::Inside(path) => path,
            Located::Outside => {
                return Answer::Now(finish.response(tomcat::page(page_style(&quirks), 404), other));
            }
            Located::Rejected(message) => {
                return Answer::Now(finish.send_error(500, message, other));
            }
        };
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
        self.inside(&finish, request, params, &path)
    }
}

/// The look of the container's pages.
pub fn page_style(quirks: &Quirks) -> PageStyle {
    match quirks.http.error_page {
        ErrorPage::Tomcat9013 => PageStyle::Tomcat9013,
        ErrorPage::Tomcat9046 => PageStyle::Tomcat9046,
    }
}

fn no_such_api(finish: &Finish<'_>, request: &Request<'_>, path: &str, open: bool) -> Response {
    let note = Note::new(Operation::Other);
    if !path.starts_with(NAMING) {
        return finish.no_such_page(open, note);
    }
    if answer::is_preflight(request) && finish.quirks.http.cors == Cors::AnyOrigin {
        return finish.response(answer::preflight(request, finish.quirks), note);
    }
    let message = format!("no such api:{}:{}", request.method, request.path);
    finish.send_error(501, &message, note)
}

/// The answer to a path that Spring knows with other methods.
fn wrong_method(finish: &Finish<'_>, request: &Request<'_>, method: &str) -> Response {
    let note = Note::new(Operation::Other);
    if answer::is_preflight(request) && finish.quirks.http.cors == Cors::AnyOrigin {
        return finish.response(answer::allowed(request, finish.quirks), note);
    }
    let message = format!("Request method '{method}' not supported");
    finish.outcome(Err(Refusal::new(JavaException::MethodNotSupported, message)), note)
}

/// Runs a call that may be made.
pub(super) fn run(
    route: Route,
    finish: &Finish<'_>,
    request: &Request<'_>,
    params: Params<'_>,
    caller: Option<Caller>,
) -> Answer {
    let quirks = finish.quirks;
    let mut note = Note::new(route.operation);
    if quirks.namespace.check == NamespaceCheck::Refused
        && route.path.starts_with(NAMING)
        && names_no_namespace(&params)
    {
        return Answer::Now(finish.send_error(400, "forbidden namespace", note));
    }
    if let Some(answer) = forward::elsewhere(finish, request, &params, &route) {
        return answer;
    }
    if finish.accepts.nonsense {
        return Answer::Now(finish.reply(status::unacceptable(quirks), note));
    }
    let core = finish.node.serves();
    let mut call = Call { node: finish.node, quirks, request, params, caller, core };
    match (route.run)(&mut call, &mut note) {
        Ok(Handled::Now(reply)) => Answer::Now(finish.outcome(Ok(reply), note)),
        Ok(Handled::Later(outcome)) => finish::later(&call, finish.accepts.clone(), outcome, note),
        Ok(Handled::Durable(reply, receipt)) => {
            let response = finish.outcome(Ok(reply), note);
            Answer::Later(Box::pin(async move {
                match receipt.durable().await {
                    Ok(()) => response,
                    Err(error) => {
                        unstored(&error);
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
