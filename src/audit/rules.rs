//! What a version would make of what a client sends: each rule is a quirk and what follows from it.

use super::clients::Client;
use super::refused_names::refused_names;
use super::sight::Call;
use crate::model::Agent;
use crate::profile::{BeatSource, ForwardBody, Guard, Quirks};
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// Something that it does fails.
    Breaks,
    /// It fails where several servers are, or sometimes.
    AtRisk,
    /// It works in another way.
    Differs,
}

impl Gravity {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaks => "BREAKS",
            Self::AtRisk => "at risk",
            Self::Differs => "differs",
        }
    }
}

/// What would become of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub gravity: Gravity,
    /// The quirk that it follows from.
    pub quirk: &'static str,
    /// What happens.
    pub what: &'static str,
    /// The names that it is about, where it is about names; a few of many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Finding {
    /// In a table: how bad it is, what it follows from, and the first name if it is about names.
    pub fn short(&self) -> String {
        let named = match &self.names[..] {
            [] => String::new(),
            [only] => format!(" ({only})"),
            [first, rest @ ..] => format!(" ({first} and {} more)", rest.len()),
        };
        format!("{} {}{named}", self.gravity.name(), self.quirk)
    }
}

/// A rule: when it holds, and what then.
struct Rule {
    gravity: Gravity,
    quirk: &'static str,
    what: &'static str,
    holds: fn(&Client, &Quirks) -> bool,
}

/// Beats that stand in the body, or will when the client is told to send full ones again.
fn in_body(client: &Client) -> bool {
    client.body + client.light > 0
}

const fn rule(
    gravity: Gravity,
    quirk: &'static str,
    what: &'static str,
    holds: fn(&Client, &Quirks) -> bool,
) -> Rule {
    Rule { gravity, quirk, what, holds }
}

const RULES: [Rule; 15] = [
    rule(
        Gravity::Breaks,
        "beat.requires_body",
        "its light beats are refused and its instances vanish, until facos rescue or a restart",
        |client, quirks| quirks.beat.requires_body && client.light > 0,
    ),
    rule(
        Gravity::Breaks,
        "beat.source",
        "its beats are not found where they stand",
        |client, quirks| match quirks.beat.source {
            BeatSource::QueryOrForm => false,
            BeatSource::Query => in_body(client),
            BeatSource::Form => client.query > 0,
        },
    ),
    rule(
        Gravity::Breaks,
        "beat.needs_cluster",
        "its beats name no cluster, are answered and do not count",
        |client, quirks| quirks.beat.needs_cluster && client.without_cluster > 0,
    ),
    rule(
        Gravity::Breaks,
        "grpc.port",
        "there is no gRPC: it can neither register nor subscribe",
        |client, quirks| !quirks.grpc.port && client.calls.contains(&Call::Grpc),
    ),
    rule(Gravity::Breaks, "instance.patch", "PATCH /instance does not exist", |client, quirks| {
        !quirks.instance.patch && client.calls.contains(&Call::Patch)
    }),
    rule(
        Gravity::Breaks,
        "instance.metadata_batch",
        "/instance/metadata/batch does not exist",
        |client, quirks| {
            !quirks.instance.metadata_batch && client.calls.contains(&Call::MetadataBatch)
        },
    ),
    rule(Gravity::Breaks, "api.v2", "/v2/ns/instance/list does not exist", |client, quirks| {
        !quirks.api.v2 && client.calls.contains(&Call::ListV2)
    }),
    rule(Gravity::Breaks, "api.legacy", "/v1/ns/api does not exist", |client, quirks| {
        !quirks.api.legacy && client.calls.contains(&Call::LegacyApi)
    }),
    rule(Gravity::Breaks, "api.core", "/v1/core does not exist", |client, quirks| {
        !quirks.api.core && client.calls.contains(&Call::Core)
    }),
    rule(Gravity::Breaks, "api.operator_alias", "/v1/ns/ops does not exist", |client, quirks| {
        !quirks.api.operator_alias && client.calls.contains(&Call::OperatorAlias)
    }),
    rule(
        Gravity::Breaks,
        "health.checkers",
        "/v1/ns/health/checkers does not exist",
        |client, quirks| !quirks.health.checkers && client.calls.contains(&Call::Checkers),
    ),
    rule(
        Gravity::AtRisk,
        "forward.body",
        "its beats are refused by every server that is not responsible: all must be in its list",
        |client, quirks| quirks.forward.body == ForwardBody::Dropped && in_body(client),
    ),
    rule(
        Gravity::AtRisk,
        "beat.unknown_light",
        "after its instance is lost it registers again and stays light",
        |client, quirks| {
            use crate::profile::UnknownLight;
            !quirks.beat.requires_body
                && quirks.beat.unknown_light == UnknownLight::NotFoundWithLight
                && client.light > 0
        },
    ),
    rule(
        Gravity::Differs,
        "push.agents",
        "it is not pushed to and hears of changes by its own polls alone",
        |client, quirks| {
            let family = Agent::parse(&client.agent).family;
            client.calls.contains(&Call::Subscribe) && !quirks.push.agents.contains(&family)
        },
    ),
    rule(
        Gravity::Differs,
        "auth.guard",
        "nobody asks for its token: whoever reaches the server may write",
        |client, quirks| {
            quirks.auth.guard == Guard::ConsoleLogin && client.calls.contains(&Call::Login)
        },
    ),
];

/// What would become of a client on a server with these quirks, worst first.
pub fn findings(client: &Client, quirks: &Quirks) -> Vec<Finding> {
    let holding = RULES.iter().filter(|rule| (rule.holds)(client, quirks));
    let found = holding.map(|rule| Finding {
        gravity: rule.gravity,
        quirk: rule.quirk,
        what: rule.what,
        names: Vec::new(),
    });
    let mut findings: Vec<Finding> = found.chain(refused_names(client, quirks)).collect();
    findings.sort_by_key(|finding| finding.gravity);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Profile, QuirkInfo};

    fn on(version: &str, client: &Client) -> Vec<(&'static str, Gravity)> {
        let quirks = Profile::nacos(version).unwrap().quirks;
        let found = findings(client, &quirks);
        found.into_iter().map(|finding| (finding.quirk, finding.gravity)).collect()
    }

    fn calling(call: Call) -> Client {
        Client { calls: [call].into(), ..Client::default() }
    }

    #[test]
    fn light_beats_break_where_the_body_is_required_and_nowhere_else() {
        let light = Client { body: 1, light: 9, ..Client::default() };
        let risk = ("forward.body", Gravity::AtRisk);
        assert_eq!(on("1.1.4", &light), [("beat.requires_body", Gravity::Breaks), risk]);
        assert_eq!(on("1.2.1", &light), []);
        assert_eq!(on("2.0.2", &light), [("beat.unknown_light", Gravity::AtRisk)]);
    }

    #[test]
    fn a_beat_in_the_body_is_at_risk_where_bodies_are_not_forwarded_and_one_in_the_query_is_not() {
        let risk = [("forward.body", Gravity::AtRisk)];
        assert_eq!(on("1.1.4", &Client { body: 1, ..Client::default() }), risk);
        assert_eq!(on("1.1.4", &Client { both: 1, ..Client::default() }), []);
        assert_eq!(on("1.1.4", &Client { query: 1, ..Client::default() }), []);
    }

    #[test]
    fn where_a_beat_is_looked_for_decides_by_the_quirk_and_not_by_the_version() {
        let mut profile = Profile::nacos("1.2.1").unwrap();
        profile.set("beat.source", "query").unwrap();
        let body = Client { body: 1, ..Client::default() };
        assert_eq!(findings(&body, &profile.quirks)[0].quirk, "beat.source");
        let query = Client { query: 1, ..Client::default() };
        assert_eq!(findings(&query, &profile.quirks), []);
        profile.set("beat.source", "form").unwrap();
        assert_eq!(findings(&query, &profile.quirks)[0].quirk, "beat.source");
    }

    #[test]
    fn what_a_version_does_not_have_breaks_those_who_call_it() {
        for (call, quirk, without, with) in [
            (Call::Grpc, "grpc.port", "1.2.1", "2.0.2"),
            (Call::Patch, "instance.patch", "1.1.4", "1.2.1"),
            (Call::MetadataBatch, "instance.metadata_batch", "1.2.1", "2.0.2"),
            (Call::LegacyApi, "api.legacy", "2.0.2", "1.1.4"),
            (Call::Core, "api.core", "1.2.1", "2.0.2"),
            (Call::OperatorAlias, "api.operator_alias", "1.1.4", "1.2.1"),
            (Call::Checkers, "health.checkers", "1.2.1", "2.0.2"),
            (Call::ListV2, "api.v2", "1.1.4", "2.0.4"),
        ] {
            assert_eq!(on(without, &calling(call)), [(quirk, Gravity::Breaks)], "{call:?}");
            assert_eq!(on(with, &calling(call)), [], "{call:?}");
        }
        let beats = Client { query: 1, without_cluster: 1, ..Client::default() };
        assert_eq!(on("1.2.0", &beats), [("beat.needs_cluster", Gravity::Breaks)]);
        assert_eq!(on("1.1.4", &beats), []);
    }

    #[test]
    fn who_is_not_pushed_to_and_whose_token_nobody_reads_is_said() {
        let subscriber = |agent: &str| {
            let agent = agent.to_owned();
            Client { agent, ..calling(Call::Subscribe) }
        };
        let differs = [("push.agents", Gravity::Differs)];
        assert_eq!(on("1.1.4", &subscriber("Nacos-Go-Client:v1.1.6")), differs);
        assert_eq!(on("2.0.2", &subscriber("Nacos-Go-Client:v1.1.6")), []);
        assert_eq!(on("1.1.4", &subscriber("Nacos-Java-Client:v1.4.2")), []);
        assert_eq!(on("1.1.4", &calling(Call::Login)), [("auth.guard", Gravity::Differs)]);
        assert_eq!(on("1.2.1", &calling(Call::Login)), []);
    }

    #[test]
    fn every_rule_names_a_quirk_that_exists() {
        for rule in &RULES {
            assert!(QuirkInfo::named(rule.quirk).is_ok(), "{}", rule.quirk);
        }
    }
}
