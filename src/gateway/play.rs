//! Plays a trace through the decision table, with polls in between, and counts how long the gateway
//! was wrong. Pure: a trace has its own time.
use std::collections::BTreeMap;

use serde::Serialize;

use super::decide::{Change, Gateway, Host, Policy};
use super::trace::{Callback, Trace};

/// What was decided, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Milliseconds from the trace's beginning.
    pub at_ms: u64,
    /// The decision.
    pub change: Change,
}

/// How long an instance was in or out against the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wrong {
    /// In although it could not serve, in milliseconds.
    pub falsely_in_ms: u64,
    /// Out although it could, in milliseconds.
    pub falsely_out_ms: u64,
}

/// What came of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Played {
    /// How long the trace is, in milliseconds.
    pub length_ms: u64,
    /// Every decision.
    pub steps: Vec<Step>,
    /// Each instance.
    pub instances: BTreeMap<String, Wrong>,
}

impl Played {
    /// All instances together.
    pub fn total(&self) -> Wrong {
        self.instances.values().fold(Wrong::default(), |sum, wrong| Wrong {
            falsely_in_ms: sum.falsely_in_ms + wrong.falsely_in_ms,
            falsely_out_ms: sum.falsely_out_ms + wrong.falsely_out_ms,
        })
    }
}

struct Player {
    gateway: Gateway,
    registry: Vec<Host>,
    /// What the trace says of who can serve.
    told: BTreeMap<String, bool>,
    now_ms: u64,
    next_poll_ms: u64,
    poll_every_ms: u64,
    played: Played,
}

/// Plays a trace with a poll each `poll_every_ms`; 0 polls never.
pub fn play(trace: &Trace, policy: Policy, poll_every_ms: u64) -> Played {
    let first_ms = trace.events.first().map_or(0, |event| event.at_ms);
    let mut player = Player {
        gateway: Gateway::new(policy),
        registry: Vec::new(),
        told: BTreeMap::new(),
        now_ms: first_ms,
        next_poll_ms: if poll_every_ms == 0 { u64::MAX } else { first_ms + poll_every_ms },
        poll_every_ms,
        played: Played::default(),
    };
    for (number, event) in trace.events.iter().enumerate() {
        player.pass_to(event.at_ms);
        player.told.extend(event.truth.clone());
        if let Some(registry) = &event.registry {
            player.registry.clone_from(registry);
        }
        if number == 0 {
            let changes = player.gateway.start(&player.registry);
            player.note(changes);
        }
        let changes = match &event.callback {
            Some(Callback::Registry(true)) => player.gateway.callback(&player.registry),
            Some(Callback::List(hosts)) => player.gateway.callback(hosts),
            Some(Callback::Registry(false)) | None => Vec::new(),
        };
        player.note(changes);
        if let Some(address) = &event.offline {
            let changes = player.gateway.offline(address);
            player.note(changes);
        }
        if let Some(address) = &event.approve {
            let changes = player.gateway.approve(address);
            player.note(changes);
        }
    }
    player.played.length_ms = player.now_ms - first_ms;
    player.played
}

impl Player {
    /// Lets time pass, with the polls that fall due; one that falls on an event comes before it.
    fn pass_to(&mut self, at_ms: u64) {
        while self.next_poll_ms <= at_ms {
            self.count_to(self.next_poll_ms);
            let changes = self.gateway.poll(&self.registry);
            self.note(changes);
            self.next_poll_ms += self.poll_every_ms;
        }
        self.count_to(at_ms);
    }

    fn count_to(&mut self, at_ms: u64) {
        let passed = at_ms - self.now_ms;
        self.now_ms = at_ms;
        let mut addresses: Vec<String> = self.gateway.known().map(str::to_owned).collect();
        addresses.extend(self.told.keys().cloned());
        addresses.extend(self.registry.iter().map(|host| host.address.clone()));
        addresses.sort();
        addresses.dedup();
        for address in addresses {
            let listed = self.registry.iter().find(|host| host.address == address);
            let healthy = listed.is_some_and(|host| host.healthy);
            let serves = self.told.get(&address).copied().unwrap_or(healthy);
            let inside = self.gateway.has(&address);
            let wrong = self.played.instances.entry(address).or_default();
            match (inside, serves) {
                (true, false) => wrong.falsely_in_ms += passed,
                (false, true) => wrong.falsely_out_ms += passed,
                _ => {}
            }
        }
    }

    fn note(&mut self, changes: Vec<Change>) {
        let at_ms = self.now_ms;
        self.played.steps.extend(changes.into_iter().map(|change| Step { at_ms, change }));
    }
}
