//! Registrations, queries, subscriptions and names over gRPC.

use super::unary::Call;
use crate::edge::nacos::Note;
use crate::model::{Refusal, RemoteQuery, RemoteService, RemoteSubscription, ServiceRef};
use crate::node::Operation;
use crate::peers::upgrade::Core;
use crate::profile::ListCount;
use crate::registry::addresses::InstanceId;
use crate::wire::grpc::{
    Answer, InstanceAction, InstanceRequest, ListRequest, QueryRequest, RequestKind,
    SubscribeRequest, info_answer, names_answer,
};

/// The application of a client that does not name it.
const UNKNOWN_APP: &str = "unknown";

/// `InstanceRequest`.
pub fn instance(
    call: &Call<'_>,
    request: InstanceRequest,
    note: &mut Note,
) -> Result<Answer, Refusal> {
    let grouped = about(note, request.service());
    if let Some((instance, _)) = &request.instance {
        note.address(instance.ip(), instance.port);
    }
    if request.action == InstanceAction::Deregister {
        note.operation = Operation::Deregister;
    }
    let namespace = request.service().namespace.map(Box::<str>::from);
    let of = |namespace: &'_ Option<Box<str>>| namespace.clone().ok_or_else(Refusal::null_pointer);
    let registers = match request.action {
        InstanceAction::Register => true,
        InstanceAction::Deregister => false,
        InstanceAction::Absent => return Err(Refusal::null_pointer()),
        InstanceAction::Other(wanted) => {
            return Err(Refusal::nacos(400, format!("Unsupported request type {wanted}")));
        }
    };
    let given = request
        .instance
        .map(|(instance, id)| (instance, id.map_or(InstanceId::Absent, InstanceId::Own)));
    let namespace = match namespace {
        // Nothing was ever registered in no namespace.
        None if !registers => return Ok(Answer::success(RequestKind::Instance)),
        namespace => of(&namespace)?,
    };
    let service = ServiceRef { namespace: &namespace, name: &grouped };
    call.node.change_in(Core::New, |registry, now| {
        let done = if registers {
            registry.register_connected(now, call.by, service, given)
        } else {
            registry.deregister_connected(now, call.by, service)
        };
        Ok(((), done?))
    })?;
    Ok(Answer::success(RequestKind::Instance))
}

/// `ServiceQueryRequest`.
pub fn query(call: &Call<'_>, request: &QueryRequest, note: &mut Note) -> Result<Answer, Refusal> {
    about(note, request.service());
    let asked = RemoteQuery {
        service: request.service(),
        cluster: &request.cluster,
        healthy_only: request.healthy_only,
    };
    let (list, now) = call.node.read_in(Core::New, |registry, now| {
        registry.query_remote(now, &asked).map(|list| (list, now))
    })?;
    Ok(info_answer(RequestKind::ServiceQuery, &list, now))
}

/// `SubscribeServiceRequest`.
pub fn subscribe(
    call: &Call<'_>,
    request: &SubscribeRequest,
    note: &mut Note,
) -> Result<Answer, Refusal> {
    about(note, request.service());
    if !request.subscribe {
        note.operation = Operation::Unsubscribe;
    }
    let named = call.header("app").filter(|_| call.node.quirks().grpc.names_app);
    let asked = RemoteSubscription {
        by: call.by,
        service: request.service(),
        clusters: request.clusters.as_deref(),
        app: named.unwrap_or(UNKNOWN_APP),
        subscribe: request.subscribe,
    };
    let ((list, now), _) = call.node.change_in(Core::New, |registry, now| {
        let (list, effects) = registry.subscribe_remote(now, &asked)?;
        Ok(((list, now), effects))
    })?;
    Ok(info_answer(RequestKind::Subscribe, &list, now))
}

/// `ServiceListRequest`.
pub fn names(call: &Call<'_>, request: &ListRequest) -> Answer {
    let service = request.service();
    let (names, all) = call.node.read_in(Core::New, |registry, _| {
        registry.names_page(service.namespace, service.group, request.page, request.size)
    });
    let count = match call.node.quirks().service.list_count {
        ListCount::All => all,
        ListCount::Page => names.len(),
    };
    names_answer(&names, count)
}

/// Notes which service a call is about and gives its grouped name.
fn about(note: &mut Note, service: RemoteService<'_>) -> String {
    let grouped = service.grouped();
    let namespace = service.namespace.unwrap_or_default();
    note.about(ServiceRef { namespace, name: &grouped });
    grouped
}
