//! What the console and the configuration centre remember and what follows from it. Pure: time and
//! fresh ids come in as arguments, effects go out as values.
//!
//! Nacos keeps all of it in its database (Derby on a node that stands alone): `tenant_info`,
//! `users`, `roles`, `permissions` and `config_info`. Nothing of it matters to the registry: a
//! service may live in a namespace that nobody created.

mod accounts;
mod authority;
mod configs;
mod namespaces;
mod page;
mod polls;
mod tables;

pub use accounts::{Accounts, DEFAULT_PASSWORD_HASH, DEFAULT_USER, GLOBAL_ADMIN_ROLE};
pub use authority::Verdict;
pub use configs::{Configs, KeptConfig, Reader, Seen, Served};
pub use namespaces::{Namespaces, chosen_id};
pub use polls::{PollId, Polls};

use crate::model::{ConfigKey, ConsoleWrite, Millis};

/// What follows from an operation or from time passing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsoleEffect {
    /// Make a change durable before the caller is answered.
    Store(ConsoleWrite),
    /// Answer a held poll: this configuration changed.
    Changed(PollId, ConfigKey),
    /// Answer a held poll: nothing changed in its time.
    Unchanged(PollId),
}

/// Everything of one node.
#[derive(Debug)]
pub struct Console {
    /// Namespaces.
    pub namespaces: Namespaces,
    /// Users, roles and permissions.
    pub accounts: Accounts,
    /// Configurations.
    pub configs: Configs,
    /// Clients that wait for a change.
    pub polls: Polls,
}

impl Console {
    /// A console with what a store kept. A store without users gets the one that Nacos's own
    /// schema inserts; the effects say so.
    pub fn restored(
        now: Millis,
        cold_start: bool,
        kept: impl IntoIterator<Item = ConsoleWrite>,
    ) -> (Self, Vec<ConsoleEffect>) {
        let mut console = Self {
            namespaces: Namespaces::default(),
            accounts: Accounts::new(now, cold_start),
            configs: Configs::default(),
            polls: Polls::default(),
        };
        for write in kept {
            match write {
                ConsoleWrite::Namespace { id, namespace: Some(namespace) } => {
                    console.namespaces.restore(id, namespace);
                }
                ConsoleWrite::Config { key, scope, config: Some(config) } => {
                    console.configs.restore(key, scope, config);
                }
                // A store hands out what is there, never what was taken away.
                ConsoleWrite::Namespace { .. } | ConsoleWrite::Config { .. } => {}
                account => console.accounts.restore(&account),
            }
        }
        let seeded = console.accounts.seed();
        (console, seeded.into_iter().map(ConsoleEffect::Store).collect())
    }

    /// Answers the polls whose time is over.
    pub fn tick(&mut self, now: Millis) -> Vec<ConsoleEffect> {
        self.polls.expire(now).into_iter().map(ConsoleEffect::Unchanged).collect()
    }
}
