//! How an exchange ends: from what a handler gave to the response, its headers and its note.

use super::answer::{self, Accepts};
use super::call::{Call, Note};
use super::nulls;
use crate::edge::http::{Answer, Body, Request, Response};
use crate::model::Refusal;
use crate::node::Node;
use crate::profile::{Quirks, SendErrorStyle};
use crate::wire::Reply;
use crate::wire::status::{self, ErrorRequest, Refused};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What the end of an exchange needs of its beginning.
pub struct Finish<'a> {
    /// The node that answers.
    pub node: &'a Arc<Node>,
    /// How it behaves.
    pub quirks: &'a Quirks,
    /// What the client accepts.
    pub accepts: &'a Accepts,
    /// The path as sent.
    pub path: &'a str,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// Who asks.
    pub agent: &'a str,
}

impl<'a> Finish<'a> {
    /// The end of the exchange that this request began.
    pub fn of(
        node: &'a Arc<Node>,
        quirks: &'a Quirks,
        request: &'a Request<'a>,
        accepts: &'a Accepts,
    ) -> Self {
        let (path, origin) = (request.path, request.headers.get("Origin"));
        Self { node, quirks, accepts, path, origin, agent: request.agent() }
    }

    /// The response to what a controller gave.
    pub fn outcome(&self, outcome: Result<Reply, Refusal>, note: Note) -> Response {
        let told = |refusal| nulls::told(self.node, self.quirks, self.path, refusal);
        let reply = match outcome.map_err(told) {
            Ok(reply) => reply,
            Err(refusal) => match status::refused(&refusal, self.quirks.errors.style) {
                Refused::Reply(reply) => reply,
                Refused::SendError(status, message) => {
                    return self.send_error(status, &message, note);
                }
            },
        };
        let mut response = answer::response(reply, self.accepts, self.quirks.errors.style);
        answer::cross_origin(&mut response, self.origin, self.quirks);
        self.response(response, note)
    }

    /// The response to a filter's `sendError`.
    pub fn send_error(&self, status: u16, message: &str, note: Note) -> Response {
        let page = status::error_page(self.quirks, status, message, &self.error_request());
        self.reply(page, note)
    }

    /// The body of an error page as people are shown it, whatever the client accepts.
    pub fn page_for_people(&self, status: u16, message: &str) -> Body {
        let request = ErrorRequest { prefers_html: true, ..self.error_request() };
        let page = status::error_page(self.quirks, status, message, &request);
        answer::response(page, self.accepts, self.quirks.errors.style).body
    }

    /// The response to a path that nobody has, where everybody may look or only who is logged in.
    pub fn no_such_page(&self, open: bool, note: Note) -> Response {
        self.reply(status::no_such_page(self.quirks, &self.error_request(), open), note)
    }

    /// The response of 1.1.4 to whoever is not logged in where a login is needed.
    pub fn login_needed(&self, note: Note) -> Response {
        self.reply(status::login_needed(&self.error_request()), note)
    }

    /// The response for a reply that no controller gave.
    pub fn reply(&self, reply: Reply, note: Note) -> Response {
        self.response(answer::response(reply, self.accepts, self.quirks.errors.style), note)
    }

    /// Adds what every answer carries, counts it and puts it into the journal.
    pub fn response(&self, mut response: Response, note: Note) -> Response {
        answer::keep_alive(&mut response, self.quirks);
        note.answered(self.node, self.agent, response.status);
        response
    }

    fn error_request(&self) -> ErrorRequest<'_> {
        ErrorRequest {
            path: self.path,
            now: self.node.now(),
            prefers_html: self.accepts.prefers_html
                && self.quirks.errors.send_error != SendErrorStyle::UnauthorizedEmpty,
        }
    }
}

/// Ends an exchange whose answer comes later; the request is gone by then.
pub fn later(
    call: &Call<'_>,
    accepts: Accepts,
    outcome: Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>,
    note: Note,
) -> Answer {
    let node = call.node.clone();
    let request = call.request;
    let path = request.path.to_owned();
    let origin = request.headers.get("Origin").map(str::to_owned);
    let agent = request.agent().to_owned();
    Answer::Later(Box::pin(async move {
        let outcome = outcome.await;
        let quirks = node.quirks();
        let finish = Finish {
            node: &node,
            quirks: &quirks,
            accepts: &accepts,
            path: &path,
            origin: origin.as_deref(),
            agent: &agent,
        };
        finish.outcome(outcome, note)
    }))
}
