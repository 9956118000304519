//! How many connections there are, and the wish of another server that there were fewer
//! (`grpc/reload-current`).

use super::unary::Call;
use crate::edge::nacos::machine::measure;
use crate::peers::upgrade::Core;
use crate::wire::grpc::{Answer, Balance, ReloadRequest, RequestKind, loader_info};

/// `ServerLoaderInfoRequest`.
pub fn info(call: &Call<'_>) -> Answer {
    let machine = measure();
    call.node.read_in(Core::New, |registry, _| {
        let connections = registry.connections();
        let ((all, sdks), rule) = (connections.counts(), &connections.rule);
        loader_info(&Balance { all, sdks, rule, load: machine.load, cpu: machine.cpu })
    })
}

/// `ServerReloadRequest`.
pub fn reload(call: &Call<'_>, request: &ReloadRequest) -> Answer {
    let asked = call.node.read_in(Core::New, |registry, _| {
        let to = request.server.as_deref();
        registry.connections_mut().reload_for_peer(i64::from(request.count), to)
    });
    Answer::message(RequestKind::Reload, if asked { "ok" } else { "ignore" })
}
