//! Distro of 2.x on a node: what its registry says of clients goes to the engine, and what the
//! engine wants to know it asks the registry. The engine's lock is held for that question, the
//! registry's never for one of the engine's.

use super::Peering;
use crate::model::{ClientData, ClientId, ClientNews, Millis, PeerAnswer, PeerFailure};
use crate::node::Node;
use crate::peers::members::MemberState;
use crate::peers::upgrade::Core;
use crate::peers::{Clients, Neighbour};

impl Peering {
    /// The other members, and which of them take calls of 2.x: whoever said which version it is.
    fn neighbours(&self) -> Vec<Neighbour> {
        self.members(|members| {
            let others = members.listed().iter().filter(|id| *id != members.own());
            let neighbour = |id: &crate::model::MemberId| Neighbour {
                id: id.clone(),
                reachable: members.member(id).is_some_and(|known| {
                    known.state != MemberState::Down && known.version.is_some()
                }),
            };
            others.map(neighbour).collect()
        })
    }
}

/// A node's registry as the engine sees it.
struct Known<'a>(&'a Node);

impl Clients for Known<'_> {
    fn own(&mut self) -> Vec<ClientId> {
        self.0.read_in(Core::New, |registry, now| registry.own_clients(now))
    }

    fn data(&mut self, id: &ClientId) -> Option<ClientData> {
        // Nothing is told of them while the core of 1.x answers (`DistroClientDataProcessor`).
        if self.0.is_upgraded() == Some(false) {
            return None;
        }
        self.0.read_in(Core::New, |registry, _| registry.client_data(id))
    }
}

impl Node {
    /// Something happened to a client for which this node answers.
    pub(in crate::node) fn client_news(&self, news: &ClientNews) {
        let Some(peering) = &self.peering else { return };
        let Some(clients) = &peering.clients else { return };
        let neighbours = peering.neighbours();
        let mut clients = clients.lock();
        clients.on_news(self.now(), news, &neighbours);
        let deadline = clients.next_deadline();
        drop(clients);
        self.wake_before(deadline);
    }

    pub(super) fn tick_clients(&self, peering: &Peering, now: Millis) {
        let Some(clients) = &peering.clients else { return };
        if clients.lock().next_deadline().is_none_or(|due| due > now) {
            return;
        }
        let neighbours = peering.neighbours();
        let effects = clients.lock().tick(now, &mut Known(self), &neighbours);
        self.run_peers(effects);
    }

    pub(super) fn client_call_answered(
        &self,
        peering: &Peering,
        number: u64,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        let Some(clients) = &peering.clients else { return };
        let mut clients = clients.lock();
        let effects = clients.answered(self.now(), number, outcome);
        let deadline = clients.next_deadline();
        drop(clients);
        self.wake_before(deadline);
        self.run_peers(effects);
    }

    /// Takes over what another member knows of clients.
    pub(super) fn take_clients(&self, clients: &[ClientData]) {
        for told in clients {
            let taken = self
                .change_in(Core::New, |registry, now| Ok(((), registry.sync_client(now, told)?)));
            if let Err(refusal) = taken {
                tracing::warn!(client = %told.id, %refusal, "a client that no member can have");
            }
        }
    }
}
