//! `/v1/ns/instance`: registrations, beats and lists.

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::{Agent, ListCall, ServiceRef, java};
use crate::node::{Operation, Place};
use crate::profile::Quirks;
use crate::wire::v1::beat::{self, Beat, Stood};
use crate::wire::v1::instance::{self, NamedInstance, Withdrawal};
use crate::wire::v1::{answers, service_name};
use crate::wire::{Reply, ReplyBody};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses of instances.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/ns/instance", Operation::Register, always, register),
    route("PUT", "/v1/ns/instance", Operation::Update, always, update),
    route("PATCH", "/v1/ns/instance", Operation::Patch, |quirks| quirks.instance.patch, patch),
    route("DELETE", "/v1/ns/instance", Operation::Deregister, always, deregister),
    route("GET", "/v1/ns/instance", Operation::Instance, always, instance),
    route("GET", "/v1/ns/instance/list", Operation::List, always, list),
    route("GET", "/v2/ns/instance/list", Operation::List, |quirks| quirks.api.v2, list_whole_name),
    route("PUT", "/v1/ns/instance/beat", Operation::Beat, always, beat),
    route("GET", "/v1/ns/instance/statuses", Operation::Statuses, always, statuses),
    route("PUT", BATCH, Operation::MetadataBatch, batch_exists, batch_update),
    route("DELETE", BATCH, Operation::MetadataBatch, batch_exists, batch_delete),
];

const BATCH: &str = "/v1/ns/instance/metadata/batch";

fn batch_exists(quirks: &Quirks) -> bool {
    quirks.instance.metadata_batch
}

/// POST `/instance`.
pub fn register(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let service = service_name::required(&call.params, call.quirks)?;
    note.about(service.as_ref());
    let by_default = ephemeral_by_default(call);
    let given = instance::registration(&call.params, call.quirks, by_default)?;
    note.address(given.ip(), given.port);
    let registration = instance::registered(&service, given);
    let ((), receipt) =
        call.change(|registry, now| Ok(((), registry.register(now, &registration)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// The switch `defaultInstanceEphemeral`.
pub(super) fn ephemeral_by_default(call: &Call<'_>) -> bool {
    call.read(|registry, _| registry.switches().default_instance_ephemeral)
}

/// PUT `/instance`.
pub fn update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let service = service_name::required(&call.params, call.quirks)?;
    note.about(service.as_ref());
    let agent = call.agent();
    let by_default = ephemeral_by_default(call);
    let given = instance::registration(&call.params, call.quirks, by_default)?;
    note.address(given.ip(), given.port);
    let registration = instance::registered(&service, given);
    let ((), receipt) =
        call.change(|registry, now| Ok(((), registry.update(now, &registration, &agent)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// PATCH `/instance`: 1.2 looks for the instance before it reads what to change.
pub fn patch(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let target = NamedInstance::read_patched(&call.params, call.quirks)?;
    note.about(target.service.as_ref());
    note.address(target.call().ip, target.call().port);
    if call.quirks.core.model == crate::profile::CoreModel::ServiceKeyed {
        call.read(|registry, now| registry.patch_target(now, &target.call()))?;
    }
    let app = call.params.optional("app");
    let patch = target.patch(&call.params, call.quirks, app.as_deref())?;
    let ((), receipt) = call.change(|registry, now| Ok(((), registry.patch(now, &patch)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// DELETE `/instance`.
pub fn deregister(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let by_default = ephemeral_by_default(call);
    let withdrawal = Withdrawal::read(&call.params, call.quirks, by_default)?;
    let asked = withdrawal.call();
    note.about(asked.service);
    note.address(asked.ip, asked.port);
    let ((), receipt) = call.change(|registry, now| Ok(((), registry.deregister(now, &asked)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/instance`.
pub fn instance(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = NamedInstance::read(&call.params, call.quirks)?;
    let asked = named.call();
    note.about(asked.service);
    note.address(asked.ip, asked.port);
    let body = call.read(|registry, now| {
        registry.instance(now, &asked, |view| answers::instance(view, call.quirks))
    })?;
    Ok(Reply::object(ReplyBody::from(body)).into())
}

/// PUT `/instance/beat`.
pub fn beat(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    beat::restrict_source(&mut call.params, call.quirks);
    let mut stood = beat::stood(&call.params);
    let read = Beat::read(&call.params, call.quirks, &mut stood);
    note.beat = Some(place(stood));
    if read.is_err() {
        note_refused_beat(call, note);
    }
    take_beat(call, note, read?)
}

/// Whose beat was refused is what an operator looks for after a rollback: the parameters tell it
/// although the beat did not read.
fn note_refused_beat(call: &Call<'_>, note: &mut Note) {
    if let Ok(service) = service_name::unchecked(&call.params) {
        note.about(service.as_ref());
    }
    let ip = call.params.optional("ip").unwrap_or_default();
    let port = call.params.optional("port").and_then(|port| java::parse_int(&port));
    note.address(&ip, port.unwrap_or(0));
}

/// Applies a beat, wherever it was read.
pub(super) fn take_beat(call: &Call<'_>, note: &mut Note, mut beat: Beat<'_>) -> Outcome {
    note.about(beat.service.as_ref());
    let (ip, port) = beat.address();
    note.address(ip, port);
    let beat = beat.call();
    let (reply, receipt) = call.change(|registry, now| registry.beat(now, &beat))?;
    let body = beat::answer(&reply, call.quirks);
    Ok(Handled::after(receipt, Reply::object(ReplyBody::from(body))))
}

/// The journal's word for where a beat stood.
pub(super) fn place(stood: Stood) -> Place {
    match stood {
        Stood::Query => Place::Query,
        Stood::Body => Place::Body,
        Stood::Absent => Place::Absent,
        Stood::Undecodable => Place::Undecodable,
    }
}

/// GET `/instance/list`.
pub fn list(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let service = service_name::required(&call.params, call.quirks)?;
    list_of(call, note, service.as_ref())
}

/// GET `/v2/ns/instance/list`: no filter puts the group before the name.
fn list_whole_name(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let service = service_name::as_sent(&call.params, call.quirks)?;
    list_of(call, note, service.as_ref())
}

/// Lists a service, however it was named.
pub(super) fn list_of(call: &Call<'_>, note: &mut Note, service: ServiceRef<'_>) -> Outcome {
    note.about(service);
    let params = &call.params;
    let agent = Agent::parse(call.request.agent());
    let clusters = params.optional("clusters").unwrap_or_default();
    let client_ip = params.optional("clientIP").unwrap_or_default();
    let udp_port = params.optional("udpPort").map_or(Ok(0), |text| instance::integer(&text))?;
    let env = params.optional("env").unwrap_or_default();
    let app = params.optional("app").unwrap_or_default();
    let truth = |name| params.optional(name).is_some_and(|text| java::parse_boolean(&text));
    if udp_port > 0 {
        note.address(&client_ip, udp_port);
    }
    let udp = (udp_port > 0).then(|| subscriber(&client_ip, udp_port));
    let asked = ListCall {
        service,
        clusters: &clusters,
        healthy_only: truth("healthyOnly"),
        env: &env,
        is_check: truth("isCheck"),
        app: &app,
        agent: &agent,
        client_ip: &client_ip,
        udp: udp.flatten(),
        udp_unresolvable: udp == Some(None),
    };
    let (list, now) =
        call.read(|registry, now| registry.list(now, &asked).map(|list| (list, now)))?;
    Ok(Reply::object(answers::list_body(list, now.0)).into())
}

/// Where a subscriber listens; host names are not resolved.
fn subscriber(client_ip: &str, port: i32) -> Option<SocketAddr> {
    let port = u16::try_from(port).ok()?;
    let ip = if client_ip.is_empty() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        client_ip.parse().ok()?
    };
    Some(SocketAddr::new(ip, port))
}

/// GET `/instance/statuses`.
pub fn statuses(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let key = call.params.joined_required("key")?;
    let service = instance::statuses_key(&key, call.quirks)?;
    note.about(service);
    let ips = call.read(|registry, now| registry.statuses(now, service))?;
    Ok(Reply::object(ReplyBody::from(answers::statuses(&ips))).into())
}

/// PUT `/instance/metadata/batch`.
pub fn batch_update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    batch(call, note, false)
}

/// DELETE `/instance/metadata/batch`.
pub fn batch_delete(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    batch(call, note, true)
}

fn batch(call: &Call<'_>, note: &mut Note, remove: bool) -> Outcome {
    let service = service_name::unchecked(&call.params)?;
    note.about(service.as_ref());
    let asked = instance::batch(&call.params, &service, call.quirks, remove)?;
    service_name::check_format(&service.name)?;
    let (updated, receipt) = call.change(|registry, now| registry.batch_metadata(now, &asked))?;
    let body = ReplyBody::from(answers::updated(&updated));
    Ok(Handled::after(receipt, Reply::object(body)))
}
