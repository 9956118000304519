//! The HTTP API of version 1 paths: calls as they are read, answers as they are written.

pub mod answers;
pub mod beat;
pub mod catalog;
pub mod catalog_answers;
pub mod checker;
pub mod datum;
pub mod health;
pub mod hosts;
pub mod instance;
pub mod listing;
pub mod member;
pub mod operator;
pub mod paging;
pub mod raft;
pub mod render;
pub mod selector;
pub mod service;
pub mod service_answers;
pub mod service_name;
pub mod status_report;
pub mod switch_batch;
pub mod switches;
pub mod upgrade;
