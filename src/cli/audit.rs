//! `facos audit`: who would break on a rollback.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::exit::{Failure, INTERNAL, NO, UNREACHABLE, USAGE};
use super::output::{self, Format, OutputFlag};
use super::ports::{
    PortFlags, Signals, addresses_of, announce, is_file, print_line, profile_of, refuse_port,
};
use crate::audit::live::Live;
use crate::audit::report::Report;
use crate::audit::run::AuditError;
use crate::audit::{self, Clients, JournalError, Options};
use crate::config::{LogFilter, Value as _};
use crate::model::Span;
use crate::profile::{BUILT_IN, Profile};

const EXAMPLE: &str = "\
Example: put it in front of the server for a minute; who could not go back?
  facos audit --port 8848 --node http://127.0.0.1:8849 --for 1m --against 1.1.4

Example: the same from what a facos has seen
  facos audit --journal http://127.0.0.1:18848 --against 1.1.4

Clients connect to --port, and what they ask goes on to --node and comes back as it is; gRPC is
passed on from port + 1000 to the node's. Pushes by UDP go from the server straight to the port
that a client names, past this proxy. The server sees connections from this machine: a client's own
address stands in X-Forwarded-For, which 2.x reads; ip and clientIP are what the client says.

A client is an agent at an address. What would become of it follows from the quirks of the profile
(facos profiles show NAME): a light beat breaks where beat.requires_body is true, and who has
instances in a service or cluster whose name that version refuses breaks by names.validation.

Exit codes: 0 nobody breaks, 1 somebody does, 69 a port is taken or the journal is unreachable.";

/// List the clients that would break on another version, and why
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct AuditArgs {
    #[command(flatten)]
    ports: PortFlags,
    /// The registry that answers; repeat for those that take over
    #[arg(
        long = "node",
        value_name = "URL",
        required_unless_present = "journal",
        conflicts_with = "journal"
    )]
    nodes: Vec<String>,
    /// Records in place of requests: of a facos at its admin address, or of facos ctl journal
    #[arg(long, value_name = "URL|FILE", conflicts_with_all = ["ports", "listen"])]
    journal: Option<String>,
    /// The version to go back to
    #[arg(long, value_name = "NAME|FILE.toml", default_value = BUILT_IN[0].0)]
    against: String,
    /// How long to look at requests; a beat comes each 5 s
    #[arg(long = "for", value_name = "DURATION", default_value = "1m")]
    limit: Span,
    #[command(flatten)]
    output: OutputFlag,
}

/// Runs the subcommand.
///
/// # Errors
/// A flag is wrong, a port can not be had, or there is no journal.
pub fn run(args: &AuditArgs) -> Result<ExitCode> {
    let against = profile_of("--against", &args.against)?;
    super::log::start(&LogFilter::read("warn").expect("warn is a level"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let report = match &args.journal {
        Some(journal) => {
            let clients = Clients::default();
            runtime.block_on(read(journal, &clients)).map_err(refuse_journal)?;
            Report::of(&clients, &against, 0.0)
        }
        None => runtime.block_on(proxy(args, against))?,
    };
    match args.output.format {
        Format::Text => output::print(&report.text())?,
        Format::Json => print_line(&report)?,
    }
    Ok(if report.breaking == 0 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn read(journal: &str, clients: &Clients) -> Result<(), JournalError> {
    match crate::client::http::address_of(journal) {
        Some(address) if !is_file(journal) => audit::from_admin(&address, clients).await,
        _ => audit::from_file(Path::new(journal), clients),
    }
}

async fn proxy(args: &AuditArgs, against: Profile) -> Result<Report> {
    let options = Options {
        listen: args.ports.addresses()?,
        wait: args.ports.wait.0,
        nodes: addresses_of("--node", &args.nodes)?,
        against,
    };
    let mut signals = Signals::take()?;
    let began = std::time::Instant::now();
    let audit = audit::start(options).map_err(refuse)?;
    let took_ms = began.elapsed().as_secs_f64() * 1e3;
    announce("passing requests on", audit.addresses(), took_ms, args.output.format)?;
    let mut live = Live::new();
    audit::watch(&audit, args.limit.0, signals.first(), &mut live).await;
    live.finish();
    let report = audit.report();
    audit.stop();
    Ok(report)
}

fn refuse(error: AuditError) -> Failure {
    match error {
        AuditError::Listen(error) => refuse_port(&error),
        AuditError::System(_) => Failure {
            code: INTERNAL,
            error: error.to_string(),
            hint: "the limits of processes, threads and open files may be too low".to_owned(),
        },
    }
}

fn refuse_journal(error: JournalError) -> Failure {
    let (code, hint) = match &error {
        JournalError::Unreachable { .. } => {
            (UNREACHABLE, "give the admin address of a running facos, 18848 unless told otherwise")
        }
        JournalError::Unreadable { .. } | JournalError::Foreign { .. } => {
            (USAGE, "give an admin address, or a file with what `facos ctl journal` printed")
        }
    };
    Failure { code, error: error.to_string(), hint: hint.to_owned() }
}
