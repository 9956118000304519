//! A member says that it still answers for a client (`verifyClient`, `ClientBeatUpdateTask`): the
//! beats of a copied address have been heard, a copied connection is alive. One that is not known
//! here is sent anew. And responsibility moves: whoever answers for an address now looks at its
//! beats, from the time of the last verification on.

use super::super::ClientKeyed;
use crate::model::{ClientId, ConnectionMeta};
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Refreshes a client; false when it is not known.
    pub fn verify_client(&mut self, scope: &Scope<'_>, id: &ClientId) -> bool {
        let Some(slot) = self.clients.find_told(id) else { return false };
        let Some(client) = self.clients.get_mut(slot) else { return false };
        client.last_seen = scope.now;
        let Some((ip, port)) = client.address() else { return true };
        for service in client.published.iter().copied() {
            let service = self.services.get_mut(service);
            if let Some(entry) = service.and_then(|known| known.ephemeral.get_mut(ip, port)) {
                entry.last_beat = scope.now;
            }
        }
        true
    }

    /// A connection may publish from now on; what it is to be verified by is known from the start.
    pub fn introduced(&mut self, scope: &Scope<'_>, meta: &ConnectionMeta) {
        self.clients.seen_connected(scope.now, meta);
    }

    /// The members changed, or how they see each other.
    pub fn responsibility_moved(&mut self, scope: &mut Scope<'_>) {
        for client in self.clients.select(|client| client.beats()) {
            let Some(known) = self.clients.get(client) else { continue };
            let Some((ip, port)) = known.address() else { continue };
            let (ip, published) = (Box::<str>::from(ip), known.published.clone());
            for slot in published {
                self.check_client_by(scope, client, slot, (&ip, port));
            }
        }
    }
}
