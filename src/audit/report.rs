//! The result of an audit: each client, what it sends, and what would become of it.

use super::clients::{Client, Clients};
use super::rules::{Finding, Gravity, findings};
use super::sight::Call;
use crate::model::{Agent, AgentVersion};
use crate::profile::Profile;
use crate::wire::text::table::table;
use serde::Serialize;

/// The result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version that clients are held against.
    pub against: String,
    /// How long requests were looked at, s; 0 for a journal.
    pub seconds: f64,
    /// Requests, or records, that were looked at.
    pub requests: u64,
    /// Of these, the ones of clients for whom there was no room.
    pub requests_not_kept: u64,
    /// Clients that would break.
    pub breaking: usize,
    /// Clients that would be at risk and not break.
    pub at_risk: usize,
    /// Every client.
    pub clients: Vec<ClientReport>,
}

/// One client.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReport {
    /// `User-Agent`.
    pub agent: String,
    /// The agent without its version.
    pub sdk: String,
    /// Its version, where it reads as one.
    pub version: Option<String>,
    /// The address that it gives, else that of its connection.
    pub address: String,
    /// Services that it names.
    pub services: usize,
    /// Its beats.
    pub beats: Beats,
    /// Whether its beats carry no body any more.
    pub light: bool,
    /// What it calls beside beats.
    pub calls: Vec<Call>,
    /// What would become of it, worst first.
    pub findings: Vec<Finding>,
}

/// Beats by where their JSON stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beats {
    /// In the query alone.
    pub query: u64,
    /// In the body alone.
    pub body: u64,
    /// In both.
    pub both: u64,
    /// Nowhere.
    pub absent: u64,
}

impl Report {
    /// What was seen, held against a version.
    pub fn of(clients: &Clients, against: &Profile, seconds: f64) -> Self {
        let all: Vec<ClientReport> =
            clients.all().iter().map(|client| ClientReport::of(client, against)).collect();
        let worst = |gravity| {
            let of = |client: &&ClientReport| client.worst() == Some(gravity);
            all.iter().filter(of).count()
        };
        let (requests, requests_not_kept) = clients.requests();
        Self {
            against: against.name.clone(),
            seconds,
            requests,
            requests_not_kept,
            breaking: worst(Gravity::Breaks),
            at_risk: worst(Gravity::AtRisk),
            clients: all,
        }
    }

    /// The report for people; the last line is the answer.
    pub fn text(&self) -> String {
        let mut clients: Vec<&ClientReport> = self.clients.iter().collect();
        clients.sort_by_key(|client| client.worst().map_or(3, |gravity| gravity as u8));
        let header = ["AGENT", "ADDRESS", "SERVICES", "BEATS", "ON THAT VERSION"];
        let mut text = table(&header, clients.iter().map(|client| client.line()));
        let mut said: Vec<&Finding> = Vec::new();
        for finding in clients.iter().flat_map(|client| &client.findings) {
            // The names stand with the client.
            if !said.iter().any(|other| other.what == finding.what) {
                said.push(finding);
            }
        }
        said.sort_by_key(|finding| finding.gravity);
        if !said.is_empty() {
            text.push('\n');
        }
        for finding in said {
            let Finding { gravity, quirk, what, .. } = finding;
            text.push_str(&format!("{} {quirk}: {what}\n", gravity.name()));
        }
        let all = self.clients.len();
        text.push_str(&format!(
            "{} of {all} clients break on {}, {} are at risk\n",
            self.breaking, self.against, self.at_risk
        ));
        text
    }
}

impl ClientReport {
    fn of(client: &Client, against: &Profile) -> Self {
        let (sdk, version) = sdk_of(&client.agent);
        let known = |call: &&Call| **call != Call::Other;
        Self {
            agent: client.agent.clone(),
            sdk,
            version,
            address: client.address.clone(),
            services: client.services.len(),
            beats: Beats {
                query: client.query,
                body: client.body,
                both: client.both,
                absent: client.light,
            },
            light: client.light > 0,
            calls: client.calls.iter().filter(known).copied().collect(),
            findings: findings(client, &against.quirks),
        }
    }

    fn worst(&self) -> Option<Gravity> {
        self.findings.first().map(|finding| finding.gravity)
    }

    fn line(&self) -> Vec<String> {
        let quirks: Vec<String> = self.findings.iter().map(Finding::short).collect();
        let unnamed = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
        vec![
            unnamed(&self.agent),
            unnamed(&self.address),
            self.services.to_string(),
            self.beats.text(),
            if quirks.is_empty() { "works".to_owned() } else { quirks.join(", ") },
        ]
    }
}

impl Beats {
    fn text(self) -> String {
        let parts = [
            (self.absent, "light"),
            (self.body, "body"),
            (self.query, "query"),
            (self.both, "query+body"),
        ];
        let told = parts.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told.map(|(count, name)| format!("{count} {name}")).collect();
        if told.is_empty() { "-".to_owned() } else { told.join(", ") }
    }
}

/// The SDK of an agent, and its version where it reads as one.
fn sdk_of(agent: &str) -> (String, Option<String>) {
    let sdk = agent.split(':').next().unwrap_or_default().to_owned();
    let version = match Agent::parse(agent).version {
        AgentVersion::Parsed(major, minor, patch) if agent.contains(':') => {
            Some(format!("{major}.{minor}.{patch}"))
        }
        _ => None,
    };
    (sdk, version)
}

#[cfg(test)]
mod tests {
    use super::super::sight::{Placement, Sight};
    use super::*;

    fn beat(agent: &'static str, address: &str, beat: Placement) -> Sight<'static> {
        Sight {
            agent,
            address: address.to_owned(),
            service: Some(("public".to_owned(), "g@@s".to_owned())),
            cluster: None,
            call: None,
            beat: Some(beat),
            names_no_cluster: false,
        }
    }

    #[test]
    fn a_report_names_each_client_and_what_becomes_of_it() {
        let clients = Clients::default();
        clients.add(beat("Nacos-Java-Client:v1.4.2", "10.0.0.1", Placement::Body));
        clients.add(beat("Nacos-Java-Client:v1.4.2", "10.0.0.1", Placement::Absent));
        clients.add(beat("Nacos-Java-Client:v1.1.4", "10.0.0.2", Placement::Both));
        clients.add(beat("nacos-go-sdk", "10.0.0.3", Placement::Body));
        let report = Report::of(&clients, &Profile::nacos("1.1.4").unwrap(), 1.0);
        assert_eq!((report.breaking, report.at_risk, report.clients.len()), (1, 1, 3));
        let java = &report.clients[1];
        assert_eq!(
            (java.sdk.as_str(), java.version.as_deref()),
            ("Nacos-Java-Client", Some("1.4.2"))
        );
        let text = report.text();
        let lines: Vec<&str> = text.lines().collect();
        let ends = [
            "ON THAT VERSION",
            "  1 light, 1 body  BREAKS beat.requires_body, at risk forward.body",
            "  1 body           at risk forward.body",
            "  1 query+body     works",
            "",
        ];
        for (line, end) in lines.iter().zip(ends) {
            assert!(line.ends_with(end), "the worst come first: {text}");
        }
        assert!(lines[5].starts_with("BREAKS beat.requires_body: its light beats are refused"));
        assert!(lines[6].starts_with("at risk forward.body: "), "each is explained once: {text}");
        assert_eq!(lines[7..], ["1 of 3 clients break on 1.1.4, 1 are at risk"]);
    }
}
