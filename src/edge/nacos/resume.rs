//! A call that waits for its caller's password to be checked and then goes on
//! (`auth/token-places`). The worker serves others meanwhile.

use super::access::{self, Access, Claim};
use super::answer::Accepts;
use super::call::Note;
use super::finish::Finish;
use super::handler;
use super::kept::KeptRequest;
use super::routes::Route;
use crate::edge::http::{Answer, Request, Response};
use crate::model::Refusal;
use crate::node::Node;
use crate::node::passwords::PasswordError;
use crate::wire::{BodyForm, Params, Reply};
use std::sync::Arc;

/// Checks the password, then runs the call or refuses it.
pub fn after_password(
    route: Route,
    finish: &Finish<'_>,
    request: &Request<'_>,
    claim: Claim,
) -> Answer {
    let node = finish.node.clone();
    let hash = access::hash_of(&node, finish.quirks, &claim.name);
    let kept = KeptRequest::of(request);
    Answer::Later(Box::pin(async move {
        let checked = node.desk.passwords.matches(claim.password, hash).await;
        match kept.with(|request| resume(route, &node, request, claim.name, checked)) {
            Answer::Now(response) => response,
            Answer::Later(response) => response.await,
        }
    }))
}

fn resume(
    route: Route,
    node: &Arc<Node>,
    request: &Request<'_>,
    name: String,
    checked: Result<bool, PasswordError>,
) -> Answer {
    let quirks = node.quirks();
    let accepts = Accepts::of(request);
    let finish = Finish::of(node, &quirks, request, &accepts);
    let note = Note::new(route.operation);
    let refused = |refusal: Refusal, note| Answer::Now(finish.outcome(Err(refusal), note));
    match checked {
        Ok(true) => {}
        Ok(false) => return refused(access::forbidden("unknown user!"), note),
        Err(error) => return Answer::Now(not_checked(&finish, error, note)),
    }
    let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
    let params = match Params::read(request.query, request.body, form, &quirks) {
        Ok(params) => params,
        Err(refusal) => return refused(refusal, note),
    };
    match access::of_user(node, &quirks, &route, name, &params) {
        Access::Granted(caller) => handler::run(route, &finish, request, params, caller),
        Access::Refused(refusal) => refused(refusal, note),
        // A name that is known needs no second look at its password.
        Access::Password(_) => refused(access::forbidden("unknown user!"), note),
    }
}

/// Nacos has no answer for this; 503 says that it may be tried again.
fn not_checked(finish: &Finish<'_>, error: PasswordError, note: Note) -> Response {
    tracing::warn!(%error, "a call was turned away");
    finish.reply(Reply::empty(503), note)
}
