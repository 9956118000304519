//! The actions of a step: HTTP, UDP or TCP, or only a wait.
mod http;
mod tcp;
mod udp;

use anyhow::{Result, bail};

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
    if step.grpc.is_some() {
        bail!("grpc steps are not played yet");
    }
    Ok(Outcome::default())
}
