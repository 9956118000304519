//! The entry `batch`: all switches as one JSON object. What it does not name has its default
//! (`operator/switches-batch`).
//!
//! 1.x reads it with fastjson: names need not match in capitals, `_` and `-`, a null leaves the
//! default. 2.x reads it with Jackson: names match exactly, a null number is 0 and a null boolean
//! false.

use crate::model::switches::HealthParams;
use crate::model::{JavaException, Refusal, Switches, java};
use crate::profile::JsonDialect;
use crate::wire::json;
use serde_json::{Map, Value};

/// `SwitchDomain.HttpHealthParams.MIN_MIN`, ms.
const MIN_MIN_MS: i32 = 500;
/// `SwitchDomain.HttpHealthParams.MIN_MAX`, ms.
const MIN_MAX_MS: i32 = 3_000;

/// Reads the object.
///
/// # Errors
/// The text is no such object, or a health check would be too quick or too slow.
pub fn read(text: &str, dialect: JsonDialect) -> Result<Switches, Refusal> {
    let object = match parse(text, dialect)? {
        Value::Object(object) => object,
        Value::Null => return Err(Refusal::null_pointer()),
        _ => return Err(no_object(dialect, "expect {, actual error, pos 0")),
    };
    let mut switches = Switches::default();
    let fields = Fields { dialect, object: &object };
    fields.fill(&mut switches)?;
    check(&switches)?;
    Ok(switches)
}

fn check(switches: &Switches) -> Result<(), Refusal> {
    let [http, tcp] = [switches.http_health, switches.tcp_health];
    if http.min < MIN_MIN_MS || tcp.min < MIN_MIN_MS {
        return Err(Refusal::illegal("min check time for http or tcp is too small(<500)"));
    }
    if http.max < MIN_MAX_MS || tcp.max < MIN_MAX_MS {
        return Err(Refusal::illegal("max check time for http or tcp is too small(<3000)"));
    }
    // A factor that is no number is neither too small nor too large.
    let malformed = |params: HealthParams| params.factor < 0.0 || params.factor > 1.0;
    if malformed(http) || malformed(tcp) {
        return Err(Refusal::illegal("malformed factor"));
    }
    Ok(())
}

/// Puts an entry into a map as Java does: the last value of a key counts, at its first place.
pub(super) fn put(entries: &mut Vec<(String, i32)>, key: &str, value: i32) {
    match entries.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) => *known = value,
        None => entries.push((key.to_owned(), value)),
    }
}

fn parse(text: &str, dialect: JsonDialect) -> Result<Value, Refusal> {
    match dialect {
        JsonDialect::Fastjson => {
            let object = json::object(dialect, text)?;
            // Its fields come as texts; nested objects and lists as their JSON.
            let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
            let field = |(name, text): (&str, Option<&str>)| {
                (name.to_owned(), text.map_or(Value::Null, value))
            };
            Ok(Value::Object(object.iter().map(field).collect()))
        }
        // Jackson stops behind the first value.
        JsonDialect::Jackson => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter();
            let empty = || no_object(dialect, "No content to map due to end-of-input");
            let bad = |error: serde_json::Error| no_object(dialect, &error.to_string());
            values.next().ok_or_else(empty)?.map_err(bad)
        }
    }
}

fn no_object(dialect: JsonDialect, why: &str) -> Refusal {
    match dialect {
        JsonDialect::Fastjson => {
            let message = format!("syntax error, {why}, fastjson-version 1.2.58");
            Refusal::new(JavaException::FastJson, message)
        }
        JsonDialect::Jackson => {
            let message = "errCode: 101, errMsg: Nacos deserialize for class \
                           [com.alibaba.nacos.naming.misc.SwitchDomain] failed.  ";
            let mut refusal = Refusal::new(JavaException::Deserialization, message);
            refusal.cause = Some(why.to_owned());
            refusal
        }
    }
}

/// The object's fields with the conversions of its parser.
struct Fields<'a> {
    dialect: JsonDialect,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn fill(&self, all: &mut Switches) -> Result<(), Refusal> {
        self.texts("masters", |texts| all.masters = texts)?;
        self.map("adWeightMap", &mut all.ad_weights)?;
        self.long("defaultPushCacheMillis", &mut all.push_cache_millis)?;
        self.long("clientBeatInterval", &mut all.client_beat_interval)?;
        self.long("defaultCacheMillis", &mut all.default_cache_millis)?;
        self.float("distroThreshold", &mut all.distro_threshold)?;
        self.boolean("healthCheckEnabled", &mut all.health_check_enabled)?;
        self.boolean("autoChangeHealthCheckEnabled", &mut all.auto_change_health_check_enabled)?;
        self.boolean("distroEnabled", &mut all.distro_enabled)?;
        self.boolean("pushEnabled", &mut all.push_enabled)?;
        self.int("checkTimes", &mut all.check_times)?;
        self.health("httpHealthParams", &mut all.http_health)?;
        self.health("tcpHealthParams", &mut all.tcp_health)?;
        self.health("mysqlHealthParams", &mut all.mysql_health)?;
        self.texts("incrementalList", |texts| all.incremental_list = texts.unwrap_or_default())?;
        self.long("serverStatusSynchronizationPeriodMillis", &mut all.server_status_period_millis)?;
        let service_period = &mut all.service_status_period_millis;
        self.long("serviceStatusSynchronizationPeriodMillis", service_period)?;
        self.boolean("disableAddIP", &mut all.disable_add_ip)?;
        self.boolean("sendBeatOnly", &mut all.send_beat_only)?;
        self.boolean("lightBeatEnabled", &mut all.light_beat_enabled)?;
        self.boolean("doubleWriteEnabled", &mut all.double_write_enabled)?;
        self.map("limitedUrlMap", &mut all.limited_url_map)?;
        self.long("distroServerExpiredMillis", &mut all.distro_server_expired_millis)?;
        self.text("pushGoVersion", &mut all.push_go_version);
        self.text("pushJavaVersion", &mut all.push_java_version);
        self.text("pushPythonVersion", &mut all.push_python_version);
        self.text("pushCVersion", &mut all.push_c_version);
        self.text("pushCSharpVersion", &mut all.push_csharp_version);
        self.boolean("enableAuthentication", &mut all.enable_authentication)?;
        if let Some(status) = self.get("overriddenServerStatus") {
            all.overridden_server_status = plain(status);
        }
        self.boolean("defaultInstanceEphemeral", &mut all.default_instance_ephemeral)
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        match self.dialect {
            JsonDialect::Jackson => self.object.get(name),
            JsonDialect::Fastjson => self.object.get(name).or_else(|| {
                let found = self.object.iter().find(|(key, _)| smart_name(key) == smart_name(name));
                found.map(|(_, value)| value)
            }),
        }
    }

    /// A value that is there and not null; a null leaves the default or is nothing.
    fn present<T: Default>(&self, name: &str, field: &mut T) -> Option<&'a Value> {
        let value = self.get(name)?;
        if !value.is_null() {
            return Some(value);
        }
        if self.dialect == JsonDialect::Jackson {
            *field = T::default();
        }
        None
    }

    fn long(&self, name: &str, field: &mut i64) -> Result<(), Refusal> {
        let Some(value) = self.present(name, field) else { return Ok(()) };
        *field = self.whole(name, value)?;
        Ok(())
    }

    fn int(&self, name: &str, field: &mut i32) -> Result<(), Refusal> {
        let Some(value) = self.present(name, field) else { return Ok(()) };
        *field = i32::try_from(self.whole(name, value)?).map_err(|_| self.mismatch(name, value))?;
        Ok(())
    }

    /// A whole number, also as a text; a fraction is cut.
    fn whole(&self, name: &str, value: &Value) -> Result<i64, Refusal> {
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|f| f as i64)),
            Value::String(text) if text.is_empty() => Some(0),
            Value::String(text) => java::parse_long(java::trim(text)),
            _ => None,
        };
        number.ok_or_else(|| self.mismatch(name, value))
    }

    fn float(&self, name: &str, field: &mut f32) -> Result<(), Refusal> {
        let Some(value) = self.present(name, field) else { return Ok(()) };
        let number = match value {
            Value::Number(number) => java::parse_float(&number.to_string()),
            Value::String(text) => java::parse_float(text),
            _ => None,
        };
        *field = number.ok_or_else(|| self.mismatch(name, value))?;
        Ok(())
    }

    fn boolean(&self, name: &str, field: &mut bool) -> Result<(), Refusal> {
        let Some(value) = self.present(name, field) else { return Ok(()) };
        let truth = match value {
            Value::Bool(truth) => Some(*truth),
            Value::Number(number) => match self.dialect {
                JsonDialect::Fastjson => Some(number.as_i64() == Some(1)),
                JsonDialect::Jackson => number.as_i64().map(|number| number != 0),
            },
            Value::String(text) => self.truth_word(text),
            _ => None,
        };
        *field = truth.ok_or_else(|| self.mismatch(name, value))?;
        Ok(())
    }

    fn truth_word(&self, text: &str) -> Option<bool> {
        match (self.dialect, java::trim(text)) {
            (_, "true") => Some(true),
            (_, "false") => Some(false),
            (JsonDialect::Jackson, "True") => Some(true),
            (JsonDialect::Jackson, "False" | "") => Some(false),
            (JsonDialect::Fastjson, word) => match word.to_ascii_uppercase().as_str() {
                "TRUE" | "1" | "Y" | "T" => Some(true),
                "FALSE" | "0" | "N" | "F" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&self, name: &str, field: &mut String) {
        if let Some(text) = self.get(name).and_then(plain) {
            *field = text;
        }
    }

    fn texts(&self, name: &str, take: impl FnOnce(Option<Vec<String>>)) -> Result<(), Refusal> {
        match self.get(name) {
            None => {}
            Some(Value::Null) => take(None),
            Some(Value::Array(items)) => take(Some(items.iter().filter_map(plain).collect())),
            Some(other) => return Err(self.mismatch(name, other)),
        }
        Ok(())
    }

    fn map(&self, name: &str, field: &mut Vec<(String, i32)>) -> Result<(), Refusal> {
        let Some(value) = self.get(name).filter(|value| !value.is_null()) else { return Ok(()) };
        let Value::Object(object) = value else { return Err(self.mismatch(name, value)) };
        let mut entries = Vec::new();
        for (key, value) in object {
            let number = i32::try_from(self.whole(name, value)?);
            put(&mut entries, key, number.map_err(|_| self.mismatch(name, value))?);
        }
        // fastjson makes a hash map of it, Jackson one that keeps the order.
        if self.dialect == JsonDialect::Fastjson {
            java::sort_by_hash_order(&mut entries, |(key, _)| key);
        }
        *field = entries;
        Ok(())
    }

    fn health(&self, name: &str, field: &mut HealthParams) -> Result<(), Refusal> {
        let object = match self.get(name) {
            None => return Ok(()),
            // The checks that follow read the bounds of nothing.
            Some(Value::Null) => return Err(Refusal::null_pointer()),
            Some(Value::Object(object)) => object,
            Some(other) => return Err(self.mismatch(name, other)),
        };
        let fields = Fields { dialect: self.dialect, object };
        fields.int("max", &mut field.max)?;
        fields.int("min", &mut field.min)?;
        fields.float("factor", &mut field.factor)
    }

    fn mismatch(&self, name: &str, value: &Value) -> Refusal {
        match (self.dialect, value) {
            (JsonDialect::Fastjson, Value::String(text)) => {
                let mut refusal = Refusal::new(
                    JavaException::FastJsonNumber,
                    format!("parse error, field : {name}"),
                );
                refusal.cause = Some(format!("For input string: \"{text}\""));
                refusal
            }
            _ => no_object(self.dialect, &format!("{name} can not be {value}")),
        }
    }
}

/// A name as fastjson compares it when it finds no exact one.
fn smart_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The text of a scalar; objects, lists and null have none.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_has_its_default() {
        for dialect in [JsonDialect::Fastjson, JsonDialect::Jackson] {
            assert_eq!(read("{}", dialect), Ok(Switches::default()));
            let read = read(r#"{"checkTimes":"9","pushEnabled":"false","x":1}"#, dialect).unwrap();
            let expected = Switches { check_times: 9, push_enabled: false, ..Switches::default() };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn each_parser_takes_nulls_names_and_numbers_in_its_own_manner() {
        let text = r#"{"check_times":7,"sendBeatOnly":null,"pushEnabled":2,"checkTimes":null}"#;
        let fastjson = read(text, JsonDialect::Fastjson).unwrap();
        assert_eq!((fastjson.check_times, fastjson.push_enabled), (3, false));
        let jackson = read(text, JsonDialect::Jackson).unwrap();
        assert_eq!((jackson.check_times, jackson.push_enabled), (0, true));
        let lenient = read("{'check_times':7,}", JsonDialect::Fastjson).unwrap();
        assert_eq!(lenient.check_times, 7);
        assert!(read("{'check_times':7,}", JsonDialect::Jackson).is_err());
    }

    #[test]
    fn maps_stand_in_the_order_of_the_parser_s_map() {
        let text = r#"{"limitedUrlMap":{"/b":429,"/a":404,"/b":503}}"#;
        let keys = |dialect| read(text, dialect).unwrap().limited_url_map;
        let (b, a) = (("/b".to_owned(), 503), ("/a".to_owned(), 404));
        assert_eq!(keys(JsonDialect::Jackson), [b.clone(), a.clone()]);
        assert_eq!(keys(JsonDialect::Fastjson), [a, b]);
    }

    #[test]
    fn checks_that_are_too_quick_or_make_no_sense_are_refused() {
        for (text, message) in [
            (r#"{"tcpHealthParams":{"min":499}}"#, "min check time for http or tcp is too small"),
            (r#"{"httpHealthParams":{"max":2999}}"#, "max check time for http or tcp is too small"),
            (r#"{"httpHealthParams":{"factor":-0.1}}"#, "malformed factor"),
        ] {
            for dialect in [JsonDialect::Fastjson, JsonDialect::Jackson] {
                let refusal = read(text, dialect).unwrap_err();
                assert!(refusal.message.starts_with(message), "{text}: {refusal}");
            }
        }
        let null = read(r#"{"tcpHealthParams":null}"#, JsonDialect::Jackson).unwrap_err();
        assert_eq!(null, Refusal::null_pointer());
    }
}
