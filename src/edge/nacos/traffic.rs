//! `TrafficReviseFilter`, the first of Nacos's own filters: what the operator limited or closed is
//! answered before anything of it is looked at (`operator/status-down`,
//! `operator/limited-url-map`).

use crate::edge::http::Request;
use crate::node::Node;
use crate::profile::{NotUpText, Quirks};
use crate::wire::reply::ReplyKind;
use crate::wire::{Reply, ReplyBody};

/// Who is let pass in any status: other servers.
const PEER_AGENT: &str = "Nacos-Server";

/// The answer to a request that does not pass.
pub fn refusal(node: &Node, quirks: &Quirks, request: &Request<'_>, method: &str) -> Option<Reply> {
    let address = format!("{}?{}", request.path, request.query.unwrap_or("null"));
    let (limit, status) = node.read(|registry, _| (registry.limit_of(&address), registry.status()));
    if let Some(limit) = limit {
        // What no status line can say is a mistake of the operator, and the server's.
        return Some(Reply::empty(u16::try_from(limit).unwrap_or(500)));
    }
    if status.lets_pass(method) || request.agent().starts_with(PEER_AGENT) {
        return None;
    }
    let space = match quirks.switches.not_up {
        NotUpText::Spaced => " ",
        NotUpText::Joined => "",
    };
    let text = format!("server is {}{space}now, please try again later!", status.name());
    Some(Reply::new(503, ReplyKind::Untyped, ReplyBody::from(text)))
}
