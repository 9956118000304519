//! A registry for tests that look at what is registered and not at bytes.

use crate::model::{InfoHead, Millis, Render, RenderedList, ServiceView};
use crate::profile::Profile;
use crate::registry::{Registry, ServerOptions};
use bytes::Bytes;
use std::sync::Arc;

/// Renders nothing.
struct NoBytes;

impl Render for NoBytes {
    fn list(&self, _: &ServiceView<'_>) -> RenderedList {
        RenderedList { head: Bytes::new(), tail: None }
    }
    fn datagram(&self, _: &ServiceView<'_>, _: u64) -> Bytes {
        Bytes::new()
    }
    fn service_info(&self, _: &InfoHead<'_>, _: &ServiceView<'_>) -> RenderedList {
        RenderedList { head: Bytes::new(), tail: None }
    }
}

/// An empty registry of a version.
pub fn silent(profile: &str, now: Millis) -> Registry {
    let quirks = Profile::nacos(profile).unwrap().quirks;
    Registry::new(quirks, ServerOptions::default(), Arc::new(NoBytes), now)
}
