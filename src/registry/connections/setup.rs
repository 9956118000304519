//! `ConnectionSetupRequest`: registers the connection, or refuses it when the rule says that there
//! are enough (`grpc/connection-limit`). The count compared with an application's limit is that of
//! the address, and a server's connection is never refused. A second setup changes nothing
//! (`grpc/setup-then-requests`).

use super::{Connection, Connections};
use crate::model::{ConnectionMeta, Millis};
use std::sync::Arc;

/// What became of a setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// It is registered now.
    Registered,
    /// It was before.
    Known,
    /// There are enough.
    Refused,
}

impl Connections {
    /// Registers a connection.
    pub fn set_up(&mut self, now: Millis, meta: Arc<ConnectionMeta>) -> Setup {
        if self.known.contains_key(&meta.id) {
            return Setup::Known;
        }
        if !self.may_join(&meta) {
            return Setup::Refused;
        }
        *self.per_ip.entry(meta.client_ip.clone()).or_default() += 1;
        self.sdks += usize::from(meta.is_sdk());
        let id = meta.id;
        self.known.insert(id, Connection { meta, since: now, last_active: now, asked: false });
        Setup::Registered
    }

    fn may_join(&self, meta: &ConnectionMeta) -> bool {
        if meta.is_cluster() {
            return true;
        }
        let rule = &self.rule;
        let all = i64::try_from(self.sdks).unwrap_or(i64::MAX);
        if rule.count > 0 && all >= rule.count {
            return false;
        }
        let count = self.count_of(&meta.client_ip);
        if let Some(limit) = rule.of_ip(&meta.client_ip).filter(|limit| *limit >= 0) {
            return count < limit;
        }
        let app = Some(meta.app_name()).filter(|app| !crate::model::java::is_blank(app));
        let limit = app.and_then(|app| rule.of_app(app)).filter(|limit| *limit >= 0);
        match limit {
            Some(limit) => count < limit,
            None => rule.per_ip_default <= 0 || count < rule.per_ip_default,
        }
    }
}
