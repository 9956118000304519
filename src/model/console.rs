//! What the console and the configuration centre keep: namespaces, accounts, configurations.

use super::Millis;
use std::sync::Arc;

/// A namespace that somebody created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Name for people.
    pub show_name: String,
    /// Description; `None` where none was given.
    pub description: Option<String>,
    /// When it was created.
    pub created: Millis,
}

/// A configuration's name. The order is the one in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigKey {
    /// Namespace, empty for none: `tenant` on the wire.
    pub namespace: String,
    /// Group.
    pub group: String,
    /// `dataId`.
    pub data_id: String,
}

/// A configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The text.
    pub content: Arc<str>,
    /// What kind of text it is, as its author says.
    pub kind: Option<String>,
    /// The application it belongs to.
    pub app: Option<String>,
    /// When it was published.
    pub modified: Millis,
    /// The addresses of a beta configuration, with commas between, as published.
    pub beta_ips: Option<String>,
}

/// For whom a configuration is published.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfigScope {
    /// For everybody.
    All,
    /// For the addresses that are named with it.
    Beta,
    /// For clients of this tag.
    Tag(String),
}

/// Membership of a user in a role. The order is the one in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleGrant {
    /// The user.
    pub user: String,
    /// The role.
    pub role: String,
}

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    /// The role.
    pub role: String,
    /// `namespace:group:kind/name` with `*` for anything.
    pub resource: String,
    /// `r`, `w` or `rw`.
    pub action: String,
}

/// A user and the bcrypt hash of the password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The hash.
    pub password_hash: String,
}

/// Hashes of passwords stay out of logs.
impl std::fmt::Debug for User {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "User({})", self.name)
    }
}

/// A namespace as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamespaceView<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it is.
    pub namespace: &'a Namespace,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Rows of all pages.
    pub total: usize,
    /// Which page, from 1.
    pub number: i32,
    /// How many pages there are.
    pub available: usize,
    /// Its rows.
    pub items: Vec<T>,
}

/// A change to what is kept. `None` and false remove the entry.
#[derive(Clone, PartialEq, Eq)]
pub enum ConsoleWrite {
    /// A namespace.
    Namespace {
        /// Its id.
        id: String,
        /// What it is.
        namespace: Option<Namespace>,
    },
    /// A configuration.
    Config {
        /// Its name.
        key: ConfigKey,
        /// For whom it is.
        scope: ConfigScope,
        /// What it is.
        config: Option<Config>,
    },
    /// A user.
    User {
        /// The name.
        name: String,
        /// The bcrypt hash of the password.
        password_hash: Option<String>,
    },
    /// A user's role.
    Role {
        /// Who has which.
        grant: RoleGrant,
        /// Whether it is granted.
        granted: bool,
    },
    /// A role's permission.
    Permission {
        /// Which.
        permission: Permission,
        /// Whether it is granted.
        granted: bool,
    },
}

impl ConsoleWrite {
    /// The write that takes the entry away again.
    pub fn removal(self) -> Self {
        match self {
            Self::Namespace { id, .. } => Self::Namespace { id, namespace: None },
            Self::Config { key, scope, .. } => Self::Config { key, scope, config: None },
            Self::User { name, .. } => Self::User { name, password_hash: None },
            Self::Role { grant, .. } => Self::Role { grant, granted: false },
            Self::Permission { permission, .. } => Self::Permission { permission, granted: false },
        }
    }
}

/// Contents of configurations and hashes of passwords stay out of logs.
impl std::fmt::Debug for ConsoleWrite {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Namespace { id, .. } => write!(to, "Namespace({id})"),
            Self::Config { key, scope, .. } => write!(to, "Config({key:?}, {scope:?})"),
            Self::User { name, .. } => write!(to, "User({name})"),
            Self::Role { grant, granted } => write!(to, "Role({grant:?}, {granted})"),
            Self::Permission { permission, granted } => {
                write!(to, "Permission({permission:?}, {granted})")
            }
        }
    }
}
