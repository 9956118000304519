//! JSON that clients send, as the parsers of the version read it.
use crate::model::{BatchTarget, FullBeat, Metadata, Refusal};
use crate::profile::JsonDialect;
/// beat
pub fn beat(_d: JsonDialect, text: &str) -> Result<Option<FullBeat>, Refusal> {
    let v: serde_json::Value = serde_json::from_str(text).map_err(|_| Refusal::null_pointer())?;
    let s = |k: &str| v.get(k).and_then(|v| v.as_str()).map(Box::from);
    Ok(Some(FullBeat {
        ip: s("ip"),
        port: v["port"].as_i64().unwrap_or(0) as i32,
        cluster: s("cluster"),
        service_name: s("serviceName"),
        weight: v["weight"].as_f64().unwrap_or(0.0),
        ephemeral: v["ephemeral"].as_bool().unwrap_or(true),
        metadata: metadata(_d, &v["metadata"].to_string())?,
    }))
}
/// metadata
pub fn metadata(_d: JsonDialect, text: &str) -> Result<Option<Metadata>, Refusal> {
    if text == "null" {
        return Ok(None);
    }
    if let Ok(serde_json::Value::Object(o)) = serde_json::from_str(text) {
        return Ok(Some(o.into_iter().map(|(k, v)| (k, v.as_str().map(str::to_owned))).collect()));
    }
    let mut m = Metadata::new();
    for p in text.split(',') {
        let (k, v) = p
            .split_once('=')
            .ok_or_else(|| Refusal::nacos(400, format!("metadata format incorrect:{text}")))?;
        m.insert(k, Some(v));
    }
    Ok(Some(m))
}
/// batch
pub fn batch_targets(_t: &str) -> Option<Vec<BatchTarget>> {
    None
}
