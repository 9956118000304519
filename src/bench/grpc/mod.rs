//! Clients of 2.x: each holds an HTTP/2 connection to the port 1000 above, registers and
//! subscribes on it, and answers what the server asks.
//!
//! HTTP/2 is spoken here by hand, on the worker's own sockets: one call at a time on each
//! connection needs little of it, and ten thousand connections need it to be small.
//! - `agents`: what each SDK says. `calls`: the same as bytes.
//! - `headers`: the headers of calls. `channel`: HTTP/2 of one connection.
//! - `answers`: what the server's messages say. `spare`: buffers.
mod agents;
mod answers;
mod calls;
mod channel;
mod headers;
mod spare;

pub use agents::{AGENTS, Grpc, Redo};
pub use answers::{Asked, asked, expected, first_message, message, refusal};
pub use calls::{Calls, NOTIFY, RESET};
pub use channel::{Channel, Event};
pub use headers::Blocks;
pub use spare::Spare;
