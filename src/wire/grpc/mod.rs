//! What 2.x clients and servers say to each other over gRPC: a [`Payload`] with the name of a Java
//! class and its JSON. Reading and writing only; what a request does is the registry's business.

mod answers;
mod asks;
pub mod balance;
pub mod cluster;
pub mod config;
mod kinds;
mod lean;
mod payload;
mod requests;
mod setup;

/// Path of unary calls.
pub const UNARY_PATH: &str = "/Request/request";
/// Path of the stream.
pub const STREAM_PATH: &str = "/BiRequestStream/requestBiStream";

pub use answers::{Answer, ErrorCode, info_answer, loader_info, names_answer, server_check};
pub use asks::ask;
pub use balance::Balance;
pub use kinds::{RequestKind, is_response};
pub use lean::{PayloadRef, Prepared};
pub use payload::{
    Headers, MESSAGE_LIMIT_BYTES, PREFIX_BYTES, Payload, Prefix, frame, prefix, without_metadata,
};
pub use requests::{
    DistroData, DistroRequest, InstanceAction, InstanceRequest, ListRequest, QueryRequest,
    ReloadRequest, Request, SubscribeRequest, Unread, read,
};
pub use setup::{ClientAnswer, SetupRequest, client_answer, setup};

/// The resource of a secured request: namespace as it came, `*` for what is missing.
fn resource(namespace: Option<&str>, group: Option<&str>, named: (&str, Option<&str>)) -> String {
    let said = |text: Option<&str>, other: &str| config::said(text).unwrap_or(other).to_owned();
    let (namespace, group) = (said(namespace, ""), said(group, "*"));
    format!("{namespace}:{group}:{}{}", named.0, said(named.1, "*"))
}

/// The resource of a naming request (`NamingResourceParser`): over gRPC `public` stays
/// (`grpc/auth-permissions`).
pub fn naming_resource(service: crate::model::RemoteService<'_>) -> String {
    use crate::model::names::{GROUP_SEPARATOR, group_of, service_of};
    let name = service.name.unwrap_or_default();
    let inside = name.contains(GROUP_SEPARATOR).then(|| group_of(name));
    let group = config::said(service.group).or(inside);
    let group = group.or((!name.is_empty()).then_some(crate::model::names::DEFAULT_GROUP));
    resource(service.namespace, group, ("naming/", Some(service_of(name))))
}
