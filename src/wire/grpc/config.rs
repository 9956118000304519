//! Configuration over gRPC: requests and responses (`grpc/config-minimal`).

use super::answers::{Answer, begin};
use super::kinds::RequestKind;
use super::payload::Headers;
use super::requests::{Read, fields};
use crate::model::{Config, ConfigKey, java};
use crate::wire::json::jackson::{Token, Tokens, bean, scalars};
use crate::wire::text::json::{JsonText, push_text};
use bytes::Bytes;

/// Names a configuration, and says what to do with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ConfigRequest {
    /// `dataId`.
    pub data_id: Option<Box<str>>,
    /// `group`.
    pub group: Option<Box<str>>,
    /// `tenant`.
    pub tenant: Option<Box<str>>,
    /// `md5` of what the client has.
    pub md5: Option<Box<str>>,
    /// `content` to publish.
    pub content: Option<Box<str>>,
    /// `casMd5`: publish only over this.
    pub over_md5: Option<Box<str>>,
    /// `additionMap`: `type`.
    pub kind: Option<String>,
    /// `additionMap`: `appName`.
    pub app: Option<String>,
    /// Of tagged configurations: `tag`, which `additionMap` has where one is published.
    pub tag: Option<Box<str>>,
    /// `additionMap`: `betaIps`, for whom alone it is published.
    pub beta_ips: Option<Box<str>>,
}

/// `ConfigBatchListenRequest`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ListenRequest {
    /// False stops listening.
    pub listen: bool,
    /// To what.
    pub wanted: Vec<ConfigRequest>,
}

impl ConfigRequest {
    /// The name under which it is kept; `None` when a part is missing.
    pub fn key(&self) -> Option<ConfigKey> {
        Some(ConfigKey {
            namespace: self.tenant.as_deref().unwrap_or_default().to_owned(),
            group: self.group.as_deref()?.to_owned(),
            data_id: self.data_id.as_deref()?.to_owned(),
        })
    }
}

pub(super) fn one(tokens: &mut Tokens, headers: &mut Headers) -> Read<ConfigRequest> {
    let mut config = ConfigRequest::default();
    fields(tokens, headers, |tokens, name| field(tokens, &mut config, name))?;
    Ok(config)
}

fn field(tokens: &mut Tokens, config: &mut ConfigRequest, name: &str) -> Read<bool> {
    match name {
        "dataId" => config.data_id = scalars::text(tokens)?,
        "group" => config.group = scalars::text(tokens)?,
        "tenant" => config.tenant = scalars::text(tokens)?,
        "md5" => config.md5 = scalars::text(tokens)?,
        "content" => config.content = scalars::text(tokens)?,
        "tag" => config.tag = scalars::text(tokens)?,
        "casMd5" => config.over_md5 = scalars::text(tokens)?,
        "additionMap" => {
            let map = bean::map(tokens)?.unwrap_or_default();
            config.kind = map.get("type").map(str::to_owned);
            config.app = map.get("appName").map(str::to_owned);
            config.tag = map.get("tag").map(Into::into);
            config.beta_ips = map.get("betaIps").map(Into::into);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

pub(super) fn listen(tokens: &mut Tokens, headers: &mut Headers) -> Read<ListenRequest> {
    let mut request = ListenRequest { listen: true, wanted: Vec::new() };
    fields(tokens, headers, |tokens, name| {
        match name {
            "listen" => request.listen = scalars::boolean(tokens)?,
            "configListenContexts" if tokens.current() == Some(Token::StartArray) => {
                while tokens.next()?.is_some_and(|token| token != Token::EndArray) {
                    let mut config = ConfigRequest::default();
                    bean::object(tokens, "", |tokens, name| field(tokens, &mut config, name))?;
                    request.wanted.push(config);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

/// `ConfigQueryResponse`: there is no such configuration; others of the same name have this type.
pub fn no_config(kind: Option<&str>) -> Answer {
    let mut json = begin(500, 300, Some("config data not exist"));
    if let Some(kind) = kind {
        json.text("contentType", kind);
    }
    json.number("lastModified", 0);
    json.boolean("beta", false);
    json.boolean("success", false);
    let body = Bytes::from(json.finish());
    Answer { kind: RequestKind::ConfigQuery.response(), body, code: 300 }
}

/// `ConfigQueryResponse`: here it is.
pub fn config_answer(config: &Config, md5: &str, kind: &str, scope: AnswerScope<'_>) -> Answer {
    let mut json = begin(200, 0, None);
    json.text("content", &config.content);
    json.text("contentType", kind);
    json.text("md5", md5);
    json.number("lastModified", i64::try_from(config.modified.0).unwrap_or(i64::MAX));
    json.boolean("beta", matches!(scope, AnswerScope::Beta));
    if let AnswerScope::Own(tag) = scope {
        let tag: String = form_urlencoded::byte_serialize(tag.as_bytes()).collect();
        json.text("tag", &tag);
    }
    json.boolean("success", true);
    let body = Bytes::from(json.finish());
    Answer { kind: RequestKind::ConfigQuery.response(), body, code: 0 }
}

/// For whom a configuration is that is answered, as far as the answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerScope<'a> {
    /// For everybody, or for the tag that was asked for.
    Asked,
    /// For the client's address.
    Beta,
    /// For the client's own tag.
    Own(&'a str),
}

/// `ConfigChangeBatchListenResponse`: the configurations that are other than the client thinks.
pub fn changed_configs<'a>(changed: impl Iterator<Item = &'a ConfigRequest>) -> Answer {
    let mut json = begin(200, 0, None);
    json.list("changedConfigs", changed, |out, config| {
        let mut json = JsonText::object();
        let named =
            [("group", &config.group), ("dataId", &config.data_id), ("tenant", &config.tenant)];
        for (key, value) in named {
            if let Some(value) = value {
                json.text(key, value);
            }
        }
        out.push_str(&json.finish());
    });
    json.boolean("success", true);
    let body = Bytes::from(json.finish());
    Answer { kind: RequestKind::ConfigListen.response(), body, code: 0 }
}

/// What a `ConfigChangeNotifyRequest` says, beginning with a comma.
pub fn notice(key: &ConfigKey) -> String {
    let mut fields = String::new();
    let named = [("dataId", &key.data_id), ("group", &key.group), ("tenant", &key.namespace)];
    for (name, value) in named {
        fields.push_str(",\"");
        fields.push_str(name);
        fields.push_str("\":");
        push_text(&mut fields, value);
    }
    fields
}

/// The resource of a secured request about a configuration (`ConfigResourceParser`).
pub fn resource(tenant: Option<&str>, group: Option<&str>, data_id: Option<&str>) -> String {
    super::resource(tenant, group, ("config/", data_id))
}

/// Whether a text is there and not blank.
pub fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !java::is_blank(text))
}
