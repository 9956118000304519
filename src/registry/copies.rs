//! The registry's face for the other members on 2.x: what it answers for, and the clients of which
//! they tell each other. On 1.x whole lists travel instead (`replicas`).

use crate::model::{ClientData, ClientId, Millis, Refusal, Responsibility};
use crate::registry::face::{Core, on_core};
use crate::registry::scope::Scope;
use crate::registry::{Effect, Registry};
use std::sync::Arc;

impl Registry {
    /// The node has neighbours from now on and answers for a part of what there is.
    pub fn join(&mut self, now: Millis, responsibility: Arc<dyn Responsibility>) {
        self.responsibility = Some(responsibility);
        self.responsibility_moved(now);
    }

    /// Forgets everything and begins with what a fresh registry holds; its neighbours stay.
    pub fn start_anew(&mut self, now: Millis, fresh: Registry) {
        let before = std::mem::replace(self, fresh);
        self.proposes = before.proposes;
        self.place = before.place;
        self.responsibility = before.responsibility;
        self.responsibility_moved(now);
    }

    /// The node answers for another part than before.
    pub fn responsibility_moved(&mut self, now: Millis) {
        on_core!(self, now, |core, scope| core.responsibility_moved(scope));
    }

    /// Another member tells of a client for which it answers.
    ///
    /// # Errors
    /// Its name is that of no client which members tell each other of.
    pub fn sync_client(&mut self, now: Millis, told: &ClientData) -> Result<Vec<Effect>, Refusal> {
        on_core!(self, now, |core, scope| match core.clients() {
            Some(core) => core.sync_client(scope, told),
            None => Err(Refusal::null_pointer()),
        })
    }

    /// Another member still answers for a client; false when that is not known here.
    pub fn verify_client(&mut self, now: Millis, id: &ClientId) -> bool {
        on_core!(self, now, |core, scope| {
            core.clients().is_some_and(|core| core.verify_client(scope, id))
        })
    }

    /// Another member says that a client is gone.
    pub fn forget_client(&mut self, now: Millis, id: &ClientId) -> Vec<Effect> {
        on_core!(self, now, |core, scope| match core.clients() {
            Some(core) => core.forget_client(scope, id),
            None => Vec::new(),
        })
    }

    /// A client as others are told of it.
    pub fn client_data(&self, id: &ClientId) -> Option<ClientData> {
        match &self.core {
            Core::ClientKeyed(core) => core.client_data(id),
            Core::ServiceKeyed(_) => None,
        }
    }

    /// All that a member is given that starts and asks for everything.
    pub fn all_client_data(&self) -> Vec<ClientData> {
        match &self.core {
            Core::ClientKeyed(core) => core.all_client_data(),
            Core::ServiceKeyed(_) => Vec::new(),
        }
    }

    /// The clients for which this node answers.
    pub fn own_clients(&mut self, now: Millis) -> Vec<ClientId> {
        on_core!(self, now, |core, scope| {
            core.clients().map(|core| core.own_clients(scope)).unwrap_or_default()
        })
    }
}
