//! `facos verify`: plays recorded transcripts against any server and reports every difference.
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Failure, NO, UNREACHABLE, USAGE};
use super::output::unless_closed;
use crate::client::http;
use crate::verify::run::{Choice, run_all};
use crate::verify::{PlayOptions, Time, Transcript, Verdict, load, report};

/// How long a node may take to accept a connection before anything is played.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Play recorded transcripts against any server and report every difference.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: does the server on 8848 answer as the recorded version did?
  facos verify --profile 1.2.1 --node 127.0.0.1:8848 fixtures/transcripts/instance")]
pub struct VerifyArgs {
    /// The server version whose recorded answers count: 1.1.4, 1.2.1 or 2.0.2.
    #[arg(long, value_name = "VERSION")]
    profile: String,
    /// A node to play against; repeat for a cluster, lowest port first.
    #[arg(long = "node", value_name = "URL", required = true)]
    nodes: Vec<String>,
    /// The admin address of a server with a manual clock, which is advanced instead of waiting.
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
    /// How many transcripts to play side by side; always 1 with a manual clock.
    #[arg(long, value_name = "N", default_value_t = 8)]
    jobs: usize,
    /// Only transcripts of this deployment [default: what the number of nodes makes].
    #[arg(long, value_name = "DEPLOYMENT")]
    deployment: Option<String>,
    /// Also play transcripts with settings of their own: the server was started with those.
    #[arg(long)]
    started: bool,
    /// How verdicts are written to stdout.
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
    /// Transcripts, and folders of them.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// One line per transcript, and one per difference.
    #[default]
    Text,
    /// One JSON line per transcript.
    Json,
    /// One JUnit XML document.
    Junit,
}

/// Runs the subcommand.
///
/// # Errors
/// Nothing could be played.
pub fn run(args: &VerifyArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let (transcripts, options) = prepare(args).await?;
        play_all(args, transcripts, options).await
    })
}

async fn prepare(args: &VerifyArgs) -> Result<(Vec<Transcript>, PlayOptions), Failure> {
    let nodes = args.nodes.iter().map(|url| address(url)).collect::<Result<Vec<_>, _>>()?;
    let admin = args.admin.as_deref().map(address).transpose()?;
    let loaded = load(&args.paths).map_err(|error| Failure {
        code: USAGE,
        error: error.to_string(),
        hint: "give transcripts, or folders such as fixtures/transcripts/instance".to_owned(),
    })?;
    let choice = Choice {
        version: args.profile.clone(),
        deployment: args.deployment.clone().unwrap_or_else(|| Choice::deployment_of(nodes.len())),
        started: args.started,
    };
    let chosen: Vec<_> =
        loaded.iter().filter(|transcript| choice.includes(transcript)).cloned().collect();
    if chosen.is_empty() {
        return Err(nothing_matches(&choice, &loaded));
    }
    for node in nodes.iter().chain(&admin) {
        reach(node).await?;
    }
    let time = admin.map_or(Time::Real, |admin| Time::Manual { admin });
    Ok((chosen, PlayOptions { nodes, version: choice.version, time }))
}

fn address(url: &str) -> Result<String, Failure> {
    http::address_of(url).ok_or_else(|| Failure {
        code: USAGE,
        error: format!("{url} is not the address of a server"),
        hint: "an address is host:port or http://host:port".to_owned(),
    })
}

async fn reach(address: &str) -> Result<(), Failure> {
    match http::Connection::open(address, REACH_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure {
            code: UNREACHABLE,
            error: format!("cannot reach {address}: {error}"),
            hint: "start the server first, or correct --node or --admin".to_owned(),
        }),
    }
}

fn nothing_matches(choice: &Choice, loaded: &[Transcript]) -> Failure {
    let versions: BTreeSet<&str> =
        loaded.iter().flat_map(|transcript| &transcript.versions).map(String::as_str).collect();
    let deployments: BTreeSet<&str> =
        loaded.iter().map(|transcript| transcript.deployment.as_str()).collect();
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let hint = if loaded.is_empty() {
        "there are no transcripts with steps under the given paths".to_owned()
    } else {
        let needs_start = loaded.iter().any(Transcript::needs_start) && !choice.started;
        format!(
            "the paths hold versions {} and deployments {}{}",
            list(versions),
            list(deployments),
            if needs_start { "; some are played only with --started" } else { "" }
        )
    };
    let error = format!(
        "no transcript matches --profile {} on deployment {}",
        choice.version, choice.deployment
    );
    Failure { code: USAGE, error, hint }
}

async fn play_all(
    args: &VerifyArgs,
    transcripts: Vec<Transcript>,
    options: PlayOptions,
) -> Result<ExitCode> {
    let total = transcripts.len();
    // Draws on stderr, and only when that is a terminal.
    let bar = ProgressBar::new(total as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").context("the progress bar")?,
    );
    let mut verdicts = Vec::with_capacity(total);
    let mut written = Ok(());
    run_all(transcripts, options, args.jobs, |verdict| {
        bar.set_message(verdict.name.clone());
        if written.is_ok() {
            written = bar.suspend(|| unless_closed(write_one(args.output, &verdict)));
        }
        bar.inc(1);
        verdicts.push(verdict);
    })
    .await;
    bar.finish_and_clear();
    written.context("cannot write to stdout")?;
    if args.output == Output::Junit {
        let mut junit = Vec::new();
        report::write_junit(&mut junit, &verdicts)?;
        unless_closed(io::stdout().lock().write_all(&junit)).context("cannot write to stdout")?;
    }
    let failed = verdicts.iter().filter(|verdict| !verdict.passed()).count();
    unless_closed(summarise(args.output, total - failed, failed))
        .context("cannot write to stdout")?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

fn write_one(output: Output, verdict: &Verdict) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match output {
        Output::Text => report::write_text(&mut stdout, verdict)?,
        Output::Json => report::write_json(&mut stdout, verdict)?,
        Output::Junit => {}
    }
    stdout.flush()
}

/// The last line: part of the text report, beside the data of the others.
fn summarise(output: Output, passed: usize, failed: usize) -> io::Result<()> {
    let line = format!("{passed} passed, {failed} failed");
    match output {
        Output::Text => writeln!(io::stdout(), "{line}"),
        Output::Json | Output::Junit => writeln!(io::stderr(), "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        verify: VerifyArgs,
    }

    fn stop(line: &str) -> Failure {
        let args = Command::try_parse_from(line.split(' ')).unwrap().verify;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(prepare(&args)).err().unwrap()
    }

    #[test]
    fn a_node_and_a_path_are_required() {
        assert!(Command::try_parse_from(["verify", "--profile", "1.2.1", "x"]).is_err());
        assert!(
            Command::try_parse_from(["verify", "--profile", "1.2.1", "--node", "a:1"]).is_err()
        );
    }

    #[test]
    fn a_bad_address_or_path_is_a_usage_error() {
        let bad = stop("verify --profile 1.2.1 --node https://a:1 x");
        assert_eq!(
            (bad.code, bad.error.as_str()),
            (2, "https://a:1 is not the address of a server")
        );
        let bad = stop("verify --profile 1.2.1 --node a:1 no-such-folder");
        assert_eq!(bad.code, 2);
        assert!(bad.error.starts_with("cannot read no-such-folder"), "{}", bad.error);
    }

    #[test]
    fn what_matches_nothing_is_told_with_what_there_is() {
        let none = stop("verify --profile 9.9 --node a:1 fixtures/transcripts/auth");
        assert_eq!(none.code, 2);
        assert_eq!(none.error, "no transcript matches --profile 9.9 on deployment standalone");
        assert!(none.hint.contains("1.2.1"), "{}", none.hint);
        assert!(none.hint.ends_with("some are played only with --started"), "{}", none.hint);
    }

    #[test]
    fn an_unreachable_server_is_told_before_anything_is_played() {
        let gone = stop("verify --profile 1.2.1 --node 127.0.0.1:1 fixtures/transcripts/instance");
        assert_eq!(gone.code, 69);
        assert!(gone.error.starts_with("cannot reach 127.0.0.1:1: "), "{}", gone.error);
    }
}
