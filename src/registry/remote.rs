//! The registry's face for connections: their life, and what their clients ask. Naming requests
//! concern the 2.x core alone; on 1.x nobody listens for connections.

use crate::model::{
    ConfigKey, ConnectionId, ConnectionMeta, Instance, Millis, Refusal, RemoteQuery,
    RemoteSubscription, RenderedList, ServiceRef,
};
use crate::registry::addresses::InstanceId;
use crate::registry::asks::{About, Ask};
use crate::registry::connections::{CHECK_PERIOD_MS, Connections, Setup};
use crate::registry::face::{Core, Done, on_core};
use crate::registry::scope::Scope;
use crate::registry::timers::Timer;
use crate::registry::{Effect, Registry, connections};
use std::sync::Arc;

/// How often a client is told of one change that it does not take.
const MAX_NOTICES: u32 = 50;
/// The rest after the first of them, ms; each further one is longer by as much.
const NOTICE_REST_MS: u64 = 2_000;

/// Runs an operation on the 2.x core; on another there is nothing to run it on.
macro_rules! on_clients {
    ($registry:ident, $now:expr, |$core:ident, $scope:ident| $run:expr) => {
        on_core!($registry, $now, |any, $scope| match any.clients() {
            Some($core) => $run,
            None => Err(Refusal::null_pointer()),
        })
    };
}

impl Registry {
    /// A client introduces itself. A refused one is told to go elsewhere, and nothing more.
    pub fn connect(&mut self, now: Millis, meta: Arc<ConnectionMeta>) -> (Setup, Vec<Effect>) {
        let id = meta.id;
        let setup = self.connections.set_up(now, meta.clone());
        if setup == Setup::Registered && meta.is_naming() && self.responsibility.is_some() {
            // Its neighbours verify it from now on, whether it publishes anything or not.
            on_core!(self, now, |core, scope| {
                if let Some(core) = core.clients() {
                    core.introduced(scope, &meta);
                }
            });
        }
        let mut effects = Vec::new();
        if setup == Setup::Refused {
            let ask = self.asks.ask(&mut self.timers, now, id, Ask::Reset(None));
            effects.push(Effect::Ask(ask));
        }
        (setup, effects)
    }

    /// A connection ended.
    pub fn disconnect(&mut self, now: Millis, id: ConnectionId) -> Vec<Effect> {
        if !self.connections.remove(id) {
            return Vec::new();
        }
        on_core!(self, now, |core, scope| match core.clients() {
            Some(core) => core.disconnected(scope, id),
            None => Vec::new(),
        })
    }

    /// A unary request came; `None` when the connection is not registered.
    pub fn seen(&mut self, now: Millis, id: ConnectionId) -> Option<Arc<ConnectionMeta>> {
        self.connections.seen(now, id)
    }

    /// An answer came on a stream; what it settled, and what follows.
    pub fn answered(
        &mut self,
        now: Millis,
        from: ConnectionId,
        ask: Option<u64>,
        success: bool,
    ) -> (Option<About>, Vec<Effect>) {
        // An answer is a sign of life, whatever it answers.
        let _ = self.connections.seen(now, from);
        let about = ask.and_then(|id| self.asks.answered(from, id, success));
        let effects = match (&about, ask) {
            (Some(about), Some(id)) => self.settle(now, from, about.clone(), (id, success)),
            _ => Vec::new(),
        };
        (about, effects)
    }

    fn settle(
        &mut self,
        now: Millis,
        from: ConnectionId,
        about: About,
        (id, success): (u64, bool),
    ) -> Vec<Effect> {
        match about {
            About::Push(_, since) if success => {
                self.acks.counts.acked(now, now.since(since));
                Vec::new()
            }
            About::Push(service, _) => on_core!(self, now, |core, scope| {
                if let Some(core) = core.clients() {
                    core.push_again(scope, from, service.as_ref());
                }
                scope.take_effects()
            }),
            About::Config(..) if success => Vec::new(),
            About::Config(key, times) => self.notice_again(now, from, key, times),
            About::ConfigRests(key, times) => self.notice(now, from, key, times),
            About::Detection if success => {
                self.connections.detected(from);
                Vec::new()
            }
            About::Detection => self.give_up(now, from),
            About::Reset => vec![Effect::Settled(id)],
        }
    }

    /// An ask's time is up.
    pub(super) fn unanswered(&mut self, now: Millis, id: u64) -> Vec<Effect> {
        let Some(waiting) = self.asks.due(id) else { return Vec::new() };
        self.settle(now, waiting.to, waiting.about, (id, false))
    }

    /// The look at all connections is due.
    pub(super) fn check_connections(&mut self, now: Millis, at: Millis) -> Vec<Effect> {
        self.timers.set(at + CHECK_PERIOD_MS, Timer::Connections);
        let asks = self.connections.check(now);
        let asked =
            asks.into_iter().map(|(to, what)| self.asks.ask(&mut self.timers, now, to, what));
        asked.map(Effect::Ask).collect()
    }

    /// `registerInstance`; `None` is a request without an instance.
    pub fn register_connected(
        &mut self,
        now: Millis,
        by: &ConnectionMeta,
        service: ServiceRef<'_>,
        given: Option<(Instance, InstanceId)>,
    ) -> Done {
        on_clients!(self, now, |core, scope| core.register_connected(scope, by, service, given))
    }

    /// `deregisterInstance`.
    pub fn deregister_connected(
        &mut self,
        now: Millis,
        by: &ConnectionMeta,
        service: ServiceRef<'_>,
    ) -> Done {
        on_clients!(self, now, |core, scope| core.deregister_connected(scope, by, service))
    }

    /// `ServiceQueryRequest`.
    pub fn query_remote(
        &mut self,
        now: Millis,
        call: &RemoteQuery<'_>,
    ) -> Result<RenderedList, Refusal> {
        on_clients!(self, now, |core, scope| core.query_remote(scope, call))
    }

    /// `SubscribeServiceRequest`.
    pub fn subscribe_remote(
        &mut self,
        now: Millis,
        call: &RemoteSubscription<'_>,
    ) -> Result<(RenderedList, Vec<Effect>), Refusal> {
        on_clients!(self, now, |core, scope| core.subscribe_remote(scope, call))
    }

    /// `ServiceListRequest`: the names of one page, and how many there are on all.
    pub fn names_page(
        &mut self,
        namespace: Option<&str>,
        group: Option<&str>,
        page: i32,
        size: i32,
    ) -> (Vec<String>, usize) {
        let past_end_all = self.quirks.service.past_end_all;
        match &mut self.core {
            Core::ClientKeyed(core) => core.names_page(namespace, group, page, size, past_end_all),
            Core::ServiceKeyed(_) => (Vec::new(), 0),
        }
    }

    /// Tells an SDK's connection to go elsewhere; the number by which its answer settles.
    pub fn reset_connection(
        &mut self,
        now: Millis,
        name: &str,
        to: Option<&str>,
    ) -> Option<(u64, Vec<Effect>)> {
        let known = self.connections.named(name).filter(|known| known.meta.is_sdk())?;
        let id = known.meta.id;
        let what = Ask::Reset(connections::redirect(to));
        let ask = self.asks.ask(&mut self.timers, now, id, what);
        Some((ask.id, vec![Effect::Ask(ask)]))
    }

    /// A configuration changed to which a connection listens.
    pub fn config_changed(&mut self, now: Millis, id: ConnectionId, key: ConfigKey) -> Vec<Effect> {
        self.notice(now, id, key, 1)
    }

    fn notice(&mut self, now: Millis, id: ConnectionId, key: ConfigKey, times: u32) -> Vec<Effect> {
        if self.connections.get(id).is_none() {
            return Vec::new();
        }
        let what = Ask::ConfigChanged { key, times };
        vec![Effect::Ask(self.asks.ask(&mut self.timers, now, id, what))]
    }

    /// A notice was not taken (`RpcConfigChangeNotifier`): after a rest that grows by 2 s each time
    /// it is told again; a client that took none of 50 is given up.
    fn notice_again(
        &mut self,
        now: Millis,
        id: ConnectionId,
        key: ConfigKey,
        times: u32,
    ) -> Vec<Effect> {
        if times >= MAX_NOTICES {
            return self.give_up(now, id);
        }
        if self.connections.get(id).is_some() {
            let until = now + u64::from(times) * NOTICE_REST_MS;
            let about = About::ConfigRests(key, times + 1);
            self.asks.rest(&mut self.timers, until, id, about);
        }
        Vec::new()
    }

    fn give_up(&mut self, now: Millis, id: ConnectionId) -> Vec<Effect> {
        let mut effects = self.disconnect(now, id);
        effects.push(Effect::Disconnect(id));
        effects
    }

    /// The registered connections.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The registered connections, to be told to go.
    pub fn connections_mut(&mut self) -> &mut Connections {
        &mut self.connections
    }

    /// Asks that wait for an answer on a stream.
    pub fn asks_waiting(&self) -> usize {
        self.asks.waiting()
    }
}
