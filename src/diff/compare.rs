//! What differs between the nodes. Pure.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::client::fleet::Listed;
use crate::snapshot::{Holding, ServiceId};

/// What a difference is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// `namespaceId`.
    pub namespace: String,
    /// `group@@service`.
    pub service: String,
    /// `ip:port@cluster`; none when the service itself is missing.
    pub instance: Option<String>,
    /// The field that differs; none when service or instance are missing.
    pub field: Option<&'static str>,
}

/// One difference: what each node says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// The value on each node, in the nodes' order; none where it is missing.
    pub values: Vec<Option<String>>,
}

/// The key of an instance: address, port, cluster. Its kind is no part of it, because 2.0 shows
/// the kind of the service's first instance for all of them.
type Key<'a> = (&'a str, i64, &'a str);

/// Every difference, sorted.
pub fn compare(nodes: &[Holding]) -> Vec<Difference> {
    let services: BTreeSet<&ServiceId> =
        nodes.iter().flat_map(|node| node.services.keys()).collect();
    let mut found = Vec::new();
    for service in services {
        let (namespace, group, name) = service;
        let subject = Subject {
            namespace: namespace.clone(),
            service: format!("{group}@@{name}"),
            instance: None,
            field: None,
        };
        let there = nodes
            .iter()
            .map(|node| node.services.contains_key(service).then(|| "there".to_owned()));
        push(&mut found, &subject, there.collect());
        instances(&mut found, &subject, service, nodes);
    }
    found
}

/// Differences inside a service, among the nodes that know it: that others do not is told already.
fn instances(
    found: &mut Vec<Difference>,
    subject: &Subject,
    service: &ServiceId,
    nodes: &[Holding],
) {
    let hosts: Vec<Option<BTreeMap<Key<'_>, &Listed>>> = nodes
        .iter()
        .map(|node| {
            let hosts = node.services.get(service)?;
            Some(
                hosts
                    .iter()
                    .map(|((ip, port, cluster, _), listed)| {
                        ((ip.as_str(), *port, cluster.as_str()), listed)
                    })
                    .collect(),
            )
        })
        .collect();
    let keys: BTreeSet<Key<'_>> =
        hosts.iter().flatten().flat_map(BTreeMap::keys).copied().collect();
    for key in keys {
        let (ip, port, cluster) = key;
        let instance = Some(format!("{ip}:{port}@{cluster}"));
        let subject = Subject { instance, ..subject.clone() };
        let listed: Vec<Option<&Listed>> =
            hosts.iter().map(|hosts| hosts.as_ref()?.get(&key).copied()).collect();
        let known = |place: &usize| hosts[*place].is_some();
        if (0..nodes.len()).filter(known).any(|place| listed[place].is_none()) {
            let there = listed.iter().map(|listed| listed.map(|_| "there".to_owned()));
            push(found, &subject, there.collect());
        }
        for (field, text) in FIELDS {
            let subject = Subject { field: Some(field), ..subject.clone() };
            let told: Vec<Option<String>> = listed.iter().map(|listed| listed.map(text)).collect();
            let values: BTreeSet<&String> = told.iter().flatten().collect();
            if values.len() > 1 {
                found.push(Difference { subject, values: told });
            }
        }
    }
}

/// A field's name and its text.
type Field = (&'static str, fn(&Listed) -> String);

const FIELDS: [Field; 4] = [
    ("enabled", |listed| listed.enabled.to_string()),
    ("healthy", |listed| listed.healthy.to_string()),
    ("weight", |listed| listed.weight.to_string()),
    ("metadata", |listed| {
        let entries = listed.metadata.iter().map(|(key, value)| format!("{key}={value}"));
        entries.collect::<Vec<_>>().join(",")
    }),
];

fn push(found: &mut Vec<Difference>, subject: &Subject, values: Vec<Option<String>>) {
    if values.iter().any(|value| *value != values[0]) {
        found.push(Difference { subject: subject.clone(), values });
    }
}

/// The nodes that differ from a majority which agrees, by their place: only those may be restarted
/// with the hope that the others fill them again. None when no such majority is there, or when
/// every node is outvoted somewhere.
pub fn minority(differences: &[Difference], nodes: usize) -> Vec<usize> {
    let mut outvoted = BTreeSet::new();
    for difference in differences {
        let mut groups: BTreeMap<&Option<String>, Vec<usize>> = BTreeMap::new();
        for (place, value) in difference.values.iter().enumerate() {
            groups.entry(value).or_default().push(place);
        }
        let Some(majority) = groups.values().find(|group| group.len() * 2 > nodes) else {
            return Vec::new();
        };
        outvoted.extend((0..nodes).filter(|place| !majority.contains(place)));
    }
    if outvoted.len() * 2 < nodes { outvoted.into_iter().collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(hosts: &[(&str, &str)]) -> Holding {
        let mut holding = Holding::default();
        for (service, host) in hosts {
            let id = ("public".to_owned(), "g".to_owned(), (*service).to_owned());
            let listed: Listed = serde_json::from_str(host).unwrap();
            let key = (listed.ip.clone(), listed.port, "DEFAULT".to_owned(), true);
            holding.services.entry(id).or_default().insert(key, listed);
        }
        holding
    }

    const ONE: &str = r#"{"ip":"10.0.0.1","port":80}"#;
    const TWO: &str = r#"{"ip":"10.0.0.2","port":80}"#;

    fn shown(nodes: &[Holding]) -> Vec<String> {
        let text = |difference: &Difference| {
            let Subject { service, instance, field, .. } = &difference.subject;
            let values: Vec<&str> =
                difference.values.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
            let instance = instance.as_deref().unwrap_or("*");
            format!("{service} {instance} {}: {}", field.unwrap_or("*"), values.join("|"))
        };
        compare(nodes).iter().map(text).collect()
    }

    #[test]
    fn equal_counts_hide_nothing() {
        let nodes = [holding(&[("a", ONE)]), holding(&[("a", TWO)])];
        assert_eq!(
            shown(&nodes),
            ["g@@a 10.0.0.1:80@DEFAULT *: there|-", "g@@a 10.0.0.2:80@DEFAULT *: -|there"]
        );
    }

    #[test]
    fn a_missing_service_is_one_difference_and_not_one_for_each_instance() {
        let nodes = [holding(&[("a", ONE), ("b", ONE)]), holding(&[("a", ONE)])];
        assert_eq!(shown(&nodes), ["g@@b * *: there|-"]);
    }

    #[test]
    fn every_field_is_compared() {
        let other = r#"{"ip":"10.0.0.1","port":80,"enabled":false,"healthy":false,"weight":2,
                        "metadata":{"a":"b"},"lastBeat":7}"#;
        let nodes = [holding(&[("a", ONE)]), holding(&[("a", other)])];
        let fields =
            ["enabled: true|false", "healthy: true|false", "weight: 1|2", "metadata: |a=b"];
        assert_eq!(shown(&nodes), fields.map(|field| format!("g@@a 10.0.0.1:80@DEFAULT {field}")));
        assert!(shown(&[nodes[0].clone(), nodes[0].clone()]).is_empty());
    }

    #[test]
    fn only_a_minority_is_to_be_restarted() {
        let (full, lacks) = (holding(&[("a", ONE), ("b", ONE)]), holding(&[("a", ONE)]));
        let places = |nodes: &[Holding]| minority(&compare(nodes), nodes.len());
        assert_eq!(places(&[full.clone(), lacks.clone(), full.clone()]), [1]);
        assert_eq!(places(&[lacks.clone(), full.clone(), lacks.clone()]), [1]);
        assert_eq!(places(&[full.clone(), lacks.clone()]), [0; 0], "nobody is outvoted");
        let other = holding(&[("b", ONE)]);
        assert_eq!(places(&[full, lacks, other]), [0; 0], "each of two lacks another one");
    }
}
