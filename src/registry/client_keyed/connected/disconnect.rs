//! The end of a connection: its instances and subscriptions go at once, lists follow with the push
//! delay (`grpc/close-removes`, `grpc/many-instances`).

use super::super::ClientKeyed;
use crate::model::ConnectionId;
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Forgets a connection's client.
    pub fn disconnected(&mut self, scope: &mut Scope<'_>, id: ConnectionId) -> Vec<Effect> {
        if let Some(client) = self.clients.find_connected(id) {
            self.tell_gone(scope, client);
            self.forget_connected(scope, client);
        }
        scope.take_effects()
    }

    /// Forgets the client of a connection, wherever that is.
    pub(in super::super) fn forget_connected(&mut self, scope: &mut Scope<'_>, client: usize) {
        let Some(known) = self.clients.get_mut(client) else { return };
        let published = std::mem::take(&mut known.published);
        let subscribed = std::mem::take(&mut known.subscribed);
        for slot in subscribed {
            if let Some(service) = self.services.get_mut(slot) {
                service.subscribers.retain(|known| known.client != client);
            }
            self.release(slot);
        }
        for slot in published {
            self.withdraw_connected(scope, client, slot);
        }
        self.clients.remove(client);
    }
}
