//! Bodies of the smaller answers of the instance API.

use super::hosts;
use crate::model::{InstanceView, RenderedList};
use crate::profile::{ListShape, Quirks};
use crate::wire::ReplyBody;
use crate::wire::text::json::JsonText;
use bytes::Bytes;

/// A list with this moment in its place.
pub fn list_body(list: RenderedList, now_ms: u64) -> ReplyBody {
    match list.tail {
        Some(tail) => {
            let time = Bytes::copy_from_slice(itoa::Buffer::new().format(now_ms).as_bytes());
            ReplyBody::Parts([list.head, time, tail])
        }
        None => ReplyBody::Bytes(list.head),
    }
}

/// GET `/instance`.
pub fn instance(view: &InstanceView<'_>, quirks: &Quirks) -> String {
    let host = &view.host;
    let mut json = JsonText::object();
    if quirks.list.shape == ListShape::Dom {
        hosts::push_metadata(json.key("metadata"), host.metadata.as_deref());
        json.optional_text("instanceId", host.instance_id.as_deref());
        json.number("port", i64::from(host.instance.port));
        json.text("service", view.service);
        json.boolean("healthy", host.healthy);
        json.text("ip", host.instance.ip());
        json.text("clusterName", &host.instance.cluster);
        json.double("weight", host.weight);
    } else {
        json.text("service", view.service);
        json.text("ip", host.instance.ip());
        json.number("port", i64::from(host.instance.port));
        json.text("clusterName", &host.instance.cluster);
        json.double("weight", host.weight);
        json.boolean("healthy", host.healthy);
        json.optional_text("instanceId", host.instance_id.as_deref());
        hosts::push_metadata(json.key("metadata"), host.metadata.as_deref());
    }
    json.finish()
}

/// GET `/instance/statuses`.
pub fn statuses(ips: &[String]) -> String {
    one_list("ips", ips)
}

/// PUT and DELETE `/instance/metadata/batch`.
pub fn updated(instances: &[String]) -> String {
    one_list("updated", instances)
}

fn one_list(key: &str, texts: &[String]) -> String {
    let mut json = JsonText::object();
    json.texts(key, texts.iter().map(String::as_str));
    json.finish()
}
