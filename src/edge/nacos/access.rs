//! Who may call: `AuthFilter` and `NacosAuthManager` of 1.2 and later when authentication is
//! switched on, and the login that 1.1.4's Spring Security asks for (`auth/*`,
//! `console/namespaces`).
//!
//! Credentials are a token in `Authorization: Bearer`, else in the parameter `accessToken`, else
//! the parameters `username` and `password`. Checking a password takes long and happens elsewhere:
//! the call goes on when it is done.

use super::routes::Route;
use super::secured;
use crate::console::Verdict;
use crate::edge::http::Request;
use crate::model::{JavaException, Refusal, java};
use crate::node::Node;
use crate::profile::{Guard, Peers, Quirks};
use crate::wire::Params;
use crate::wire::jwt::TokenError;
use subtle::ConstantTimeEq;

/// What other servers call themselves.
const PEER_AGENT: &str = "Nacos-Server";
const BEARER: &str = "Bearer ";
const NO_IDENTITY: &str = "Invalid server identity key or value, Please make sure set \
                           `nacos.core.auth.server.identity.key` and \
                           `nacos.core.auth.server.identity.value`, or open \
                           `nacos.core.auth.enable.userAgentAuthWhite`";

/// Who calls, where somebody asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user's name.
    pub name: String,
    /// Whether it is an administrator.
    pub global_admin: bool,
}

/// Whether a call goes on.
pub enum Access {
    /// Yes; by whom, if anybody was asked.
    Granted(Option<Caller>),
    /// No.
    Refused(Refusal),
    /// That depends on a password.
    Password(Claim),
}

/// Somebody who says a name and a password.
#[derive(Clone)]
pub struct Claim {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// What a caller shows.
pub enum Credentials {
    /// A token, maybe blank.
    Token(String),
    /// A name and a password.
    Claim(Claim),
    /// Nothing that could be looked at.
    Nothing,
}

/// Looks at a call before anything of it is done.
pub fn of(
    node: &Node,
    quirks: &Quirks,
    route: Option<&Route>,
    request: &Request<'_>,
    params: &Params<'_>,
) -> Access {
    let auth = &node.desk.auth;
    if !auth.enabled || quirks.auth.guard != Guard::Switch {
        return Access::Granted(None);
    }
    match (quirks.auth.peers, auth.identity()) {
        (Peers::UserAgent, _) if request.agent().starts_with(PEER_AGENT) => {
            return Access::Granted(None);
        }
        (Peers::UserAgent, _) => {}
        (Peers::Identity, None) => return Access::Refused(forbidden(NO_IDENTITY)),
        (Peers::Identity, Some((header, value))) => {
            let shown = request.headers.get(header).unwrap_or_default();
            // Takes the same time wherever they differ.
            if value.as_bytes().ct_eq(shown.as_bytes()).into() {
                return Access::Granted(None);
            }
        }
    }
    let Some(rule) = route.and_then(|route| secured::rule(route, quirks)) else {
        return Access::Granted(None);
    };
    let resource = match rule.resource(params, quirks) {
        Ok(resource) => resource,
        Err(refusal) => return Access::Refused(refusal),
    };
    match credentials(request, params) {
        Credentials::Claim(claim) => Access::Password(claim),
        Credentials::Nothing => Access::Refused(forbidden("unknown user!")),
        Credentials::Token(token) => {
            let known = user_of(node, &token).map_err(forbidden);
            granted(known.and_then(|user| decide(node, quirks, user, (&resource, rule.action))))
        }
    }
}

/// Goes on with a call whose password was right.
pub fn of_user(
    node: &Node,
    quirks: &Quirks,
    route: &Route,
    name: String,
    params: &Params<'_>,
) -> Access {
    let Some(rule) = secured::rule(route, quirks) else { return Access::Granted(None) };
    let resource = rule.resource(params, quirks);
    granted(resource.and_then(|resource| decide(node, quirks, name, (&resource, rule.action))))
}

fn granted(decided: Result<Caller, Refusal>) -> Access {
    match decided {
        Ok(caller) => Access::Granted(Some(caller)),
        Err(refusal) => Access::Refused(refusal),
    }
}

/// A filter's 403.
pub fn forbidden(message: &'static str) -> Refusal {
    Refusal::new(JavaException::SendError(403), message)
}

/// What a caller shows, in the order in which Nacos looks.
pub fn credentials(request: &Request<'_>, params: &Params<'_>) -> Credentials {
    let header = request.headers.get("Authorization").unwrap_or_default();
    if let Some(token) = header.strip_prefix(BEARER) {
        return Credentials::Token(token.to_owned());
    }
    let token = params.first("accessToken").unwrap_or_default();
    if !java::is_blank(token) {
        return Credentials::Token(token.to_owned());
    }
    match (params.first("username"), params.first("password")) {
        (Some(name), Some(password)) => {
            Credentials::Claim(Claim { name: name.to_owned(), password: password.to_owned() })
        }
        _ => Credentials::Nothing,
    }
}

/// The user that a token names.
///
/// # Errors
/// The token does not count, in Nacos's words.
pub fn user_of(node: &Node, token: &str) -> Result<String, &'static str> {
    if java::is_blank(token) {
        return Err("user not found!");
    }
    node.desk.tokens.read(token, node.now()).map_err(|error| match error {
        TokenError::Expired => "token expired!",
        TokenError::Invalid => "token invalid!",
    })
}

/// Whether a user may do something to a resource.
///
/// # Errors
/// It may not, in Nacos's words.
pub fn decide(
    node: &Node,
    quirks: &Quirks,
    user: String,
    (resource, action): (&str, char),
) -> Result<Caller, Refusal> {
    let refused =
        |status, message: String| Err(Refusal::new(JavaException::SendError(status), message));
    if user.is_empty() {
        return refused(400, "caused: Cannot pass null or empty values to constructor;".to_owned());
    }
    let (now, caching) = (node.now(), quirks.auth.caching);
    let (verdict, global_admin) = node.desk.read(|console| {
        let accounts = &mut console.accounts;
        let verdict = if resource == secured::OWN_PASSWORD {
            Verdict::Granted
        } else {
            accounts.may(now, caching, &user, (resource, action))
        };
        (verdict, accounts.is_global_admin(now, caching, &user))
    });
    match verdict {
        Verdict::Granted => Ok(Caller { name: user, global_admin }),
        Verdict::Denied => Err(forbidden("authorization failed!")),
        Verdict::BadPattern(message) => refused(400, format!("caused: {message};")),
    }
}

/// The hash that a claim's password is compared with.
pub fn hash_of(node: &Node, quirks: &Quirks, name: &str) -> Option<String> {
    let (now, caching) = (node.now(), quirks.auth.caching);
    node.desk.read(|console| console.accounts.login_hash(now, caching, name))
}

/// Paths that 1.1.4 shows without a login (`nacos.security.ignore.urls` as shipped).
pub fn is_open(path: &str) -> bool {
    const ENDS: [&str; 7] = [".css", ".js", ".html", ".map", ".svg", ".png", ".ico"];
    const TREES: [&str; 7] = [
        "/console-fe/public",
        "/v1/console/health",
        "/v1/cs",
        "/v1/ns",
        "/v1/cmdb",
        "/actuator",
        "/v1/console/server",
    ];
    let below = |tree: &str| {
        path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    matches!(path, "" | "/" | "/v1/auth/login")
        || ENDS.iter().any(|end| path.ends_with(end))
        || TREES.iter().any(|tree| below(tree))
}

/// Who is logged in at 1.1.4: the bearer of a token in the header or in `access_token`.
pub fn logged_in(node: &Node, request: &Request<'_>, params: &Params<'_>) -> Option<Caller> {
    let header = request.headers.get("Authorization").unwrap_or_default();
    let token = match header.strip_prefix(BEARER) {
        Some(token) => token,
        None => params.first("access_token")?,
    };
    let name = node.desk.tokens.read(token, node.now()).ok()?;
    // That version knows no roles: whoever is logged in may do everything.
    Some(Caller { name, global_admin: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_server_shows_its_apis_and_hides_its_console() {
        for open in ["/", "/index.html", "/v1/ns/instance", "/v1/cs/configs", "/actuator/env"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["/nothing", "/v1/console/namespaces", "/v1/auth/users/login", "/v1/nsx"] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
