//! What the members are told of a client: everything that it publishes (`Client.generateSyncData`).

use super::super::ClientKeyed;
use super::super::client::Client;
use crate::model::{ClientData, ClientId, Published};
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// A client as others are told of it; `None` for one that is not known.
    pub fn client_data(&self, id: &ClientId) -> Option<ClientData> {
        let slot = self.clients.find_told(id)?;
        self.data_of(slot)
    }

    /// Every client that beats or connects, copies among them: what a member is given that asks for
    /// all.
    pub fn all_client_data(&self) -> Vec<ClientData> {
        let slots = self.clients.select(|client| !client.is_persistent());
        slots.into_iter().filter_map(|slot| self.data_of(slot)).collect()
    }

    /// The clients for which this node answers, to be verified at the others.
    pub fn own_clients(&self, scope: &Scope<'_>) -> Vec<ClientId> {
        let slots = self.clients.select(|client| !client.is_persistent() && !client.is_foreign());
        let own = slots.into_iter().filter(|slot| self.answers_for(scope, *slot));
        own.filter_map(|slot| self.clients.get(slot).and_then(Client::id)).collect()
    }

    fn data_of(&self, slot: usize) -> Option<ClientData> {
        let client = self.clients.get(slot)?;
        let published = client.published.iter().filter_map(|service| {
            let service = self.services.get(*service)?;
            let entry = match client.address() {
                Some((ip, port)) => service.ephemeral.get(ip, port)?,
                None => service.connected.get(&slot)?,
            };
            let instance_id = entry.id.text(&entry.instance, &service.key.name);
            Some(Published {
                service: service.key.clone(),
                instance: entry.instance.clone(),
                instance_id: instance_id.map(|id| id.into()),
                last_beat: client.address().map(|_| entry.last_beat),
            })
        });
        Some(ClientData { id: client.id()?, published: published.collect() })
    }
}
