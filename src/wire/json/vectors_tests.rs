//! Replays what the real parsers made of 1,700 texts (`fixtures/java/`, recorded with fastjson
//! 1.2.58 and Jackson 2.12.2): results, exceptions and their whole texts.

use super::{fastjson, jackson};
use crate::model::{FullBeat, JavaException, Metadata, Refusal, java};
use serde_json::{Value, json};

const FASTJSON: &str = include_str!("../../../fixtures/java/fastjson.jsonl");
const JACKSON: &str = include_str!("../../../fixtures/java/jackson.jsonl");

/// Replays the vectors of one kind.
fn replay(vectors: &str, kind: &str, made: impl Fn(&str) -> Value) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        if vector["kind"] != kind {
            continue;
        }
        count += 1;
        let text = vector["text"].as_str().unwrap();
        let (made, recorded) = (made(text), recorded(kind, &vector));
        if made != recorded {
            wrong.push(format!("{text:?}\n  recorded {recorded}\n  made     {made}"));
        }
    }
    assert!(count > 20, "{count} vectors");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// A vector's outcome in the form in which ours is made.
fn recorded(kind: &str, vector: &Value) -> Value {
    let thrown = &vector["thrown"];
    match kind {
        // The message of a metadata parameter's exception is shown to nobody.
        "fastjson-metadata" | "jackson-metadata" if !thrown.is_null() => json!("thrown"),
        "batch" if !thrown.is_null() => json!("none"),
        "jackson-beat" if !thrown.is_null() => json!({ "message": vector["message"] }),
        _ if !thrown.is_null() => json!({
            "thrown": thrown,
            "message": vector["message"].as_str().unwrap_or(""),
            "number": vector["cause"] == "java.lang.NumberFormatException",
        }),
        "batch" => targets(&vector["batch"]),
        "fastjson-metadata" | "jackson-metadata" => vector["metadata"].clone(),
        _ => vector["beat"].clone(),
    }
}

/// Instances as `buildOperationInfo` leaves them: a blank cluster is the default one.
fn targets(list: &Value) -> Value {
    let Some(list) = list.as_array() else { return json!("none") };
    list.iter()
        .map(|target| {
            let cluster = target[2].as_str().unwrap_or("").trim();
            let cluster = if cluster.is_empty() { "DEFAULT" } else { cluster };
            json!([target[0].as_str().unwrap_or(""), target[1], cluster, target[3]])
        })
        .collect()
}

fn map(map: Option<&Metadata>) -> Value {
    map.map_or(Value::Null, |map| map.iter().map(|(key, value)| json!([key, value])).collect())
}

fn beat(beat: Option<FullBeat>) -> Value {
    let Some(beat) = beat else { return Value::Null };
    json!({
        "ip": beat.ip,
        "port": beat.port,
        "cluster": beat.cluster,
        "serviceName": beat.service_name,
        "weight": java::double_text(beat.weight),
        "ephemeral": beat.ephemeral,
        "metadata": map(beat.metadata.as_ref()),
    })
}

fn fastjson_thrown(refusal: &Refusal) -> Value {
    json!({
        "thrown": match refusal.exception {
            JavaException::FastJson | JavaException::FastJsonNumber => "JSONException",
            JavaException::NumberFormat => "NumberFormatException",
            JavaException::ArrayIndex => "ArrayIndexOutOfBoundsException",
            _ => "another",
        },
        "message": refusal.message,
        "number": refusal.exception == JavaException::FastJsonNumber,
    })
}

#[test]
fn fastjson_reads_beats_as_recorded() {
    replay(FASTJSON, "fastjson-beat", |text| {
        fastjson::beat(text).map_or_else(|refusal| fastjson_thrown(&refusal), beat)
    });
}

#[test]
fn jackson_reads_beats_as_recorded() {
    replay(JACKSON, "jackson-beat", |text| {
        jackson::beat(text).map_or_else(|refusal| json!({ "message": refusal.cause }), beat)
    });
}

#[test]
fn fastjson_reads_metadata_as_recorded() {
    replay(FASTJSON, "fastjson-metadata", |text| {
        fastjson::metadata(text).map_or(json!("thrown"), |read| map(read.as_ref()))
    });
}

#[test]
fn jackson_reads_metadata_as_recorded() {
    replay(JACKSON, "jackson-metadata", |text| {
        jackson::metadata(text).map_or(json!("thrown"), |read| map(read.as_ref()))
    });
}

#[test]
fn jackson_reads_instances_of_a_batch_as_recorded() {
    replay(JACKSON, "batch", |text| {
        let targets = jackson::batch_targets(text);
        targets.map_or(json!("none"), |targets| {
            targets.iter().map(|t| json!([t.ip, t.port, t.cluster, t.ephemeral])).collect()
        })
    });
}
