//! The connections of 2.x clients (`ConnectionManager`): who is registered, how many there may be,
//! who is silent, who shall go elsewhere. What they publish is the business of the core.

mod check;
mod reload;
mod setup;

pub use reload::redirect;
pub use setup::Setup;

use crate::model::{ConnectionId, ConnectionMeta, LimitRule, Millis};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// From the start to the first look at all connections, ms.
pub const FIRST_CHECK_MS: u64 = 1_000;
/// Period of that look, ms.
pub const CHECK_PERIOD_MS: u64 = 3_000;

/// All registered connections of a node.
#[derive(Debug, Default)]
pub struct Connections {
    /// In the order in which they came.
    known: BTreeMap<ConnectionId, Connection>,
    /// How many there are of each address that clients give for themselves.
    per_ip: FxHashMap<Box<str>, usize>,
    /// How many of them are SDKs.
    sdks: usize,
    /// How many there may be.
    pub rule: LimitRule,
    /// What the loader asked for; done by the next check.
    reload: Option<Reload>,
}

/// A registered connection.
#[derive(Debug)]
pub struct Connection {
    /// What it said of itself.
    pub meta: Arc<ConnectionMeta>,
    /// When it was registered.
    pub since: Millis,
    /// The last unary request, or answer on the stream.
    pub last_active: Millis,
    /// A detection is under way.
    pub asked: bool,
}

/// SDKs above a count shall go elsewhere.
#[derive(Debug)]
struct Reload {
    count: i64,
    to: Option<(Box<str>, Box<str>)>,
}

impl Connections {
    /// Notes a sign of life; `None` when the connection is not registered.
    pub fn seen(&mut self, now: Millis, id: ConnectionId) -> Option<Arc<ConnectionMeta>> {
        let known = self.known.get_mut(&id)?;
        known.last_active = now;
        Some(known.meta.clone())
    }

    /// A connection.
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.known.get(&id)
    }

    /// The connection of that name.
    pub fn named(&self, name: &str) -> Option<&Connection> {
        self.known.values().find(|known| *known.meta.name == *name)
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.known.values()
    }

    /// How many there are, and how many of them are SDKs.
    pub fn counts(&self) -> (usize, usize) {
        (self.known.len(), self.sdks)
    }

    /// Forgets a connection; false when it was not registered.
    pub fn remove(&mut self, id: ConnectionId) -> bool {
        let Some(gone) = self.known.remove(&id) else { return false };
        self.sdks -= usize::from(gone.meta.is_sdk());
        if let Some(count) = self.per_ip.get_mut(&gone.meta.client_ip) {
            *count -= 1;
            if *count == 0 {
                self.per_ip.remove(&gone.meta.client_ip);
            }
        }
        true
    }

    fn count_of(&self, ip: &str) -> i64 {
        self.per_ip.get(ip).map_or(0, |count| i64::try_from(*count).unwrap_or(i64::MAX))
    }
}
