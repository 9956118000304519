//! Configuration over gRPC: the same centre as over HTTP (`grpc/config-minimal`).

use super::lines::Line;
use super::listening::Listening;
use super::unary::Call;
use crate::console::Console;
use crate::model::{Config, Refusal};
use crate::wire::grpc::config::{
    ConfigRequest, ListenRequest, changed_configs, config_answer, no_config, said,
};
use crate::wire::grpc::{Answer, RequestKind};
use crate::wire::v1::config;
use std::sync::Arc;

/// Said to who publishes, so that nothing is published to others than it is meant for.
const NO_TAGS: &str = "facos keeps no tagged and no beta configurations";
/// A publisher said over what it publishes, and something else is there.
const NOT_OVER_THAT: &str = "Cas publish fail,server md5 may have changed.";

/// `ConfigQueryRequest`.
pub fn query(call: &Call<'_>, request: &ConfigRequest) -> Result<Answer, Refusal> {
    let key = request.key().ok_or_else(Refusal::null_pointer)?;
    let quirks = call.node.quirks();
    if said(request.tag.as_deref()).is_some() {
        // None can be there, and the plain one does not stand in for it.
        return Ok(no_config());
    }
    Ok(call.node.desk.read(|console| match console.configs.get(&key) {
        Some(kept) => config_answer(&kept.config, config::md5_text(&kept.md5, &quirks)),
        None => no_config(),
    }))
}

/// `ConfigPublishRequest`; what can not be published is told in a response of its own kind.
pub async fn publish(call: &Call<'_>, request: ConfigRequest) -> Answer {
    let kind = RequestKind::ConfigPublish;
    let (Some(key), Some(content)) = (request.key(), request.content.as_deref()) else {
        return not_published(call, 400, "invalid param");
    };
    let quirks = call.node.quirks();
    if let Err(refusal) = config::check(&key, content, &quirks) {
        return not_published(call, 400, &refusal.message);
    }
    if said(request.tag.as_deref()).or(said(request.beta_ips.as_deref())).is_some() {
        return not_published(call, 500, NO_TAGS);
    }
    let over = said(request.over_md5.as_deref());
    let config = Config {
        content: content.into(),
        kind: request.kind,
        app: request.app,
        modified: call.node.now(),
    };
    let published = call.node.desk.change(|Console { configs, polls, .. }| {
        let before = configs.get(&key).map(|kept| config::md5_text(&kept.md5, &quirks));
        if over.is_some_and(|over| before != Some(over)) {
            return Err(Refusal::nacos(500, NOT_OVER_THAT));
        }
        Ok(((), configs.publish(key, config, polls)))
    });
    match published {
        Ok(((), receipt)) => stored(kind, receipt).await,
        Err(refusal) => not_published(call, 500, &refusal.message),
    }
}

fn not_published(call: &Call<'_>, code: u16, why: &str) -> Answer {
    let told = if call.node.quirks().grpc.publish_code { code } else { 0 };
    let mut answer = Answer::failed(RequestKind::ConfigPublish, told, Some(why));
    answer.code = code;
    answer
}

/// `ConfigRemoveRequest`: what is not there is as good as removed.
pub async fn remove(call: &Call<'_>, request: &ConfigRequest) -> Result<Answer, Refusal> {
    let key = request.key().ok_or_else(Refusal::null_pointer)?;
    let ((), receipt) = call
        .node
        .desk
        .change(|Console { configs, polls, .. }| Ok(((), configs.remove(&key, polls))))?;
    Ok(stored(RequestKind::ConfigRemove, receipt).await)
}

/// Success, when what was written is durable.
async fn stored(kind: RequestKind, receipt: Option<crate::node::store::Receipt>) -> Answer {
    let Some(receipt) = receipt else { return Answer::success(kind) };
    match receipt.durable().await {
        Ok(()) => Answer::success(kind),
        Err(error) => {
            tracing::error!(%error, "an accepted configuration could not be stored");
            Answer::failed(kind, 500, None)
        }
    }
}

/// `ConfigBatchListenRequest`: answers what is other than the client thinks, and tells it on its
/// stream of what changes from now on.
pub fn listen(call: &Call<'_>, line: &Arc<Line>, request: &ListenRequest) -> Answer {
    let quirks = call.node.quirks();
    let (mut known, mut changed) = (Vec::new(), Vec::new());
    call.node.desk.read(|console| {
        for wanted in &request.wanted {
            let Some(key) = wanted.key() else { continue };
            let md5 = console.configs.get(&key).map_or("", |kept| kept.md5.as_str());
            let has = wanted.md5.as_deref().unwrap_or_default();
            if request.listen && config::md5_text(md5, &quirks) != has && md5 != has {
                changed.push(wanted);
            }
            known.push((key, md5.to_owned()));
        }
    });
    if !known.is_empty() {
        line.listening.set(request.listen, known.into_iter());
        Listening::begin(call.node, line);
    }
    changed_configs(changed.into_iter())
}
