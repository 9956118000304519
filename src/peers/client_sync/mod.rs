//! Distro of 2.x (`DistroProtocol` with `DistroClientDataProcessor`): members tell each other of
//! the clients for which they answer.
//!
//! - A change is told 2 s later, whatever else happens to the client meanwhile; what goes wrong is
//!   told again 5 s later (`peer-wire.md` §1). The content is read when it is sent.
//! - Each 5 s every own client is verified at every member; a member that does not know it is told
//!   of it at once.
//! - A node that starts asks one member after the other for everything, until one answers. A real
//!   one asks before its links are up, so nobody answers it, and again only 60 s later; until then
//!   it verifies nothing and lives by what others verify at it (`kill-and-return-2.0.2`).

mod load;
mod pending;
#[cfg(test)]
mod tests;

use crate::model::{
    ClientCall, ClientData, ClientId, ClientNews, MemberId, Millis, PeerAnswer, PeerCall,
    PeerFailure,
};
use crate::peers::call::{Effect, Engine, Token};
use load::Load;
use pending::{News, Pending};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// From a change to its telling, ms (`nacos.naming.distro.taskDispatchPeriod`).
const TELL_DELAY_MS: u64 = 2_000;
/// From a failure to the next try, ms (`nacos.naming.distro.syncRetryDelay`).
const RETRY_MS: u64 = 5_000;
/// From one verification of all own clients to the next, ms.
const VERIFY_PERIOD_MS: u64 = 5_000;

/// What the engine asks the registry.
pub trait Clients {
    /// The clients for which this node answers now.
    fn own(&mut self) -> Vec<ClientId>;
    /// A client with what it publishes now; `None` for one that is gone.
    fn data(&mut self, id: &ClientId) -> Option<ClientData>;
}

/// Another member, as this one sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Who it is.
    pub id: MemberId,
    /// It is not known to be down: calls to it may be answered.
    pub reachable: bool,
}

/// How a node begins to know what others know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Like a real one: it hears everything after a minute.
    LikeReal,
    /// It asks for everything at once.
    AtOnce,
    /// Nobody knows anything that it would have to hear.
    Settled,
}

/// A call that is not answered.
#[derive(Debug, PartialEq)]
enum UnderWay {
    Telling(MemberId, ClientId, News),
    Verifying(MemberId, ClientId),
    Loading,
}

/// The engine of one node.
#[derive(Debug)]
pub struct ClientSync {
    pending: Pending,
    verify_due: Millis,
    load: Load,
    under_way: FxHashMap<u64, UnderWay>,
    last_number: u64,
}

impl ClientSync {
    /// The engine of a node that starts now.
    pub fn new(now: Millis, beginning: Beginning) -> Self {
        Self {
            pending: Pending::default(),
            verify_due: now + VERIFY_PERIOD_MS,
            load: Load::new(now, beginning),
            under_way: FxHashMap::default(),
            last_number: 0,
        }
    }

    /// Something happened to a client for which this node answers.
    pub fn on_news(&mut self, now: Millis, news: &ClientNews, members: &[Neighbour]) {
        let (id, what) = match news {
            ClientNews::Changed(id) => (id, News::Changed),
            ClientNews::Gone(id) => (id, News::Gone),
        };
        for member in members {
            self.pending.add(now, (&member.id, id), what, TELL_DELAY_MS);
        }
    }

    /// Does what is due.
    pub fn tick(
        &mut self,
        now: Millis,
        clients: &mut dyn Clients,
        members: &[Neighbour],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.tell(now, clients, members, &mut effects);
        if self.verify_due <= now {
            self.verify_due = now + VERIFY_PERIOD_MS;
            self.verify(clients, members, &mut effects);
        }
        if let Some(member) = self.load.due(now, members) {
            self.ask(member, &mut effects);
        }
        effects
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Millis> {
        let rest = [self.pending.next(), self.load.next()];
        rest.into_iter().flatten().chain([self.verify_due]).min()
    }

    /// Tellings that wait, for metrics.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    fn tell(
        &mut self,
        now: Millis,
        clients: &mut dyn Clients,
        members: &[Neighbour],
        effects: &mut Vec<Effect>,
    ) {
        // Most members are told the same.
        let mut read: FxHashMap<ClientId, Option<Arc<ClientData>>> = FxHashMap::default();
        while let Some((to, id, what)) = self.pending.pop_due(now) {
            let Some(member) = members.iter().find(|member| member.id == to) else { continue };
            if !member.reachable {
                self.pending.add(now, (&to, &id), what, RETRY_MS);
                continue;
            }
            let call = match what {
                News::Gone => ClientCall::Gone(id.clone()),
                News::Changed => {
                    let data = read
                        .entry(id.clone())
                        .or_insert_with_key(|id| clients.data(id).map(Arc::new));
                    // It is gone, and that is told by itself.
                    let Some(data) = data else { continue };
                    ClientCall::Changed(data.clone())
                }
            };
            self.call(to.clone(), call, UnderWay::Telling(to, id, what), effects);
        }
    }

    fn verify(
        &mut self,
        clients: &mut dyn Clients,
        members: &[Neighbour],
        effects: &mut Vec<Effect>,
    ) {
        if !self.load.is_done() || members.is_empty() {
            return;
        }
        let own = clients.own();
        for member in members.iter().filter(|member| member.reachable) {
            for id in &own {
                let under_way = UnderWay::Verifying(member.id.clone(), id.clone());
                let call = ClientCall::Verify(id.clone());
                self.call(member.id.clone(), call, under_way, effects);
            }
        }
    }

    fn ask(&mut self, member: MemberId, effects: &mut Vec<Effect>) {
        self.call(member, ClientCall::Snapshot, UnderWay::Loading, effects);
    }

    fn call(
        &mut self,
        to: MemberId,
        call: ClientCall,
        under_way: UnderWay,
        effects: &mut Vec<Effect>,
    ) {
        self.last_number += 1;
        let number = self.last_number;
        self.under_way.insert(number, under_way);
        let token = Token { engine: Engine::Clients, number };
        effects.push(Effect::Call { to, call: PeerCall::Client(call), token });
    }

    /// A call was answered, or came to nothing.
    pub fn answered(
        &mut self,
        now: Millis,
        number: u64,
        answer: Result<PeerAnswer, PeerFailure>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (self.under_way.remove(&number), answer) {
            (Some(UnderWay::Telling(to, id, what)), answer) => {
                if !matches!(answer, Ok(PeerAnswer::Done)) {
                    self.pending.retry(now, (&to, &id), what, RETRY_MS);
                }
            }
            (Some(UnderWay::Verifying(to, id)), Ok(PeerAnswer::Unverified)) => {
                self.pending.add(now, (&to, &id), News::Changed, 0);
            }
            (Some(UnderWay::Loading), Ok(PeerAnswer::Clients(clients))) => {
                self.load.done();
                effects.push(Effect::TakeClients(clients));
            }
            (Some(UnderWay::Loading), _) => {
                if let Some(member) = self.load.failed(now) {
                    self.ask(member, &mut effects);
                }
            }
            // A verification that was answered well, or not at all, has nothing to follow.
            (Some(UnderWay::Verifying(..)) | None, _) => {}
        }
        effects
    }
}
