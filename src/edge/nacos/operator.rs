//! `/v1/ns/operator` and, from 1.2, its second name `/v1/ns/ops`: what operators and migration
//! scripts ask and set.

use super::call::{Call, Handled, Note, Outcome};
use super::machine;
use super::members::{self, Shown, Which};
use super::routes::{Route, Run, always, route};
use crate::model::names::PUBLIC_NAMESPACE;
use crate::model::{RaftPeer, Refusal, ServiceRef, java};
use crate::node::Operation;
use crate::peers::Raft;
use crate::peers::upgrade::Core;
use crate::profile::{DistroServer, PushStateShape, Quirks, ServersShape};
use crate::wire::v1::member;
use crate::wire::v1::operator::{self, MetricsView};
use crate::wire::v1::raft;
use crate::wire::v1::switches;
use crate::wire::{Params, Reply, ReplyBody, request_param};

/// Each address under both names.
macro_rules! both_names {
    ($(($method:literal, $path:literal, $exists:ident, $run:ident)),+ $(,)?) => {
        &[$(
            page($method, concat!("/v1/ns/operator", $path), $exists, $run),
            page($method, concat!("/v1/ns/ops", $path), |quirks| {
                quirks.api.operator_alias && $exists(quirks)
            }, $run),
        )+]
    };
}

const fn page(
    method: &'static str,
    path: &'static str,
    exists: fn(&Quirks) -> bool,
    run: Run,
) -> Route {
    route(method, path, Operation::Operator, exists, run)
}

/// The addresses of the operator.
pub const ROUTES: &[Route] = both_names![
    ("GET", "/switches", always, show_switches),
    ("PUT", "/switches", always, set_switch),
    ("GET", "/metrics", always, metrics),
    ("GET", "/servers", always, servers),
    ("GET", "/server/status", always, server_status),
    ("GET", "/distro/server", always, distro_server),
    ("GET", "/distro/client", shows_members, distro_client),
    ("GET", "/distro/status", shows_servers, distro_status),
    ("PUT", "/log", always, set_log_level),
    ("GET", "/push/state", always, push_state),
    ("GET", "/cluster/state", always, cluster_state),
    ("GET", "/cluster/states", shows_servers, cluster_states),
];

fn shows_servers(quirks: &Quirks) -> bool {
    quirks.operator.servers == ServersShape::Servers
}

fn shows_members(quirks: &Quirks) -> bool {
    !shows_servers(quirks)
}

fn object(json: String) -> Outcome {
    Ok(Reply::object(ReplyBody::from(json)).into())
}

/// GET `/switches`.
fn show_switches(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let quirks = call.quirks;
    object(call.read(|registry, _| switches::body(registry.switches(), quirks)))
}

/// PUT `/switches`.
fn set_switch(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let debug = request_param::boolean(&call.params, "debug")?;
    let entry = call.params.joined_required("entry")?;
    let value = call.params.joined_required("value")?;
    let edit = switches::edit(&entry, &value, call.quirks)?;
    let ((), receipt) =
        call.change(|registry, now| Ok(((), registry.change_switches(now, edit, debug))))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/metrics`. What a node is responsible for is counted in the core of 1.x, which a node of
/// 2.x that stands alone has not.
fn metrics(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let only_status =
        call.params.optional("onlyStatus").is_none_or(|text| java::parse_boolean(&text));
    let (status, totals) = call.read(|registry, _| (registry.status().name(), registry.totals()));
    let responsible = call.node.read_in(Core::Old, |registry, _| registry.responsible_totals());
    let view = MetricsView {
        status,
        services: totals.services,
        instances: totals.instances,
        subscribers: totals.subscribers,
        responsible_services: responsible.services,
        responsible_instances: responsible.instances,
        clients: call.read(|registry, _| registry.client_counts()),
        machine: machine::measure(),
    };
    object(operator::metrics(&view, call.quirks.operator.metrics, only_status))
}

/// GET `/servers`.
fn servers(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let healthy = request_param::boolean(&call.params, "healthy")?;
    let mut list = String::new();
    if shows_members(call.quirks) {
        for member in Shown::of(call).views(healthy) {
            separate(&mut list);
            member::push_member(&mut list, &member);
        }
    } else {
        push_servers(&mut list, call, if healthy { Which::Healthy } else { Which::Listed });
    }
    object(operator::servers(&list))
}

fn separate(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}

/// Appends servers as 1.x shows them.
fn push_servers(list: &mut String, call: &Call<'_>, which: Which) {
    for server in members::servers(call.node, which) {
        separate(list);
        operator::push_server(list, &server.view());
    }
}

/// GET `/server/status`: the reports of peers.
fn server_status(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let text = call.params.joined_required("serverStatus")?;
    let node = call.node;
    operator::status_reports(
        &text,
        call.quirks.operator.servers,
        |server| members::is_known(node, server),
        |server, said, weight| members::hear_status(node, server, said, weight),
    )?;
    Ok(Reply::ok().into())
}

/// GET `/distro/server`.
fn distro_server(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let namespace = call.params.joined_or("namespaceId", PUBLIC_NAMESPACE);
    let name = call.params.joined_required("serviceName")?;
    let service = ServiceRef { namespace: &namespace, name: &name };
    note.about(service);
    match call.quirks.operator.distro_server {
        DistroServer::Registry if call.read(|registry, _| registry.contains(service)) => {
            object(operator::responsible_server(&responsible(call, &name)))
        }
        DistroServer::Registry => Err(Refusal::illegal("service not found")),
        // In a deployment it learns of services, because both cores are written.
        DistroServer::OldRegistry
            if call.node.is_upgraded().is_some()
                && call.node.read_in(Core::Old, |registry, _| registry.contains(service)) =>
        {
            object(operator::responsible_server(&responsible(call, &name)))
        }
        DistroServer::OldRegistry => Err(Refusal::no_such_service(&namespace, &name)),
    }
}

/// Who is responsible for a tag.
fn responsible(call: &Call<'_>, tag: &str) -> String {
    match call.node.peering() {
        Some(peering) => peering.responsible().now().responsible(tag).to_string(),
        None => call.node.address().to_string(),
    }
}

/// GET `/distro/client`.
fn distro_client(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let ip = call.params.joined_required("ip")?;
    let port = call.params.joined_required("port")?;
    object(operator::responsible_server(&responsible(call, &format!("{ip}:{port}"))))
}

/// GET `/distro/status`.
fn distro_status(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let action = call.params.joined_or("action", "view");
    if action == "clean" {
        call.node.clean_members();
    }
    let mut list = String::new();
    push_servers(&mut list, call, Which::Heard);
    object(operator::distro_status((action == "view").then_some(list.as_str())))
}

/// PUT `/log`: the names are those of Nacos's own loggers, which there are none of here.
fn set_log_level(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    call.params.joined_required("logName")?;
    call.params.joined_required("logLevel")?;
    Ok(Reply::ok().into())
}

/// GET `/push/state`.
fn push_state(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let detail = request_param::boolean(&call.params, "detail")?;
    let reset = request_param::boolean(&call.params, "reset")?;
    let shape = call.quirks.operator.push_state;
    let body = call.read(|registry, now| {
        let counts = registry.push_counts(now);
        let body = match shape {
            PushStateShape::Acked => operator::pushes_acked(&counts, detail, reset),
            PushStateShape::Sent => {
                let datagrams = registry.unacked().map(|datagram| &datagram.bytes);
                let texts = datagrams.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                operator::pushes_sent(&counts, &texts.collect::<Vec<_>>(), detail, reset)
            }
        };
        if reset {
            registry.reset_pushes();
        }
        body
    });
    object(body)
}

/// GET `/cluster/state`.
fn cluster_state(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let peer = own_peer(call);
    object(match call.quirks.operator.servers {
        ServersShape::Servers => raft::peer(&peer),
        ServersShape::Members => raft::bean(&RaftPeer { term: -1, ..peer }),
    })
}

/// This node as a peer of the raft of 1.x.
pub(super) fn own_peer(call: &Call<'_>) -> RaftPeer {
    let node = call.node;
    let elected = node.raft(|raft| raft.local().clone());
    elected.unwrap_or_else(|| {
        let term = node.read(|registry, _| registry.raft_term());
        raft::alone(node.address().to_string().into(), term, node.started, node.now())
    })
}

/// GET `/cluster/states`: a page of the peers, this one first.
fn cluster_states(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let (number, size) = page_of(&call.params)?;
    let keyword = call.params.joined_or("keyword", "");
    let own = own_peer(call);
    let others = call.node.raft(Raft::peers).unwrap_or_default();
    let others = others.into_iter().filter(|peer| peer.id != own.id).collect::<Vec<_>>();
    let ip = |peer: &RaftPeer| peer.id.rsplit_once(':').map(|(ip, _)| ip.to_owned());
    let mut peers: Vec<RaftPeer> = std::iter::once(own).chain(others).collect();
    peers.retain(|peer| java::is_blank(&keyword) || ip(peer).as_deref() == Some(&keyword));
    let size = usize::try_from(size).unwrap_or(0);
    let page: Vec<RaftPeer> = if size >= peers.len() {
        peers.clone()
    } else {
        let skipped = usize::try_from(number.wrapping_sub(1)).unwrap_or(0).saturating_mul(size);
        peers.iter().skip(skipped).take(size).cloned().collect()
    };
    object(raft::states(peers.len(), &page))
}

fn page_of(params: &Params<'_>) -> Result<(i32, i32), Refusal> {
    Ok((request_param::int(params, "pageNo")?, request_param::int(params, "pageSize")?))
}
