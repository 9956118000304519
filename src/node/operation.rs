//! Names of what a node does, in the journal and the metrics.

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// POST `/instance`.
    Register,
    /// PUT `/instance`.
    Update,
    /// PATCH `/instance`.
    Patch,
    /// DELETE `/instance`.
    Deregister,
    /// PUT `/instance/beat`.
    Beat,
    /// GET `/instance/list`.
    List,
    /// GET `/instance`.
    Instance,
    /// GET `/instance/statuses`.
    Statuses,
    /// PUT or DELETE `/instance/metadata/batch`.
    MetadataBatch,
    /// PUT `/health/instance`.
    Health,
    /// Anything under `/service`.
    Service,
    /// PUT `/cluster`.
    Cluster,
    /// Anything under `/catalog`.
    Catalog,
    /// Anything under `/operator`.
    Operator,
    /// Anything under `/v1/cs`.
    Config,
    /// A login.
    Login,
    /// Anything under `/v1/console`, `/v1/auth`, `/v1/core` and the actuator.
    Console,
    /// Anything else, known or not.
    Other,
    /// `SubscribeServiceRequest` over gRPC.
    Subscribe,
    /// The same, taken back.
    Unsubscribe,
    /// `ServiceQueryRequest` over gRPC.
    Query,
    /// `ServiceListRequest` over gRPC.
    Names,
    /// `ServerCheckRequest`.
    ServerCheck,
    /// `HealthCheckRequest`.
    HealthCheck,
    /// Anything about the balance of connections.
    Loader,
    /// A connection was registered.
    Connect,
    /// A connection was refused.
    Refuse,
    /// A connection ended.
    Disconnect,
    /// A client was told that a configuration changed.
    ConfigNotice,
    /// A client was asked whether it is there.
    Detect,
    /// A client was told to go elsewhere.
    Reset,
    /// A push, by datagram or stream.
    Push,
    /// The same once more.
    Resend,
    /// An ack of a push, or another answer of a client.
    Ack,
    /// An operator stopped, started or cut off a node.
    Control,
}

impl Operation {
    /// Every operation, in the order of their numbers.
    pub const ALL: [Operation; 35] = [
        Self::Register,
        Self::Update,
        Self::Patch,
        Self::Deregister,
        Self::Beat,
        Self::List,
        Self::Instance,
        Self::Statuses,
        Self::MetadataBatch,
        Self::Health,
        Self::Service,
        Self::Cluster,
        Self::Catalog,
        Self::Operator,
        Self::Config,
        Self::Login,
        Self::Console,
        Self::Other,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Query,
        Self::Names,
        Self::ServerCheck,
        Self::HealthCheck,
        Self::Loader,
        Self::Connect,
        Self::Refuse,
        Self::Disconnect,
        Self::ConfigNotice,
        Self::Detect,
        Self::Reset,
        Self::Push,
        Self::Resend,
        Self::Ack,
        Self::Control,
    ];

    /// Its name in the journal and the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Deregister => "deregister",
            Self::Beat => "beat",
            Self::List => "list",
            Self::Instance => "instance",
            Self::Statuses => "statuses",
            Self::MetadataBatch => "metadata_batch",
            Self::Health => "health",
            Self::Service => "service",
            Self::Cluster => "cluster",
            Self::Catalog => "catalog",
            Self::Operator => "operator",
            Self::Config => "config",
            Self::Login => "login",
            Self::Console => "console",
            Self::Other => "other",
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Query => "query",
            Self::Names => "names",
            Self::ServerCheck => "server_check",
            Self::HealthCheck => "health_check",
            Self::Loader => "loader",
            Self::Connect => "connect",
            Self::Refuse => "refuse",
            Self::Disconnect => "disconnect",
            Self::ConfigNotice => "config_notice",
            Self::Detect => "detect",
            Self::Reset => "reset",
            Self::Push => "push",
            Self::Resend => "resend",
            Self::Ack => "ack",
            Self::Control => "control",
        }
    }

    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}
