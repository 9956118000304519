//! What the other members are to be told of a client (`DistroClientDataProcessor`): that it
//! changed, or is gone. Only whoever answers for a client tells, and nobody does who has no
//! neighbours; what raft keeps travels by raft.

use super::ClientKeyed;
use super::client::Identity;
use crate::model::client_data::responsible_tag;
use crate::model::{ClientId, ClientNews};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Whether this node answers for a client: its own connections, and the addresses that fall on
    /// it among its neighbours.
    pub(super) fn answers_for(&self, scope: &Scope<'_>, client: usize) -> bool {
        let Some(members) = scope.responsibility else { return true };
        let Some(client) = self.clients.get(client) else { return false };
        match &client.identity {
            Identity::Address { ip, port, .. } => members.is_mine(&responsible_tag(ip, *port)),
            Identity::Connection(..) => true,
            Identity::Foreign(_) => false,
        }
    }

    /// What a client publishes changed.
    pub(super) fn tell_changed(&self, scope: &mut Scope<'_>, client: usize) {
        self.tell(scope, client, ClientNews::Changed);
    }

    /// A client is about to be forgotten.
    pub(super) fn tell_gone(&self, scope: &mut Scope<'_>, client: usize) {
        self.tell(scope, client, ClientNews::Gone);
    }

    fn tell(&self, scope: &mut Scope<'_>, client: usize, news: fn(ClientId) -> ClientNews) {
        if scope.responsibility.is_none() || scope.is_asleep() || !self.answers_for(scope, client) {
            return;
        }
        if let Some(id) = self.clients.get(client).and_then(|known| known.id()) {
            scope.effects.push(Effect::Client(news(id)));
        }
    }
}
