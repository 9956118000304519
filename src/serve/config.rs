//! What a server is started with: plain values, whoever collected them.

use crate::model::{AuthSettings, LimitRule};
use crate::node::peering::MemberSource;
use crate::profile::Profile;
use crate::registry::cleaning::Cleaning;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// The port that Nacos clients know.
pub const DEFAULT_PORT: u16 = 8848;
/// The port of the admin API.
pub const DEFAULT_ADMIN_PORT: u16 = 18848;
/// Records that a journal keeps unless told otherwise: some 20 MB when full.
pub const DEFAULT_JOURNAL_RECORDS: usize = 100_000;
/// From one node's port to the next one's.
pub const PORT_STEP: u16 = 10;

/// Which clock everything runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockKind {
    /// The wall clock.
    #[default]
    Real,
    /// Stands still until the admin API advances it.
    Manual,
}

impl ClockKind {
    /// Its name on the command line and in the ready line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Manual => "manual",
        }
    }
}

/// The nodes of one process.
#[derive(Debug, Clone)]
pub enum Nodes {
    /// So many of one version.
    Count(usize),
    /// One of each of these.
    Profiles(Vec<Profile>),
}

impl Nodes {
    /// How many they are.
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => *count,
            Self::Profiles(profiles) => profiles.len(),
        }
    }
}

/// How a server runs.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Which server the nodes are that are not named one by one.
    pub profile: Profile,
    /// Address of the nodes.
    pub bind: IpAddr,
    /// Port of the first node; the others follow in steps of [`PORT_STEP`]. 0 finds a port that is
    /// free together with the one a thousand above it, where 2.x clients look for gRPC.
    pub port: u16,
    /// The nodes.
    pub nodes: Nodes,
    /// Who the members of the deployment are; without it they are the nodes of this process, and
    /// one node alone has none.
    pub members: Option<MemberSource>,
    /// Address of the admin API; anything but loopback needs `admin_token`.
    pub admin_bind: IpAddr,
    /// Port of the admin API; 0 finds a free one.
    pub admin_port: u16,
    /// What callers of the admin API must send as `Authorization: Bearer`.
    pub admin_token: Option<String>,
    /// Which clock everything runs on.
    pub clock: ClockKind,
    /// Go through a real server's first minute, in which 1.x checks no health.
    pub cold_start: bool,
    /// Remove instances that stopped beating (`nacos.naming.expireInstance`).
    pub expire_instances: bool,
    /// How many connections 2.x clients may have (`data/loader/limitRule`).
    pub limit_rule: LimitRule,
    /// Directory of durable state; without it everything is in memory.
    pub data: Option<PathBuf>,
    /// Records that the journal keeps; 0 turns it off.
    pub journal_records: usize,
    /// Threads that serve the sockets of a node.
    pub workers: usize,
    /// How callers are known.
    pub auth: AuthSettings,
    /// When what is left behind is forgotten.
    pub cleaning: Cleaning,
    /// First part of every path (`server.servlet.contextPath`): a slash and a name, or nothing.
    pub context_path: String,
}

impl ServeConfig {
    /// What each node is, in the order of their ports.
    pub fn profiles(&self) -> Vec<Profile> {
        match &self.nodes {
            Nodes::Count(count) => vec![self.profile.clone(); *count],
            Nodes::Profiles(profiles) => profiles.clone(),
        }
    }
}

/// The first part of the paths that Nacos clients know.
pub const DEFAULT_CONTEXT_PATH: &str = "/nacos";

impl ServeConfig {
    /// What `facos serve` does without flags, as the given profile.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            bind: Ipv4Addr::LOCALHOST.into(),
            port: DEFAULT_PORT,
            nodes: Nodes::Count(1),
            members: None,
            admin_bind: Ipv4Addr::LOCALHOST.into(),
            admin_port: DEFAULT_ADMIN_PORT,
            admin_token: None,
            clock: ClockKind::Real,
            cold_start: false,
            expire_instances: true,
            limit_rule: LimitRule::default(),
            data: None,
            journal_records: DEFAULT_JOURNAL_RECORDS,
            workers: 2,
            auth: AuthSettings::default(),
            cleaning: Cleaning::default(),
            context_path: DEFAULT_CONTEXT_PATH.to_owned(),
        }
    }
}

/// Where a server answers, said when it does: the line on stdout and the content of
/// `--ready-file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The nodes in the order of their ports.
    pub nodes: Vec<NodeReady>,
    /// `http://host:port` of the admin API.
    pub admin: String,
    /// Name of the profile.
    pub profile: String,
    /// `real` or `manual`.
    pub clock: &'static str,
    /// The process.
    pub pid: u32,
}

/// Where one node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeReady {
    /// `http://host:port`.
    pub http: String,
    /// `host:port` of gRPC; `None` where the version has none.
    pub grpc: Option<String>,
    /// Its profile, where there are several nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}
