//! Why a server did not start.

use crate::node::store::StoreError;
use std::io::ErrorKind;
use std::net::SocketAddr;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// No port was free together with the one a thousand above it.
    #[error("no free port was found with a free one a thousand above it")]
    NoPortPair,
    /// The admin API would be open to strangers.
    #[error("the admin API on {address} needs a token, because it is not on loopback")]
    OpenAdmin {
        /// Its address.
        address: SocketAddr,
    },
    /// The durable state can not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread or a socket could not be made.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl StartError {
    /// Whether somebody else listens there.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Listen { source, .. } if source.kind() == ErrorKind::AddrInUse)
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                "stop what listens there, or take another port: --port 0 finds a free one".into()
            }
            Self::Listen { .. } => "take another --bind, --port or --admin-port".into(),
            Self::NoPortPair => "name a port with --port".into(),
            Self::OpenAdmin { .. } => "give --admin-token, or leave it on 127.0.0.1".into(),
            Self::Store(_) => "take another --data directory, or leave it out".into(),
            Self::System(_) => {
                "the limits of processes, threads and open files may be too low".into()
            }
        }
    }

    /// The exit code of a command that ends with it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Listen { .. } | Self::NoPortPair => 69,
            Self::OpenAdmin { .. } => 2,
            Self::Store(_) => 69,
            Self::System(_) => 70,
        }
    }
}
