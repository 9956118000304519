//! What the engines of 1.x want done: calls to members, changes to what the registry holds, and the
//! outcome of writes that somebody waits for.

use crate::model::{Datum, DatumKey, MemberId, PeerCall, ServiceKey};
use crate::peers::Token;

/// Names a write that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the engines of 1.x want done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Make a call; whoever makes it reports the answer under the token, once.
    Call {
        /// To whom.
        to: MemberId,
        /// What.
        call: PeerCall,
        /// What names the answer.
        token: Token,
    },
    /// Let the registry hold what a datum says.
    Apply(Datum),
    /// Forget that there is a list of ephemeral instances; the instances stay.
    ForgetList(DatumKey),
    /// Raft forgot a key: with a service's record the service goes when nothing is in it.
    Remove {
        /// The key.
        key: DatumKey,
        /// The service stays all the same, as a ghost.
        ghost: bool,
    },
    /// Set the health of a service's instances; an address that is not named is unhealthy.
    SetHealth {
        /// The service.
        service: ServiceKey,
        /// `ip:port` and health.
        statuses: Vec<(String, bool)>,
    },
    /// Keep raft's term.
    KeepTerm(i64),
    /// A write is done, or will not be.
    Written {
        /// Which.
        ticket: Ticket,
        /// Why not.
        outcome: Result<(), WriteFailure>,
    },
}

/// Why a write through raft failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteFailure {
    /// It could not be published: nobody leads, the leader refused or could not be reached, or no
    /// majority took it in time.
    Put(DatumKey),
    /// It could not be removed.
    Remove(DatumKey),
}
