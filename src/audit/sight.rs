//! What one request shows of its client.

use crate::edge::http::Request;
use crate::model::names::PUBLIC_NAMESPACE;
use crate::profile::Quirks;
use crate::wire::params::Source;
use crate::wire::{BodyForm, Params};
use serde::Serialize;

/// Where the JSON of a beat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Placement {
    /// In the query alone.
    Query,
    /// In the form body alone.
    Body,
    /// In both.
    Both,
    /// Nowhere: a light beat.
    Absent,
}

/// Kinds of calls that some version treats in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// POST and PUT `/instance`.
    Register,
    /// DELETE `/instance`.
    Deregister,
    /// PATCH `/instance`.
    Patch,
    /// A list.
    List,
    /// A list that asks for pushes by UDP.
    Subscribe,
    /// A list at `/v2`.
    ListV2,
    /// `/instance/metadata/batch`.
    MetadataBatch,
    /// `/v1/ns/api`.
    LegacyApi,
    /// `/v1/core` and `/v2/core`.
    Core,
    /// `/v1/ns/ops`.
    OperatorAlias,
    /// `/v1/ns/health/checkers`.
    Checkers,
    /// A login.
    Login,
    /// A connection of gRPC.
    Grpc,
    /// Anything else.
    Other,
}

/// What one request shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight<'a> {
    /// `User-Agent`.
    pub agent: &'a str,
    /// The address that the client gives for its instance or itself, else that of its connection;
    /// empty when neither is known.
    pub address: String,
    /// Namespace and grouped name, where the request names a service.
    pub service: Option<(String, String)>,
    /// The cluster that a registration or a beat names.
    pub cluster: Option<String>,
    /// What is called; `None` for beats.
    pub call: Option<Call>,
    /// Where the JSON stands; `None` for everything but beats.
    pub beat: Option<Placement>,
    /// A full beat that names no cluster in its JSON.
    pub names_no_cluster: bool,
}

impl Sight<'_> {
    /// Whether a server without the service or the cluster would make it for this request.
    pub fn makes(&self) -> bool {
        self.beat.is_some() || self.call == Some(Call::Register)
    }
}

impl<'a> Sight<'a> {
    /// Looks at a request. Parameters are read as the version reads them to which the clients are
    /// to go.
    pub fn of(request: &Request<'a>, quirks: &Quirks) -> Self {
        let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
        let params = Params::read(request.query, request.body, form, quirks)
            .or_else(|_| Params::read(request.query, &[], BodyForm::None, quirks))
            .expect("only a body can be refused");
        let text = |name: &str| params.optional(name).map(std::borrow::Cow::into_owned);
        let given = text("ip").or_else(|| text("clientIP"));
        let udp = text("udpPort").is_some_and(|port| port.parse::<u32>().is_ok_and(|p| p > 0));
        let is_beat = request.path.trim_end_matches('/').ends_with("/ns/instance/beat");
        let beat = is_beat.then(|| placement(&params));
        let json = text("beat").unwrap_or_default();
        let call = (!is_beat).then(|| call(request.method, request.path, udp));
        let makes = is_beat || call == Some(Call::Register);
        let cluster =
            || cluster_of(&json).or_else(|| text("clusterName")).or_else(|| text("cluster"));
        Self {
            agent: request.agent(),
            address: given.unwrap_or_else(|| request.peer.ip().to_string()),
            service: text("serviceName").map(|service| {
                (text("namespaceId").unwrap_or_else(|| PUBLIC_NAMESPACE.to_owned()), service)
            }),
            cluster: makes.then(cluster).flatten(),
            call,
            beat,
            names_no_cluster: beat.is_some() && !json.is_empty() && !json.contains("\"cluster\""),
        }
    }
}

/// The cluster that the JSON of a beat names.
fn cluster_of(json: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        cluster: Option<String>,
    }
    serde_json::from_str::<Named>(json).ok()?.cluster
}

fn placement(params: &Params<'_>) -> Placement {
    // A blank beat is none.
    let there = params.optional("beat").is_some();
    match (params.has_in("beat", Source::Query), params.has_in("beat", Source::Body)) {
        (true, true) if there => Placement::Both,
        (true, false) if there => Placement::Query,
        (false, true) if there => Placement::Body,
        _ => Placement::Absent,
    }
}

fn call(method: &str, path: &str, udp: bool) -> Call {
    let Some(at) = path.find("/v1/").or_else(|| path.find("/v2/")) else { return Call::Other };
    let version_2 = path[at..].starts_with("/v2/");
    let rest = path[at + "/v1/".len()..].trim_end_matches('/');
    match (method, rest) {
        ("POST" | "PUT", "ns/instance") => Call::Register,
        ("DELETE", "ns/instance") => Call::Deregister,
        ("PATCH", "ns/instance") => Call::Patch,
        ("GET", "ns/instance/list") if version_2 => Call::ListV2,
        ("GET", "ns/instance/list") if udp => Call::Subscribe,
        ("GET", "ns/instance/list") => Call::List,
        (_, "ns/instance/metadata/batch") => Call::MetadataBatch,
        (_, "ns/health/checkers") => Call::Checkers,
        (_, "auth/users/login" | "auth/login") => Call::Login,
        (_, rest) if rest.starts_with("ns/api/") => Call::LegacyApi,
        (_, rest) if rest.starts_with("ns/ops") => Call::OperatorAlias,
        (_, rest) if rest.starts_with("core/") => Call::Core,
        _ => Call::Other,
    }
}
