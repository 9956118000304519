//! The flags of settings. They are texts here: a flag, a variable and a line of a file are read and
//! refused by the same code.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::config::{Source, Statement};

/// What every flag below also is.
pub const ALSO: &str = "Each of these flags is also a variable (--admin-port is FACOS_ADMIN_PORT) \
and a key of facos.toml (admin_port; quirks stand in [set.SECTION], Nacos's properties in \
[property]). A flag counts before a \
variable, a variable before the file.";

/// Settings, as far as flags state them.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingFlags {
    /// Read settings from FILE [default: facos.toml, if there is one] [env: FACOS_CONFIG]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,
    /// Which server it is: a built-in version, or your own profile's file [default: 2.0.2]
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    profile: Option<String>,
    /// Override a quirk of the profile, such as beat.light=absent; repeatable
    #[arg(long, value_name = "QUIRK=VALUE")]
    set: Vec<String>,
    /// Let nobody call without credentials; the first user is nacos, and so is the password
    /// [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    auth: Option<String>,
    /// Set what Nacos sets by this name, such as nacos.naming.expireInstance=false; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    property: Vec<String>,
    /// Read FILE as Nacos reads its application.properties; flags count before it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    properties: Option<String>,
    /// Read from FILE how many connections 2.x clients may have, as Nacos reads its
    /// data/loader/limitRule [default: no limit]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    limit_rule: Option<String>,
    /// Address that Nacos clients reach [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    bind: Option<String>,
    /// Port that Nacos clients reach; 0 finds a free one [default: 8848]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Nodes in one process, on ports 10 apart: how many, or one of each profile [default: 1]
    #[arg(long, value_name = "N|NAME,NAME")]
    nodes: Option<String>,
    /// Who the members of the deployment are, this node among them [default: the nodes of this
    /// process]
    #[arg(long, value_name = "IP:PORT,IP:PORT")]
    members: Option<String>,
    /// Read the members from FILE, as Nacos reads cluster.conf, whenever it changes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    member_file: Option<String>,
    /// Address of the admin API; anything but loopback needs a token [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    admin_bind: Option<String>,
    /// Port of the admin API; 0 finds a free one [default: 18848]
    #[arg(long, value_name = "PORT")]
    admin_port: Option<String>,
    /// What callers of the admin API must know; the variable keeps it from other users' eyes
    #[arg(long, value_name = "TOKEN")]
    admin_token: Option<String>,
    /// Clock of everything by time: real, or manual, which only `facos ctl advance` moves
    /// [default: real]
    #[arg(long, value_name = "real|manual")]
    clock: Option<String>,
    /// Go through a real server's first minute, in which 1.x checks no health [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    cold_start: Option<String>,
    /// Remove instances that stopped beating [default: true]
    #[arg(long, value_name = "BOOL")]
    expire_instances: Option<String>,
    /// Keep persistent instances and switches in DIR [default: nothing touches the disk]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    data: Option<String>,
    /// Keep the last N requests and pushes in the journal; 0 turns it off [default: 100000]
    #[arg(long, value_name = "N")]
    journal: Option<String>,
    /// Threads that serve the sockets of a node [default: 2]
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// Write the ready line to FILE as well, whole or not at all
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ready_file: Option<String>,
    /// Log to stderr: off, error, warn, info, debug, trace, or levels by target [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

impl SettingFlags {
    /// No flag but the one that names the file.
    pub fn of_file(config: Option<PathBuf>) -> Self {
        Self { config, ..Self::default() }
    }

    /// The layer that the flags are.
    pub fn statements(&self) -> Vec<Statement> {
        let single = [
            ("profile", &self.profile),
            ("bind", &self.bind),
            ("port", &self.port),
            ("nodes", &self.nodes),
            ("members", &self.members),
            ("member_file", &self.member_file),
            ("admin_bind", &self.admin_bind),
            ("admin_port", &self.admin_port),
            ("admin_token", &self.admin_token),
            ("clock", &self.clock),
            ("cold_start", &self.cold_start),
            ("expire_instances", &self.expire_instances),
            ("data", &self.data),
            ("journal", &self.journal),
            ("workers", &self.workers),
            ("ready_file", &self.ready_file),
            ("log", &self.log),
            ("auth", &self.auth),
            ("properties", &self.properties),
            ("limit_rule", &self.limit_rule),
        ];
        let single = single.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        let set = self.set.iter().map(|text| ("set", text));
        let property = self.property.iter().map(|text| ("property", text));
        single.chain(set).chain(property).map(|(name, text)| statement(name, text)).collect()
    }
}

fn statement(name: &str, text: &str) -> Statement {
    let source = Source::Flag(format!("--{}", name.replace('_', "-")));
    Statement { name: name.to_owned(), text: text.to_owned(), source }
}
