//! Metadata of an instance or service: a small map that keeps the order in which keys were first
//! written. Values may be JSON null, which 1.x keeps.

use std::collections::BTreeMap;
use std::fmt;

/// Keys and values in order of first appearance.
#[derive(Clone, Default)]
pub struct Metadata {
    entries: Vec<(Box<str>, Option<Box<str>>)>,
    /// Where each key stands; empty until there are more than [`SEARCHED`]: nobody needs that
    /// many, but two megabytes of them must not take quadratic time.
    places: BTreeMap<Box<str>, usize>,
}

/// Up to so many keys a search from the front is faster than any index.
const SEARCHED: usize = 32;

/// Client-side period of beats, in ms, as text.
pub const HEART_BEAT_INTERVAL: &str = "preserved.heart.beat.interval";
/// Silence after which an instance is unhealthy, in ms, as text.
pub const HEART_BEAT_TIMEOUT: &str = "preserved.heart.beat.timeout";
/// Silence after which an instance is removed, in ms, as text.
pub const IP_DELETE_TIMEOUT: &str = "preserved.ip.delete.timeout";
/// How 1.x makes instance ids: `simple` or `snowflake`.
pub const INSTANCE_ID_GENERATOR: &str = "preserved.instance.id.generator";

impl Metadata {
    /// No keys.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), places: BTreeMap::new() }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of `key`; `None` when absent or null.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries[self.place(key)?].1.as_deref()
    }

    /// Whether `key` is there, null or not.
    pub fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    fn place(&self, key: &str) -> Option<usize> {
        if self.places.is_empty() {
            return self.entries.iter().position(|(known, _)| &**known == key);
        }
        self.places.get(key).copied()
    }

    /// Writes `key`; a key already there keeps its place and takes the new value.
    pub fn insert(&mut self, key: &str, value: Option<&str>) {
        let value = value.map(Box::from);
        if let Some(place) = self.place(key) {
            self.entries[place].1 = value;
            return;
        }
        if !self.places.is_empty() {
            self.places.insert(key.into(), self.entries.len());
        }
        self.entries.push((key.into(), value));
        if self.places.is_empty() && self.entries.len() > SEARCHED {
            self.index();
        }
    }

    /// Removes every key of `keys` that is there.
    pub fn remove_all(&mut self, keys: &Metadata) {
        self.entries.retain(|(key, _)| !keys.contains(key));
        self.places.clear();
        if self.entries.len() > SEARCHED {
            self.index();
        }
    }

    fn index(&mut self) {
        let keys = self.entries.iter().map(|(key, _)| key.clone());
        self.places = keys.enumerate().map(|(at, key)| (key, at)).collect();
    }

    /// Writes every entry of `other` over this map.
    pub fn merge(&mut self, other: &Metadata) {
        for (key, value) in other.iter() {
            self.insert(key, value);
        }
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.entries.iter().map(|(k, v)| (&**k, v.as_deref()))
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Metadata {}

impl fmt::Debug for Metadata {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(String, Option<String>)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (String, Option<String>)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(&key, value.as_deref());
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Metadata {
        (0..count).map(|i| (format!("k{i}"), Some(i.to_string()))).collect()
    }

    #[test]
    fn keys_keep_their_place_however_many_there_are() {
        for count in [3, 32, 33, 1_000] {
            let mut map = numbered(count);
            map.insert("k1", None);
            map.insert("new", Some("v"));
            let keys: Vec<&str> = map.iter().map(|(key, _)| key).collect();
            assert_eq!((map.len(), keys[1], keys[count]), (count + 1, "k1", "new"));
            assert_eq!(
                (map.get("k1"), map.get("k2"), map.get("new")),
                (None, Some("2"), Some("v"))
            );
            assert!(map.contains("k1") && !map.contains("k") && map.get("k").is_none());
        }
    }

    #[test]
    fn removed_keys_are_gone_and_the_others_are_still_found() {
        for (count, removed) in [(3, 2), (40, 2), (40, 30), (1_000, 500)] {
            let mut map = numbered(count);
            map.remove_all(&numbered(removed));
            let rest = map.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
            assert_eq!(rest, (removed..count).map(|i| format!("k{i}")).collect::<Vec<_>>());
            let last = count - 1;
            assert_eq!(map.get(&format!("k{last}")), Some(&*last.to_string()));
            assert!(!map.contains("k0"));
            map.insert(&format!("k{last}"), Some("again"));
            assert_eq!(map.len(), count - removed);
        }
    }

    #[test]
    fn a_hundred_thousand_keys_take_no_quadratic_time() {
        // Searching from the front, each of these lines would take minutes.
        let mut map = numbered(100_000);
        map.merge(&numbered(100_000));
        map.remove_all(&numbered(99_999));
        assert_eq!(map.iter().collect::<Vec<_>>(), [("k99999", Some("99999"))]);
    }
}
