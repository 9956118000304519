//! What the members of one deployment say to each other over HTTP, as typed values: calls and
//! their answers (`peer-wire/1.1.4`, `peer-wire/1.2.1`). Engines make and read them; `wire/peer`
//! turns them into bytes and back.

use crate::model::{
    ClientData, ClientId, Datum, DatumKey, DatumValue, Millis, ServiceKey, SubscriberView,
};
use std::sync::Arc;

/// A member's identity: `ip:port` as the member list writes it; order is that of the text.
pub type MemberId = Arc<str>;

/// One call from a member to another.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerCall {
    /// GET `/operator/server/status`: I am alive.
    ServerStatus {
        /// Who is alive.
        from: MemberId,
        /// When it said so, on its own clock.
        at: Millis,
        /// Its weight, half its processors.
        weight: i32,
    },
    /// POST `/v1/core/cluster/report` of 2.x: I am here, and this is what I can do.
    Report(MemberCard),
    /// POST `/v1/core/cluster/server/leave` of 2.x: an operator took these off the list.
    Leave(Arc<Vec<MemberId>>),
    /// POST `/raft/vote`: vote for me.
    Vote(RaftPeer),
    /// POST `/raft/beat`: I lead, and these keys I have.
    RaftBeat(Arc<RaftBeat>),
    /// GET `/raft/datum`: what is under these keys?
    RaftDatums(Vec<DatumKey>),
    /// POST `/raft/datum`: a follower's write, for the leader to publish.
    RaftPublish {
        /// What is written.
        key: DatumKey,
        /// Its new value.
        value: Arc<DatumValue>,
    },
    /// DELETE `/raft/datum`: a follower's removal, for the leader to publish.
    RaftRemove(DatumKey),
    /// POST `/raft/datum/commit`: the leader wrote this.
    RaftCommit {
        /// What was written.
        datum: Datum,
        /// The leader.
        source: RaftPeer,
    },
    /// DELETE `/raft/datum/commit`: the leader removed this.
    RaftForget {
        /// What was removed.
        key: DatumKey,
        /// The leader.
        source: RaftPeer,
    },
    /// PUT `/distro/datum`: the lists of ephemeral instances that changed.
    DistroPut(Arc<Vec<Datum>>),
    /// PUT `/distro/checksum`: what I am responsible for, and how it looks.
    DistroChecksum {
        /// Who is responsible.
        source: MemberId,
        /// Key and checksum of each list.
        checksums: Arc<Vec<(DatumKey, String)>>,
    },
    /// GET `/distro/datum`: the lists under these keys.
    DistroGet(Vec<DatumKey>),
    /// GET `/distro/datums`: every list.
    DistroAll,
    /// POST `/service/status`: how the services look that I am responsible for.
    ServiceStatus(Arc<ServiceChecksums>),
    /// GET `/instance/statuses`: which instances of a service are healthy?
    Statuses(ServiceKey),
    /// GET `/api/distroStatus`: an operator had the dead members forgotten.
    CleanDistro,
    /// GET `/service/subscribers`, of the asked node alone.
    Subscribers(ServiceKey),
    /// A call of 2.x over gRPC.
    Client(ClientCall),
}

/// What members of 2.x say to each other of their clients: a `DistroDataRequest`
/// (`peer-wire/2.0.2-grpc`).
#[derive(Debug, Clone, PartialEq)]
pub enum ClientCall {
    /// `CHANGE`: this is what the client publishes now.
    Changed(Arc<ClientData>),
    /// `DELETE`: the client is gone.
    Gone(ClientId),
    /// `VERIFY`: I still answer for this client; do you know it?
    Verify(ClientId),
    /// `SNAPSHOT`: tell me of every client that you know.
    Snapshot,
}

/// What a member of 2.x says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberCard {
    /// Who it is.
    pub id: MemberId,
    /// Whether it is ready for the protocols of 2.x; nobody asks once all use them.
    pub ready: Option<bool>,
    /// When something of it changed last.
    pub refreshed: Millis,
    /// The members that it knows.
    pub members: Vec<MemberId>,
}

/// What a member made of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerAnswer {
    /// It was taken.
    Done,
    /// To a vote or a beat: the answering member.
    Peer(RaftPeer),
    /// To [`PeerCall::RaftDatums`]: what is known, in the order asked.
    RaftDatums(Vec<Datum>),
    /// To [`PeerCall::DistroGet`] and [`PeerCall::DistroAll`].
    DistroDatums(Vec<Datum>),
    /// To [`PeerCall::Statuses`]: `ip:port` and health.
    Statuses(Vec<(String, bool)>),
    /// To [`ClientCall::Verify`]: there is no such client here.
    Unverified,
    /// To [`ClientCall::Snapshot`]: every client.
    Clients(Vec<ClientData>),
    /// To [`PeerCall::Subscribers`].
    Subscribers(Vec<SubscriberView>),
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerFailure {
    /// Nobody listens there.
    #[error("java.net.ConnectException: Connection refused")]
    Refused,
    /// It ended before an answer came.
    #[error("java.net.SocketException: Unexpected end of file from server")]
    Broken,
    /// No answer came in time.
    #[error("java.net.SocketTimeoutException: Read timed out")]
    TimedOut,
    /// Too much waits for that member already.
    #[error("too many calls wait for this member")]
    Crowded,
    /// It answered with another status than 200.
    #[error("status {status}: {body}")]
    Status {
        /// HTTP status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// Its answer is not what such calls are answered.
    #[error("unreadable answer: {0}")]
    Unreadable(String),
}

/// What a node is to raft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RaftState {
    /// Follows somebody, or nobody yet.
    #[default]
    Follower,
    /// Asks for votes.
    Candidate,
    /// Leads.
    Leader,
}

impl RaftState {
    /// As servers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Follower => "FOLLOWER",
            Self::Candidate => "CANDIDATE",
            Self::Leader => "LEADER",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Follower, Self::Candidate, Self::Leader].into_iter().find(|one| one.name() == name)
    }
}

/// A member as raft knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftPeer {
    /// Who it is.
    pub id: MemberId,
    /// Whom it votes for; `None` before anybody asked.
    pub vote: Option<MemberId>,
    /// Its term.
    pub term: i64,
    /// When it would call an election, ms from then on.
    pub leader_due_ms: i64,
    /// When its next beat is due, ms from then on.
    pub heartbeat_due_ms: i64,
    /// What it is.
    pub state: RaftState,
}

/// A leader's sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftBeat {
    /// The leader.
    pub peer: RaftPeer,
    /// Each key with how often it was written.
    pub datums: Vec<(DatumKey, u64)>,
}

/// How the services of one namespace look at the member that is responsible for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChecksums {
    /// The member.
    pub from: MemberId,
    /// The namespace.
    pub namespace: Arc<str>,
    /// Grouped name and checksum.
    pub checksums: Vec<(Arc<str>, String)>,
}

/// The checksums of the services of a namespace: grouped name and checksum.
pub type NamespaceChecksums = (Arc<str>, Vec<(Arc<str>, String)>);
