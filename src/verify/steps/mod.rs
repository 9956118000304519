//! The actions of a step: HTTP, gRPC, UDP or TCP, or only a wait.
mod grpc;
mod grpc_answer;
mod http;
mod tcp;
mod udp;

use anyhow::Result;

use super::compare::Answer;
use super::play::Traffic;
use super::session::Session;
use super::transcript::Step;

/// What a step brought back.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The answer in the words of transcripts.
    pub seen: Answer,
    /// The same as it went over the wire.
    pub traffic: Traffic,
}

/// Runs the action of a step. An error says that the step could not be run, not that an answer was
/// wrong.
pub(super) async fn run(session: &mut Session, step: &Step) -> Result<Outcome> {
    if let Some(request) = &step.request {
        return http::run(session, step, request).await;
    }
    if let Some(udp) = &step.udp {
        return udp::run(session, udp).await;
    }
    if let Some(tcp) = &step.tcp {
        return tcp::run(session, tcp).await;
    }
    if let Some(spec) = &step.grpc {
        return grpc::run(session, step.node, spec).await;
    }
    Ok(Outcome::default())
}
