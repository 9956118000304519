//! What a push is made of. The registry decides when and to whom; how the bytes look is the
//! business of `wire`, handed in as [`Render`] so that the registry stays ignorant of JSON.

use crate::model::{Millis, ServiceView};
use bytes::Bytes;

/// A list body written once and kept: only the time inside it moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedList {
    /// Bytes up to the `lastRefTime` value, or the whole body when there is none.
    pub head: Bytes,
    /// Bytes behind it; `None` when the body carries no time.
    pub tail: Option<Bytes>,
}

/// The names of a `serviceInfo`, as the request gave them; what is absent is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfoHead<'a> {
    /// Name without group.
    pub name: Option<&'a str>,
    /// Group.
    pub group: Option<&'a str>,
    /// Clusters asked for.
    pub clusters: Option<&'a str>,
}

impl RenderedList {
    /// The bytes with the time in their middle.
    pub fn at(&self, now: Millis) -> Vec<u8> {
        let tail = self.tail.as_deref().unwrap_or_default();
        let mut body = Vec::with_capacity(self.head.len() + 20 + tail.len());
        body.extend_from_slice(&self.head);
        if self.tail.is_some() {
            body.extend_from_slice(now.0.to_string().as_bytes());
        }
        body.extend_from_slice(tail);
        body
    }
}

/// Writes views as the chosen version does.
pub trait Render: Send + Sync {
    /// The body of a list answer.
    fn list(&self, view: &ServiceView<'_>) -> RenderedList;
    /// `serviceInfo` as 2.x clients read it over gRPC.
    fn service_info(&self, head: &InfoHead<'_>, view: &ServiceView<'_>) -> RenderedList;
    /// A whole push datagram (gzipped when the version does) around the list of `view`.
    fn datagram(&self, view: &ServiceView<'_>, last_ref_nanos: u64) -> Bytes;
}
