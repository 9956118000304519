//! Nacos's HTTP API on top of [`crate::edge::http`]: decode, apply, encode.
//!
//! - `gate`: what happens to a request before a controller sees it.
//! - `traffic`: what the operator limited or closed.
//! - `access`, `secured`, `resume`: who may call, when a password has to be checked first.
//! - `routes`: which addresses there are.
//! - `answer`: from a reply to bytes with headers.
//! - one file for each group of addresses.

pub(super) mod access;
mod accounts;
mod actuator;
mod answer;
mod ask;
mod call;
mod catalog;
mod config;
mod console;
mod core;
mod distro;
mod finish;
mod forward;
mod gate;
mod handler;
mod health;
mod instance;
mod kept;
mod legacy;
mod loader;
mod login;
pub(super) mod machine;
mod members;
mod nulls;
mod operator;
mod page;
mod raft;
mod resume;
pub mod routes;
mod secured;
mod service;
mod subscribers;
mod traffic;
mod upgrade;

pub use call::Note;
pub use handler::{NacosHandler, page_style};
