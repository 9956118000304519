//! Every public transcript against a server of each version it was recorded on: profile times
//! transcript is the spine of the tests.
//!
//! Each test has a server of its own with a manual clock, so a minute of waits takes milliseconds.
//! `cargo test --test compat -- push/` runs one area.

mod cluster;
mod deltas;

use facos::serve::ServeConfig;
use facos::serve::properties::{Property, apply};
use facos::verify::{PlayOptions, Time, Transcript, Verdict, load, play, report};
use facos::wire::grpc::balance::read_limit_rule;
use facos::{Profile, TestServer};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The areas that a node alone answers as recorded.
const AREAS: [&str; 11] = [
    "instance", "timing", "metadata", "operator", "push", "service", "catalog", "health", "grpc",
    "console", "auth",
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The tests mostly wait for datagrams that must not come; more of them wait side by side.
    arguments.test_threads.get_or_insert(8);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
    let paths: Vec<PathBuf> = AREAS.iter().map(|area| folder.join(area)).collect();
    let transcripts = load(&paths).expect("the fixtures are part of the repository");
    let mut trials: Vec<Trial> = transcripts.iter().flat_map(trials_of).collect();
    trials.extend(deltas::trials(&folder, &transcripts));
    trials.extend(cluster::trials(&folder));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One test for each version.
fn trials_of(transcript: &Transcript) -> Vec<Trial> {
    if !["standalone", "standalone-auth"].contains(&transcript.deployment.as_str()) {
        return Vec::new();
    }
    let versions = transcript.versions.iter();
    versions
        .map(|version| {
            let (transcript, version) = (transcript.clone(), version.clone());
            let name = format!("{} answers as {version} did", transcript.name);
            Trial::test(name, move || passes(&transcript, &version))
        })
        .collect()
}

fn passes(transcript: &Transcript, version: &str) -> Result<(), Failed> {
    let passed = try_transcript(transcript, version)?;
    passed.map_err(Failed::from)
}

/// The outer error is that it could not be played.
fn try_transcript(transcript: &Transcript, version: &str) -> Result<Result<(), String>, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let verdict = runtime.block_on(verdict(transcript, version, version))?;
    judged(&verdict)
}

/// What a verdict says to a test.
fn judged(verdict: &Verdict) -> Result<Result<(), String>, Failed> {
    if verdict.passed() {
        return Ok(Ok(()));
    }
    let mut text = Vec::new();
    report::write_text(&mut text, verdict)?;
    Ok(Err(String::from_utf8_lossy(&text).into_owned()))
}

/// Starts a server as the transcript asks: with properties, and with the file of a rule.
fn start_with(config: &mut ServeConfig, transcript: &Transcript) -> Result<(), Failed> {
    for (name, value) in transcript.start.iter().flatten() {
        if name == "data/loader/limitRule" {
            config.limit_rule = read_limit_rule(&value.to_string()).ok_or("no rule")?;
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let property = Property { name: name.clone(), value, place: transcript.name.clone() };
        apply(config, &[property], &|_| None)?;
    }
    Ok(())
}

/// Plays what `version` answered against a server of a profile.
async fn verdict(transcript: &Transcript, version: &str, profile: &str) -> Result<Verdict, Failed> {
    let mut config = ServeConfig::new(Profile::nacos(profile)?);
    start_with(&mut config, transcript)?;
    let server = TestServer::start_with(config).await?;
    let address = |url: String| url.trim_start_matches("http://").to_owned();
    let options = PlayOptions {
        nodes: vec![address(server.url())],
        version: version.to_owned(),
        time: Time::Manual { admin: address(server.admin_url()) },
    };
    Ok(play(transcript, &options).await)
}
