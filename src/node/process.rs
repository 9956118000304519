//! All nodes of one process on their one clock: who ticks when, on the real clock and on the
//! manual one.

use crate::model::Millis;
use crate::node::peering::Network;
use crate::node::{Clock, Node};
use parking_lot::RwLock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The nodes and their clock.
pub struct Process {
    /// The nodes in the order of their ports; one that is started again is another node.
    nodes: RwLock<Vec<Arc<Node>>>,
    /// What is between them.
    pub network: Arc<Network>,
    /// What they all run on.
    pub clock: Arc<Clock>,
    /// One advance at a time: two would see each other's half-done work.
    advancing: Mutex<()>,
}

/// Why the clock did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock is real and moves by itself")]
pub struct ClockIsReal;

impl Process {
    /// A process of these nodes.
    pub fn new(nodes: Vec<Arc<Node>>, clock: Arc<Clock>, network: Arc<Network>) -> Self {
        Self { nodes: RwLock::new(nodes), clock, network, advancing: Mutex::new(()) }
    }

    /// The nodes in the order of their ports.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes.read().clone()
    }

    /// One node; `None` when there are not so many.
    pub fn node(&self, number: usize) -> Option<Arc<Node>> {
        self.nodes.read().get(number).cloned()
    }

    /// Puts another node into the place of one that ended.
    pub fn replace(&self, number: usize, node: Arc<Node>) {
        if let Some(place) = self.nodes.write().get_mut(number) {
            *place = node;
        }
    }

    /// Moves a manual clock forward and returns the new time when everything that fell due, and
    /// what followed from it, is done.
    ///
    /// # Errors
    /// The clock is real.
    pub async fn advance(&self, by_ms: u64) -> Result<Millis, ClockIsReal> {
        if !self.clock.is_manual() {
            return Err(ClockIsReal);
        }
        let _alone = self.advancing.lock().await;
        let target = self.clock.now() + by_ms;
        self.settle().await;
        while let Some(due) = self.next_deadline().filter(|due| *due <= target) {
            // What was due before now is done now; the clock never goes back.
            self.clock.set(due);
            let now = self.clock.now();
            for node in self.nodes().iter().filter(|node| !node.has_ended()) {
                while node.tick(now) {}
            }
            self.settle().await;
        }
        self.clock.set(target);
        Ok(target)
    }

    /// Waits until nothing that has begun is still under way.
    async fn settle(&self) {
        loop {
            for node in self.nodes() {
                node.settled().await;
            }
            // What a call between nodes brought about may send something itself.
            if !self.network.quiet().await {
                return;
            }
        }
    }

    /// When something is due on any node.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.nodes().iter().filter_map(|node| node.next_deadline()).min()
    }
}

/// Does a node's timed work on the real clock until the node ends.
pub async fn drive(node: Arc<Node>) {
    while !node.has_ended() {
        // Whoever sets a deadline from here on wakes us, so none is missed between looking and
        // sleeping.
        node.sleeps_until(None);
        let next = node.next_deadline();
        node.sleeps_until(next);
        let now = node.now();
        match next {
            Some(due) if due <= now => {
                node.sleeps_until(Some(Millis(0)));
                while node.tick(node.now()) {
                    tokio::task::yield_now().await;
                }
            }
            Some(due) => {
                let left = Duration::from_millis(due.since(now));
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    () = node.earlier_deadline() => {}
                }
            }
            None => node.earlier_deadline().await,
        }
    }
}
