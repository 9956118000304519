//! What an engine wants done: calls to members, to which an answer or a failure comes back under
//! the engine's own token. The calls themselves are `model::peer`, their bytes `wire/peer`.

use crate::model::{ClientData, MemberId, PeerCall};

/// Who made a call and takes its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// The list of members.
    Members,
    /// Ephemeral instances.
    Distro,
    /// Clients of 2.x.
    Clients,
    /// Persistent ones, services and switches.
    Raft,
}

/// Names a call under way, so that its answer finds whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// Whose call it is.
    pub engine: Engine,
    /// Which of its calls.
    pub number: u64,
}

/// What an engine wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make a call; whoever makes it reports the answer under the token, once.
    Call {
        /// To whom.
        to: MemberId,
        /// What.
        call: PeerCall,
        /// What names the answer.
        token: Token,
    },
    /// Take over what another member knows of clients.
    TakeClients(Vec<ClientData>),
}
