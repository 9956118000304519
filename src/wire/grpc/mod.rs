//! What 2.x clients and servers say to each other over gRPC: a [`Payload`] with the name of a Java
//! class and its JSON. Reading and writing only; what a request does is the registry's business.

mod answers;
mod asks;
pub mod balance;
mod kinds;
mod payload;
mod requests;
mod setup;

pub use answers::{
    Answer, ErrorCode, changed_configs, distro, info_answer, loader_info, names_answer, no_config,
    server_check,
};
pub use asks::ask;
pub use balance::Balance;
pub use kinds::{RequestKind, is_response};
pub use payload::{
    Headers, MESSAGE_LIMIT_BYTES, PREFIX_BYTES, Payload, Prefix, frame, prefix, without_metadata,
};
pub use requests::{
    ConfigRequest, DistroRequest, InstanceAction, InstanceRequest, ListRequest, QueryRequest,
    ReloadRequest, Request, SubscribeRequest, Unread, read,
};
pub use setup::{ClientAnswer, SetupRequest, client_answer, setup};
