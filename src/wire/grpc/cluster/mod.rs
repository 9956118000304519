//! What servers of 2.x say to each other over gRPC, on their HTTP port + 1001
//! (`peer-wire/2.0.2-grpc`): a client with its instances as JSON, in base64, inside the JSON of a
//! `DistroDataRequest`. Nothing of it is Hessian: that is what JRaft carries.

mod client;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use client::{read_client, read_clients};
pub use request::{Said, client_call, health_check, link_check, link_setup};
pub use response::{
    DistroFailure, answer_of, distro_answer, distro_failed, distro_snapshot, is_accepted,
};

/// `DistroClientDataProcessor.TYPE`.
const CLIENT_DATA: &str = "Nacos:Naming:v2:ClientData";
