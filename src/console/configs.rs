//! Configurations (`console/config-basic`).
//!
//! Publishing what is there already changes its time and nothing else: nobody who waits is told.

use super::{ConsoleEffect, Polls};
use crate::model::{Config, ConfigKey, ConsoleWrite};
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

/// Every configuration.
#[derive(Debug, Default)]
pub struct Configs {
    all: BTreeMap<ConfigKey, KeptConfig>,
    by_namespace: FxHashMap<String, usize>,
}

impl Configs {
    /// The one of this name.
    pub fn get(&self, key: &ConfigKey) -> Option<&KeptConfig> {
        self.all.get(key)
    }

    /// How many there are in a namespace.
    pub fn count(&self, namespace: &str) -> usize {
        self.by_namespace.get(namespace).copied().unwrap_or(0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Publishes one and answers who waits for it.
    pub fn publish(
        &mut self,
        key: ConfigKey,
        config: Config,
        polls: &mut Polls,
    ) -> Vec<ConsoleEffect> {
        let write = ConsoleWrite::Config { key: key.clone(), config: Some(config.clone()) };
        let before = self.put(key.clone(), config);
        let mut effects = vec![ConsoleEffect::Store(write)];
        if before.as_deref() != self.get(&key).map(|kept| kept.md5.as_str()) {
            effects.extend(polls.changed(&key));
        }
        effects
    }

    /// Removes one and answers who waits for it; what is not there is as good as removed.
    pub fn remove(&mut self, key: &ConfigKey, polls: &mut Polls) -> Vec<ConsoleEffect> {
        if self.all.remove(key).is_none() {
            return Vec::new();
        }
        if let Some(count) = self.by_namespace.get_mut(&key.namespace) {
            *count -= 1;
            if *count == 0 {
                self.by_namespace.remove(&key.namespace);
            }
        }
        let write = ConsoleWrite::Config { key: key.clone(), config: None };
        let mut effects = vec![ConsoleEffect::Store(write)];
        effects.extend(polls.changed(key));
        effects
    }

    /// Puts back what a store kept.
    pub(super) fn restore(&mut self, key: ConfigKey, config: Config) {
        self.put(key, config);
    }

    /// The digest of what was there before.
    fn put(&mut self, key: ConfigKey, config: Config) -> Option<String> {
        let kept = KeptConfig { md5: digest(&config.content), config };
        let namespace = key.namespace.clone();
        let before = self.all.insert(key, kept);
        if before.is_none() {
            *self.by_namespace.entry(namespace).or_default() += 1;
        }
        before.map(|before| before.md5)
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
mod tests {
    use super::*;
    use crate::model::Millis;

    fn key(id: &str) -> ConfigKey {
        ConfigKey { namespace: "n".into(), group: "g".into(), data_id: id.into() }
    }

    fn config(content: &str) -> Config {
        Config { content: content.into(), kind: None, app: None, modified: Millis(1) }
    }

    #[test]
    fn a_change_of_content_answers_who_waits_and_the_same_content_does_not() {
        let (mut configs, mut polls) = (Configs::default(), Polls::default());
        configs.publish(key("a"), config("v1"), &mut polls);
        assert_eq!(configs.get(&key("a")).unwrap().md5, "6654c734ccab8f440ff0825eb443dc7f");
        let id = polls.hold(vec![key("a"), key("b")], Millis(9));
        let same = configs.publish(key("a"), config("v1"), &mut polls);
        assert!(matches!(same.as_slice(), [ConsoleEffect::Store(_)]), "{same:?}");
        let changed = configs.publish(key("a"), config("v2"), &mut polls);
        assert_eq!(changed[1..], [ConsoleEffect::Changed(id, key("a"))]);
        assert_eq!(configs.publish(key("b"), config("v"), &mut polls).len(), 1, "answered once");
    }

    #[test]
    fn removing_answers_who_waits_and_a_second_time_does_nothing() {
        let (mut configs, mut polls) = (Configs::default(), Polls::default());
        configs.publish(key("a"), config("v1"), &mut polls);
        assert_eq!((configs.count("n"), configs.count("m")), (1, 0));
        let id = polls.hold(vec![key("a")], Millis(9));
        let removed = configs.remove(&key("a"), &mut polls);
        let write = ConsoleWrite::Config { key: key("a"), config: None };
        let expected = [ConsoleEffect::Store(write), ConsoleEffect::Changed(id, key("a"))];
        assert_eq!(removed, expected);
        assert_eq!(configs.remove(&key("a"), &mut polls), []);
        assert_eq!(configs.count("n"), 0);
    }
}
