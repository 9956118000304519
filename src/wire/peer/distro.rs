//! The bodies of distro besides datums: checksums of lists, the keys that somebody wants, and the
//! checksums of services by which health travels.

use super::raft::json;
use crate::model::{DatumKey, Refusal, ServiceChecksums, java};
use crate::wire::text::json::JsonText;
use crate::wire::url_decode;
use serde_json::Value;

/// `new HashMap<>(64)` of PUT `/distro/checksum`.
const CHECKSUM_BUCKETS: usize = 64;

/// The body of PUT `/distro/checksum`.
pub(super) fn checksums(checksums: &[(DatumKey, String)]) -> String {
    let mut texts: Vec<(String, &str)> =
        checksums.iter().map(|(key, checksum)| (key.text(), checksum.as_str())).collect();
    let buckets = java::grown_from(CHECKSUM_BUCKETS, texts.len());
    java::sort_by_buckets(&mut texts, buckets, |(key, _)| key);
    let mut json = JsonText::object();
    for (key, checksum) in texts {
        json.text(&key, checksum);
    }
    json.finish()
}

/// The body of GET `/distro/datum`.
pub(super) fn wanted(keys: &str) -> String {
    let mut json = JsonText::object();
    json.text("keys", keys);
    json.finish()
}

/// The body of POST `/service/status`.
pub(super) fn service_status(status: &ServiceChecksums) -> String {
    let mut sorted: Vec<_> = status.checksums.iter().collect();
    java::sort_by_hash_order(&mut sorted, |(name, _)| name);
    let mut checksums = JsonText::object();
    for (name, checksum) in sorted {
        checksums.text(name, checksum);
    }
    let mut statuses = JsonText::object();
    statuses.text("namespaceId", &status.namespace);
    statuses.raw("serviceName2Checksum", &checksums.finish());
    let mut json = JsonText::object();
    json.text("clientIP", &status.from);
    json.text("statuses", &statuses.finish());
    json.finish()
}

/// Reads the body of PUT `/distro/checksum`. A key of no list of ephemeral instances is passed
/// over: nobody has anything under it.
///
/// # Errors
/// It is no JSON object.
pub fn read_checksums(body: &[u8]) -> Result<Vec<(DatumKey, String)>, Refusal> {
    let value = json(&String::from_utf8_lossy(body))?;
    let object = value.as_object().ok_or_else(Refusal::null_pointer)?;
    let checksum = |(key, value): (&String, &Value)| {
        let key = DatumKey::read(key).filter(|key| matches!(key, DatumKey::Ephemeral(_)))?;
        Some((key, value.as_str()?.to_owned()))
    };
    Ok(object.iter().filter_map(checksum).collect())
}

/// Reads the body of POST `/service/status`, which is decoded as if it were a form; `None` when it
/// names no services.
///
/// # Errors
/// An escape is broken, or it is no JSON.
pub fn read_service_status(body: &[u8]) -> Result<Option<ServiceChecksums>, Refusal> {
    let outer = json(&url_decode(&String::from_utf8_lossy(body))?)?;
    let text = |name: &str| outer.get(name).and_then(Value::as_str);
    let (Some(from), Some(statuses)) = (text("clientIP"), text("statuses")) else {
        return Ok(None);
    };
    let Ok(inner) = json(statuses) else { return Ok(None) };
    let names = inner.get("serviceName2Checksum").and_then(Value::as_object);
    let (Some(namespace), Some(names)) = (inner.get("namespaceId").and_then(Value::as_str), names)
    else {
        return Ok(None);
    };
    let checksum = |(name, value): (&String, &Value)| {
        Some((name.as_str().into(), value.as_str().unwrap_or_default().to_owned()))
    };
    Ok(Some(ServiceChecksums {
        from: from.into(),
        namespace: namespace.into(),
        checksums: names.iter().filter_map(checksum).collect(),
    }))
}
