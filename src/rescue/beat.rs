//! What a beat says: who it is about, and whether it has its body.
//!
//! It is read as the server reads it to which the clients return, so that a beat counts as full
//! exactly when that server would find it. Nothing about it is refused: every beat is answered.

use super::book::{Key, Shape};
use crate::edge::http::Request;
use crate::model::names::{DEFAULT_CLUSTER, PUBLIC_NAMESPACE};
use crate::model::{FullBeat, java};
use crate::profile::Quirks;
use crate::wire::v1::beat::{Stood, stood};
use crate::wire::{BodyForm, Params, json};

/// Reads a request's beat, or whatever else names an instance, and hands on who it is about, unless
/// it names nobody, and its shape.
pub fn read<T>(
    request: &Request<'_>,
    quirks: &Quirks,
    then: impl FnOnce(Option<&Key<'_>>, Shape) -> T,
) -> T {
    let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
    let (params, readable) = match Params::read(request.query, request.body, form, quirks) {
        Ok(params) => (params, true),
        Err(_) => (query_alone(request, quirks), false),
    };
    let shape = match stood(&params) {
        // A form with a broken escape still is the form of a client that sends one.
        Stood::Absent if !readable && has_beat(request.body) => Shape::Full,
        Stood::Absent => Shape::Light,
        Stood::Query | Stood::Body | Stood::Undecodable => Shape::Full,
    };
    let Some(service) = params.optional("serviceName") else { return then(None, shape) };
    let ip = params.optional("ip");
    // Up to 1.1.4 the Java client names the address in the JSON alone.
    let inside = if ip.is_none() { inside(&params, quirks) } else { None };
    let inside = inside.as_ref();
    let port = params.optional("port").and_then(|port| java::parse_int(&port));
    let cluster = params.optional("clusterName");
    let key = Key {
        namespace: &params.or("namespaceId", PUBLIC_NAMESPACE),
        service: &service,
        cluster: (cluster.as_deref())
            .or(inside.and_then(|beat| beat.cluster.as_deref()))
            .unwrap_or(DEFAULT_CLUSTER),
        ip: (ip.as_deref()).or(inside.and_then(|beat| beat.ip.as_deref())).unwrap_or_default(),
        port: port.or(inside.map(|beat| beat.port)).unwrap_or(0),
        agent: request.agent(),
    };
    then((!key.ip.is_empty()).then_some(&key), shape)
}

fn query_alone<'a>(request: &Request<'a>, quirks: &Quirks) -> Params<'a> {
    let read = Params::read(request.query, &[], BodyForm::None, quirks);
    read.expect("only a body can be refused")
}

fn has_beat(body: &[u8]) -> bool {
    body.windows(5).any(|window| window == b"beat=")
}

fn inside(params: &Params<'_>, quirks: &Quirks) -> Option<FullBeat> {
    json::beat(quirks.beat.json, &params.optional("beat")?).ok().flatten()
}
