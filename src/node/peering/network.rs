//! The network between the nodes of one process as an operator bends it: nodes that nobody reaches,
//! or that are slow, and how many calls are under way.

use crate::model::MemberId;
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Which way is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Neither are its calls heard nor does it hear others.
    Both,
    /// It hears others and is not heard.
    Out,
    /// It is heard and hears nobody.
    In,
}

/// A call under way between two nodes of this process. Whoever makes it drops this when what
/// followed from the call has begun.
#[derive(Debug)]
pub struct Flight(Arc<Network>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Direction {
    /// Its name in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Out => "out",
            Self::In => "in",
        }
    }

    /// The direction of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Both, Self::Out, Self::In].into_iter().find(|direction| direction.name() == name)
    }
}

/// How a call fares between two members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It arrives.
    Open,
    /// It arrives so many ms later.
    Slow(u64),
    /// It is lost, and whoever waits for it waits in vain.
    Cut,
}

/// The network of one process.
#[derive(Debug, Default)]
pub struct Network {
    bent: RwLock<Bent>,
    /// Whether anything is bent; read by every call without the lock.
    is_bent: AtomicBool,
    /// The process's own nodes.
    own: RwLock<FxHashSet<MemberId>>,
    under_way: AtomicUsize,
    landed: Notify,
}

#[derive(Debug, Default)]
struct Bent {
    deaf: FxHashSet<MemberId>,
    mute: FxHashSet<MemberId>,
    lag_ms: FxHashMap<MemberId, u64>,
}

impl Network {
    /// A node of this process answers there.
    pub fn add_own(&self, member: MemberId) {
        self.own.write().insert(member);
    }

    /// Whether a node of this process answers there.
    pub fn is_own(&self, member: &str) -> bool {
        self.own.read().contains(member)
    }

    /// How a call from one to the other fares now.
    pub fn way(&self, from: &str, to: &str) -> Way {
        if !self.is_bent.load(Ordering::Relaxed) {
            return Way::Open;
        }
        let bent = self.bent.read();
        if bent.mute.contains(from) || bent.deaf.contains(to) {
            return Way::Cut;
        }
        let lag = |member| bent.lag_ms.get(member).copied().unwrap_or(0);
        match lag(from) + lag(to) {
            0 => Way::Open,
            lag_ms => Way::Slow(lag_ms),
        }
    }

    /// Cuts a node off.
    pub fn isolate(&self, member: &MemberId, direction: Direction) {
        self.bend(|bent| {
            if direction != Direction::Out {
                bent.deaf.insert(member.clone());
            }
            if direction != Direction::In {
                bent.mute.insert(member.clone());
            }
        });
    }

    /// Makes the calls from and to a node take longer, ms; 0 makes them fast again.
    pub fn lag(&self, member: &MemberId, lag_ms: u64) {
        self.bend(|bent| {
            bent.lag_ms.insert(member.clone(), lag_ms);
            bent.lag_ms.retain(|_, lag_ms| *lag_ms > 0);
        });
    }

    /// Undoes what was cut for a node.
    pub fn heal(&self, member: &str) {
        self.bend(|bent| {
            bent.deaf.remove(member);
            bent.mute.remove(member);
        });
    }

    /// What is cut and how slow the node is, ms.
    pub fn state(&self, member: &str) -> (Option<Direction>, u64) {
        let bent = self.bent.read();
        let cut = match (bent.deaf.contains(member), bent.mute.contains(member)) {
            (true, true) => Some(Direction::Both),
            (true, false) => Some(Direction::In),
            (false, true) => Some(Direction::Out),
            (false, false) => None,
        };
        (cut, bent.lag_ms.get(member).copied().unwrap_or(0))
    }

    fn bend(&self, change: impl FnOnce(&mut Bent)) {
        let mut bent = self.bent.write();
        change(&mut bent);
        let any = !bent.deaf.is_empty() || !bent.mute.is_empty() || !bent.lag_ms.is_empty();
        self.is_bent.store(any, Ordering::Relaxed);
    }

    /// A call to a node of this process begins; it ends when the flight is dropped, however that
    /// comes about.
    pub fn flight(self: &Arc<Self>) -> Flight {
        self.begins();
        Flight(self.clone())
    }

    /// A call to a node of this process begins. Each ends with [`Network::ended`].
    pub fn begins(&self) {
        self.under_way.fetch_add(1, Ordering::SeqCst);
    }

    /// A call to a node of this process ended, and what followed from it has begun.
    pub fn ended(&self) {
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        self.landed.notify_waiters();
    }

    /// Waits until no call is under way; true when it had to wait.
    pub async fn quiet(&self) -> bool {
        let mut waited = false;
        loop {
            let landed = self.landed.notified();
            tokio::pin!(landed);
            landed.as_mut().enable();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return waited;
            }
            waited = true;
            landed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_works_one_way_or_both_and_heals() {
        let network = Network::default();
        let node = MemberId::from("a:1");
        network.isolate(&node, Direction::Out);
        assert_eq!((network.way("a:1", "b:1"), network.way("b:1", "a:1")), (Way::Cut, Way::Open));
        assert_eq!(network.state("a:1"), (Some(Direction::Out), 0));
        network.isolate(&node, Direction::In);
        assert_eq!(network.way("b:1", "a:1"), Way::Cut);
        network.heal("a:1");
        network.lag(&node, 30);
        assert_eq!(network.way("b:1", "a:1"), Way::Slow(30));
        network.lag(&node, 0);
        assert_eq!(network.way("a:1", "b:1"), Way::Open);
    }
}
