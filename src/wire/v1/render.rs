//! List bodies and push datagrams of the chosen version. 1.x prints a Java hash map, so its keys
//! stand in hash order; 2.x prints a bean.

use super::hosts;
use crate::model::names::{group_of, service_of};
use crate::model::{InfoHead, Render, RenderedList, ServiceView};
use crate::profile::{ListShape, Quirks};
use crate::wire::push;
use crate::wire::text::json::JsonText;
use bytes::Bytes;
use std::sync::Arc;

/// Writes views as the quirks say.
#[derive(Debug)]
pub struct Renderer {
    quirks: Arc<Quirks>,
}

impl Renderer {
    /// The writer for a version.
    pub fn shared(quirks: Arc<Quirks>) -> Arc<dyn Render> {
        Arc::new(Self { quirks })
    }

    /// The body up to the time, and behind it.
    fn halves(&self, view: &ServiceView<'_>, with_group: bool) -> (String, Option<String>) {
        match (self.quirks.list.shape, view.known) {
            (ListShape::Dom, true) => dom(view),
            (ListShape::Dom, false) => (unknown_dom(view), None),
            (ListShape::ServiceInfo, _) => service_info(view, with_group),
        }
    }
}

impl Render for Renderer {
    fn list(&self, view: &ServiceView<'_>) -> RenderedList {
        let (head, tail) = self.halves(view, true);
        RenderedList { head: Bytes::from(head), tail: tail.map(Bytes::from) }
    }

    fn service_info(&self, head: &InfoHead<'_>, view: &ServiceView<'_>) -> RenderedList {
        let (head, tail) = remote_info(head, view);
        RenderedList { head: Bytes::from(head), tail: tail.map(Bytes::from) }
    }

    fn datagram(&self, view: &ServiceView<'_>, last_ref_nanos: u64) -> Bytes {
        let (mut data, tail) = self.halves(view, false);
        if let Some(tail) = tail {
            data.push_str(itoa::Buffer::new().format(view.last_ref_time.0));
            data.push_str(&tail);
        }
        push::datagram(&data, last_ref_nanos)
    }
}

/// 1.x: the whole list.
fn dom(view: &ServiceView<'_>) -> (String, Option<String>) {
    let mut head = JsonText::object();
    hosts::push_metadata(head.key("metadata"), Some(view.metadata));
    let name = view.name;
    head.text("dom", if view.grouped_dom { name } else { service_of(name) });
    head.number("cacheMillis", i64::try_from(view.cache_millis).unwrap_or(i64::MAX));
    head.boolean("useSpecifiedURL", false);
    head.list("hosts", &view.hosts, |out, host| {
        hosts::push_dom_host(out, name, view.grouped_dom, host);
    });
    head.text("name", name);
    head.text("checksum", view.checksum);
    head.key("lastRefTime");
    let mut tail = JsonText::object();
    tail.text("env", view.env);
    tail.text("clusters", view.clusters);
    halves(head, tail)
}

/// 1.x: the short list of an unknown service; a push of it says how long it may be kept.
fn unknown_dom(view: &ServiceView<'_>) -> String {
    let mut json = JsonText::object();
    if view.cache_millis > 0 {
        json.number("cacheMillis", i64::try_from(view.cache_millis).unwrap_or(i64::MAX));
    }
    json.raw("hosts", "[]");
    json.text("name", view.name);
    json.text("clusters", view.clusters);
    json.finish()
}

/// 2.x; datagrams leave the group out.
fn service_info(view: &ServiceView<'_>, with_group: bool) -> (String, Option<String>) {
    let mut head = JsonText::object();
    head.text("name", view.name);
    if with_group && view.shows_group {
        head.text("groupName", group_of(view.name));
    }
    head.text("clusters", view.clusters);
    rest_of_info(head, view)
}

/// 2.x over gRPC: the name stands without group, and what is null is left out.
fn remote_info(names: &InfoHead<'_>, view: &ServiceView<'_>) -> (String, Option<String>) {
    let mut head = JsonText::object();
    let given = [("name", names.name), ("groupName", names.group), ("clusters", names.clusters)];
    for (key, value) in given {
        if let Some(value) = value {
            head.text(key, value);
        }
    }
    rest_of_info(head, view)
}

fn rest_of_info(mut head: JsonText, view: &ServiceView<'_>) -> (String, Option<String>) {
    head.number("cacheMillis", i64::try_from(view.cache_millis).unwrap_or(i64::MAX));
    head.list("hosts", &view.hosts, |out, host| hosts::push_info_host(out, view.name, host));
    head.key("lastRefTime");
    let mut tail = JsonText::object();
    tail.text("checksum", view.checksum);
    tail.boolean("allIPs", false);
    tail.boolean("reachProtectionThreshold", view.reach_protection_threshold);
    tail.boolean("valid", true);
    halves(head, tail)
}

/// Two parts of one object; the value of the first part's last key goes between them.
fn halves(head: JsonText, tail: JsonText) -> (String, Option<String>) {
    let (head, tail) = (head.unfinished(), tail.finish());
    (head, Some(format!(",{}", &tail[1..])))
}
