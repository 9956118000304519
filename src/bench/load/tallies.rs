//! What went right and wrong beside the requests themselves.
use serde::{Deserialize, Serialize};

/// What went right and wrong over a whole run, beside the requests themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tallies {
    /// Instances of living clients that the server no longer knew or trusted.
    pub false_expiries: u64,
    /// Instances of living clients that were not listed at the end.
    pub lost: u64,
    /// Registrations because the server did not know the instance of a beat.
    pub re_registrations: u64,
    /// Lists with fewer hosts than were accepted.
    pub short_lists: u64,
    /// Lists with hosts that had left.
    pub stale_lists: u64,
    /// Lists that showed an unhealthy host.
    pub unhealthy_lists: u64,
    /// Lists whose `lastRefTime` was older than that of an earlier one.
    pub backward_lists: u64,
    /// Clients whose beats an odd answer ended for ever, as it does with the chosen SDK.
    pub stopped_beating: u64,
    /// Beats with a body.
    pub full_beats: u64,
    /// Beats without one.
    pub light_beats: u64,
    /// Requests that were due in the measured time and never sent.
    pub unsent: u64,
    /// Instances that had to be listed at the end.
    pub expected_instances: u64,
    /// Those of them that were listed and healthy.
    pub found_instances: u64,
    /// Services that could not be read back.
    pub unread_services: u64,
}

impl Tallies {
    /// Adds those of another worker or machine.
    pub fn merge(&mut self, other: &Self) {
        self.false_expiries += other.false_expiries;
        self.lost += other.lost;
        self.re_registrations += other.re_registrations;
        self.short_lists += other.short_lists;
        self.stale_lists += other.stale_lists;
        self.unhealthy_lists += other.unhealthy_lists;
        self.backward_lists += other.backward_lists;
        self.stopped_beating += other.stopped_beating;
        self.full_beats += other.full_beats;
        self.light_beats += other.light_beats;
        self.unsent += other.unsent;
        self.expected_instances += other.expected_instances;
        self.found_instances += other.found_instances;
        self.unread_services += other.unread_services;
    }
}
