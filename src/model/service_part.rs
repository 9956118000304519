//! What of a service changed, as the two cores of a 2.0.x server tell each other
//! (`DoubleWriteContent`, `DoubleWriteAction`).

/// A part of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServicePart {
    /// Its list of instances of one kind.
    Instances,
    /// Its settings.
    Settings,
    /// Both.
    All,
    /// The whole service, which is gone.
    Removal,
}

impl ServicePart {
    /// Both changes as one; a change and a removal together are a removal.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Removal, _) | (_, Self::Removal) => Self::Removal,
            _ => Self::All,
        }
    }
}
