//! What was null, where the machine under the version says it: the transcripts of deployments were
//! recorded on Java 17 as it comes, those of single servers mostly on one that tells nothing
//! (`cluster/errors-through-non-owner`, `cluster/service-status-call`).

use crate::model::{JavaException, Refusal};
use crate::node::Node;
use crate::profile::{JsonDialect, NullPointerText, Quirks};

/// Words a NullPointerException that has no words yet.
pub fn told(node: &Node, quirks: &Quirks, path: &str, refusal: Refusal) -> Refusal {
    if refusal.exception != JavaException::NullPointer || !refusal.message.is_empty() {
        return refusal;
    }
    let tells = match quirks.errors.null_pointer {
        NullPointerText::Bare => false,
        NullPointerText::Told => true,
        NullPointerText::AsRecorded => node.peering().is_some(),
    };
    match words(path, quirks).filter(|_| tells) {
        Some(words) => Refusal::new(JavaException::NullPointer, words),
        None => refusal,
    }
}

/// Those that were recorded.
fn words(path: &str, quirks: &Quirks) -> Option<&'static str> {
    if path.ends_with("/v1/ns/health") || path.ends_with("/v1/ns/health/instance") {
        return Some(
            "Cannot invoke \"com.alibaba.nacos.naming.core.Service.getClusterMap()\" because \
             \"service\" is null",
        );
    }
    path.ends_with("/v1/ns/service/status").then_some(match quirks.metadata.json {
        JsonDialect::Fastjson => {
            "Cannot invoke \"com.alibaba.fastjson.JSONObject.getString(String)\" because \"json\" \
             is null"
        }
        JsonDialect::Jackson => {
            "Cannot invoke \"com.fasterxml.jackson.databind.JsonNode.asText()\" because the return \
             value of \"com.fasterxml.jackson.databind.JsonNode.get(String)\" is null"
        }
    })
}
