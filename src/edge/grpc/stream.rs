//! What a client says on its stream: it introduces itself there, and answers what it is asked.

use super::lines::Line;
use super::message::{NOISE, unread};
use super::server::Shared;
use crate::edge::nacos::Note;
use crate::model::ConnectionMeta;
use crate::node::Operation;
use crate::wire::grpc::{self, Payload};
use std::sync::Arc;

/// What a connection's client said of itself, from its setup on.
pub type Introduced = Option<Arc<ConnectionMeta>>;

/// Takes what a client says on its stream.
pub fn take(shared: &Shared, line: &Line, introduced: &mut Introduced, payload: &Payload) {
    if payload.kind == "ConnectionSetupRequest" {
        return set_up(shared, line, introduced, payload);
    }
    if !grpc::is_response(&payload.kind) {
        // Nothing else is read here, whatever it says.
        return unread(&shared.node, NOISE);
    }
    match (grpc::client_answer(&payload.text()), introduced) {
        (Some(answer), Some(meta)) => {
            shared.node.answered(meta, answer.ask, answer.success);
            shared.lines.answered(answer.ask);
        }
        _ => shared.node.metrics.count_stray_ack(),
    }
}

fn set_up(shared: &Shared, line: &Line, introduced: &mut Introduced, payload: &Payload) {
    let Some(setup) = grpc::setup(&payload.text()) else {
        return Note::new(Operation::Connect).answered(&shared.node, "", NOISE);
    };
    let meta = Arc::new(ConnectionMeta {
        id: line.id,
        name: line.name.as_str().into(),
        remote: line.remote,
        local: line.local,
        client_ip: payload.client_ip.as_str().into(),
        version: setup.version,
        labels: setup.labels,
        tenant: setup.tenant,
        abilities: setup.abilities,
    });
    shared.node.connected(&meta);
    introduced.get_or_insert(meta);
}
