//! `ClientSyncData` and lists of it. What an instance has beyond address, health and cluster stands
//! in one map: its metadata, and under names of their own its id, a weight other than 1, and that
//! it is disabled.

use crate::model::names::{GROUP_SEPARATOR, group_of, service_of};
use crate::model::{ClientData, ClientId, Instance, Metadata, Millis, Published, ServiceKey, java};
use crate::wire::grpc::requests::Read;
use crate::wire::json::jackson::{Token, Tokens, bean, scalars};
use crate::wire::text::json::{JsonText, push_double, push_text};
use std::sync::Arc;

const INSTANCE_ID: &str = "customInstanceId";
const WEIGHT: &str = "publishInstanceWeight";
const ENABLED: &str = "publishInstanceEnable";

/// A client as JSON.
pub(super) fn client_text(client: &ClientData) -> String {
    let mut json = JsonText::object();
    json.text("clientId", client.id.as_str());
    json.raw("attributes", r#"{"clientAttributes":{}}"#);
    let services = || client.published.iter().map(|one| &one.service);
    json.texts("namespaces", services().map(|service| &*service.namespace));
    json.texts("groupNames", services().map(|service| group_of(&service.name)));
    json.texts("serviceNames", services().map(|service| service_of(&service.name)));
    json.list("instancePublishInfos", &client.published, push_instance);
    json.finish()
}

/// Clients as JSON.
pub(super) fn clients_text(clients: &[ClientData]) -> String {
    let mut json = JsonText::object();
    json.list("clientSyncDataList", clients, |out, client| out.push_str(&client_text(client)));
    json.finish()
}

fn push_instance(out: &mut String, published: &Published) {
    let instance = &published.instance;
    let mut json = JsonText::object();
    if let Some(ip) = &instance.ip {
        json.text("ip", ip);
    }
    json.number("port", i64::from(instance.port));
    json.boolean("healthy", instance.healthy);
    json.text("cluster", &instance.cluster);
    push_extras(json.key("extendDatum"), published);
    if let Some(beat) = published.last_beat {
        json.number("lastHeartBeatTime", i64::try_from(beat.0).unwrap_or(i64::MAX));
    }
    let ip = instance.ip.as_deref().unwrap_or("null");
    json.text("metadataId", &format!("{ip}:{}:{}", instance.port, instance.cluster));
    out.push_str(&json.finish());
}

enum Extra<'a> {
    Text(&'a str),
    Weight(f64),
    Disabled,
}

/// The map, in the order of a `HashMap` that grew from nothing.
fn push_extras(out: &mut String, published: &Published) {
    let instance = &published.instance;
    let metadata = instance.metadata.iter().flat_map(Metadata::iter);
    let mut extras: Vec<(&str, Extra<'_>)> =
        metadata.filter_map(|(key, value)| Some((key, Extra::Text(value?)))).collect();
    if let Some(id) = published.instance_id.as_deref().filter(|id| !id.is_empty()) {
        extras.push((INSTANCE_ID, Extra::Text(id)));
    }
    if instance.weight.to_bits() != 1f64.to_bits() {
        extras.push((WEIGHT, Extra::Weight(instance.weight)));
    }
    if !instance.enabled {
        extras.push((ENABLED, Extra::Disabled));
    }
    let buckets = java::grown_from(1, extras.len());
    java::sort_by_buckets(&mut extras, buckets, |(key, _)| key);
    out.push('{');
    for (at, (key, extra)) in extras.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_text(out, key);
        out.push(':');
        match extra {
            Extra::Text(text) => push_text(out, text),
            Extra::Weight(weight) => push_double(out, *weight),
            Extra::Disabled => out.push_str("false"),
        }
    }
    out.push('}');
}

/// Reads a client; `None` when it is none.
pub fn read_client(text: &str) -> Option<ClientData> {
    let mut tokens = Tokens::new(text);
    tokens.next().ok()?;
    client(&mut tokens).ok()?
}

/// Reads a list of clients; `None` when it is none. What does not read among them is left out.
pub fn read_clients(text: &str) -> Option<Vec<ClientData>> {
    let mut tokens = Tokens::new(text);
    tokens.next().ok()?;
    let mut clients = Vec::new();
    bean::object(&mut tokens, "", |tokens, name| {
        match name {
            "clientSyncDataList" => clients = each(tokens, client)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
    .ok()?;
    Some(clients.into_iter().flatten().collect())
}

/// The elements of a list; null is an empty one.
fn each<T>(tokens: &mut Tokens, mut read: impl FnMut(&mut Tokens) -> Read<T>) -> Read<Vec<T>> {
    let mut list = Vec::new();
    if tokens.current() != Some(Token::StartArray) {
        return match tokens.current() {
            Some(Token::Null) => Ok(list),
            _ => Err(scalars::unexpected(tokens, "java.util.List")),
        };
    }
    loop {
        match tokens.next()? {
            Some(Token::EndArray) | None => return Ok(list),
            Some(_) => list.push(read(tokens)?),
        }
    }
}

fn texts(tokens: &mut Tokens) -> Read<Vec<Option<Box<str>>>> {
    each(tokens, scalars::text)
}

/// A client; `None` where its lists do not belong together.
fn client(tokens: &mut Tokens) -> Read<Option<ClientData>> {
    let mut id = None;
    let (mut namespaces, mut groups, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut instances = Vec::new();
    bean::object(tokens, "", |tokens, name| {
        match name {
            "clientId" => id = scalars::text(tokens)?,
            "namespaces" => namespaces = texts(tokens)?,
            "groupNames" => groups = texts(tokens)?,
            "serviceNames" => names = texts(tokens)?,
            "instancePublishInfos" => instances = each(tokens, instance)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let same = [groups.len(), names.len(), instances.len()].map(|len| len == namespaces.len());
    let Some(id) = id.filter(|_| same == [true; 3]) else { return Ok(None) };
    let mut published = Vec::with_capacity(instances.len());
    let parts = namespaces.into_iter().zip(groups).zip(names).zip(instances);
    for (((namespace, group), name), (instance, instance_id, last_beat)) in parts {
        let (Some(namespace), Some(group), Some(name)) = (namespace, group, name) else {
            return Ok(None);
        };
        let name = format!("{group}{GROUP_SEPARATOR}{name}").into();
        let service = ServiceKey { namespace: (*namespace).into(), name };
        let instance = Arc::new(instance);
        published.push(Published { service, instance, instance_id, last_beat });
    }
    Ok(Some(ClientData { id: ClientId::new(&id), published }))
}

type Read3 = (Instance, Option<Box<str>>, Option<Millis>);

fn instance(tokens: &mut Tokens) -> Read<Read3> {
    let mut id = None;
    let mut last_beat = None;
    let mut given = Instance {
        ip: None,
        port: 0,
        cluster: crate::model::names::DEFAULT_CLUSTER.into(),
        weight: 1.0,
        healthy: false,
        enabled: true,
        ephemeral: true,
        metadata: Some(Metadata::new()),
        app: "".into(),
    };
    bean::object(tokens, "", |tokens, name| {
        match name {
            "ip" => given.ip = scalars::text(tokens)?,
            "port" => given.port = scalars::int(tokens)?,
            "healthy" => given.healthy = scalars::boolean(tokens)?,
            "cluster" => given.cluster = scalars::text(tokens)?.unwrap_or_default(),
            "lastHeartBeatTime" => {
                let text = scalars::text(tokens)?;
                last_beat = text.and_then(|text| text.parse().ok()).map(Millis);
            }
            "extendDatum" => extras(tokens, &mut given, &mut id)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok((given, id, last_beat))
}

fn extras(tokens: &mut Tokens, given: &mut Instance, id: &mut Option<Box<str>>) -> Read<()> {
    if tokens.current() == Some(Token::Null) {
        return Ok(());
    }
    let metadata = given.metadata.get_or_insert_default();
    bean::object(tokens, "", |tokens, name| {
        match name {
            INSTANCE_ID => *id = scalars::text(tokens)?,
            WEIGHT => given.weight = scalars::double(tokens)?,
            ENABLED => given.enabled = scalars::boolean(tokens)?,
            _ => {
                if matches!(tokens.current(), Some(Token::StartObject | Token::StartArray)) {
                    return Ok(false);
                }
                metadata.insert(name, scalars::text(tokens)?.as_deref());
            }
        }
        Ok(true)
    })
}
