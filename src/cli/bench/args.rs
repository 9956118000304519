//! The flags of `facos bench`.
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::super::output::Format;
use crate::bench::units::{self, Rate};

/// Load a Nacos-compatible server and tell what it took.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: how many beats does the server on 8848 answer?
  facos bench --target http://127.0.0.1:8848 --preset beat-only --duration 5s")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub(super) command: Option<BenchCommand>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    /// Compare two results, and say which differences are more than noise.
    Compare {
        /// The result before.
        before: PathBuf,
        /// The result after.
        after: PathBuf,
        /// How the comparison is written to stdout.
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Add the results of several machines, exactly.
    Merge {
        /// Results that `-o json` printed.
        #[arg(required = true)]
        results: Vec<PathBuf>,
        /// How the sum is written to stdout.
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Run one machine's share of a workload, and begin with the others.
    Agent(Box<AgentArgs>),
    /// Print the JSON schema of the results.
    Schema,
    /// List the presets.
    Presets,
}

/// One machine of several. A Kubernetes Indexed Job sets the index by itself.
#[derive(Debug, Args)]
pub(super) struct AgentArgs {
    /// This machine's number, from 0.
    #[arg(long, env = "JOB_COMPLETION_INDEX", value_name = "N")]
    pub(super) index: u32,
    /// How many machines take part.
    #[arg(long, env = "FACOS_BENCH_MACHINES", value_name = "N")]
    pub(super) machines: u32,
    /// When all begin, in seconds since 1970.
    #[arg(long, env = "FACOS_BENCH_START_AT", value_name = "SECONDS")]
    pub(super) start_at: Option<f64>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The server to load.
    #[arg(long, value_name = "URL", required = true, env = "FACOS_BENCH_TARGET")]
    pub(super) target: Option<String>,
    /// A workload that is built in; `facos bench presets` lists them.
    #[arg(long, value_name = "NAME", default_value = "steady", conflicts_with = "workload")]
    pub(super) preset: String,
    /// A workload of your own.
    #[arg(long, value_name = "FILE")]
    pub(super) workload: Option<PathBuf>,
    /// Services, instead of the workload's number.
    #[arg(long, value_name = "N")]
    pub(super) services: Option<u32>,
    /// Instances of each service, instead of the workload's number.
    #[arg(long, value_name = "N")]
    pub(super) instances: Option<u32>,
    /// Subscribers over all services, instead of the workload's number.
    #[arg(long, value_name = "N")]
    pub(super) subscribers: Option<u32>,
    /// Metadata that each instance carries.
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    pub(super) metadata_bytes: Option<usize>,
    /// Namespaces among which the services are spread.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) namespaces: Vec<String>,
    /// Groups among which the services are spread.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) groups: Vec<String>,
    /// The SDK that is imitated: java-1.1.4, java-1.2.1, java-1.4.2, go-1, node or python; over
    /// gRPC java-2.0.2, java-2.0.4, go-2 or python-2.
    #[arg(long, value_name = "SDK", default_value = "java-1.2.1")]
    pub(super) agent: String,
    /// Connections over all workers; the concurrency of a closed loop, and the number of clients
    /// over gRPC [default: 64, and over gRPC what the largest service needs].
    #[arg(long, value_name = "N")]
    pub(super) connections: Option<u32>,
    /// Threads that send [default: one for each processor].
    #[arg(long, value_name = "N")]
    pub(super) workers: Option<u32>,
    /// The measured time.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::some_time)]
    pub(super) duration: Duration,
    /// Time under the same load before anything is measured.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub(super) warm_up: Duration,
    /// How long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::some_time)]
    pub(super) timeout: Duration,
    /// Plans this many requests per second over the workload's streams, whatever is answered.
    #[arg(long, value_name = "RATE", value_parser = units::rate)]
    pub(super) rate: Option<Rate>,
    /// How the requests of `--rate` are spread.
    #[arg(long, value_enum, default_value_t)]
    pub(super) arrivals: Arrivals,
    /// Waits for planned instants awake: sent within microseconds, where the workers have
    /// processors that nobody else needs, and bad for a server on the same ones.
    #[arg(long)]
    pub(super) stay_awake: bool,
    /// What everything random follows from, in hexadecimal [default: another each time].
    #[arg(long, value_name = "HEX", value_parser = seed)]
    pub(super) seed: Option<u64>,
    /// Search for the highest rate that keeps `--slo`.
    #[arg(long, requires = "slo")]
    pub(super) find_max: bool,
    /// What each step of a search must keep: `beat.p99<50ms,errors<0.1%`.
    #[arg(long, value_name = "LIMITS", requires = "find_max")]
    pub(super) slo: Option<String>,
    /// What the run must keep; exit code 4 when it does not. May be repeated.
    #[arg(long, value_name = "LIMITS")]
    pub(super) threshold: Vec<String>,
    /// How the result is written to stdout.
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Format,
    /// Writes a page with drawings.
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Writes the result as JSON, whatever stdout gets.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Writes the result as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Writes an interval log of each operation into a folder; a search makes one there for each
    /// of its steps.
    #[arg(long, value_name = "FOLDER")]
    pub(super) hlog: Option<PathBuf>,
    /// Watches the processor time and memory of the server's process on this machine.
    #[arg(long, value_name = "PID")]
    pub(super) server_pid: Option<u32>,
    /// Names the host when it is not this machine: load hurts.
    #[arg(long, value_name = "HOST")]
    pub(super) allow_remote: Option<String>,
    /// Leaves registered what was registered.
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Arrivals {
    /// Evenly spaced.
    #[default]
    Constant,
    /// As from many clients that do not know each other.
    Poisson,
}

fn seed(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| format!("`{text}` is no number in hexadecimal"))
}
