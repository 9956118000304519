//! `Listening-Configs`: what a client has of each configuration, and which of them changed
//! (`console/config-listener`).
//!
//! An entry is `dataId ^2 group ^2 md5 ^1`, or with a namespace `dataId ^2 group ^2 md5 ^2
//! namespace ^1`. The text is decoded twice: by the container and by the controller.

use crate::model::{ConfigKey, Refusal, java};
use crate::wire::form::url_decode;
use rustc_hash::FxHashMap;

/// Entries that one request may bring.
const MAX_ENTRIES: usize = 10_000;
/// The capacity that Nacos makes its map with, on which the order of an answer depends.
const MAP_CAPACITY: usize = 5;
const WORD_END: char = '\u{2}';
const LINE_END: char = '\u{1}';

/// A configuration and the digest that the client has; empty for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Which.
    pub key: ConfigKey,
    /// The digest.
    pub md5: String,
}

/// Reads the entries, in the order in which Nacos answers them.
///
/// # Errors
/// The text is malformed.
pub fn probes(text: Option<&str>) -> Result<Vec<Probe>, Refusal> {
    let text = text.filter(|text| !java::is_blank(text)).ok_or_else(invalid)?;
    let text = url_decode(text)?;
    let mut found: Vec<(String, Probe)> = Vec::new();
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    let mut words: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            WORD_END => {
                words.push(&text[start..at]);
                start = at + 1;
                if words.len() > 3 {
                    return Err(invalid());
                }
            }
            LINE_END => {
                let probe = probe(&words, &text[start..at]).ok_or_else(invalid)?;
                start = at + 1;
                words.clear();
                let name = group_key(&probe.key);
                match places.get(&name) {
                    Some(place) => found[*place].1 = probe,
                    None => {
                        places.insert(name.clone(), found.len());
                        found.push((name, probe));
                    }
                }
                if found.len() > MAX_ENTRIES {
                    return Err(invalid());
                }
            }
            _ => {}
        }
    }
    let buckets = java::grown_from(MAP_CAPACITY, found.len());
    java::sort_by_buckets(&mut found, buckets, |(name, _)| name);
    Ok(found.into_iter().map(|(_, probe)| probe).collect())
}

fn invalid() -> Refusal {
    Refusal::illegal("invalid probeModify")
}

/// An entry from the words before its last one.
fn probe(words: &[&str], last: &str) -> Option<Probe> {
    let (namespace, md5) = match words {
        [_, _] => ("", last),
        [_, _, md5] => (last, *md5),
        _ => return None,
    };
    let key = ConfigKey {
        namespace: namespace.to_owned(),
        group: words[1].to_owned(),
        data_id: words[0].to_owned(),
    };
    Some(Probe { key, md5: md5.to_owned() })
}

/// `GroupKey2.getKey`.
fn group_key(key: &ConfigKey) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('+', "%2B");
    let mut name = format!("{}+{}", escaped(&key.data_id), escaped(&key.group));
    if !key.namespace.is_empty() {
        name.push('+');
        name.push_str(&escaped(&key.namespace));
    }
    name
}

/// The changed configurations as they are answered, URL encoded.
pub fn changed(keys: &[&ConfigKey]) -> String {
    let mut text = String::new();
    for key in keys {
        text.push_str(&key.data_id);
        text.push(WORD_END);
        text.push_str(&key.group);
        if !java::is_blank(&key.namespace) {
            text.push(WORD_END);
            text.push_str(&key.namespace);
        }
        text.push(LINE_END);
    }
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The same as the oldest clients read it.
pub fn changed_of_old(keys: &[&ConfigKey]) -> String {
    keys.iter().map(|key| format!("{}:{};", key.data_id, key.group)).collect()
}

/// Whether the client is so old that it reads headers when it polls shortly: `Client-Version`
/// before 2.0.4, counted as `Protocol.getVersionNumber` does.
pub fn reads_headers(client_version: Option<&str>) -> bool {
    let number = |sum: i32, part: &str| {
        java::parse_int(part).map_or(sum, |n| sum.wrapping_mul(10).wrapping_add(n))
    };
    client_version.is_none_or(|version| version.split('.').fold(0, number) < 204)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, group: &str, data_id: &str) -> ConfigKey {
        ConfigKey { namespace: namespace.into(), group: group.into(), data_id: data_id.into() }
    }

    fn read(text: &str) -> Result<Vec<(ConfigKey, String)>, String> {
        let probes = probes(Some(text)).map_err(|refusal| refusal.message.into_owned())?;
        Ok(probes.into_iter().map(|probe| (probe.key, probe.md5)).collect())
    }

    #[test]
    fn entries_are_read_with_and_without_a_namespace() {
        let read = read("a\u{2}g\u{2}m\u{1}b\u{2}g\u{2}\u{2}ns\u{1}").unwrap();
        assert_eq!(read.len(), 2);
        assert!(read.contains(&(key("", "g", "a"), "m".into())));
        assert!(read.contains(&(key("ns", "g", "b"), String::new())));
    }

    #[test]
    fn the_controller_decodes_a_second_time() {
        assert_eq!(read("a%2Bb%02g%02m%01").unwrap(), [(key("", "g", "a+b"), "m".into())]);
        assert!(read("a%zz").unwrap_err().starts_with("URLDecoder: Illegal hex"));
    }

    #[test]
    fn what_is_malformed_is_refused_and_what_has_no_end_is_passed_over() {
        for text in ["a\u{1}", "a\u{2}g\u{1}", "a\u{2}b\u{2}c\u{2}d\u{2}e\u{1}", " "] {
            assert_eq!(read(text).unwrap_err(), "invalid probeModify", "{text:?}");
        }
        assert_eq!(read("nothing").unwrap(), []);
        assert_eq!(probes(None).unwrap_err().message, "invalid probeModify");
    }

    #[test]
    fn the_last_entry_of_a_name_counts() {
        let read = read("a\u{2}g\u{2}1\u{1}a\u{2}g\u{2}2\u{1}").unwrap();
        assert_eq!(read, [(key("", "g", "a"), "2".into())]);
    }

    #[test]
    fn changes_are_told_url_encoded() {
        let (plain, spaced) = (key("", "DEFAULT_GROUP", "con.listen"), key("n", "g", "a b"));
        assert_eq!(changed(&[&plain]), "con.listen%02DEFAULT_GROUP%01");
        assert_eq!(changed(&[&spaced]), "a+b%02g%02n%01");
        assert_eq!(changed_of_old(&[&plain, &spaced]), "con.listen:DEFAULT_GROUP;a b:g;");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,60}|[ab%12\u{1}\u{2}+é]{0,60}") {
            if let Ok(read) = probes(Some(&text)) {
                let keys: Vec<&ConfigKey> = read.iter().map(|probe| &probe.key).collect();
                proptest::prop_assert!(changed(&keys).is_ascii());
            }
        }
    }

    #[test]
    fn versions_of_clients_are_counted_digit_by_digit() {
        for old in [None, Some("1.1.4"), Some("2.0.3"), Some("v2.x")] {
            assert!(reads_headers(old), "{old:?}");
        }
        for new in ["2.0.4", "10.1.1", "3.1.4"] {
            assert!(!reads_headers(Some(new)), "{new}");
        }
    }
}
