//! How a cluster's persistent instances are checked: the JSON that PUT `/cluster` takes and the one
//! that is shown (`service/cluster-update`, `service/cluster-required-params`).

use crate::model::{HealthChecker, Refusal, java};
use crate::profile::{JsonDialect, Quirks};
use crate::wire::json::{self, JsonObject};
use crate::wire::text::json::JsonText;

/// The checker that a parameter describes. 1.x refuses a type that it does not know; 2.x checks
/// nothing then.
///
/// # Errors
/// It is no JSON, or of no type.
pub fn read(text: &str, quirks: &Quirks) -> Result<HealthChecker, Refusal> {
    let given = json::checker(quirks.metadata.json, text)?;
    let kind = match quirks.metadata.json {
        JsonDialect::Fastjson => given.required("type")?,
        JsonDialect::Jackson => given.get("type").unwrap_or_default(),
    };
    match kind {
        "TCP" => Ok(HealthChecker::Tcp),
        "HTTP" => http(&given, quirks),
        "MYSQL" => {
            let text = |name| given.get(name).map(str::to_owned);
            Ok(HealthChecker::Mysql { user: text("user"), pwd: text("pwd"), cmd: text("cmd") })
        }
        "NONE" => Ok(HealthChecker::None),
        _ if quirks.metadata.json == JsonDialect::Jackson => Ok(HealthChecker::None),
        _ => Err(Refusal::nacos(400, format!("unknown health check type:{text}"))),
    }
}

const USUAL_CODE: i32 = 200;

fn http(given: &JsonObject, quirks: &Quirks) -> Result<HealthChecker, Refusal> {
    let text = |name| given.get(name).unwrap_or_default().to_owned();
    let code = given.get("expectedResponseCode").filter(|code| !code.is_empty());
    let expected_response_code = match code.map(|code| (code, java::parse_int(code))) {
        None => USUAL_CODE,
        Some((_, Some(code))) => code,
        Some((code, None)) => return Err(json::no_int(quirks.metadata.json, code)),
    };
    Ok(HealthChecker::Http { path: text("path"), headers: text("headers"), expected_response_code })
}

/// Appends a checker as a cluster shows it; 1.x takes its headers apart as well.
pub fn push(out: &mut String, checker: &HealthChecker, quirks: &Quirks) {
    let mut json = JsonText::object();
    match checker {
        HealthChecker::Tcp => json.text("type", "TCP"),
        HealthChecker::None => json.text("type", "NONE"),
        HealthChecker::Http { path, headers, expected_response_code } => {
            json.text("type", "HTTP");
            json.text("path", path);
            json.text("headers", headers);
            json.number("expectedResponseCode", i64::from(*expected_response_code));
            if quirks.metadata.json == JsonDialect::Fastjson {
                push_headers(json.key("customHeaders"), headers);
            }
        }
        HealthChecker::Mysql { user, pwd, cmd } => {
            json.text("type", "MYSQL");
            json.optional_text("user", user.as_deref());
            json.optional_text("pwd", pwd.as_deref());
            json.optional_text("cmd", cmd.as_deref());
        }
    }
    out.push_str(&json.finish());
}

/// `Http.getCustomHeaders`: a hash map of what stands around single colons.
fn push_headers(out: &mut String, headers: &str) {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for header in java::split(headers, "|") {
        if let [name, value] = java::split(header, ":")[..] {
            let (name, value) = (java::trim(name), java::trim(value));
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => found.push((name, value)),
            }
        }
    }
    java::sort_by_hash_order(&mut found, |(name, _)| name);
    let mut json = JsonText::object();
    for (name, value) in found {
        json.text(name, value);
    }
    out.push_str(&json.finish());
}

/// GET `/health/checkers`: each with what it starts from, without its type.
pub const ALL: &str = r#"{"TCP":{},"HTTP":{"path":"","headers":"","expectedResponseCode":200},"MYSQL":{"user":null,"pwd":null,"cmd":null},"NONE":{}}"#;
