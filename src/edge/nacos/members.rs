//! The members of a deployment as the pages of both protocols show them. A node that stands alone
//! is its own only member.

use super::call::Call;
use crate::model::Millis;
use crate::node::Node;
use crate::peers::members::{Member, MemberReport, MemberState, StatusReport};
use crate::wire::peer::Reported;
use crate::wire::v1::member::{MemberView, RaftGroups};
use crate::wire::v1::operator::ServerView;

/// Everything that pages of 2.x show.
pub struct Shown {
    members: Vec<Row>,
    groups: RaftGroups,
}

struct Row {
    address: String,
    state: MemberState,
    version: Option<String>,
    ready: Option<bool>,
    refreshed: Millis,
    failures: u32,
    weight: Option<i32>,
}

impl Row {
    fn of(member: &Member) -> Self {
        Self {
            address: member.id.to_string(),
            state: member.state,
            version: member.version.clone(),
            ready: member.ready,
            refreshed: member.heard,
            failures: member.failures,
            weight: member.weight.filter(|_| member.version.is_none()),
        }
    }
}

impl Shown {
    /// As the node of a call sees them now.
    pub fn of(call: &Call<'_>) -> Self {
        let node = call.node;
        let own = Row {
            address: node.address().to_string(),
            state: MemberState::Up,
            version: Some(call.quirks.server.version.clone()),
            ready: None,
            refreshed: node.started,
            failures: 0,
            weight: None,
        };
        let Some(peering) = node.peering() else {
            let groups = RaftGroups::alone(&own.address);
            return Self { members: vec![own], groups };
        };
        let (mut members, listed) = peering.members(|members| {
            let others = members.heard().iter().filter(|member| member.id != *members.own());
            (others.map(Row::of).collect::<Vec<_>>(), members.listed().to_vec())
        });
        members.insert(0, own);
        members.sort_by(|one, other| one.address.cmp(&other.address));
        Self { members, groups: RaftGroups::of(&listed) }
    }

    /// All of them, or those that are up.
    pub fn views(&self, only_up: bool) -> Vec<MemberView<'_>> {
        let up = |row: &&Row| !only_up || row.state == MemberState::Up;
        self.members.iter().filter(up).map(|row| self.view(row)).collect()
    }

    /// The node itself.
    pub fn own(&self, address: &str) -> Option<MemberView<'_>> {
        self.members.iter().find(|row| row.address == address).map(|row| self.view(row))
    }

    fn view<'a>(&'a self, row: &'a Row) -> MemberView<'a> {
        MemberView {
            address: &row.address,
            state: row.state.name(),
            version: row.version.as_deref(),
            ready: row.ready,
            refreshed: Some(row.refreshed),
            failures: row.failures,
            groups: row.version.is_some().then_some(&self.groups),
            weight: row.weight,
        }
    }
}

/// A server as pages of 1.x show it.
pub struct Server {
    ip: String,
    port: u16,
    added_weight: i32,
    alive: bool,
    reported: Option<Millis>,
}

impl Server {
    fn new(address: &str, reported: Option<Millis>) -> Self {
        let (ip, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let (ip, port) = (ip.to_owned(), port.parse().unwrap_or(0));
        Self { ip, port, added_weight: 0, alive: reported.is_some(), reported }
    }

    /// As it is written.
    pub fn view(&self) -> ServerView<'_> {
        ServerView {
            ip: &self.ip,
            port: self.port,
            added_weight: self.added_weight,
            alive: self.alive,
            reported: self.reported,
        }
    }
}

/// Which servers of 1.x are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The list, of which nothing else is known.
    Listed,
    /// Those that are healthy.
    Healthy,
    /// Those that ever reported.
    Heard,
}

/// The servers of 1.x. A node that stands alone reports to itself in the rhythm of all.
pub fn servers(node: &Node, which: Which) -> Vec<Server> {
    let mut servers = match node.peering() {
        Some(peering) => peering.members(|members| {
            let heard = |id: &str| members.member(id).map(|member| member.said);
            match which {
                Which::Listed => members.listed().iter().map(|id| Server::new(id, None)).collect(),
                Which::Healthy => {
                    members.healthy().iter().map(|id| Server::new(id, heard(id))).collect()
                }
                Which::Heard => members.heard().iter().map(heard_server).collect::<Vec<_>>(),
            }
        }),
        None => {
            let reported = match which {
                Which::Listed => None,
                Which::Healthy => Some(node.started),
                Which::Heard => Some(last_own_report(node)),
            };
            vec![Server::new(&node.address().to_string(), reported)]
        }
    };
    if which != Which::Listed {
        node.read(|registry, _| {
            for server in &mut servers {
                let own = format!("{}:{}", server.ip, server.port);
                let mut weights = registry.switches().ad_weights.iter();
                let added = weights.find(|(name, _)| *name == own);
                server.added_weight = added.map_or(0, |(_, weight)| *weight);
            }
        });
    }
    servers
}

fn heard_server(member: &Member) -> Server {
    Server { alive: member.alive, ..Server::new(&member.id, Some(member.said)) }
}

fn last_own_report(node: &Node) -> Millis {
    let period = node.read(|registry, _| registry.switches().server_status_period_millis);
    let now = node.now();
    now - now.since(node.started) % u64::try_from(period).unwrap_or(1).max(1)
}

/// Whether a server is on the list.
pub fn is_known(node: &Node, server: &str) -> bool {
    match node.peering() {
        Some(peering) => {
            peering.members(|members| members.listed().iter().any(|id| **id == *server))
        }
        None => node.address().to_string() == server,
    }
}

/// A member of 1.x says that it is alive; it is on the list.
pub fn hear_status(node: &Node, server: &str, said: i64, weight: i32) {
    let said = Millis(u64::try_from(said).unwrap_or(0));
    let report = StatusReport { from: server.into(), said, weight };
    // That it is on the list was looked up before; it may just have left it.
    let _ = node.status_heard(&report);
}

/// A member of 2.x reported; whether it is known.
pub fn hear_report(node: &Node, reported: Reported) -> bool {
    let from = reported.address.unwrap_or_default();
    if node.peering().is_none() {
        return node.address().to_string() == from;
    }
    node.report_heard(MemberReport {
        from: from.as_str().into(),
        version: reported.extended.version,
        ready: reported.extended.ready,
    })
}
