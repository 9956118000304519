//! What a push is made of. The registry decides when and to whom; how the bytes look is the
//! business of `wire`, handed in as [`Render`] so that the registry stays ignorant of JSON.

use crate::model::ServiceView;
use bytes::Bytes;

/// A list body written once and kept: only the time inside it moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedList {
    /// Bytes up to the `lastRefTime` value, or the whole body when there is none.
    pub head: Bytes,
    /// Bytes behind it; `None` when the body carries no time.
    pub tail: Option<Bytes>,
}

/// Writes views as the chosen version does.
pub trait Render: Send + Sync {
    /// The body of a list answer.
    fn list(&self, view: &ServiceView<'_>) -> RenderedList;
    /// A whole push datagram (gzipped when the version does) around the list of `view`.
    fn datagram(&self, view: &ServiceView<'_>, last_ref_nanos: u64) -> Bytes;
}
