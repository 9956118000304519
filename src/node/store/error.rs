//! Why a store was refused or a change was not kept: one line each, and a hint what to do.

use std::path::PathBuf;

/// A refusal of the store. The file is left as it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The operating system does not let us.
    #[error("cannot use the store {path}: {reason}")]
    Inaccessible {
        /// The file or directory.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Something else has this name.
    #[error("{path} is not a facos store: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// A later facos wrote it.
    #[error("{path} has store schema {found}, and this facos knows schemas up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is ours, but not as we left it.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        reason: String,
    },
    /// A change could not be written; nothing of its batch is stored.
    #[error("the change was not stored: {reason}")]
    NotStored {
        /// The disk's words.
        reason: String,
    },
    /// The store was closed before the change was durable.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What the operator can do about it, one line.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Inaccessible { .. } => "give --data a directory that this user may write",
            Self::Foreign { .. } => "give --data another directory, or move the file away",
            Self::Newer { .. } => "start the facos that wrote it, or give --data another directory",
            Self::Locked { .. } => "stop the other facos, or give --data another directory",
            Self::Damaged { .. } => {
                "restore the file from a backup, or move it away to start with nothing"
            }
            Self::NotStored { .. } => "look for a full or failing disk, then restart facos",
            Self::Closed => "facos is stopping; send the request again after the restart",
        }
    }
}
