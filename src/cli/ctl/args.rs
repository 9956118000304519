//! The command line of `facos ctl`: one command for each call of the admin API.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::cli::output::Format;
use crate::ctl::{Call, Scope};
use crate::model::Span;

/// Above the flags that every command has.
const SERVER: &str = "Which server, and how it answers";

/// Talk to the admin API of a running server
#[derive(Debug, Args)]
#[command(after_help = "\
Example: let sixteen seconds pass on a manual clock, then see who still beats
  facos ctl advance 16s
  facos ctl journal --op beat --limit 10 -o text

Without --admin it goes where a server that is started here would listen: to the admin address
of facos.toml and FACOS_*, which is 127.0.0.1:18848 by default.")]
pub struct CtlArgs {
    /// The admin API, as the ready line names it [env: FACOS_ADMIN]
    #[arg(long, value_name = "URL", global = true, help_heading = SERVER,
        value_hint = ValueHint::Url)]
    pub(super) admin: Option<String>,
    /// What the admin API wants to know [env: FACOS_ADMIN_TOKEN]
    #[arg(long, value_name = "TOKEN", global = true, help_heading = SERVER)]
    pub(super) token: Option<String>,
    /// The node that is meant, from 0 [default: the first]
    #[arg(long, value_name = "N", global = true, help_heading = SERVER)]
    pub(super) node: Option<u8>,
    /// Read the admin address from FILE [default: facos.toml, if there is one]
    #[arg(long, value_name = "FILE", global = true, help_heading = SERVER,
        value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,
    /// How the answer is written to stdout
    #[arg(short, long, value_enum, global = true, help_heading = SERVER, default_value = "json",
        value_name = "text|json", hide_possible_values = true)]
    pub(super) output: Format,
    #[command(subcommand)]
    command: CtlCommand,
}

#[derive(Debug, Subcommand)]
enum CtlCommand {
    /// Tell whether the server answers clients
    Health {
        /// Ask only whether the process lives
        #[arg(long)]
        live: bool,
    },
    /// Tell what runs there
    Info,
    /// Show its profile and which quirks were changed since the start
    Profile,
    /// Tell the time on its clock and what is due next
    Clock,
    /// Let time pass on a manual clock; answers when all that fell due is done
    #[command(after_help = "Example: past the fifteen seconds after which a beat is overdue
  facos ctl advance 16s")]
    Advance {
        /// How long, such as 5s, 16000ms or 2m
        duration: Span,
    },
    /// Forget what happened
    #[command(after_help = "Example: between two tests against one server
  facos ctl reset")]
    Reset {
        /// What is forgotten
        #[arg(long, value_enum, default_value_t)]
        scope: ScopeArg,
    },
    /// See and change how it behaves; the next request meets the change
    #[command(after_help = "Example: from now on a beat says nothing of light beats
  facos ctl quirks set beat.light absent")]
    Quirks {
        #[command(subcommand)]
        command: Option<QuirksCommand>,
    },
    /// Show what clients asked, what they were answered, and what was pushed
    #[command(after_help = "Example: how many beats of a service came without the beat itself
  facos ctl journal --op beat --service orders --beat absent --count")]
    Journal(JournalArgs),
    /// Print its metrics in the text format of Prometheus
    Metrics,
    /// List instances
    Instances {
        /// Only this namespace
        #[arg(long, value_name = "ID")]
        namespace: Option<String>,
        /// Only this service, grouped or by its name alone
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
    },
    /// List subscribers
    Subscribers {
        /// Only this service, grouped or by its name alone
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
    },
    /// See the connections of 2.x clients, and take one away
    #[command(after_help = "Example: let a client connect anew, as after a broken network
  facos ctl connections drop 1622000000000_127.0.0.1_51234")]
    Connections {
        #[command(subcommand)]
        command: Option<ConnectionsCommand>,
    },
    /// See the nodes of the process, stop, start and cut them off
    #[command(after_help = "Example: take the second node back to an older version, in place
  facos ctl nodes restart 1 --profile 1.1.4")]
    Nodes {
        #[command(subcommand)]
        command: Option<NodesCommand>,
    },
    /// Print the description of the admin API
    Openapi,
}

#[derive(Debug, Subcommand)]
enum ConnectionsCommand {
    /// List every connection (what `connections` alone does)
    List,
    /// Cut one, as a network would
    Drop {
        /// Its id
        id: String,
    },
    /// Tell the client of one to connect elsewhere
    Reset {
        /// Its id
        id: String,
        /// Where to; the client chooses when it is left out
        #[arg(long, value_name = "IP:PORT")]
        to: Option<String>,
    },
    /// Hold back what one is to be sent
    Stall {
        /// Its id
        id: String,
        /// Let it go again
        #[arg(long)]
        end: bool,
    },
}

#[derive(Debug, Subcommand)]
enum NodesCommand {
    /// List every node (what `nodes` alone does)
    List,
    /// Show one node
    Get {
        /// Which one, from 0
        number: u8,
    },
    /// End a node in order
    Stop {
        /// Which one, from 0
        number: u8,
    },
    /// End a node at once, as a process that is killed
    Kill {
        /// Which one, from 0
        number: u8,
    },
    /// Start a node that had ended, on the ports that it had
    Start {
        /// Which one, from 0
        number: u8,
        /// As this version, or the one of your own profile's file [default: what it was]
        #[arg(long, value_name = "NAME|FILE")]
        profile: Option<String>,
    },
    /// Stop and start a node in place
    Restart {
        /// Which one, from 0
        number: u8,
        /// As this version, or the one of your own profile's file [default: what it was]
        #[arg(long, value_name = "NAME|FILE")]
        profile: Option<String>,
    },
    /// Cut a node off from the others; clients still reach it
    Isolate {
        /// Which one, from 0
        number: u8,
        /// Which calls are lost: in (of others), out (its own) or both [default: both]
        #[arg(long, value_name = "both|in|out")]
        direction: Option<String>,
    },
    /// Undo that
    Heal {
        /// Which one, from 0
        number: u8,
    },
    /// Delay the calls from and to a node
    Lag {
        /// Which one, from 0
        number: u8,
        /// How long, such as 200ms; 0s ends it
        delay: Span,
    },
    /// Give a node another list of members
    Members {
        /// Which one, from 0
        number: u8,
        /// The members between commas
        #[arg(value_name = "IP:PORT,IP:PORT")]
        list: String,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ScopeArg {
    /// Everything below
    #[default]
    All,
    /// Services, clients and subscribers
    Registry,
    /// Namespaces, accounts and configurations
    Console,
    /// The journal
    Journal,
    /// Quirks that were changed since the start
    Quirks,
}

#[derive(Debug, Subcommand)]
enum QuirksCommand {
    /// List every quirk with its value (what `quirks` alone does)
    List,
    /// Show one quirk
    Get {
        /// Its name, such as beat.light
        name: String,
    },
    /// Give a quirk another value
    Set {
        /// Its name, such as beat.light
        name: String,
        /// The value, such as absent
        value: String,
    },
    /// Give one quirk, or all, the value that the server was started with
    Reset {
        /// Its name; all when it is left out
        name: Option<String>,
    },
}

#[derive(Debug, Args)]
struct JournalArgs {
    /// Only this operation, such as beat, register, list or push
    #[arg(long, value_name = "OPERATION")]
    op: Option<String>,
    /// Only this namespace
    #[arg(long, value_name = "ID")]
    namespace: Option<String>,
    /// Only this service, grouped or by its name alone
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only this address of an instance or subscriber
    #[arg(long, value_name = "IP")]
    ip: Option<String>,
    /// Only this port of an instance or subscriber
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Only agents that begin so
    #[arg(long, value_name = "PREFIX")]
    agent: Option<String>,
    /// Only beats whose JSON stood there: query, body, absent or undecodable
    #[arg(long, value_name = "PLACE")]
    beat: Option<String>,
    /// Only what was answered with this status
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// Only records behind this number
    #[arg(long, value_name = "SEQ")]
    since: Option<u64>,
    /// Only records from this time on, in milliseconds of the server's clock
    #[arg(long, value_name = "MS")]
    from_ms: Option<u64>,
    /// At most so many, the newest
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only count them
    #[arg(long)]
    count: bool,
}

impl CtlArgs {
    /// The call that the command stands for.
    pub(super) fn call(&self) -> Call {
        match &self.command {
            CtlCommand::Health { live: true } => Call::Live,
            CtlCommand::Health { live: false } => Call::Ready,
            CtlCommand::Info => Call::Info,
            CtlCommand::Profile => Call::Profile,
            CtlCommand::Clock => Call::Clock,
            CtlCommand::Advance { duration } => Call::Advance(*duration),
            CtlCommand::Reset { scope } => Call::Reset(scope.scope()),
            CtlCommand::Quirks { command } => quirks_call(command.as_ref()),
            CtlCommand::Journal(args) if args.count => Call::JournalCount(args.filters()),
            CtlCommand::Journal(args) => Call::Journal(args.filters()),
            CtlCommand::Metrics => Call::Metrics,
            CtlCommand::Instances { namespace, service } => Call::Instances(given([
                ("namespace", namespace.clone()),
                ("service", service.clone()),
            ])),
            CtlCommand::Subscribers { service } => {
                Call::Subscribers(given([("service", service.clone())]))
            }
            CtlCommand::Connections { command } => connections_call(command.as_ref()),
            CtlCommand::Nodes { command } => nodes_call(command.as_ref()),
            CtlCommand::Openapi => Call::OpenApi,
        }
    }
}

fn nodes_call(command: Option<&NodesCommand>) -> Call {
    let act = |number: &u8, action, with: Option<(&'static str, String)>| Call::DoToNode {
        number: *number,
        action,
        with: with.into_iter().collect(),
    };
    let named = |name: &'static str, value: &Option<String>| Some((name, value.clone()?));
    match command {
        None | Some(NodesCommand::List) => Call::Nodes,
        Some(NodesCommand::Get { number }) => Call::Node(*number),
        Some(NodesCommand::Stop { number }) => act(number, "stop", None),
        Some(NodesCommand::Kill { number }) => act(number, "kill", None),
        Some(NodesCommand::Start { number, profile }) => {
            act(number, "start", named("profile", profile))
        }
        Some(NodesCommand::Restart { number, profile }) => {
            act(number, "restart", named("profile", profile))
        }
        Some(NodesCommand::Isolate { number, direction }) => {
            act(number, "isolate", named("direction", direction))
        }
        Some(NodesCommand::Heal { number }) => act(number, "heal", None),
        Some(NodesCommand::Lag { number, delay }) => {
            act(number, "lag", Some(("ms", delay.as_millis().to_string())))
        }
        Some(NodesCommand::Members { number, list }) => {
            act(number, "members", Some(("list", list.clone())))
        }
    }
}

fn quirks_call(command: Option<&QuirksCommand>) -> Call {
    match command {
        None | Some(QuirksCommand::List) => Call::Quirks,
        Some(QuirksCommand::Get { name }) => Call::Quirk(name.clone()),
        Some(QuirksCommand::Set { name, value }) => {
            Call::SetQuirk { name: name.clone(), value: value.clone() }
        }
        Some(QuirksCommand::Reset { name: Some(name) }) => Call::RestoreQuirk(name.clone()),
        Some(QuirksCommand::Reset { name: None }) => Call::RestoreQuirks,
    }
}

fn connections_call(command: Option<&ConnectionsCommand>) -> Call {
    match command {
        None | Some(ConnectionsCommand::List) => Call::Connections,
        Some(ConnectionsCommand::Drop { id }) => Call::DropConnection(id.clone()),
        Some(ConnectionsCommand::Reset { id, to }) => {
            Call::ResetConnection { id: id.clone(), to: to.clone() }
        }
        Some(ConnectionsCommand::Stall { id, end }) => {
            Call::StallConnection { id: id.clone(), on: !end }
        }
    }
}

impl ScopeArg {
    fn scope(self) -> Scope {
        match self {
            Self::All => Scope::All,
            Self::Registry => Scope::Registry,
            Self::Console => Scope::Console,
            Self::Journal => Scope::Journal,
            Self::Quirks => Scope::Quirks,
        }
    }
}

impl JournalArgs {
    /// What is asked for, as the parameters of the call.
    fn filters(&self) -> Vec<(&'static str, String)> {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        given([
            ("op", self.op.clone()),
            ("namespace", self.namespace.clone()),
            ("service", self.service.clone()),
            ("ip", self.ip.clone()),
            ("port", number(self.port.map(u64::from))),
            ("agent", self.agent.clone()),
            ("beat", self.beat.clone()),
            ("status", number(self.status.map(u64::from))),
            ("since", number(self.since)),
            ("from_ms", number(self.from_ms)),
            ("limit", number(self.limit)),
        ])
    }
}

/// The filters that have a value.
fn given<const N: usize>(
    filters: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        ctl: CtlArgs,
    }

    fn call(line: &str) -> Call {
        Line::try_parse_from(format!("ctl {line}").split(' ')).unwrap().ctl.call()
    }

    #[test]
    fn each_command_is_a_call() {
        let name = || "beat.light".to_owned();
        let examples = [
            ("health", Call::Ready),
            ("health --live", Call::Live),
            ("advance 2m", Call::Advance("120s".parse().unwrap())),
            ("reset", Call::Reset(Scope::All)),
            ("reset --scope journal", Call::Reset(Scope::Journal)),
            ("quirks", Call::Quirks),
            ("quirks list", Call::Quirks),
            ("quirks get beat.light", Call::Quirk(name())),
            (
                "quirks set beat.light absent",
                Call::SetQuirk { name: name(), value: "absent".to_owned() },
            ),
            ("quirks reset beat.light", Call::RestoreQuirk(name())),
            ("quirks reset", Call::RestoreQuirks),
            ("subscribers", Call::Subscribers(Vec::new())),
            ("instances --service a", Call::Instances(vec![("service", "a".to_owned())])),
            ("connections", Call::Connections),
            ("connections drop i", Call::DropConnection("i".to_owned())),
            (
                "connections reset i --to a:1",
                Call::ResetConnection { id: "i".to_owned(), to: Some("a:1".to_owned()) },
            ),
            ("connections stall i --end", Call::StallConnection { id: "i".to_owned(), on: false }),
            ("nodes", Call::Nodes),
            ("nodes get 1", Call::Node(1)),
            (
                "nodes restart 1 --profile 2.0.2",
                Call::DoToNode {
                    number: 1,
                    action: "restart",
                    with: vec![("profile", "2.0.2".to_owned())],
                },
            ),
            (
                "nodes lag 0 200ms",
                Call::DoToNode { number: 0, action: "lag", with: vec![("ms", "200".to_owned())] },
            ),
            ("openapi", Call::OpenApi),
        ];
        for (line, expected) in examples {
            assert_eq!(call(line), expected, "{line}");
        }
    }

    #[test]
    fn every_filter_of_the_journal_is_a_parameter() {
        let line = "journal --op beat --namespace n --service s --ip i --port 1 --agent a \
                    --beat body --status 200 --since 2 --from-ms 3 --limit 4";
        let Call::Journal(filters) = call(line) else { panic!("no journal") };
        let filters: Vec<String> =
            filters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            filters.join("&"),
            "op=beat&namespace=n&service=s&ip=i&port=1&agent=a&beat=body&status=200&since=2\
             &from_ms=3&limit=4"
        );
        let counted = call("journal --count --op push");
        assert_eq!(counted, Call::JournalCount(vec![("op", "push".to_owned())]));
    }
}
