//! Bytes, JSON, forms and payloads to and from the model, as each version writes and reads them.
//! Pure: no socket, no clock.
//!
//! - `form`, `params`: what a servlet finds in query and body, and how Nacos reads it.
//! - `request_param`: what Spring converts before a controller sees it.
//! - `grpc`: the messages of 2.x connections.
//! - `http2`: what carries them.
//! - `peer`: what 1.x members call each other.
//! - `v1`: the calls of the HTTP API and their answers.
//! - `status`: the one place that decides what a client sees of a refusal.
//! - `reply`, `media`: an answer before it meets a socket, and its negotiated type.
//! - `push`: datagrams to subscribers and their acks.

mod form;
pub mod grpc;
pub mod http2;
pub mod json;
pub mod jwt;
pub mod media;
pub mod params;
pub mod peer;
pub mod push;
pub mod reply;
pub mod request_param;
pub mod status;
pub mod text;
pub mod v1;

pub use form::{BodyForm, url_decode};
pub use params::Params;
pub use reply::{Reply, ReplyBody};
