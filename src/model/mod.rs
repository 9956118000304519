//! Values that every layer speaks: names, instances, time, agents, calls, views and refusals.
//! Nothing here knows a server version, a socket or a clock.

pub mod agent;
pub mod auth;
pub mod calls;
pub mod client_data;
pub mod cluster;
pub mod connection;
pub mod console;
pub mod datum;
pub mod instance;
pub mod java;
pub mod metadata;
pub mod names;
pub mod peer;
pub mod push;
pub mod push_counts;
pub mod quantity;
pub mod refusal;
pub mod remote;
pub mod responsibility;
pub mod selector;
pub mod server_status;
pub mod service_part;
pub mod switches;
pub mod time;
pub mod validate;
pub mod views;

pub use agent::{Agent, AgentFamily, AgentVersion};
pub use auth::AuthSettings;
pub use calls::{
    BatchMetadata, BatchTarget, BeatCall, Deregistration, FullBeat, InstanceCall, ListCall,
    MetadataFilter, NewService, PatchCall, Registration, ServiceExtras, StatusesCall,
};
pub use client_data::{ClientData, ClientId, ClientKind, ClientNews, Published};
pub use cluster::ClusterSettings;
pub use connection::{ClientAbilities, ConnectionId, ConnectionMeta, LimitRule};
pub use console::{
    Config, ConfigKey, ConfigScope, ConsoleWrite, Namespace, NamespaceView, Page, Permission,
    RoleGrant, User,
};
pub use datum::{
    ClusterDatum, Datum, DatumKey, DatumValue, InstanceDatum, KeptInstance, ServiceDatum,
    ServiceRecord,
};
pub use instance::{HealthChecker, Instance};
pub use metadata::Metadata;
pub use names::{ServiceKey, ServiceRef};
pub use peer::{
    ClientCall, MemberId, NamespaceChecksums, PeerAnswer, PeerCall, PeerFailure, RaftBeat,
    RaftPeer, RaftState, ServiceChecksums,
};
pub use push::{InfoHead, Render, RenderedList};
pub use push_counts::PushCounts;
pub use quantity::{QuantityError, Span};
pub use refusal::{JavaException, Refusal};
pub use remote::{RemoteQuery, RemoteService, RemoteSubscription};
pub use responsibility::Responsibility;
pub use selector::Selector;
pub use server_status::ServerStatus;
pub use service_part::ServicePart;
pub use switches::{SwitchEdit, Switches};
pub use time::Millis;
pub use views::{
    BeatReply, CatalogHost, CheckTimes, ClientCounts, HostView, InstanceView, PickHosts,
    ServiceCounts, ServiceDetail, ServiceView, SubscriberView,
};
