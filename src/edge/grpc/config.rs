//! Configuration over gRPC: the same centre as over HTTP (`grpc/config-minimal`).

use super::lines::Line;
use super::listening::{Listening, hears};
use super::unary::Call;
use crate::console::{Console, KeptConfig, Reader, Served};
use crate::model::{Config, ConfigScope, Refusal};
use crate::wire::grpc::config::{
    AnswerScope, ConfigRequest, ListenRequest, changed_configs, config_answer, no_config, said,
};
use crate::wire::grpc::{Answer, RequestKind};
use crate::wire::v1::config;
use std::sync::Arc;

/// A client's tag: a label of its connection, and a header of what it asks.
pub const TAG: &str = "Vipserver-Tag";

/// A publisher said over what it publishes, and something else is there.
fn not_over_that(scope: &ConfigScope) -> &'static str {
    match scope {
        ConfigScope::All => "Cas publish fail,server md5 may have changed.",
        ConfigScope::Beta => "Cas publish beta config fail,server md5 may have changed.",
        ConfigScope::Tag(_) => "Cas publish tag config fail,server md5 may have changed.",
    }
}

/// The client as a reader, with the tag that it names in this request.
fn reader<'a>(call: &'a Call<'_>) -> Reader<'a> {
    Reader { ip: &call.by.client_ip, tag: said(call.header(TAG)) }
}

/// `ConfigQueryRequest`.
pub fn query(call: &Call<'_>, request: &ConfigRequest) -> Result<Answer, Refusal> {
    let key = request.key().ok_or_else(Refusal::null_pointer)?;
    let quirks = call.node.quirks();
    Ok(call.node.desk.read(|Console { configs, .. }| {
        let kind = configs.get(&key).and_then(|kept| kept.config.kind.as_deref());
        let kind = kind.unwrap_or("text");
        let Some(served) = configs.look(&key, reader(call), said(request.tag.as_deref())) else {
            return no_config(configs.serves(&key).then_some(kind));
        };
        let scope = match served {
            Served::All(_) | Served::Asked(_) => AnswerScope::Asked,
            Served::Beta(_) => AnswerScope::Beta,
            Served::Own(_, tag) => AnswerScope::Own(tag),
        };
        let KeptConfig { config, md5 } = served.kept();
        config_answer(config, config::md5_text(md5, &quirks), kind, scope)
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
    let tag = request.tag.as_deref();
    if let Some(Err(refusal)) = tag.map(|tag| config::check_tag(tag, &quirks)) {
        return not_published(call, 500, &refusal.message);
    }
    let (scope, beta_ips) = config::scope_of(request.beta_ips.as_deref(), tag);
    let over = said(request.over_md5.as_deref());
    let config = Config {
        content: content.into(),
        kind: request.kind,
        app: request.app,
        modified: call.node.now(),
        beta_ips,
    };
    let published = call.node.desk.change(|Console { configs, polls, .. }| {
        let before = configs.kept(&key, &scope).map(|kept| config::md5_text(&kept.md5, &quirks));
        // What is not there yet is published over anything.
        if over.is_some() && before.is_some() && before != over {
            return Err(Refusal::nacos(500, not_over_that(&scope)));
        }
        Ok(((), configs.publish(key, scope, config, polls)))
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
    let (scope, _) = config::scope_of(None, request.tag.as_deref());
    let ((), receipt) = call
        .node
        .desk
        .change(|Console { configs, polls, .. }| Ok(((), configs.remove(&key, scope, polls))))?;
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
    let listens = hears(call.by);
    let (mut known, mut changed) = (Vec::new(), Vec::new());
    call.node.desk.read(|Console { configs, .. }| {
        for wanted in &request.wanted {
            let Some(key) = wanted.key() else { continue };
            let md5 = configs.md5(&key, reader(call));
            let has = wanted.md5.as_deref().unwrap_or_default();
            if request.listen && config::md5_text(md5, &quirks) != has && md5 != has {
                changed.push(wanted);
            }
            let seen = configs.seen(&key, listens);
            known.push((key, seen));
        }
    });
    if !known.is_empty() {
        line.listening.set(request.listen, known.into_iter());
        Listening::begin(call.node, line, call.by);
    }
    changed_configs(changed.into_iter())
}
