//! The JSON that clients send to the instance API, read as the chosen server's parser reads it:
//! beats, metadata, and the instances of a metadata batch.
//!
//! Which parser is a quirk (`beat.json`, `metadata.json`): fastjson 1.2.58 up to 1.2.1, Jackson
//! from 2.0.2 on. What they take, what they make of it and the texts of their exceptions are
//! shown by `instance/beat-bad-json`, `instance/beat-lenient-json` and `instance/metadata-forms`,
//! and by the vectors of both parsers under `fixtures/java/`.
//!
//! Order of metadata: fastjson fills a `HashMap`, and 1.x shows it as it iterates, so keys come in
//! Java's hash order here. Jackson fills a `LinkedHashMap`: keys come as sent, and what 2.0.2 lists
//! is ordered again where it copies them. Pairs (`k=v,k2=v2`) fill a `HashMap` everywhere.

mod fast;
mod fastjson;
pub(in crate::wire) mod jackson;
mod object;
#[cfg(test)]
mod tests;
mod units;
#[cfg(test)]
mod vectors_tests;

pub use object::{JsonObject, checker, no_int, object};

use crate::model::calls::BatchTarget;
use crate::model::{FullBeat, Metadata, Refusal, java};
use crate::profile::JsonDialect;

/// The beat of PUT `/instance/beat`; `None` is `null` and what the parser takes for it.
pub fn beat(dialect: JsonDialect, text: &str) -> Result<Option<FullBeat>, Refusal> {
    if let Some(plain) = fast::beat(dialect, text) {
        return Ok(Some(plain));
    }
    match dialect {
        JsonDialect::Fastjson => fastjson::beat(text),
        JsonDialect::Jackson => jackson::beat(text),
    }
}

/// The metadata parameter (`UtilsAndCommons.parseMetadata`): a JSON object, or pairs; `None` is
/// JSON's null.
pub fn metadata(dialect: JsonDialect, text: &str) -> Result<Option<Metadata>, Refusal> {
    if java::is_blank(text) {
        return Ok(Some(Metadata::new()));
    }
    if let Some(plain) = fast::metadata(dialect, text) {
        return Ok(Some(plain));
    }
    let read = match dialect {
        JsonDialect::Fastjson => fastjson::metadata(text),
        JsonDialect::Jackson => jackson::metadata(text),
    };
    match read {
        Ok(map) => Ok(map),
        Err(()) => pairs(text)
            .map(Some)
            .ok_or_else(|| Refusal::nacos(400, format!("metadata format incorrect:{text}"))),
    }
}

/// The `instances` of a metadata batch; `None` when there is no list to be had, or nothing in it:
/// then all instances are meant.
pub fn batch_targets(text: &str) -> Option<Vec<BatchTarget>> {
    jackson::batch_targets(text).filter(|targets| !targets.is_empty())
}

/// `k=v,k2=v2`, nothing trimmed.
fn pairs(text: &str) -> Option<Metadata> {
    let mut map = Metadata::new();
    for pair in java::split(text, ",") {
        let halves = java::split(pair, "=");
        let [key, value] = halves[..] else { return None };
        map.insert(key, Some(value));
    }
    Some(java_order(map))
}

/// A beat that says nothing.
fn unsaid() -> FullBeat {
    FullBeat {
        ip: None,
        port: 0,
        cluster: None,
        service_name: None,
        weight: 0.0,
        ephemeral: true,
        metadata: None,
    }
}

/// The keys as a `HashMap` iterates over them.
fn java_order(map: Metadata) -> Metadata {
    if map.len() < 2 {
        return map;
    }
    let mut entries: Vec<(&str, Option<&str>)> = map.iter().collect();
    java::sort_by_hash_order(&mut entries, |entry| entry.0);
    let owned = |(key, value): (&str, Option<&str>)| (key.to_owned(), value.map(str::to_owned));
    entries.into_iter().map(owned).collect()
}
