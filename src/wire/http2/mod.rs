//! HTTP/2 as far as both ends of a gRPC connection need it: frames, and the compression of headers
//! (HPACK, RFC 7541). Pure: who keeps windows and streams is the server in `edge/grpc` and the
//! virtual client in `bench/grpc`.
//!
//! - `frames`: the nine bytes before each payload, kinds and flags.
//! - `pieces`: headers that come in several frames.
//! - `literal`: numbers, texts and fields of HPACK as they are written.
//! - `fields`: the headers of a peer, with the table that it fills; `static_table`: the one that
//!   everybody has.

mod fields;
pub mod frames;
pub mod literal;
mod pieces;
mod static_table;

pub use fields::{Fields, Unreadable};
pub use pieces::{Pieces, Unfit};
