//! The look at all connections, every three seconds: those above a limit are told to go elsewhere,
//! those that were silent for 20 s are asked whether they are there (`grpc/idle-detection`,
//! `grpc/reload-current`). The server never closes a connection that it only told to go.

use super::{Connections, Reload};
use crate::model::{ConnectionId, Millis};
use crate::registry::asks::Ask;
use rustc_hash::FxHashMap;

/// Silence after which a connection is asked whether it is there, ms.
const SILENT_MS: u64 = 20_000;

impl Connections {
    /// What is to be asked of whom now.
    pub fn check(&mut self, now: Millis) -> Vec<(ConnectionId, Ask)> {
        let reload = self.reload.take();
        let mut over_ip = self.over_ip();
        let mut surplus = self.surplus(reload.as_ref());
        let (mut resets, mut silent) = (Vec::new(), Vec::new());
        for known in self.known.values() {
            match over_ip.get_mut(&known.meta.client_ip).filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    surplus -= 1;
                    resets.push(known.meta.id);
                }
                None if now.since(known.last_active) >= SILENT_MS => silent.push(known.meta.id),
                None => {}
            }
        }
        if surplus > 0 {
            let sdks = self.known.values().filter(|known| {
                known.meta.is_sdk() && !over_ip.contains_key(&known.meta.client_ip)
            });
            let more: Vec<ConnectionId> = sdks
                .map(|known| known.meta.id)
                .take(usize::try_from(surplus).unwrap_or(usize::MAX))
                .collect();
            silent.retain(|id| !more.contains(id));
            resets.extend(more);
        }
        let to = reload.and_then(|reload| reload.to);
        let mut asks: Vec<(ConnectionId, Ask)> =
            resets.into_iter().map(|id| (id, Ask::Reset(to.clone()))).collect();
        for id in silent {
            if let Some(known) = self.known.get_mut(&id).filter(|known| !known.asked) {
                known.asked = true;
                asks.push((id, Ask::Detect));
            }
        }
        asks
    }

    /// How many connections each address has above its limit.
    fn over_ip(&self) -> FxHashMap<Box<str>, i64> {
        let mut over: FxHashMap<Box<str>, i64> = FxHashMap::default();
        let rule = &self.rule;
        if rule.per_ip.is_empty() && rule.per_app.is_empty() && rule.per_ip_default < 0 {
            return over;
        }
        for known in self.known.values().filter(|known| known.meta.is_sdk()) {
            let ip = &known.meta.client_ip;
            if over.contains_key(ip) {
                continue;
            }
            let set = |limit: &i64| *limit >= 0;
            let limit = rule.of_ip(ip).filter(set);
            let limit = limit.or_else(|| rule.of_app(known.meta.app_name()).filter(set));
            let limit = limit.unwrap_or(rule.per_ip_default);
            let count = self.count_of(ip);
            if limit >= 0 && count > limit {
                over.insert(ip.clone(), count - limit);
            }
        }
        over
    }

    /// How many SDKs there are above what the loader, or else the rule, allows.
    fn surplus(&self, reload: Option<&Reload>) -> i64 {
        let most = reload.map_or(self.rule.count, |reload| reload.count);
        if most < 0 {
            return 0;
        }
        (i64::try_from(self.sdks).unwrap_or(i64::MAX) - most).max(0)
    }

    /// A detection was answered.
    pub fn detected(&mut self, id: ConnectionId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.asked = false;
        }
    }
}
