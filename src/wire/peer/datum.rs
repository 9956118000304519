//! Datums as members send them to each other. They are written as a server shows them
//! (`wire/v1/datum`), and read as fastjson and Jackson read beans: unknown keys are passed over,
//! what is missing has its default.

use super::raft::json;
use crate::model::{
    ClusterDatum, ClusterSettings, Datum, DatumKey, DatumValue, Instance, InstanceDatum,
    KeptInstance, Metadata, Millis, Refusal, Selector, ServiceDatum, ServiceKey, ServiceRecord,
    java,
};
use crate::profile::Quirks;
use crate::wire::v1::{checker, datum, switch_batch};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// A datum with its key and stamp.
pub fn one(written: &Datum, quirks: &Quirks) -> String {
    datum::datum(&written.key.text(), written.stamp, &value(&written.key, &written.value, quirks))
}

/// Datums by key, in the order of a hash map.
pub fn map(datums: &[Datum], quirks: &Quirks) -> String {
    let text = |written: &Datum| (written.key.text(), one(written, quirks));
    let mut texts: Vec<(String, String)> = datums.iter().map(text).collect();
    java::sort_by_hash_order(&mut texts, |(key, _)| key);
    datum::map(&texts)
}

/// A value as it stands under its key.
pub fn value(key: &DatumKey, value: &DatumValue, quirks: &Quirks) -> String {
    match (value, key) {
        (DatumValue::Switches(all), _) => datum::switches(all, quirks),
        (
            DatumValue::Instances(list),
            DatumKey::Persistent(service) | DatumKey::Ephemeral(service),
        ) => {
            let views: Vec<InstanceDatum<'_>> = list
                .iter()
                .map(|kept| InstanceDatum {
                    service: &service.name,
                    instance: &kept.instance,
                    id: kept.id.as_deref().map(Cow::Borrowed),
                    last_beat: kept.last_beat,
                })
                .collect();
            datum::instances(&views)
        }
        (DatumValue::Service(record), DatumKey::Service(service)) => {
            service_text(service, record, quirks)
        }
        // A value of another kind than its key's can not be read from any member.
        (DatumValue::Instances(_) | DatumValue::Service(_), _) => "null".to_owned(),
    }
}

/// A value as a server's messages show it: `Record.toString`.
pub fn java_text(key: &DatumKey, held: &DatumValue, quirks: &Quirks) -> String {
    let (DatumKey::Service(service), DatumValue::Service(record)) = (key, held) else {
        return value(key, held, quirks);
    };
    let group = if record.group.is_empty() { "null" } else { &record.group };
    let pair = |(key, value): (&str, Option<&str>)| format!("{key}={}", value.unwrap_or("null"));
    let metadata: Vec<String> = record.metadata.iter().map(pair).collect();
    format!(
        "Service{{name='{}', protectThreshold={}, appName='null', groupName='{group}', \
         metadata={{{}}}}}",
        service.name,
        java::float_text(record.protect_threshold),
        metadata.join(", ")
    )
}

fn service_text(key: &ServiceKey, record: &ServiceRecord, quirks: &Quirks) -> String {
    let clusters = record.clusters.iter().map(|(name, settings)| ClusterDatum {
        name,
        settings,
        checker: settings.checker.sorted_text(),
    });
    let view = ServiceDatum {
        key,
        group: &record.group,
        checksum: &record.checksum,
        modified: record.modified,
        protect_threshold: record.protect_threshold,
        metadata: &record.metadata,
        selector: &record.selector,
        is_empty: record.is_empty,
        clusters: clusters.collect(),
    };
    datum::service(&view, quirks)
}

/// Reads datums by key: what PUT `/distro/datum` carries and GET `/distro/datums` answers. Keys of
/// no list of ephemeral instances are passed over.
///
/// # Errors
/// It is no JSON object, or a list is none.
pub fn read_map(body: &[u8], quirks: &Quirks) -> Result<Vec<Datum>, Refusal> {
    lists(&json(&String::from_utf8_lossy(body))?, quirks)
}

/// The same of JSON that was read.
///
/// # Errors
/// It is no object, or a list is none.
pub fn lists(all: &Value, quirks: &Quirks) -> Result<Vec<Datum>, Refusal> {
    let all = all.as_object().ok_or_else(Refusal::null_pointer)?;
    let mut datums = Vec::new();
    for (key, text) in all {
        let Some(key @ DatumKey::Ephemeral(_)) = DatumKey::read(key) else { continue };
        datums.push(read_one(key, text, quirks)?);
    }
    Ok(datums)
}

/// Reads the list that GET `/raft/datum` answers; what the leader does not know is left out.
///
/// # Errors
/// It is no JSON list, or a datum is none.
pub fn read_list(body: &[u8], quirks: &Quirks) -> Result<Vec<Datum>, Refusal> {
    let all = json(&String::from_utf8_lossy(body))?;
    let mut datums = Vec::new();
    for text in all.as_array().ok_or_else(Refusal::null_pointer)? {
        let key = text.get("key").and_then(Value::as_str).and_then(DatumKey::read);
        let known = text.get("value").is_some_and(|value| !value.is_null());
        if let (Some(key), true) = (key, known) {
            datums.push(read_one(key, text, quirks)?);
        }
    }
    Ok(datums)
}

fn read_one(key: DatumKey, text: &Value, quirks: &Quirks) -> Result<Datum, Refusal> {
    let stamp = text.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
    let value = read_value(&key, text.get("value").ok_or_else(Refusal::null_pointer)?, quirks)?;
    Ok(Datum { key, stamp, value: Arc::new(value) })
}

/// Reads a value; its key says of what kind it is.
///
/// # Errors
/// It is of no such kind.
pub(super) fn read_value(
    key: &DatumKey,
    value: &Value,
    quirks: &Quirks,
) -> Result<DatumValue, Refusal> {
    match key {
        DatumKey::Switches => {
            let all = switch_batch::read(&value.to_string(), quirks.switches.json)?;
            Ok(DatumValue::Switches(Box::new(all)))
        }
        DatumKey::Persistent(_) | DatumKey::Ephemeral(_) => {
            let list = value.get("instanceList").and_then(Value::as_array);
            let list = list.ok_or_else(Refusal::null_pointer)?;
            Ok(DatumValue::Instances(list.iter().map(Fields).map(Fields::instance).collect()))
        }
        DatumKey::Service(_) => Ok(DatumValue::Service(Box::new(Fields(value).service(quirks)?))),
    }
}

/// The fields of a bean.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    fn double(&self, name: &str, default: f64) -> f64 {
        match self.0.get(name) {
            Some(Value::String(text)) => java::parse_double(text).unwrap_or(default),
            given => given.and_then(Value::as_f64).unwrap_or(default),
        }
    }

    fn int(&self, name: &str, default: i32) -> i32 {
        let given = self.0.get(name).and_then(Value::as_i64);
        given.and_then(|number| i32::try_from(number).ok()).unwrap_or(default)
    }

    fn time(&self, name: &str) -> Millis {
        Millis(self.0.get(name).and_then(Value::as_u64).unwrap_or_default())
    }

    fn metadata(&self) -> Option<Metadata> {
        let entry = |(key, value): (&String, &Value)| {
            let text = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            (key.clone(), text)
        };
        self.0.get("metadata")?.as_object().map(|map| map.iter().map(entry).collect())
    }

    fn instance(self) -> KeptInstance {
        let instance = Instance {
            ip: self.0.get("ip").and_then(Value::as_str).map(Box::from),
            port: self.int("port", 0),
            cluster: self.text("clusterName").into(),
            weight: self.double("weight", 1.0),
            healthy: self.flag("healthy", true),
            enabled: self.flag("enabled", true),
            ephemeral: self.flag("ephemeral", true),
            metadata: self.metadata(),
            app: self.text("app").into(),
        };
        KeptInstance {
            instance: Arc::new(instance),
            id: self.0.get("instanceId").and_then(Value::as_str).map(Box::from),
            last_beat: self.time("lastBeat"),
        }
    }

    fn service(&self, quirks: &Quirks) -> Result<ServiceRecord, Refusal> {
        let clusters = self.0.get("clusterMap").and_then(Value::as_object);
        let mut read = Vec::new();
        for (name, cluster) in clusters.into_iter().flatten() {
            read.push((name.clone(), Fields(cluster).cluster(quirks)?));
        }
        Ok(ServiceRecord {
            group: self.text("groupName").to_owned(),
            checksum: self.text("checksum").to_owned(),
            modified: self.time("lastModifiedMillis"),
            protect_threshold: self.double("protectThreshold", 0.0) as f32,
            metadata: self.metadata().unwrap_or_default(),
            selector: self.selector(),
            is_empty: self.flag("empty", true),
            clusters: read,
        })
    }

    fn selector(&self) -> Selector {
        let given = self.0.get("selector").map(Fields);
        let Some(given) = given.filter(|given| given.text("type") == "label") else {
            return Selector::None;
        };
        let expression = given.0.get("expression").and_then(Value::as_str).map(str::to_owned);
        let labels = given.0.get("labels").and_then(Value::as_array).into_iter().flatten();
        let labels = labels.filter_map(Value::as_str).map(str::to_owned).collect();
        Selector::Label { expression, labels }
    }

    fn cluster(&self, quirks: &Quirks) -> Result<ClusterSettings, Refusal> {
        let usual = ClusterSettings::default();
        let checker = match self.0.get("healthChecker") {
            None | Some(Value::Null) => usual.checker,
            Some(given) => checker::read(&given.to_string(), quirks)?,
        };
        Ok(ClusterSettings {
            checker,
            check_port: self.int("defCkport", usual.check_port),
            use_instance_port: self.flag("useIPPort4Check", usual.use_instance_port),
            metadata: self.metadata().unwrap_or_default(),
        })
    }
}
