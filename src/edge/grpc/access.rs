//! Who may call over gRPC: the same accounts as over HTTP, credentials in the headers of payload or
//! body; what is refused says nothing but 403 (`grpc/auth`, `grpc/auth-permissions`).

use super::unary::Call;
use crate::edge::nacos::access::{Claim, decide, hash_of, user_of};
use crate::profile::{Guard, Quirks};
use crate::wire::grpc::config::resource;
use crate::wire::grpc::{InstanceRequest, Request, RequestKind, naming_resource};

const BEARER: &str = "Bearer ";

/// Whether a call may go on.
pub async fn allows(
    call: &Call<'_>,
    quirks: &Quirks,
    kind: RequestKind,
    request: &Request,
) -> bool {
    if !call.node.desk.auth.enabled || quirks.auth.guard != Guard::Switch {
        return true;
    }
    let Some((resource, action)) = secured(kind, request) else { return true };
    let user = match (token(call), claim(call)) {
        (Some(token), _) => user_of(call.node, token).ok(),
        (None, Some(claim)) => password(call, quirks, claim).await,
        (None, None) => None,
    };
    user.is_some_and(|user| decide(call.node, quirks, user, (&resource, action)).is_ok())
}

/// What a request is about and what it does to that; `None` when it is open to everybody.
fn secured(kind: RequestKind, request: &Request) -> Option<(String, char)> {
    Some(match request {
        Request::Instance(request) => (naming_resource(InstanceRequest::service(request)), 'w'),
        Request::Query(request) => (naming_resource(request.service()), 'r'),
        Request::Subscribe(request) => (naming_resource(request.service()), 'r'),
        Request::List(request) => (naming_resource(request.service()), 'r'),
        Request::Config(request) => {
            let action = if kind == RequestKind::ConfigQuery { 'r' } else { 'w' };
            let tenant = request.tenant.as_deref();
            (resource(tenant, request.group.as_deref(), request.data_id.as_deref()), action)
        }
        Request::Listen(request) => {
            let first = request.wanted.first();
            let tenant = first.and_then(|wanted| wanted.tenant.as_deref());
            (resource(tenant, None, None), 'r')
        }
        Request::Reload(_) | Request::Distro(_) | Request::Plain => return None,
    })
}

fn token<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let bearer = call.header("Authorization").and_then(|text| text.strip_prefix(BEARER));
    let plain = || call.header("accessToken").filter(|text| !text.trim().is_empty());
    bearer.or_else(plain)
}

fn claim(call: &Call<'_>) -> Option<Claim> {
    let (name, password) = (call.header("username")?, call.header("password")?);
    Some(Claim { name: name.to_owned(), password: password.to_owned() })
}

/// The user, if the password is right.
async fn password(call: &Call<'_>, quirks: &Quirks, claim: Claim) -> Option<String> {
    let hash = hash_of(call.node, quirks, &claim.name);
    let right = call.node.desk.passwords.matches(claim.password, hash).await;
    matches!(right, Ok(true)).then_some(claim.name)
}
