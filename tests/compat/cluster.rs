//! Transcripts of several nodes: each is played against a deployment of its own in this process, on
//! one manual clock.

use super::judged;
use facos::serve::Nodes;
use facos::serve::ServeConfig;
use facos::verify::{PlayOptions, Time, Transcript, Verdict, load, play};
use facos::{Profile, TestCluster};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

/// The recording of these met no server: every answer in it is a refused connection.
const UNPLAYED: [(&str, &str); 3] = [
    ("cluster/two-nodes-beats", "2.0.2"),
    ("cluster/two-nodes-forwarding", "2.0.2"),
    ("cluster/two-nodes-views", "2.0.2"),
];

/// One test for each version of each transcript.
pub fn trials(fixtures: &Path) -> Vec<Trial> {
    let transcripts = load(&[fixtures.join("cluster"), fixtures.join("grpc")])
        .expect("the fixtures are part of the repository");
    transcripts.iter().flat_map(trials_of).collect()
}

fn trials_of(transcript: &Transcript) -> Vec<Trial> {
    let Some(nodes) = nodes_of(&transcript.deployment) else { return Vec::new() };
    let played =
        |version: &&String| !UNPLAYED.contains(&(transcript.name.as_str(), version.as_str()));
    let versions = transcript.versions.iter().filter(played);
    versions
        .map(|version| {
            let (transcript, version) = (transcript.clone(), version.clone());
            let name = format!("{} answers as {version} did", transcript.name);
            Trial::test(name, move || passes(&transcript, &version, nodes))
        })
        .collect()
}

fn nodes_of(deployment: &str) -> Option<usize> {
    deployment.strip_prefix("cluster-")?.parse().ok()
}

fn passes(transcript: &Transcript, version: &str, nodes: usize) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let verdict = runtime.block_on(verdict(transcript, version, nodes))?;
    judged(&verdict)?.map_err(Failed::from)
}

async fn verdict(transcript: &Transcript, version: &str, nodes: usize) -> Result<Verdict, Failed> {
    let config = ServeConfig::new(Profile::nacos(version)?);
    let config = ServeConfig { nodes: Nodes::Count(nodes), ..config };
    let cluster = TestCluster::start_with(config).await?;
    let address = |url: String| url.trim_start_matches("http://").to_owned();
    let options = PlayOptions {
        nodes: (0..nodes).map(|node| address(cluster.url(node))).collect(),
        version: version.to_owned(),
        time: Time::Manual { admin: address(cluster.admin_url()) },
    };
    Ok(play(transcript, &options).await)
}
