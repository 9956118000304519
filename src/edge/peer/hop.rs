//! One request to a member on behalf of whoever asks this node, made by the worker that serves him,
//! on the network as an operator bends it. Many may be under way at a time.

use super::convoy;
use super::exchange::Exchange;
use crate::client::http::Connection;
use crate::model::{MemberId, PeerFailure};
use crate::node::Node;
use crate::node::peering::{Peering, Way};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::time::Duration;

/// Connections to one server that a worker keeps.
const KEPT: usize = 64;

thread_local! {
    /// A connection belongs to the thread whose runtime it was opened on.
    static CONNECTIONS: RefCell<FxHashMap<MemberId, Vec<Connection>>> = RefCell::default();
}

/// A request on its way.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// To whom.
    pub to: &'a MemberId,
    /// Head and body.
    pub bytes: &'a [u8],
    /// The longest that nothing may come, ms.
    pub silence_ms: u64,
    /// It may share a connection with others that are under way: to answer it twice does nothing
    /// more, and its answer waits for nothing.
    pub travels: bool,
}

impl Hop<'_> {
    /// Status and body of the answer.
    ///
    /// # Errors
    /// There is none.
    pub async fn run(&self, node: &Node, peering: &Peering) -> Result<(u16, Bytes), PeerFailure> {
        match peering.network().way(peering.own(), self.to) {
            Way::Open => {}
            Way::Slow(lag_ms) if lag_ms < self.silence_ms => wait(node, peering, lag_ms).await,
            Way::Slow(_) | Way::Cut => {
                wait(node, peering, self.silence_ms).await;
                return Err(PeerFailure::TimedOut);
            }
        }
        let _seat = peering.hops().acquire().await.map_err(|_| PeerFailure::Broken)?;
        let silence = Duration::from_millis(self.silence_ms);
        if self.travels
            && let Some(outcome) = convoy::travel(self.to, self.bytes, silence).await
        {
            return outcome;
        }
        let mut kept = CONNECTIONS.with_borrow_mut(|all| all.get_mut(self.to).and_then(Vec::pop));
        let (to, bytes, timeout_ms) = (self.to, self.bytes, self.silence_ms);
        let exchange = Exchange { to, bytes, head_only: false, timeout_ms };
        let response = exchange.run(&mut kept).await?;
        if let Some(connection) = kept {
            CONNECTIONS.with_borrow_mut(|all| {
                let kept = all.entry(to.clone()).or_default();
                if kept.len() < KEPT {
                    kept.push(connection);
                }
            });
        }
        Ok((response.status, response.body))
    }
}

/// Waits on the node's clock.
pub async fn wait(node: &Node, peering: &Peering, ms: u64) {
    let moment = peering.until(node.now() + ms);
    node.wake_before(peering.next_deadline());
    // When too much waits already, nothing more is waited for.
    let _ = moment.await;
}
