//! Nacos's HTTP API on top of [`crate::edge::http`]: decode, apply, encode.
//!
//! - `gate`: what happens to a request before a controller sees it.
//! - `routes`: which addresses there are.
//! - `answer`: from a reply to bytes with headers.
//! - one file for each group of addresses.

mod answer;
mod call;
mod finish;
mod gate;
mod handler;
mod instance;
mod legacy;
pub mod routes;

pub use handler::{NacosHandler, page_style};
