//! The registry's face: one method an operation, whichever core stands behind it.

use crate::model::{
    Agent, BatchMetadata, BeatCall, BeatReply, Deregistration, InstanceCall, InstanceView,
    LimitRule, ListCall, Millis, NewService, PatchCall, Refusal, Registration, Render,
    RenderedList, Responsibility, ServiceDetail, ServiceExtras, ServiceRef, SubscriberView,
    Switches,
};
use crate::profile::{CoreModel, Quirks};
use crate::registry::acks::Acks;
use crate::registry::addresses::Registered;
use crate::registry::asks::Asks;
use crate::registry::cleaning::Cleaning;
use crate::registry::client_keyed::ClientKeyed;
use crate::registry::connections::Connections;
use crate::registry::probes::Probes;
use crate::registry::raft_log::RaftLog;
use crate::registry::scope::{Place, Scope};
use crate::registry::service_keyed::ServiceKeyed;
use crate::registry::standing::Standing;
use crate::registry::timers::{Timer, Timers};
use crate::registry::{ClusterSettings, Datagram, Effect, ProbeId, ProbeOutcome};
use std::net::SocketAddr;
use std::sync::Arc;

/// The checks of a core of 1.x beside another have numbers above this one.
const OLD_PROBES: u64 = 1 << 63;

impl ProbeId {
    /// Whether the core of 1.x beside another asked for the check.
    pub fn is_of_1x_beside(self) -> bool {
        self.0 > OLD_PROBES
    }
}

/// What a node was started with; nothing here changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerOptions {
    /// `nacos.naming.expireInstance`: remove ephemeral instances that stopped beating.
    pub expire_instances: bool,
    /// Go through the first minute of a real server: 1.x checks no health in it.
    pub cold_start: bool,
    /// How many connections there may be (2.x).
    pub limit_rule: LimitRule,
    /// When what is left behind is forgotten.
    pub cleaning: Cleaning,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            expire_instances: true,
            cold_start: false,
            limit_rule: LimitRule::default(),
            cleaning: Cleaning::default(),
        }
    }
}

/// How much a node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Services.
    pub services: usize,
    /// Instances of both kinds.
    pub instances: usize,
    /// Subscribers over UDP.
    pub subscribers: usize,
}

/// Everything one node remembers.
pub struct Registry {
    pub(super) core: Core,
    pub(super) quirks: Arc<Quirks>,
    pub(super) switches: Switches,
    /// What was written last and a change starts from.
    pub(super) stored_switches: Option<Switches>,
    pub(super) standing: Standing,
    pub(super) raft_log: RaftLog,
    pub(super) timers: Timers,
    pub(super) options: ServerOptions,
    pub(super) acks: Acks,
    pub(super) asks: Asks,
    pub(super) probes: Probes,
    pub(super) connections: Connections,
    pub(super) render: Arc<dyn Render>,
    pub(super) started: Millis,
    /// What it answers for among its neighbours; `None` for one that stands alone.
    pub(super) responsibility: Option<Arc<dyn Responsibility>>,
    /// What is durable is for the members to agree on.
    pub(super) proposes: bool,
    /// Whether there is another core, and which of them answers.
    pub(super) place: Place,
    /// Rises with every change of the switches.
    pub(super) switched: u64,
}

/// The core that answers; chosen at the start.
pub(super) enum Core {
    ServiceKeyed(ServiceKeyed),
    ClientKeyed(ClientKeyed),
}

/// Runs an operation on the core that is there, with a scope of this moment.
macro_rules! on_core {
    ($registry:ident, $now:expr, |$core:ident, $scope:ident| $run:expr) => {{
        let mut held = Scope {
            now: $now,
            quirks: &$registry.quirks,
            responsibility: $registry.responsibility.as_deref(),
            proposes: $registry.proposes,
            place: $registry.place,
            switches: &$registry.switches,
            options: &$registry.options,
            timers: &mut $registry.timers,
            acks: &mut $registry.acks,
            asks: &mut $registry.asks,
            probes: &mut $registry.probes,
            render: &*$registry.render,
            effects: Vec::new(),
        };
        let $scope = &mut held;
        match &mut $registry.core {
            Core::ServiceKeyed($core) => $run,
            Core::ClientKeyed($core) => $run,
        }
    }};
}

/// Asks the core that is there.
macro_rules! ask_core {
    ($registry:ident, |$core:ident| $ask:expr) => {
        match &$registry.core {
            Core::ServiceKeyed($core) => $ask,
            Core::ClientKeyed($core) => $ask,
        }
    };
}

/// Reads what POST and PUT `/service` carry; 1.x looks for the service first, 2.x last.
pub type ReadExtras<'a> = &'a dyn Fn() -> Result<ServiceExtras, Refusal>;

/// Reads what PUT `/cluster` carries into settings; 1.x keeps what was read before a mistake.
pub type SetCluster<'a> = &'a dyn Fn(&mut ClusterSettings) -> Result<(), Refusal>;

pub(super) use {ask_core, on_core};

/// What an operation gives: what follows from it, or why it was not done.
pub type Done = Result<Vec<Effect>, Refusal>;

impl Registry {
    /// An empty registry.
    pub fn new(
        quirks: Arc<Quirks>,
        options: ServerOptions,
        render: Arc<dyn Render>,
        now: Millis,
    ) -> Self {
        let model = quirks.core.model;
        Self::with_core(model, quirks, options, render, now)
    }

    /// The core of 1.x that a member of 2.0.x has beside its own.
    pub fn of_1x(
        quirks: Arc<Quirks>,
        options: ServerOptions,
        render: Arc<dyn Render>,
        now: Millis,
    ) -> Self {
        let mut registry = Self::with_core(CoreModel::ServiceKeyed, quirks, options, render, now);
        registry.probes = Probes::from(OLD_PROBES);
        registry
    }

    fn with_core(
        model: CoreModel,
        quirks: Arc<Quirks>,
        options: ServerOptions,
        render: Arc<dyn Render>,
        now: Millis,
    ) -> Self {
        let core = match model {
            CoreModel::ServiceKeyed => Core::ServiceKeyed(ServiceKeyed::default()),
            CoreModel::ClientKeyed => Core::ClientKeyed(ClientKeyed::default()),
        };
        let mut registry = Self {
            core,
            quirks,
            switches: Switches::default(),
            stored_switches: None,
            standing: Standing::default(),
            raft_log: RaftLog::default(),
            timers: Timers::default(),
            options,
            acks: Acks::default(),
            asks: Asks::default(),
            connections: Connections::default(),
            probes: Probes::default(),
            render,
            started: now,
            responsibility: None,
            proposes: false,
            place: Place::default(),
            switched: 0,
        };
        registry.connections.rule = registry.options.limit_rule.clone();
        registry.set_standing_timers();
        registry
    }

    fn set_standing_timers(&mut self) {
        use crate::registry::{client_keyed, connections, service_keyed};
        let started = self.started;
        match self.core {
            Core::ServiceKeyed(_) => {
                self.timers.set(started + service_keyed::PURGE_PERIOD_MS, Timer::Subscribers);
                if self.options.cleaning.old_auto_clean {
                    let first = started + self.options.cleaning.old_first_ms;
                    self.timers.set(first, Timer::EmptyServices);
                }
                self.begin_warmup();
            }
            Core::ClientKeyed(_) => {
                let standing = [
                    (client_keyed::CLIENT_SWEEP_MS, Timer::Subscribers),
                    (self.options.cleaning.record_interval_ms, Timer::Records),
                    (client_keyed::FIRST_SERVICE_SWEEP_MS, Timer::EmptyServices),
                    (connections::FIRST_CHECK_MS, Timer::Connections),
                ];
                for (after_ms, timer) in standing {
                    self.timers.set(started + after_ms, timer);
                }
            }
        }
    }

    /// POST `/instance`.
    pub fn register(&mut self, now: Millis, call: &Registration<'_>) -> Done {
        on_core!(self, now, |core, scope| core.register(scope, call))
    }

    /// DELETE `/instance`.
    pub fn deregister(&mut self, now: Millis, call: &Deregistration<'_>) -> Done {
        on_core!(self, now, |core, scope| core.deregister(scope, call))
    }

    /// PUT `/instance`.
    pub fn update(&mut self, now: Millis, call: &Registration<'_>, agent: &Agent) -> Done {
        on_core!(self, now, |core, scope| core.update(scope, call, agent))
    }

    /// Whether there is something to patch; asked before the rest of a PATCH is read.
    pub fn patch_target(&mut self, now: Millis, target: &InstanceCall<'_>) -> Result<(), Refusal> {
        on_core!(self, now, |core, scope| core.patch_target(scope, target))
    }

    /// PATCH `/instance`.
    pub fn patch(&mut self, now: Millis, call: &PatchCall<'_>) -> Done {
        on_core!(self, now, |core, scope| core.patch(scope, call))
    }

    /// PUT and DELETE `/instance/metadata/batch`: the addresses changed, as shown.
    pub fn batch_metadata(
        &mut self,
        now: Millis,
        call: &BatchMetadata<'_>,
    ) -> Result<(Vec<String>, Vec<Effect>), Refusal> {
        on_core!(self, now, |core, scope| core.batch_metadata(scope, call))
    }

    /// PUT `/instance/beat`.
    pub fn beat(
        &mut self,
        now: Millis,
        call: &BeatCall<'_>,
    ) -> Result<(BeatReply, Vec<Effect>), Refusal> {
        on_core!(self, now, |core, scope| core.beat(scope, call))
    }

    /// GET `/instance/list`.
    pub fn list(&mut self, now: Millis, call: &ListCall<'_>) -> Result<RenderedList, Refusal> {
        on_core!(self, now, |core, scope| core.list(scope, call))
    }

    /// GET `/instance`; `write` turns the view into bytes while it is there.
    pub fn instance<T>(
        &mut self,
        now: Millis,
        call: &InstanceCall<'_>,
        write: impl Fn(&InstanceView<'_>) -> T,
    ) -> Result<T, Refusal> {
        on_core!(self, now, |core, scope| core.instance(scope, call).map(|view| write(&view)))
    }

    /// GET `/instance/statuses`.
    pub fn statuses(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
    ) -> Result<Vec<String>, Refusal> {
        on_core!(self, now, |core, scope| core.statuses(scope, service))
    }

    /// GET `/service/subscribers`: of every service that matches.
    pub fn subscribers(&self, matches: &dyn Fn(ServiceRef<'_>) -> bool) -> Vec<SubscriberView> {
        ask_core!(self, |core| core.subscribers(matches))
    }

    /// Shows every instance to `look`, in no order that means anything.
    pub fn each_instance(&self, look: &mut dyn FnMut(ServiceRef<'_>, &Registered)) {
        ask_core!(self, |core| core.each_instance(look));
    }

    /// PUT `/health/instance`.
    pub fn set_health(&mut self, now: Millis, call: &InstanceCall<'_>, healthy: bool) -> Done {
        on_core!(self, now, |core, scope| core.set_health(scope, call, healthy))
    }

    /// POST `/service`; `extras` reads the rest of the request, when the version comes to it.
    pub fn create_service(
        &mut self,
        now: Millis,
        service: &NewService<'_>,
        extras: ReadExtras<'_>,
    ) -> Done {
        on_core!(self, now, |core, scope| core.create_service(scope, service, extras))
    }

    /// PUT `/service`.
    pub fn update_service(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        protect_threshold: f32,
        extras: ReadExtras<'_>,
    ) -> Done {
        on_core!(self, now, |core, scope| {
            core.update_service(scope, service, protect_threshold, extras)
        })
    }

    /// DELETE `/service`.
    pub fn delete_service(&mut self, now: Millis, service: ServiceRef<'_>) -> Done {
        on_core!(self, now, |core, scope| core.delete_service(scope, service))
    }

    /// GET `/service`; a refusal says what the request called it.
    pub fn service(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        named_as: &str,
    ) -> Result<ServiceDetail, Refusal> {
        on_core!(self, now, |core, scope| core.service(scope, service, named_as))
    }

    /// Whether a service exists.
    pub fn contains(&self, service: ServiceRef<'_>) -> bool {
        ask_core!(self, |core| core.contains(service))
    }

    /// PUT `/cluster`; `set` changes the settings as far as the request can be read.
    pub fn update_cluster(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        cluster: &str,
        set: SetCluster<'_>,
    ) -> Done {
        on_core!(self, now, |core, scope| core.update_cluster(scope, service, cluster, set))
    }

    /// How much there is.
    pub fn totals(&self) -> Totals {
        ask_core!(self, |core| core.totals())
    }

    /// Instances removed because their beats stopped, since the start.
    pub fn expired(&self) -> u64 {
        self.acks.expired
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.timers.next()
    }

    /// Does what is due at `now`, at most `most` timers of it, and says what follows. Whoever calls
    /// it looks at [`Registry::next_deadline`] for the rest: a lock is never held for all of it.
    pub fn tick(&mut self, now: Millis, most: usize) -> Vec<Effect> {
        let mut effects = Vec::new();
        for _ in 0..most {
            let Some((at, timer)) = self.timers.pop_due(now) else { break };
            effects.append(&mut self.wake(now, at, timer));
        }
        effects
    }

    fn wake(&mut self, now: Millis, at: Millis, timer: Timer) -> Vec<Effect> {
        match timer {
            Timer::Warmup => {
                self.continue_warmup(at);
                Vec::new()
            }
            Timer::ServerStatus => {
                self.settle_status();
                Vec::new()
            }
            Timer::Ack(number) => {
                self.acks.due(&mut self.timers, now, number).into_iter().collect()
            }
            Timer::Ask(number) => self.unanswered(now, number),
            Timer::Connections => self.check_connections(now, at),
            Timer::Check(slot) => on_core!(self, now, |core, scope| {
                core.check(scope, slot, at);
                scope.take_effects()
            }),
            Timer::Push(slot) => on_core!(self, now, |core, scope| {
                core.push(scope, slot, at);
                scope.take_effects()
            }),
            Timer::Probe(id) => on_core!(self, now, |core, scope| {
                core.probe(scope, id, at);
                scope.take_effects()
            }),
            Timer::Subscribers | Timer::EmptyServices | Timer::Records => {
                on_core!(self, now, |core, scope| {
                    core.sweep(scope, timer, at);
                    scope.take_effects()
                })
            }
        }
    }

    /// Takes an ack that came in; `None` when nothing waits for it.
    pub fn acked(
        &mut self,
        now: Millis,
        from: SocketAddr,
        last_ref_nanos: u64,
    ) -> Option<Datagram> {
        self.acks.acked(now, from, last_ref_nanos)
    }

    /// Takes the outcome of an active check.
    pub fn probed(
        &mut self,
        now: Millis,
        id: ProbeId,
        outcome: ProbeOutcome,
        rt_ms: u64,
    ) -> Vec<Effect> {
        on_core!(self, now, |core, scope| {
            core.probed(scope, id.0, outcome, rt_ms);
            scope.take_effects()
        })
    }

    /// Changes how the node behaves; the next operation sees it. The core stays.
    pub fn set_quirks(&mut self, quirks: Arc<Quirks>, render: Arc<dyn Render>) {
        self.quirks = quirks;
        self.render = render;
        on_core!(self, Millis(0), |core, _scope| core.forget_renderings());
    }
}
