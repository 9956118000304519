//! A member tells of a client: what it publishes replaces what was known (`upgradeClient`). The
//! time of the last beat is not taken over: a copy that is new or changed has been heard of now.
//! What reads the same as before changes nothing, not even where only the cluster differs.

use super::super::ClientKeyed;
use crate::model::{ClientData, ClientId, Published, Refusal};
use crate::registry::Effect;
use crate::registry::addresses::{InstanceId, Registered};
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Takes what another member says of a client.
    ///
    /// # Errors
    /// The name is that of no client which members tell each other of.
    pub fn sync_client(
        &mut self,
        scope: &mut Scope<'_>,
        told: &ClientData,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(client) = self.clients.told(scope.now, &told.id) else {
            return Err(Refusal::null_pointer());
        };
        let mut synced = Vec::with_capacity(told.published.len());
        let mut changed = false;
        for published in &told.published {
            if !self.may_publish(client, published) {
                continue;
            }
            let slot = self.slot_for(published.service.as_ref());
            self.create(slot, scope.now, true);
            synced.push(slot);
            changed |= self.copy_instance(scope, client, slot, published);
        }
        let known = self.clients.get(client).map(|known| known.published.clone());
        for slot in known.into_iter().flatten().filter(|slot| !synced.contains(slot)) {
            changed |= self.drop_copy(scope, client, slot);
        }
        if changed {
            self.tell_changed(scope, client);
        }
        Ok(scope.take_effects())
    }

    /// An address publishes itself and nothing else; a connection whatever it likes.
    fn may_publish(&self, client: usize, published: &Published) -> bool {
        let instance = &published.instance;
        let address = self.clients.get(client).and_then(|known| known.address());
        address.is_none_or(|address| address == (instance.ip(), instance.port))
    }

    /// Puts an instance into a service; false when it was there already.
    fn copy_instance(
        &mut self,
        scope: &mut Scope<'_>,
        client: usize,
        slot: usize,
        told: &Published,
    ) -> bool {
        let Some(owner) = self.clients.get_mut(client) else { return false };
        if !owner.published.contains(&slot) {
            owner.published.push(slot);
        }
        let beats = owner.beats();
        let service = &mut self.services[slot];
        let (ip, port) = (told.instance.ip(), told.instance.port);
        let known =
            if beats { service.ephemeral.get(ip, port) } else { service.connected.get(&client) };
        if known.is_some_and(|known| reads_the_same(known, told, &service.key.name)) {
            return false;
        }
        let entry = Registered {
            instance: told.instance.clone(),
            id: id_of(told, &service.key.name),
            last_beat: scope.now,
            probe: 0,
            copied: true,
        };
        if beats {
            service.ephemeral.insert(entry);
        } else {
            service.connected.insert(client, entry);
        }
        if let Some(singleton) = &mut service.singleton {
            singleton.updated = scope.now;
        }
        let shown = service.shown_kind();
        self.changed(scope, slot, shown);
        if beats {
            self.check_client_by(scope, client, slot, (ip, port));
        }
        true
    }

    /// Takes an instance out of a service; the operator's record over it stays.
    fn drop_copy(&mut self, scope: &mut Scope<'_>, client: usize, slot: usize) -> bool {
        let address = self.clients.get(client).and_then(|known| known.address());
        let service = &mut self.services[slot];
        let gone = match address {
            Some((ip, port)) => service.ephemeral.remove(ip, port),
            None => service.connected.remove(&client),
        };
        let Some(gone) = gone else { return false };
        self.unpublished(scope, client, slot, gone.last_beat);
        true
    }

    /// Another member says that a client is gone. A connection to this node outlives such words.
    pub fn forget_client(&mut self, scope: &mut Scope<'_>, id: &ClientId) -> Vec<Effect> {
        let Some(client) = self.clients.find_told(id) else { return Vec::new() };
        let Some(known) = self.clients.get(client) else { return Vec::new() };
        if known.is_foreign() {
            self.forget_connected(scope, client);
        } else if known.beats() {
            self.forget_address(scope, client);
        }
        scope.take_effects()
    }

    /// Forgets an address with everything that it published or subscribed to; the operator's
    /// records over its instances begin to expire.
    fn forget_address(&mut self, scope: &mut Scope<'_>, client: usize) {
        self.tell_gone(scope, client);
        let Some(gone) = self.clients.remove(client) else { return };
        let Some((ip, port)) = gone.address() else { return };
        for slot in gone.subscribed.iter().copied() {
            if let Some(service) = self.services.get_mut(slot) {
                service.subscribers.retain(|known| known.client != client);
            }
            self.release(slot);
        }
        for slot in gone.published.iter().copied() {
            let service = &mut self.services[slot];
            let Some(entry) = service.ephemeral.remove(ip, port) else { continue };
            let record = super::super::service::metadata_id(&entry.instance);
            if let Some(record) = service.records.get_mut(&*record) {
                record.expiring = Some(scope.now);
            }
            self.unpublished(scope, client, slot, entry.last_beat);
        }
    }
}

/// `InstancePublishInfo.equals`: the cluster is not compared.
fn reads_the_same(known: &Registered, told: &Published, service: &str) -> bool {
    let (one, other) = (&*known.instance, &*told.instance);
    let no_metadata = super::super::update::NO_METADATA;
    one.ip() == other.ip()
        && one.port == other.port
        && one.healthy == other.healthy
        && one.enabled == other.enabled
        && one.weight.to_bits() == other.weight.to_bits()
        && one.metadata.as_ref().unwrap_or(no_metadata)
            == other.metadata.as_ref().unwrap_or(no_metadata)
        && known.id.text(one, service).as_deref() == told.instance_id.as_deref()
}

fn id_of(told: &Published, service: &str) -> InstanceId {
    let Some(id) = &told.instance_id else { return InstanceId::Absent };
    match InstanceId::Usual.text(&told.instance, service) {
        Some(usual) if *usual == **id => InstanceId::Usual,
        _ => InstanceId::Own(id.clone()),
    }
}
