//! The calls of one node's engines, made on its background thread.
//!
//! Each member has two lanes: signs of life, which nothing may hold up, and everything else, in the
//! order in which it was said. A lane is a bounded queue, a task and at most one connection, so
//! that a member that is gone or slow costs a few refused calls and nothing more.

use super::exchange::Exchange;
use crate::client::http::Connection;
use crate::model::{MemberId, PeerAnswer, PeerCall, PeerFailure};
use crate::node::Node;
use crate::node::peering::{Flight, Network, PeerLink};
use crate::peers::Token;
use crate::wire::peer;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};

/// Calls that wait for one member on one lane; what is more fails at once.
const LANE_CALLS: usize = 1_024;
/// How long a lane outlives its last call.
const LANE_IDLE: Duration = Duration::from_secs(30);

/// The calls of one node.
pub struct HttpLink {
    node: Weak<Node>,
    runtime: Handle,
    network: Arc<Network>,
    lanes: Mutex<FxHashMap<(MemberId, Lane), mpsc::Sender<Order>>>,
}

/// What a call may hold up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    Signs,
    Data,
}

struct Order {
    call: PeerCall,
    token: Token,
    /// The process waits for it, because it goes to one of its nodes.
    flight: Option<Flight>,
}

impl HttpLink {
    /// The calls of a node, made on `runtime`.
    pub fn new(node: &Arc<Node>, runtime: &Handle) -> Self {
        let network = node.peering().map(|side| side.network().clone()).unwrap_or_default();
        let (node, runtime) = (Arc::downgrade(node), runtime.clone());
        Self { node, runtime, network, lanes: Mutex::default() }
    }

    fn lane(&self, to: &MemberId, lane: Lane) -> mpsc::Sender<Order> {
        let mut lanes = self.lanes.lock();
        lanes.retain(|_, sender| !sender.is_closed());
        let sender = lanes.entry((to.clone(), lane)).or_insert_with(|| {
            let (sender, orders) = mpsc::channel(LANE_CALLS);
            let (node, to) = (self.node.clone(), to.clone());
            self.runtime.spawn(run(node, to, orders));
            sender
        });
        sender.clone()
    }
}

impl PeerLink for HttpLink {
    fn call(&self, to: &MemberId, call: PeerCall, token: Token) {
        let lane = match &call {
            PeerCall::ServerStatus { .. }
            | PeerCall::Report { .. }
            | PeerCall::Vote(_)
            | PeerCall::RaftBeat(_) => Lane::Signs,
            _ => Lane::Data,
        };
        let flight = self.network.is_own(to).then(|| self.network.flight());
        let sent = self.lane(to, lane).try_send(Order { call, token, flight });
        if let Err(TrySendError::Full(order) | TrySendError::Closed(order)) = sent {
            let node = self.node.clone();
            // Not from within: whoever calls may not expect an answer before it has gone on.
            self.runtime.spawn(async move {
                report(&node, order, Err(PeerFailure::Crowded));
            });
        }
    }
}

async fn run(node: Weak<Node>, to: MemberId, mut orders: mpsc::Receiver<Order>) {
    let mut kept = None;
    loop {
        let Ok(order) = tokio::time::timeout(LANE_IDLE, orders.recv()).await else {
            // Whoever got hold of the lane meanwhile is answered.
            orders.close();
            while let Ok(order) = orders.try_recv() {
                report(&node, order, Err(PeerFailure::Broken));
            }
            return;
        };
        let Some(order) = order else { return };
        let outcome = exchange(&node, &to, &order.call, &mut kept).await;
        report(&node, order, outcome);
    }
}

fn report(node: &Weak<Node>, order: Order, outcome: Result<PeerAnswer, PeerFailure>) {
    if let Some(node) = node.upgrade()
        && !node.has_ended()
    {
        node.peer_answered(order.token, outcome);
    }
    // Only now may the clock go on: what followed from the answer has begun.
    drop(order.flight);
}

async fn exchange(
    node: &Weak<Node>,
    to: &MemberId,
    call: &PeerCall,
    kept: &mut Option<Connection>,
) -> Result<PeerAnswer, PeerFailure> {
    let Some((quirks, own)) =
        node.upgrade().map(|node| (node.quirks(), node.peering().map(|side| side.own().clone())))
    else {
        return Err(PeerFailure::Broken);
    };
    let request = peer::request(call, own.as_deref().unwrap_or_default(), to, &quirks);
    let exchange = Exchange {
        to,
        bytes: &request.to_bytes(),
        head_only: false,
        timeout_ms: request.timeout_ms,
    };
    let response = exchange.run(kept).await?;
    peer::answer(call, response.status, &response.body, &quirks)
}
