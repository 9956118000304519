//! Metadata of an instance or service: a small map that keeps the order in which keys were first
//! written. Values may be JSON null, which 1.x keeps.

/// Keys and values in order of first appearance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(Vec<(Box<str>, Option<Box<str>>)>);

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
        Self(Vec::new())
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of `key`; `None` when absent or null.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| &**k == key).and_then(|(_, v)| v.as_deref())
    }

    /// Whether `key` is there, null or not.
    pub fn contains(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| &**k == key)
    }

    /// Writes `key`; a key already there keeps its place and takes the new value.
    pub fn insert(&mut self, key: &str, value: Option<&str>) {
        let value = value.map(Box::from);
        match self.0.iter_mut().find(|(k, _)| &**k == key) {
            Some(entry) => entry.1 = value,
            None => self.0.push((key.into(), value)),
        }
    }

    /// Removes `key` if it is there.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(k, _)| &**k != key);
    }

    /// Writes every entry of `other` over this map.
    pub fn merge(&mut self, other: &Metadata) {
        for (key, value) in other.iter() {
            self.insert(key, value);
        }
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(k, v)| (&**k, v.as_deref()))
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
