//! Names that a version refuses, among those that a client uses: 1.x makes services and clusters of
//! some characters only (`instance/service-names`, `instance/cluster-names`), 2.0 wants a group and
//! a name on every call, and 1.1.4 forbids a namespace with `..` or `/` (`instance/namespaces`).

use super::clients::{Client, Use};
use super::rules::{Finding, Gravity};
use crate::model::validate;
use crate::profile::{NamesValidation, NamespaceCheck, Quirks};
use crate::wire::v1::service_name::check_format;

/// Names that one finding gives as examples.
const MOST_NAMES: usize = 10;

/// What becomes of a client for its names.
pub fn refused_names(client: &Client, quirks: &Quirks) -> Vec<Finding> {
    let services = client.services.iter().map(|((_, name), what)| (name, *what));
    let (services, what) = match quirks.names.validation {
        NamesValidation::CharacterSet => {
            let refused = services.filter(|(name, what)| {
                *what == Use::Makes && validate::service_name(name).is_err()
            });
            let what = "its service is refused: only 0-9a-zA-Z@.:_- may stand in group and name";
            (sorted(refused.map(|(name, _)| name)), what)
        }
        NamesValidation::Format => {
            let refused = services.filter(|(name, _)| check_format(name).is_err());
            (
                sorted(refused.map(|(name, _)| name)),
                "its service is refused: group or name is blank",
            )
        }
    };
    let clusters = match quirks.names.validation {
        NamesValidation::CharacterSet => {
            let refused = |name: &&String| validate::cluster_name(name).is_err();
            sorted(client.clusters.iter().filter(refused))
        }
        NamesValidation::Format => Vec::new(),
    };
    let forbidden = |name: &&String| {
        quirks.namespace.check == NamespaceCheck::Refused
            && (name.contains("..") || name.contains('/'))
    };
    let namespaces = sorted(client.services.keys().map(|(name, _)| name).filter(forbidden));
    let cluster_what = "its cluster is refused: only 0-9a-zA-Z- may stand in the name";
    let namespace_what = "every request that names its namespace is forbidden";
    let all = [
        ("names.validation", what, services),
        ("names.validation", cluster_what, clusters),
        ("namespace.check", namespace_what, namespaces),
    ];
    let told = all.into_iter().filter(|(.., names)| !names.is_empty());
    told.map(|(quirk, what, names)| Finding { gravity: Gravity::Breaks, quirk, what, names })
        .collect()
}

/// The first of some names, each once.
fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = names.collect();
    names.into_iter().take(MOST_NAMES).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::rules::findings;
    use super::*;
    use crate::profile::Profile;

    fn using(namespace: &str, service: &str, what: Use, cluster: &str) -> Client {
        Client {
            services: [((namespace.to_owned(), service.to_owned()), what)].into(),
            clusters: [cluster.to_owned()].into(),
            ..Client::default()
        }
    }

    /// Quirk and names of what breaks on a version.
    fn on(version: &str, client: &Client) -> Vec<(&'static str, Vec<String>)> {
        let quirks = Profile::nacos(version).unwrap().quirks;
        findings(client, &quirks).into_iter().map(|found| (found.quirk, found.names)).collect()
    }

    #[test]
    fn a_service_of_other_characters_breaks_who_has_instances_in_it_on_1_x() {
        let name = "DEFAULT_GROUP@@orders/\u{8ba2}";
        let broken = [("names.validation", vec![name.to_owned()])];
        for version in ["1.1.4", "1.2.1"] {
            assert_eq!(on(version, &using("public", name, Use::Makes, "DEFAULT")), broken);
            // Who asks for it is answered an empty list, as for any service that is not there.
            assert_eq!(on(version, &using("public", name, Use::Reads, "DEFAULT")), []);
        }
        assert_eq!(on("2.0.2", &using("public", name, Use::Makes, "DEFAULT")), []);
    }

    #[test]
    fn a_cluster_of_other_characters_breaks_on_1_x() {
        let client = using("public", "g@@s", Use::Makes, "zone_a");
        assert_eq!(on("1.1.4", &client), [("names.validation", vec!["zone_a".to_owned()])]);
        assert_eq!(on("2.0.2", &client), []);
    }

    #[test]
    fn a_service_without_a_group_or_a_name_breaks_on_2_0() {
        for name in ["@@s", "g@@ "] {
            let client = using("public", name, Use::Reads, "DEFAULT");
            assert_eq!(on("2.0.2", &client), [("names.validation", vec![name.to_owned()])]);
            assert_eq!(on("1.2.1", &client), []);
        }
    }

    #[test]
    fn a_namespace_with_a_path_in_it_breaks_on_1_1_4() {
        for namespace in ["a/b", "a..b"] {
            let client = using(namespace, "g@@s", Use::Reads, "DEFAULT");
            assert_eq!(on("1.1.4", &client), [("namespace.check", vec![namespace.to_owned()])]);
            assert_eq!(on("1.2.1", &client), []);
        }
    }
}
