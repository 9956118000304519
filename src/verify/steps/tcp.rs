//! A TCP step: a listener for health checks to find.
use anyhow::{Context, Result};

use super::super::session::Session;
use super::super::transcript::TcpStep;
use super::Outcome;
use crate::client::tcp::LiveListener;

pub(super) async fn run(session: &mut Session, spec: &TcpStep) -> Result<Outcome> {
    match spec {
        TcpStep::Listen { socket } => {
            let listener = LiveListener::open().await.context("cannot listen")?;
            session.set(format!("tcp.{socket}"), listener.port());
            session.listeners.insert(socket.clone(), listener);
        }
        TcpStep::Close { socket } => {
            let listener = session.listeners.remove(socket);
            listener.with_context(|| format!("no listener {socket} is open"))?.close().await;
        }
    }
    Ok(Outcome::default())
}
