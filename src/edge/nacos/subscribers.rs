//! GET `/service/subscribers`: who gets a service's list pushed. A server knows its own
//! subscribers and, unless `aggregation` is false, asks the others for theirs
//! (`SubscribeManager`; `cluster/subscribers-of-other-nodes`, `grpc/cluster-subscribers`).
//!
//! That rarely works: servers of 1.x name no page and refuse to answer one another, and those of
//! 2.x until 2.0.4 can not read an answer that names anybody, so that nobody is left.

use super::ask::ask;
use super::call::{Call, Handled, Note, Outcome};
use crate::model::{
    MemberId, PeerAnswer, PeerCall, PeerFailure, Refusal, ServiceKey, ServiceRef, SubscriberView,
    names,
};
use crate::node::Node;
use crate::profile::{Aggregation, Quirks, SubscriberMatch};
use crate::wire::Reply;
use crate::wire::v1::service::SubscribersOf;
use crate::wire::v1::{paging, service_answers};

/// Answers; whatever goes wrong behind the parameters is an empty answer.
pub fn subscribers(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let asked = SubscribersOf::read(&call.params, call.quirks)?;
    let service = asked.service.as_ref();
    note.about(service);
    let (page, size) = (asked.page, asked.size);
    let own = own(call, service);
    let others = if asked.aggregation { others(call) } else { Vec::new() };
    if others.is_empty() || own.is_err() {
        return Ok(answer(own.unwrap_or_default(), page, size, call.quirks).into());
    }
    let (node, service) = (call.node.clone(), service.to_key());
    Ok(Handled::Later(Box::pin(async move {
        let rows = gather(&node, &service, own.unwrap_or_default(), &others).await;
        Ok(answer(rows.unwrap_or_default(), page, size, &node.quirks()))
    })))
}

fn answer(rows: Vec<SubscriberView>, page: i32, size: i32, quirks: &Quirks) -> Reply {
    let shown = paging::subscribers(page, size, rows.len(), quirks);
    let (count, rows) = match shown {
        Ok(shown) => (rows.len(), &rows[shown]),
        Err(_) => (0, &[][..]),
    };
    Reply::object(service_answers::subscribers(rows, count, quirks))
}

fn own(call: &Call<'_>, asked: ServiceRef<'_>) -> Result<Vec<SubscriberView>, Refusal> {
    let (group, name) = names::parts_of(asked.name)?;
    let similar = |known: &str| {
        names::service_of(known).contains(name) && names::group_of(known).contains(group)
    };
    let matches = |known: ServiceRef<'_>| match call.quirks.service.subscribers {
        SubscriberMatch::Same => known == asked,
        SubscriberMatch::SimilarName => {
            format!("{}##{}", known.namespace, known.name).starts_with(asked.namespace)
                && similar(known.name)
        }
        SubscriberMatch::SimilarInNamespace => {
            known.namespace == asked.namespace && similar(known.name)
        }
    };
    let mut rows = call.read(|registry, _| registry.subscribers(&matches));
    for row in &mut rows {
        asked.namespace.clone_into(&mut row.namespace);
    }
    Ok(rows)
}

/// The members in the order in which their subscribers are put together, this node among them; none
/// when there is nobody else.
fn others(call: &Call<'_>) -> Vec<MemberId> {
    let Some(peering) = call.node.peering() else { return Vec::new() };
    let mut members = match call.quirks.service.aggregation {
        Aggregation::Healthy => peering.members(|members| members.healthy().to_vec()),
        Aggregation::All | Aggregation::Unread => {
            let mut listed = peering.members(|members| members.listed().to_vec());
            listed.sort_by_key(|member| member != peering.own());
            listed
        }
    };
    if members.len() <= 1 {
        members.clear();
    }
    members
}

/// Everybody's rows; a member that does not answer has none.
async fn gather(
    node: &Node,
    service: &ServiceKey,
    own: Vec<SubscriberView>,
    members: &[MemberId],
) -> Result<Vec<SubscriberView>, PeerFailure> {
    let Some(peering) = node.peering() else { return Ok(own) };
    let call = PeerCall::Subscribers(service.clone());
    let mut own = Some(own);
    let mut rows: Vec<SubscriberView> = Vec::new();
    for member in members {
        let found = if member == peering.own() {
            own.take().unwrap_or_default()
        } else {
            match ask(node, member, &call).await {
                Ok(PeerAnswer::Subscribers(found)) => found,
                Err(failure @ PeerFailure::Unreadable(_)) => return Err(failure),
                Ok(_) | Err(_) => Vec::new(),
            }
        };
        for row in found {
            if !rows.iter().any(|known| is_same(known, &row)) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// As the text of a row has it, in which neither `port` nor `cluster` stands.
fn is_same(one: &SubscriberView, other: &SubscriberView) -> bool {
    let clusters = other.clusters.clone();
    *other == SubscriberView { clusters, ..one.clone() }
}
