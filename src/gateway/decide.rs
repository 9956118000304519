//! The decision table of a gateway that follows a registry. Pure.
//!
//! | what reaches it | the instance | decision |
//! |---|---|---|
//! | the application asks | in | out |
//! | a callback | unhealthy | out |
//! | a callback | gone | out |
//! | a poll | gone | out |
//! | a callback or a poll | healthy, tag changed | in |
//! | a callback or a poll | healthy, same tag, out | held: for a human, or for so many polls |
//! | a poll | healthy, never taken in | in |
//! | an empty list | all gone | held for so many polls: it is more often a registry that starts |
//!
//! The tag is metadata that is new at each start of an application. It tells an instance that came
//! back because it was started again from one that the registry forgot for a moment, or that the
//! application asked out while it still beats. What was taken in is remembered with its tag, and
//! never forgotten: the memory only grows, and is not touched when an instance is taken out.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The tag of an instance that has none.
pub const DEFAULT_TAG: &str = "default";

/// An instance as the registry tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// `ip:port`.
    pub address: String,
    /// Whether the registry trusts its beats.
    #[serde(default = "yes")]
    pub healthy: bool,
    /// The metadata `app_registry_tag`.
    #[serde(default)]
    pub tag: Option<String>,
}

fn yes() -> bool {
    true
}

/// What is done with a healthy instance whose tag has not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It stays out until a human lets it in.
    ForHuman,
    /// It is taken in when so many polls in a row have shown it healthy.
    Polls(u32),
}

/// What the table leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a healthy instance with the same tag is held.
    pub hold: Hold,
    /// How many polls in a row must find no instance at all before that is believed; a callback
    /// without any is never believed alone. 1 believes both at once.
    pub empty_polls: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { hold: Hold::Polls(3), empty_polls: 3 }
    }
}

/// Why an instance was taken in or out, or held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Everything is taken in at the start.
    Start,
    /// The application asked.
    Asked,
    /// A callback said that it is unhealthy.
    Unhealthy,
    /// A callback or a poll lacked it.
    Gone,
    /// Its tag is new.
    TagChanged,
    /// It was never seen before.
    NeverSeen,
    /// It was seen healthy in enough polls.
    HeldLongEnough,
    /// A human let it in.
    Human,
    /// Healthy with the same tag: held.
    SameTag,
    /// The list was empty: held.
    EmptyList,
}

impl Reason {
    /// It in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "the gateway starts",
            Self::Asked => "the application asked",
            Self::Unhealthy => "a callback says unhealthy",
            Self::Gone => "the registry lacks it",
            Self::TagChanged => "its tag is new",
            Self::NeverSeen => "it was never seen",
            Self::HeldLongEnough => "held for long enough",
            Self::Human => "a human let it in",
            Self::SameTag => "healthy with the same tag",
            Self::EmptyList => "an empty list is not believed",
        }
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Takes an instance in.
    In(String, Reason),
    /// Takes it out.
    Out(String, Reason),
    /// Leaves it as it is although the registry says otherwise.
    Held(String, Reason),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// The tag with which it was taken in last; none before the first time.
    tag: Option<String>,
    inside: bool,
    /// Polls in a row that showed it healthy with the same tag while it was out.
    held_polls: u32,
}

/// The gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    policy: Policy,
    known: BTreeMap<String, Known>,
    empty_polls: u32,
}

impl Gateway {
    /// A gateway that knows nothing yet.
    pub fn new(policy: Policy) -> Self {
        Self { policy, known: BTreeMap::new(), empty_polls: 0 }
    }

    /// Whether an instance is in.
    pub fn has(&self, address: &str) -> bool {
        self.known.get(address).is_some_and(|known| known.inside)
    }

    /// Everything that is known, in or out.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The gateway starts: everything healthy is taken in.
    pub fn start(&mut self, hosts: &[Host]) -> Vec<Change> {
        let healthy = hosts.iter().filter(|host| host.healthy);
        healthy.filter_map(|host| self.take_in(host, Reason::Start)).collect()
    }

    /// The application asks to be taken out.
    pub fn offline(&mut self, address: &str) -> Vec<Change> {
        self.take_out(address, Reason::Asked).into_iter().collect()
    }

    /// A human lets an instance in.
    pub fn approve(&mut self, address: &str) -> Vec<Change> {
        let tag = self.known.get(address).and_then(|known| known.tag.clone());
        let host = Host { address: address.to_owned(), healthy: true, tag };
        self.take_in(&host, Reason::Human).into_iter().collect()
    }

    /// The registry calls back with its list.
    pub fn callback(&mut self, hosts: &[Host]) -> Vec<Change> {
        if hosts.is_empty() && self.policy.empty_polls > 1 {
            return self.held_empty();
        }
        let mut changes = self.gone(hosts);
        for host in hosts {
            if !host.healthy {
                changes.extend(self.take_out(&host.address, Reason::Unhealthy));
            } else if !self.has(&host.address) {
                changes.extend(self.returning(host, false));
            }
        }
        changes
    }

    /// The gateway polls the registry.
    pub fn poll(&mut self, hosts: &[Host]) -> Vec<Change> {
        if hosts.is_empty() && self.known.values().any(|known| known.inside) {
            self.empty_polls += 1;
            if self.empty_polls < self.policy.empty_polls {
                return self.held_empty();
            }
        } else {
            self.empty_polls = 0;
        }
        let mut changes = self.gone(hosts);
        let healthy = |address: &str| hosts.iter().any(|h| h.healthy && h.address == address);
        for (address, known) in &mut self.known {
            if !healthy(address) {
                known.held_polls = 0;
            }
        }
        for host in hosts.iter().filter(|host| host.healthy) {
            if !self.has(&host.address) {
                changes.extend(self.returning(host, true));
            }
        }
        changes
    }

    /// A healthy instance that is out.
    fn returning(&mut self, host: &Host, polled: bool) -> Option<Change> {
        let known = self.known.entry(host.address.clone()).or_default();
        let tag = host.tag.as_deref().unwrap_or(DEFAULT_TAG);
        match known.tag.as_deref() {
            None => return self.take_in(host, Reason::NeverSeen),
            Some(taken) if taken != tag => return self.take_in(host, Reason::TagChanged),
            Some(_) => {}
        }
        known.held_polls += u32::from(polled);
        match self.policy.hold {
            Hold::Polls(polls) if known.held_polls >= polls.max(1) => {
                self.take_in(host, Reason::HeldLongEnough)
            }
            _ => Some(Change::Held(host.address.clone(), Reason::SameTag)),
        }
    }

    fn gone(&mut self, hosts: &[Host]) -> Vec<Change> {
        let there = |address: &str| hosts.iter().any(|host| host.address == address);
        let gone: Vec<String> = self
            .known
            .iter()
            .filter(|(address, known)| known.inside && !there(address))
            .map(|(address, _)| address.clone())
            .collect();
        gone.iter().filter_map(|address| self.take_out(address, Reason::Gone)).collect()
    }

    fn held_empty(&self) -> Vec<Change> {
        let inside = self.known.iter().filter(|(_, known)| known.inside);
        inside.map(|(address, _)| Change::Held(address.clone(), Reason::EmptyList)).collect()
    }

    fn take_in(&mut self, host: &Host, reason: Reason) -> Option<Change> {
        let known = self.known.entry(host.address.clone()).or_default();
        known.tag = Some(host.tag.clone().unwrap_or_else(|| DEFAULT_TAG.to_owned()));
        known.held_polls = 0;
        let was_inside = std::mem::replace(&mut known.inside, true);
        (!was_inside).then(|| Change::In(host.address.clone(), reason))
    }

    fn take_out(&mut self, address: &str, reason: Reason) -> Option<Change> {
        let known = self.known.get_mut(address).filter(|known| known.inside)?;
        known.inside = false;
        known.held_polls = 0;
        Some(Change::Out(address.to_owned(), reason))
    }
}
