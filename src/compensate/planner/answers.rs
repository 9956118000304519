//! What answers change. Pure.
use super::super::life::{Life, Seen, State};
use super::{AGAIN_MS, Job, Light, Planner};
use crate::client::fast::BeatAnswer;
use crate::client::fleet::Listed;

/// `code` of a beat whose instance the server does not know.
const UNKNOWN_INSTANCE: i64 = 20404;

/// The answer to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A beat was answered with 200 and JSON.
    Beat(BeatAnswer),
    /// A group's instances.
    List(Vec<Listed>),
    /// The service or the cluster is not there.
    NoSuchService,
    /// The server refused, with this status.
    Refused(u16),
    /// There was no answer.
    Nothing,
    /// It was not sent: too much waits for the node already.
    NotSent,
}

impl Planner {
    /// A job was answered, or came to nothing.
    pub fn answered(&mut self, job: Job, answer: &Answer, sent_ms: u64, now_ms: u64) {
        match job {
            Job::Look { slot, node, .. } => self.looked(slot, node, answer, now_ms),
            Job::Beat { kept, node, light, .. } => {
                self.beaten(kept, node, light, answer, [sent_ms, now_ms]);
            }
        }
    }

    fn looked(&mut self, slot: usize, node: usize, answer: &Answer, now_ms: u64) {
        let group = self.kept[self.slots.members(slot).start].group;
        let members = self.groups[group].members.clone();
        match answer {
            Answer::List(listed) => self.compare(members, node, listed, now_ms),
            Answer::NoSuchService => self.compare(members, node, &[], now_ms),
            // The next round comes by itself; trying again would make the queue longer.
            Answer::NotSent => return,
            // Without a look a full beat might bring back what is gone.
            _ if self.light[node] != Light::Known => {
                return self.slots.plan(slot, now_ms + AGAIN_MS);
            }
            _ => {}
        }
        self.beat_members(slot, now_ms);
    }

    /// Holds a list against the kept instances of its group.
    fn compare(
        &mut self,
        members: std::ops::Range<usize>,
        node: usize,
        listed: &[Listed],
        now_ms: u64,
    ) {
        let mut by_address: rustc_hash::FxHashMap<(&str, i64), &Listed> =
            rustc_hash::FxHashMap::default();
        by_address.extend(listed.iter().map(|listed| ((listed.ip.as_str(), listed.port), listed)));
        let ahead_ms = self.ahead_ms[node];
        for kept in members {
            let subject = &mut self.kept[kept];
            let seen = match by_address.get(&(subject.ip.as_str(), subject.port)).copied() {
                None => Seen::Missing,
                Some(listed) => {
                    subject.becomes(listed.weight, &listed.metadata);
                    let last_beat_ms = listed
                        .last_beat
                        .zip(ahead_ms)
                        .and_then(|(at, ahead)| u64::try_from(at.saturating_sub(ahead)).ok());
                    Seen::Listed { enabled: listed.enabled, last_beat_ms }
                }
            };
            self.look(kept, seen, node, now_ms);
        }
    }

    fn look(&mut self, kept: usize, seen: Seen, node: usize, now_ms: u64) {
        let life: &mut Life = &mut self.lives[kept];
        let was_missing = life.missing;
        life.look(seen, node, now_ms);
        if life.missing && !was_missing {
            self.missing[node] += 1;
        }
    }

    fn beaten(&mut self, kept: usize, node: usize, light: bool, answer: &Answer, times: [u64; 2]) {
        let [sent_ms, now_ms] = times;
        let asked = light && self.light[node] == Light::Asked;
        match answer {
            Answer::Beat(said) if said.code == Some(UNKNOWN_INSTANCE) => {
                self.learn(node, Light::Known, now_ms);
                self.look(kept, Seen::Missing, node, now_ms);
                let wanted = self.lives[kept].state == State::Kept;
                if light && wanted && self.kept[kept].may_register {
                    let full = Job::Beat { kept, node, light: false, planned_ms: now_ms };
                    self.ready.push_back(full);
                } else if wanted {
                    self.counts[kept].refusals += 1;
                }
            }
            Answer::Beat(said) => {
                let knows = said.code.is_some() && said.light != Some(false);
                self.learn(node, if knows { Light::Known } else { Light::Refused }, now_ms);
                self.counts[kept].beats += 1;
                if !light && self.lives[kept].missing {
                    self.counts[kept].recreations += 1;
                    self.lives[kept].missing = false;
                }
                self.lives[kept].sent(sent_ms, now_ms);
                if !self.starting.contains(&node) {
                    self.lives[kept].taken(node, now_ms);
                }
            }
            Answer::Refused(400) if light => {
                self.learn(node, Light::Refused, now_ms);
                if self.kept[kept].may_register {
                    let full = Job::Beat { kept, node, light: false, planned_ms: now_ms };
                    self.ready.push_back(full);
                } else {
                    self.counts[kept].refusals += 1;
                }
            }
            Answer::Refused(_) => self.counts[kept].refusals += 1,
            _ => {}
        }
        if asked && self.light[node] == Light::Asked {
            // Nothing was learnt: the next beat asks.
            self.light[node] = Light::Unknown;
            self.held[node].clear();
        }
        if matches!(answer, Answer::Refused(500..) | Answer::Nothing) {
            self.again(kept, now_ms);
        }
    }

    /// A beat that the node could not pass on is tried again soon.
    fn again(&mut self, kept: usize, now_ms: u64) {
        if let Some(slot) = self.slots.of(kept) {
            self.slots.hurry_once(slot, now_ms + AGAIN_MS);
        }
    }

    /// What a node knows of light beats; beats that waited for it go on.
    fn learn(&mut self, node: usize, light: Light, now_ms: u64) {
        self.light[node] = light;
        for kept in std::mem::take(&mut self.held[node]) {
            self.beat(kept, node, now_ms);
        }
    }
}
