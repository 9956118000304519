//! What a 2.x client does over its connection: it publishes at most one instance into a service,
//! whatever the address (`grpc/one-instance-per-connection`), subscribes, reads, and takes all of
//! it away when the connection ends (`grpc/close-removes`, `grpc/drop-removes`).

mod deregister;
mod disconnect;
mod names;
mod query;
mod register;
mod subscribe;
