//! `facos bench`: a load generator for any server that speaks the Nacos naming protocol.
//!
//! A workload is a population of virtual clients with periods of their own, and streams of
//! requests at a planned pace. Workers, one thread each, send it; what they measure is put
//! together into one document.
//! - What is sent: `workload`, `population`, `sdk`, `template`, `request`, `pacer`, `load`.
//! - How it is sent: `worker` and `answer`, on `client::fast`; `grpc` for clients of 2.x.
//! - What comes of it: `record`, `collect`, `document`, `threshold`, `report`, `compare`, `merge`.
//! - The course of a run: `target`, `limits`, `run`, `plan`, `process`, `live`.
mod answer;
mod collect;
pub mod compare;
pub mod document;
mod grpc;
mod histogram_text;
pub mod limits;
pub mod live;
mod load;
pub mod merge;
mod operation;
pub mod pacer;
pub mod plan;
mod population;
pub mod process;
mod record;
pub mod report;
mod request;
pub mod run;
pub mod sdk;
pub mod target;
mod template;
pub mod threshold;
pub mod units;
mod worker;
pub mod workload;
