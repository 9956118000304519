//! Nacos's HTTP API on top of [`crate::edge::http`]: decode, apply, encode.
//!
//! - `gate`: what happens to a request before a controller sees it.
//! - `traffic`: what the operator limited or closed.
//! - `routes`: which addresses there are.
//! - `answer`: from a reply to bytes with headers.
//! - one file for each group of addresses.

mod answer;
mod call;
mod catalog;
mod distro;
mod finish;
mod gate;
mod handler;
mod health;
mod instance;
mod legacy;
mod loader;
pub(super) mod machine;
mod operator;
mod page;
mod raft;
pub mod routes;
mod service;
mod traffic;
mod upgrade;

pub use call::Note;
pub use handler::{NacosHandler, page_style};
