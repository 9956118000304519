//! A trace from a journal of facos (`facos ctl journal`): registrations, beats and deregistrations
//! of one service become what the registry held, its pushes become callbacks.
//!
//! A journal holds no metadata, so the tag is worked out: each registration behind a deregistration
//! is a new start. An instance can serve from its registration until it is deregistered, or until a
//! beat period after its last beat; the registry holds it for unhealthy after 15 s without a beat
//! and drops it after 30 s, as Nacos does.
use std::collections::BTreeMap;

use serde::Deserialize;

use super::decide::Host;
use super::trace::{Callback, Event, Trace};

/// A client that has not beaten for so long has died.
const BEAT_MS: u64 = 5_000;
/// When a registry stops to trust an instance, and when it forgets it.
const UNHEALTHY_MS: u64 = 15_000;
const GONE_MS: u64 = 30_000;

#[derive(Deserialize)]
struct Journal {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    time: u64,
    operation: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    ip: String,
    #[serde(default)]
    port: i64,
    #[serde(default)]
    status: u16,
}

/// What is known of an instance at a time.
#[derive(Clone, Debug, Default)]
struct Seen {
    starts: u32,
    /// Beats and registrations since its start.
    last_ms: u64,
    registered: bool,
}

/// Makes a trace of the records of one service, grouped or by its bare name. `None` takes the only
/// service that there is.
///
/// # Errors
/// The text is no journal, or does not tell which service.
pub fn from_journal(text: &str, service: Option<&str>) -> Result<Trace, String> {
    let journal: Journal = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut records = journal.records;
    let moves = ["register", "deregister", "beat", "push", "resend"];
    records.retain(|record| {
        moves.contains(&record.operation.as_str()) && matches!(record.status, 0 | 200)
    });
    let mut services: Vec<&str> = records.iter().map(|record| record.service.as_str()).collect();
    services.sort_unstable();
    services.dedup();
    let wanted = match (service, &services[..]) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, [only]) => (*only).to_owned(),
        (None, []) => return Err("the journal holds no registration, beat or push".to_owned()),
        (None, several) => {
            return Err(format!("the journal holds several services: {}", several.join(", ")));
        }
    };
    let bare = format!("@@{wanted}");
    records.retain(|record| record.service == wanted || record.service.ends_with(&bare));
    records.sort_by_key(|record| record.time);
    if records.is_empty() {
        return Err(format!("the journal holds nothing of {wanted}"));
    }
    Ok(Trace { events: events(&records) })
}

fn events(records: &[Record]) -> Vec<Event> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let (first_ms, mut events) = (records[0].time, Vec::new());
    let mut told = (Vec::new(), BTreeMap::new());
    // Between records the registry changes by itself, in whole seconds.
    let mut clock_ms = first_ms;
    for record in records {
        while clock_ms + 1000 <= record.time {
            clock_ms += 1000;
            push(&mut events, first_ms, clock_ms, &seen, false, &mut told);
        }
        let address = format!("{}:{}", record.ip, record.port);
        match record.operation.as_str() {
            "register" | "beat" => {
                let entry = seen.entry(address).or_default();
                if !entry.registered {
                    entry.starts += u32::from(entry.starts == 0 || record.operation == "register");
                }
                (entry.registered, entry.last_ms) = (true, record.time);
            }
            "deregister" => {
                seen.entry(address).or_default().registered = false;
            }
            _ => {}
        }
        let pushed = matches!(record.operation.as_str(), "push" | "resend");
        push(&mut events, first_ms, record.time, &seen, pushed, &mut told);
    }
    events
}

/// Adds an event when anything is new.
fn push(
    events: &mut Vec<Event>,
    first_ms: u64,
    now_ms: u64,
    seen: &BTreeMap<String, Seen>,
    pushed: bool,
    told: &mut (Vec<Host>, BTreeMap<String, bool>),
) {
    let age = |seen: &Seen| now_ms.saturating_sub(seen.last_ms);
    let listed = seen.iter().filter(|(_, seen)| seen.registered && age(seen) < GONE_MS);
    let registry: Vec<Host> = listed
        .map(|(address, seen)| Host {
            address: address.clone(),
            healthy: age(seen) < UNHEALTHY_MS,
            tag: Some(format!("start-{}", seen.starts)),
        })
        .collect();
    let truth: BTreeMap<String, bool> = seen
        .iter()
        .map(|(address, seen)| (address.clone(), seen.registered && age(seen) <= BEAT_MS))
        .collect();
    if registry == told.0 && truth == told.1 && !pushed {
        return;
    }
    events.push(Event {
        at_ms: now_ms - first_ms,
        registry: Some(registry.clone()),
        callback: pushed.then_some(Callback::Registry(true)),
        truth: truth.clone(),
        ..Event::default()
    });
    *told = (registry, truth);
}

#[cfg(test)]
mod tests {
    use super::super::decide::Policy;
    use super::super::play::play;
    use super::*;

    fn journal(records: &[(u64, &str)]) -> String {
        let records = records.iter().map(|(time, operation)| {
            let to = if *operation == "push" { 9999 } else { 80 };
            format!(
                r#"{{"seq":1,"time":{time},"operation":"{operation}","namespace":"public",
                "service":"DEFAULT_GROUP@@orders","ip":"10.0.0.1","port":{to},"agent":"x"}}"#
            )
        });
        format!(r#"{{"dropped":0,"records":[{}]}}"#, records.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn a_restart_of_an_application_is_a_new_tag_and_comes_in_with_its_push() {
        let text = journal(&[
            (1000, "register"),
            (6000, "beat"),
            (7000, "deregister"),
            (8000, "push"),
            (20_000, "register"),
            (21_000, "push"),
            (25_000, "beat"),
        ]);
        let trace = from_journal(&text, None).unwrap();
        let played = play(&trace, Policy::default(), 0);
        let wrong = played.total();
        // An empty push is not believed alone, and there are no polls.
        assert_eq!((wrong.falsely_in_ms, wrong.falsely_out_ms), (13_000, 0));
        let polled = play(&trace, Policy::default(), 1000).total();
        assert!(polled.falsely_in_ms <= 4000, "{polled:?}");
        assert!(polled.falsely_out_ms <= 1000, "{polled:?}");
    }

    #[test]
    fn which_service_must_be_clear() {
        let two = journal(&[(1, "register")])
            .replace("]", r#",{"time":2,"operation":"beat","service":"g@@b"}]"#);
        let error = from_journal(&two, None).unwrap_err();
        assert_eq!(error, "the journal holds several services: DEFAULT_GROUP@@orders, g@@b");
        assert_eq!(from_journal(&two, Some("orders")).unwrap().events.len(), 1);
        assert_eq!(from_journal(&two, Some("no")).unwrap_err(), "the journal holds nothing of no");
        assert!(from_journal("[]", None).is_err());
    }
}
