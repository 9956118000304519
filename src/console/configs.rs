//! Configurations (`console/config-basic`), for everybody, for a list of addresses (beta) or for
//! clients of a tag.
//!
//! Publishing what is there already changes its time and nothing else: nobody who waits is told.
//! What the real server reads is a cache of its tables (`ConfigCacheService`), and two things show:
//! a beta configuration that is published again with the same text keeps its addresses, and with
//! the configuration for everybody the others are no longer served either, although they are kept.

use super::polls::Change;
use super::{ConsoleEffect, Polls};
use crate::model::{Config, ConfigKey, ConfigScope, ConsoleWrite};
use md5::{Digest, Md5};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A configuration and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConfig {
    /// As published.
    pub config: Config,
    /// MD5 of the content, 32 digits.
    pub md5: String,
}

/// Who reads a configuration.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The client's address.
    pub ip: &'a str,
    /// The tag that the client has (`Vipserver-Tag`).
    pub tag: Option<&'a str>,
}

/// What a reader is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served<'a> {
    /// What is for everybody.
    All(&'a KeptConfig),
    /// What is for the reader's address.
    Beta(&'a KeptConfig),
    /// What is for the tag that was asked for.
    Asked(&'a KeptConfig),
    /// What is for the reader's own tag.
    Own(&'a KeptConfig, &'a str),
}

/// The digests of all that concerns one reader: a difference in one of them is news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen([String; 3]);

/// Every configuration.
#[derive(Debug, Default)]
pub struct Configs {
    all: BTreeMap<ConfigKey, Item>,
    /// How many there are for everybody.
    by_namespace: FxHashMap<String, usize>,
    /// The number of the last row of the table of beta configurations.
    last_row: i64,
}

/// All configurations of one name.
#[derive(Debug, Default)]
struct Item {
    plain: Option<KeptConfig>,
    beta: Option<Beta>,
    tags: BTreeMap<String, Tagged>,
}

#[derive(Debug)]
struct Beta {
    kept: KeptConfig,
    /// Its number in the table.
    row: i64,
    /// Whom it is served to; `None` when it is only kept.
    ips: Option<Vec<Box<str>>>,
}

#[derive(Debug)]
struct Tagged {
    kept: KeptConfig,
    /// False when it is only kept.
    served: bool,
}

impl<'a> Served<'a> {
    /// The configuration.
    pub fn kept(self) -> &'a KeptConfig {
        match self {
            Self::All(kept) | Self::Beta(kept) | Self::Asked(kept) | Self::Own(kept, _) => kept,
        }
    }
}

impl Item {
    fn beta_for(&self, ip: &str) -> Option<&KeptConfig> {
        let beta = self.beta.as_ref()?;
        let named = beta.ips.iter().flatten().any(|known| &**known == ip);
        named.then_some(&beta.kept)
    }

    fn tagged(&self, tag: &str) -> Option<&KeptConfig> {
        self.tags.get(tag).filter(|tagged| tagged.served).map(|tagged| &tagged.kept)
    }

    fn own(&self, reader: Reader<'_>) -> Option<(&str, &KeptConfig)> {
        let (tag, tagged) = self.tags.get_key_value(reader.tag?)?;
        tagged.served.then_some((tag, &tagged.kept))
    }

    fn is_empty(&self) -> bool {
        self.plain.is_none() && self.beta.is_none() && self.tags.is_empty()
    }

    /// Whether anybody is served anything of it.
    fn is_served(&self) -> bool {
        let beta = self.beta.as_ref().is_some_and(|beta| beta.ips.is_some());
        self.plain.is_some() || beta || self.tags.values().any(|tagged| tagged.served)
    }

    /// What is kept in a scope, whether or not it is served.
    fn kept(&self, scope: &ConfigScope) -> Option<&KeptConfig> {
        match scope {
            ConfigScope::All => self.plain.as_ref(),
            ConfigScope::Beta => self.beta.as_ref().map(|beta| &beta.kept),
            ConfigScope::Tag(tag) => self.tags.get(tag).map(|tagged| &tagged.kept),
        }
    }

    /// Puts something in; whether anybody is to be told.
    fn put(&mut self, scope: &ConfigScope, kept: KeptConfig, row: i64) -> bool {
        match scope {
            ConfigScope::All => {
                let before = self.plain.replace(kept).map(|before| before.md5);
                before.as_deref() != self.plain.as_ref().map(|kept| kept.md5.as_str())
            }
            ConfigScope::Beta => {
                let before = self.beta.take();
                let row = before.as_ref().map_or(row, |before| before.row);
                let same = before.filter(|before| before.kept.md5 == kept.md5);
                let known = same.and_then(|same| same.ips);
                let news = known.is_none();
                let ips = known.unwrap_or_else(|| addresses(&kept.config));
                self.beta = Some(Beta { kept, row, ips: Some(ips) });
                news
            }
            ConfigScope::Tag(tag) => {
                let same = self.tagged(tag).is_some_and(|before| before.md5 == kept.md5);
                self.tags.insert(tag.clone(), Tagged { kept, served: true });
                !same
            }
        }
    }

    /// Takes away what there is for everybody; the rest is served no more.
    fn remove_plain(&mut self) {
        self.plain = None;
        if let Some(beta) = &mut self.beta {
            beta.ips = None;
        }
        for tagged in self.tags.values_mut() {
            tagged.served = false;
        }
    }
}

fn addresses(config: &Config) -> Vec<Box<str>> {
    config.beta_ips.iter().flat_map(|ips| ips.split(',')).map(Box::from).collect()
}

impl Configs {
    /// What is published for everybody under this name.
    pub fn get(&self, key: &ConfigKey) -> Option<&KeptConfig> {
        self.all.get(key)?.plain.as_ref()
    }

    /// What is kept for some, whether or not they are served it now.
    pub fn kept(&self, key: &ConfigKey, scope: &ConfigScope) -> Option<&KeptConfig> {
        self.all.get(key)?.kept(scope)
    }

    /// The beta configuration of this name and the number of its row.
    pub fn beta(&self, key: &ConfigKey) -> Option<(i64, &KeptConfig)> {
        let beta = self.all.get(key)?.beta.as_ref()?;
        Some((beta.row, &beta.kept))
    }

    /// What a reader is given who asks for a tag or for none (`ConfigServletInner`).
    pub fn look(
        &self,
        key: &ConfigKey,
        reader: Reader<'_>,
        asked: Option<&str>,
    ) -> Option<Served<'_>> {
        let item = self.all.get(key)?;
        if let Some(beta) = item.beta_for(reader.ip) {
            return Some(Served::Beta(beta));
        }
        if let Some(asked) = asked {
            return item.tagged(asked).map(Served::Asked);
        }
        let own = item.own(reader).map(|(tag, kept)| Served::Own(kept, tag));
        own.or_else(|| item.plain.as_ref().map(Served::All))
    }

    /// The digest by which a reader is told whether he is up to date; empty for none.
    pub fn md5(&self, key: &ConfigKey, reader: Reader<'_>) -> &str {
        self.look(key, reader, None).map_or("", |served| &served.kept().md5)
    }

    /// All that concerns a reader.
    pub fn seen(&self, key: &ConfigKey, reader: Reader<'_>) -> Seen {
        let Some(item) = self.all.get(key) else { return Seen::default() };
        let own = item.own(reader).map(|(_, kept)| kept);
        let parts = [item.plain.as_ref(), item.beta_for(reader.ip), own];
        Seen(parts.map(|kept| kept.map(|kept| kept.md5.clone()).unwrap_or_default()))
    }

    /// Whether anybody is served anything under this name.
    pub fn serves(&self, key: &ConfigKey) -> bool {
        self.all.get(key).is_some_and(Item::is_served)
    }

    /// How many there are for everybody in a namespace.
    pub fn count(&self, namespace: &str) -> usize {
        self.by_namespace.get(namespace).copied().unwrap_or(0)
    }

    /// How many there are for everybody.
    pub fn len(&self) -> usize {
        self.by_namespace.values().sum()
    }

    /// Whether there is none for everybody.
    pub fn is_empty(&self) -> bool {
        self.by_namespace.is_empty()
    }

    /// Publishes one and answers who waits for it.
    pub fn publish(
        &mut self,
        key: ConfigKey,
        scope: ConfigScope,
        config: Config,
        polls: &mut Polls,
    ) -> Vec<ConsoleEffect> {
        let news = self.put(&key, &scope, config.clone());
        let told = if news { self.told(&key, &scope, polls) } else { Vec::new() };
        let mut effects =
            vec![ConsoleEffect::Store(ConsoleWrite::Config { key, scope, config: Some(config) })];
        effects.extend(told);
        effects
    }

    /// Removes one and answers who waits for it; what is not there is as good as removed.
    pub fn remove(
        &mut self,
        key: &ConfigKey,
        scope: ConfigScope,
        polls: &mut Polls,
    ) -> Vec<ConsoleEffect> {
        let kept = self.kept(key, &scope).is_some();
        let served = self.serves(key);
        if !kept && (scope != ConfigScope::All || !served) {
            return Vec::new();
        }
        // Who had it is told that it is gone.
        let told = self.told(key, &scope, polls);
        self.take(key, &scope);
        let write = ConsoleWrite::Config { key: key.clone(), scope, config: None };
        let mut effects: Vec<_> = kept.then_some(ConsoleEffect::Store(write)).into_iter().collect();
        effects.extend(told);
        effects
    }

    /// Puts back what a store kept.
    pub(super) fn restore(&mut self, key: ConfigKey, scope: ConfigScope, config: Config) {
        self.put(&key, &scope, config);
    }

    /// Whether anybody is to be told.
    fn put(&mut self, key: &ConfigKey, scope: &ConfigScope, config: Config) -> bool {
        if *scope == ConfigScope::All && self.get(key).is_none() {
            *self.by_namespace.entry(key.namespace.clone()).or_default() += 1;
        }
        if *scope == ConfigScope::Beta && self.beta(key).is_none() {
            self.last_row += 1;
        }
        let kept = KeptConfig { md5: digest(&config.content), config };
        self.all.entry(key.clone()).or_default().put(scope, kept, self.last_row)
    }

    fn take(&mut self, key: &ConfigKey, scope: &ConfigScope) {
        let Some(item) = self.all.get_mut(key) else { return };
        let counted = *scope == ConfigScope::All && item.plain.is_some();
        match scope {
            ConfigScope::All => item.remove_plain(),
            ConfigScope::Beta => item.beta = None,
            ConfigScope::Tag(tag) => drop(item.tags.remove(tag)),
        }
        if item.is_empty() {
            self.all.remove(key);
        }
        if counted && let Some(count) = self.by_namespace.get_mut(&key.namespace) {
            *count -= 1;
            if *count == 0 {
                self.by_namespace.remove(&key.namespace);
            }
        }
    }

    /// Who waits for what changed in a scope. A change under a tag is told to everybody, since
    /// `LongPollingService` does not hand the tag on; they ask again and find nothing new.
    fn told(&self, key: &ConfigKey, scope: &ConfigScope, polls: &mut Polls) -> Vec<ConsoleEffect> {
        let beta = self.all.get(key).and_then(|item| item.beta.as_ref());
        match scope {
            ConfigScope::All | ConfigScope::Tag(_) => polls.changed(key, Change::All),
            ConfigScope::Beta => {
                let ips = beta.and_then(|beta| beta.ips.as_deref()).unwrap_or_default();
                polls.changed(key, Change::For(ips))
            }
        }
    }
}

/// MD5 of the UTF-8 bytes, 32 digits.
fn digest(content: &str) -> String {
    let mut text = String::with_capacity(32);
    for byte in Md5::digest(content.as_bytes()) {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
#[path = "configs_tests.rs"]
mod tests;
