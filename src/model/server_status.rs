//! `ServerStatus`: whether a node says that it may be asked, and by whom.

/// The status of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerStatus {
    /// Everybody may ask everything.
    #[default]
    Up,
    /// Nobody may.
    Down,
    /// As down; a real server is in it for an instant before its port opens.
    Starting,
    /// As down.
    Paused,
    /// Only requests that are no GET pass.
    WriteOnly,
    /// Only GET passes.
    ReadOnly,
}

impl ServerStatus {
    const ALL: [Self; 6] =
        [Self::Up, Self::Down, Self::Starting, Self::Paused, Self::WriteOnly, Self::ReadOnly];

    /// As Nacos writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Starting => "STARTING",
            Self::Paused => "PAUSED",
            Self::WriteOnly => "WRITE_ONLY",
            Self::ReadOnly => "READ_ONLY",
        }
    }

    /// `ServerStatus.valueOf`: capitals count.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether a client's request of this method passes.
    pub fn lets_pass(self, method: &str) -> bool {
        match self {
            Self::Up => true,
            Self::Down | Self::Starting | Self::Paused => false,
            Self::WriteOnly => method != "GET",
            Self::ReadOnly => method == "GET",
        }
    }
}
