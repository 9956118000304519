//! The JSON of requests, read as Jackson does: `"80"` is a number, unknown keys are passed over,
//! what stands behind the object is not looked at (`grpc/bad-payloads`, `grpc/register-unchecked`).

use super::config::{self, ConfigRequest, ListenRequest};
use super::kinds::RequestKind;
use super::payload::Headers;
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{Instance, RemoteService, java};
use crate::wire::json::jackson::{Failure, Token, Tokens, bean, scalars};

/// Why a body gave no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is JSON's null.
    Null,
    /// It does not read as the class.
    Unparsable,
}

/// A request that was read.
#[derive(Debug)]
pub enum Request {
    /// `InstanceRequest`.
    Instance(InstanceRequest),
    /// `ServiceQueryRequest`.
    Query(QueryRequest),
    /// `ServiceListRequest`.
    List(ListRequest),
    /// `SubscribeServiceRequest`.
    Subscribe(SubscribeRequest),
    /// `ServerReloadRequest`.
    Reload(ReloadRequest),
    /// `ConfigQueryRequest` and its like: names one configuration.
    Config(ConfigRequest),
    /// `ConfigBatchListenRequest`.
    Listen(ListenRequest),
    /// `DistroDataRequest`.
    Distro(DistroRequest),
    /// One that has nothing to read, or whose body belongs to somebody else.
    Plain,
}

/// Names of a service, as they came.
#[derive(Debug, Default)]
struct Names {
    namespace: Option<Box<str>>,
    group: Option<Box<str>>,
    name: Option<Box<str>>,
}

/// What an `InstanceRequest` wants.
#[derive(Debug, PartialEq, Eq)]
pub enum InstanceAction {
    /// `registerInstance`.
    Register,
    /// `deregisterInstance`.
    Deregister,
    /// Something that no server does.
    Other(Box<str>),
    /// It does not say.
    Absent,
}

/// Registers or deregisters.
#[derive(Debug)]
pub struct InstanceRequest {
    names: Names,
    /// What it wants.
    pub action: InstanceAction,
    /// The instance, and the id that the client gave it.
    pub instance: Option<(Instance, Option<Box<str>>)>,
}

/// Lists instances.
#[derive(Debug, Default)]
pub struct QueryRequest {
    names: Names,
    /// Clusters, a comma list.
    pub cluster: Box<str>,
    /// Only healthy ones.
    pub healthy_only: bool,
}

/// Lists names.
#[derive(Debug, Default)]
pub struct ListRequest {
    names: Names,
    /// Number of the page, from 1.
    pub page: i32,
    /// Names on a page.
    pub size: i32,
}

/// Subscribes or unsubscribes.
#[derive(Debug, Default)]
pub struct SubscribeRequest {
    names: Names,
    /// False takes it back.
    pub subscribe: bool,
    /// Clusters, a comma list.
    pub clusters: Option<Box<str>>,
}

/// Another server's wish.
#[derive(Debug, Default)]
pub struct ReloadRequest {
    /// SDKs to keep.
    pub count: i32,
    /// Where the others shall go.
    pub server: Option<Box<str>>,
}

/// Another server's data.
#[derive(Debug, Default)]
pub struct DistroRequest {
    /// `VERIFY`, `SNAPSHOT`, `ADD`, `CHANGE`, `DELETE`, `QUERY`.
    pub operation: Option<Box<str>>,
    /// What it is about.
    pub data: Option<DistroData>,
}

/// What a [`DistroRequest`] is about.
#[derive(Debug, Default)]
pub struct DistroData {
    /// `resourceKey`: the client's name.
    pub key: Option<Box<str>>,
    /// `resourceType`: what kind of data it is.
    pub kind: Option<Box<str>>,
    /// `type`: what happened to it.
    pub operation: Option<Box<str>>,
    /// `content`, in base64.
    pub content: Option<Box<str>>,
}

macro_rules! of_service {
    ($($request:ident),+) => {$(
        impl $request {
            /// The service that it names.
            pub fn service(&self) -> RemoteService<'_> {
                RemoteService {
                    namespace: self.names.namespace.as_deref(),
                    group: self.names.group.as_deref(),
                    name: self.names.name.as_deref(),
                }
            }
        }
    )+};
}
of_service!(InstanceRequest, QueryRequest, ListRequest, SubscribeRequest);

/// Reads a request and adds the headers of its body to those of the payload, which come first.
///
/// # Errors
/// The body is no such request.
pub fn read(kind: RequestKind, text: &str, headers: &mut Headers) -> Result<Request, Unread> {
    let mut tokens = Tokens::new(text);
    match tokens.next() {
        Ok(Some(Token::Null)) => return Err(Unread::Null),
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return Err(Unread::Unparsable),
    }
    let read = match kind {
        RequestKind::Instance => instance(&mut tokens, headers).map(Request::Instance),
        RequestKind::ServiceQuery => query(&mut tokens, headers).map(Request::Query),
        RequestKind::ServiceList => list(&mut tokens, headers).map(Request::List),
        RequestKind::Subscribe => subscribe(&mut tokens, headers).map(Request::Subscribe),
        RequestKind::ConfigQuery | RequestKind::ConfigPublish | RequestKind::ConfigRemove => {
            config::one(&mut tokens, headers).map(Request::Config)
        }
        RequestKind::ConfigListen => config::listen(&mut tokens, headers).map(Request::Listen),
        RequestKind::Distro => distro(&mut tokens, headers).map(Request::Distro),
        RequestKind::Reload => reload(&mut tokens, headers).map(Request::Reload),
        _ => plain(&mut tokens, headers).map(|()| Request::Plain),
    };
    read.map_err(|_| Unread::Unparsable)
}

pub(super) type Read<T> = Result<T, Failure>;

/// The fields of an object; those that `set` does not know may be headers or nothing.
pub(super) fn fields(
    tokens: &mut Tokens,
    headers: &mut Headers,
    mut set: impl FnMut(&mut Tokens, &str) -> Read<bool>,
) -> Read<()> {
    bean::object(tokens, "", |tokens, name| {
        match name {
            "headers" => add_headers(tokens, headers)?,
            "requestId" => drop(scalars::text(tokens)?),
            _ => return set(tokens, name),
        }
        Ok(true)
    })
}

fn add_headers(tokens: &mut Tokens, headers: &mut Headers) -> Read<()> {
    if tokens.current() == Some(Token::Null) {
        return Ok(());
    }
    for (name, value) in scalars::metadata(tokens, scalars::MAP)?.iter() {
        let known = headers.keys().any(|known| known.eq_ignore_ascii_case(name));
        if let Some(value) = value.filter(|_| !known) {
            headers.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(())
}

fn name_of(tokens: &mut Tokens, names: &mut Names, name: &str) -> Read<bool> {
    match name {
        "namespace" => names.namespace = scalars::text(tokens)?,
        "groupName" => names.group = scalars::text(tokens)?,
        "serviceName" => names.name = scalars::text(tokens)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn plain(tokens: &mut Tokens, headers: &mut Headers) -> Read<()> {
    fields(tokens, headers, |_, _| Ok(false))
}

fn instance(tokens: &mut Tokens, headers: &mut Headers) -> Read<InstanceRequest> {
    let mut request =
        InstanceRequest { names: Names::default(), action: InstanceAction::Absent, instance: None };
    fields(tokens, headers, |tokens, name| {
        match name {
            "type" => {
                request.action = match scalars::text(tokens)?.as_deref() {
                    None => InstanceAction::Absent,
                    Some("registerInstance") => InstanceAction::Register,
                    Some("deregisterInstance") => InstanceAction::Deregister,
                    Some(other) => InstanceAction::Other(other.into()),
                };
            }
            "instance" => request.instance = instance_field(tokens)?,
            _ => return name_of(tokens, &mut request.names, name),
        }
        Ok(true)
    })?;
    Ok(request)
}

/// `Instance`: what is missing has the defaults of the class.
fn instance_field(tokens: &mut Tokens) -> Read<Option<(Instance, Option<Box<str>>)>> {
    if tokens.current() == Some(Token::Null) {
        return Ok(None);
    }
    let mut id = None;
    let mut given = Instance {
        ip: None,
        port: 0,
        cluster: "".into(),
        weight: 1.0,
        healthy: true,
        enabled: true,
        ephemeral: true,
        metadata: None,
        app: "".into(),
    };
    bean::object(tokens, "", |tokens, name| {
        match name {
            "instanceId" => id = scalars::text(tokens)?,
            "ip" => given.ip = scalars::text(tokens)?,
            "port" => given.port = scalars::int(tokens)?,
            "weight" => given.weight = scalars::double(tokens)?,
            "healthy" => given.healthy = scalars::boolean(tokens)?,
            "enabled" => given.enabled = scalars::boolean(tokens)?,
            "ephemeral" => given.ephemeral = scalars::boolean(tokens)?,
            "clusterName" => given.cluster = scalars::text(tokens)?.unwrap_or_default(),
            "serviceName" => drop(scalars::text(tokens)?),
            "metadata" => given.metadata = bean::map(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if java::is_blank(&given.cluster) {
        given.cluster = DEFAULT_CLUSTER.into();
    }
    given.metadata.get_or_insert_default();
    Ok(Some((given, id)))
}

fn query(tokens: &mut Tokens, headers: &mut Headers) -> Read<QueryRequest> {
    let mut request = QueryRequest::default();
    fields(tokens, headers, |tokens, name| {
        match name {
            "cluster" => request.cluster = scalars::text(tokens)?.unwrap_or_default(),
            "healthyOnly" => request.healthy_only = scalars::boolean(tokens)?,
            "udpPort" => drop(scalars::int(tokens)?),
            _ => return name_of(tokens, &mut request.names, name),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn list(tokens: &mut Tokens, headers: &mut Headers) -> Read<ListRequest> {
    let mut request = ListRequest::default();
    fields(tokens, headers, |tokens, name| {
        match name {
            "pageNo" => request.page = scalars::int(tokens)?,
            "pageSize" => request.size = scalars::int(tokens)?,
            "selector" => drop(scalars::text(tokens)?),
            _ => return name_of(tokens, &mut request.names, name),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn subscribe(tokens: &mut Tokens, headers: &mut Headers) -> Read<SubscribeRequest> {
    let mut request = SubscribeRequest::default();
    fields(tokens, headers, |tokens, name| {
        match name {
            "subscribe" => request.subscribe = scalars::boolean(tokens)?,
            "clusters" => request.clusters = scalars::text(tokens)?,
            _ => return name_of(tokens, &mut request.names, name),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn reload(tokens: &mut Tokens, headers: &mut Headers) -> Read<ReloadRequest> {
    let mut request = ReloadRequest::default();
    fields(tokens, headers, |tokens, name| {
        match name {
            "reloadCount" => request.count = scalars::int(tokens)?,
            "reloadServer" => request.server = scalars::text(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn distro(tokens: &mut Tokens, headers: &mut Headers) -> Read<DistroRequest> {
    let mut request = DistroRequest::default();
    fields(tokens, headers, |tokens, name| {
        match name {
            "dataOperation" => request.operation = scalars::text(tokens)?,
            "distroData" => request.data = distro_data(tokens)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn distro_data(tokens: &mut Tokens) -> Read<Option<DistroData>> {
    if tokens.current() == Some(Token::Null) {
        return Ok(None);
    }
    let mut data = DistroData::default();
    bean::object(tokens, "", |tokens, name| {
        match name {
            "type" => data.operation = scalars::text(tokens)?,
            "content" => data.content = scalars::text(tokens)?,
            "distroKey" if tokens.current() != Some(Token::Null) => {
                bean::object(tokens, "", |tokens, name| {
                    match name {
                        "resourceKey" => data.key = scalars::text(tokens)?,
                        "resourceType" => data.kind = scalars::text(tokens)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Some(data))
}
