//! Selectors of services: the JSON that POST and PUT `/service` take, the expression inside it, and
//! the JSON that is shown (`service/selectors`).

use crate::model::{MetadataFilter, Refusal, Selector, java};
use crate::profile::{JsonDialect, ListShape, Quirks, SelectorShape};
use crate::wire::json::{self, JsonObject};
use crate::wire::text::json::JsonText;
use crate::wire::url_decode;

/// The selector that a parameter describes; a blank one is none.
///
/// # Errors
/// It is no JSON, no selector, or its expression means nothing.
pub fn read(text: &str, quirks: &Quirks) -> Result<Selector, Refusal> {
    if java::is_blank(text) {
        return Ok(Selector::None);
    }
    // Decoded by the container before; decoded once more here.
    let given = json::object(quirks.metadata.json, &url_decode(text)?)?;
    if quirks.service.selector == SelectorShape::WithContext {
        return of_known_type(&given);
    }
    match kind(&given, quirks)? {
        Kind::None => Ok(Selector::None),
        Kind::Label => {
            let expression = match quirks.metadata.json {
                JsonDialect::Fastjson => given.get("expression"),
                JsonDialect::Jackson => Some(given.required("expression")?),
            };
            by_labels(expression)
        }
        Kind::Unknown => Err(no_such_type()),
    }
}

/// `SelectorManager.parseSelector`: what goes wrong inside a selector is the server's mistake.
fn of_known_type(given: &JsonObject) -> Result<Selector, Refusal> {
    match given.get("type") {
        Some("none") => Ok(Selector::None),
        Some("label") => by_labels(given.get("expression")).map_err(|refusal| {
            Refusal::nacos(500, format!("Selector parses failed: {}", refusal.message))
        }),
        _ => Err(no_such_type()),
    }
}

fn by_labels(expression: Option<&str>) -> Result<Selector, Refusal> {
    let labels = labels(expression.unwrap_or_default())?;
    Ok(Selector::Label { expression: expression.map(str::to_owned), labels })
}

fn no_such_type() -> Refusal {
    Refusal::nacos(400, "not match any type of selector!")
}

/// The selector of `/service/list`, which 1.x filters by: metadata of the service or of its
/// instances.
///
/// # Errors
/// It is no JSON, or of no type, or its expression has no two sides.
pub fn filter(text: &str, quirks: &Quirks) -> Result<Option<MetadataFilter>, Refusal> {
    if java::is_blank(text) || quirks.list.shape == ListShape::ServiceInfo {
        return Ok(None);
    }
    let given = json::object(quirks.metadata.json, text)?;
    let kind = kind(&given, quirks)?;
    let expression = given.get("expression").filter(|expression| !java::is_blank(expression));
    let (Kind::Label, Some(expression)) = (kind, expression) else { return Ok(None) };
    let compact = java::without_whitespace(expression);
    let terms = java::split(&compact, "=");
    let term =
        |at: usize| terms.get(at).copied().ok_or_else(|| Refusal::array_index(at, terms.len()));
    let factors = java::split(term(0)?, ".");
    let of_instance = match factors.first().copied() {
        None => return Err(Refusal::array_index(0, 0)),
        Some("INSTANCE") => true,
        Some("SERVICE") => false,
        Some(_) => return Ok(None),
    };
    let key = factors.last().copied().unwrap_or_default().to_owned();
    Ok(Some(MetadataFilter { of_instance, key, value: term(1)?.replace('\'', "") }))
}

/// `SelectorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `unknown`, a word that the enum has.
    Unknown,
    /// `none`.
    None,
    /// `label`.
    Label,
}

/// `SelectorType.valueOf` of the field `type`.
///
/// # Errors
/// There is no such field or no such type.
pub fn kind(given: &JsonObject, quirks: &Quirks) -> Result<Kind, Refusal> {
    let named = match quirks.metadata.json {
        JsonDialect::Fastjson => given.get("type").ok_or_else(Refusal::no_enum_name)?,
        JsonDialect::Jackson => given.required("type")?,
    };
    match named {
        "unknown" => Ok(Kind::Unknown),
        "none" => Ok(Kind::None),
        "label" => Ok(Kind::Label),
        other => Err(Refusal::illegal(format!(
            "No enum constant com.alibaba.nacos.api.selector.SelectorType.{other}"
        ))),
    }
}

/// The JSON of a selector.
pub fn text(selector: &Selector, quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    let context = match selector {
        Selector::None => {
            json.text("type", "none");
            "NONE"
        }
        Selector::Label { expression, labels } => {
            json.text("type", "label");
            json.optional_text("expression", expression.as_deref());
            json.texts("labels", labels.iter().map(String::as_str));
            "CMDB"
        }
    };
    if quirks.service.selector == SelectorShape::WithContext {
        json.text("contextType", context);
    }
    json.finish()
}

/// GET `/service/selector/types`: the types there are, as a hash map has them.
pub fn types() -> String {
    let mut types = ["none", "label"];
    java::sort_by_hash_order(&mut types, |name| name);
    let mut json = JsonText::object();
    json.number("code", 200);
    json.raw("message", "null");
    json.texts("data", types);
    json.finish()
}

const CONSUMER: &str = "CONSUMER.label.";
const PROVIDER: &str = "PROVIDER.label.";

/// `LabelSelector.ExpressionInterpreter`: pairs of `CONSUMER.label.A = PROVIDER.label.A` with `&`
/// between them.
fn labels(expression: &str) -> Result<Vec<String>, Refusal> {
    let mut labels: Vec<String> = Vec::new();
    if java::is_blank(expression) {
        return Ok(labels);
    }
    let compact = java::without_whitespace(expression);
    let terms = terms(&compact);
    let mut at = pair(&terms, 0)?;
    loop {
        let label = behind(terms[at], PROVIDER)?.to_owned();
        if !labels.contains(&label) {
            labels.push(label);
        }
        at = skip_empty(&terms, at + 1);
        if at >= terms.len() {
            java::sort_by_hash_order(&mut labels, |label| label);
            return Ok(labels);
        }
        if terms[at] != "&" {
            return Err(meaningless());
        }
        at = pair(&terms, at + 1)?;
    }
}

/// The index of the provider's half of a pair.
fn pair(terms: &[&str], at: usize) -> Result<usize, Refusal> {
    let starts = |at: usize, prefix: &str| terms.get(at).is_some_and(|t| t.starts_with(prefix));
    let consumer = skip_empty(terms, at);
    if !starts(consumer, CONSUMER) {
        return Err(meaningless());
    }
    let label = behind(terms[consumer], CONSUMER)?;
    let equals = skip_empty(terms, consumer + 1);
    if terms.get(equals) != Some(&"=") {
        return Err(meaningless());
    }
    let provider = skip_empty(terms, equals + 1);
    if !starts(provider, PROVIDER) || behind(terms[provider], PROVIDER)? != label {
        return Err(meaningless());
    }
    Ok(provider)
}

fn skip_empty(terms: &[&str], mut at: usize) -> usize {
    while terms.get(at).is_some_and(|term| term.is_empty()) {
        at += 1;
    }
    at
}

fn meaningless() -> Refusal {
    Refusal::nacos(400, "parse expression failed!")
}

/// `split(prefix)[1]` of a term that begins with the prefix.
fn behind<'t>(term: &'t str, prefix: &str) -> Result<&'t str, Refusal> {
    let parts = java::split(term, prefix);
    parts.get(1).copied().ok_or_else(|| Refusal::array_index(1, parts.len()))
}

/// What stands between and beside the connectors. The character behind a connector is never taken
/// for one.
fn terms(expression: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut last = 0;
    let mut passed_over = false;
    for (at, c) in expression.char_indices() {
        if std::mem::take(&mut passed_over) || !matches!(c, '=' | '&') {
            continue;
        }
        terms.push(&expression[last..at]);
        terms.push(&expression[at..=at]);
        last = at + 1;
        passed_over = true;
    }
    terms.push(&expression[last..]);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_each_label_once() {
        let read = |text| labels(text).map_err(|refusal| refusal.message.into_owned());
        assert_eq!(read("CONSUMER.label.A = PROVIDER.label.A").unwrap(), ["A"]);
        let two = "CONSUMER.label.B=PROVIDER.label.B&CONSUMER.label.A=PROVIDER.label.A";
        assert_eq!(read(two).unwrap(), ["A", "B"]);
        assert_eq!(read("  ").unwrap(), [""; 0]);
        for bad in ["x", "CONSUMER.label.A=PROVIDER.label.B", "CONSUMER.label.A==PROVIDER.label.A"]
        {
            assert_eq!(read(bad).unwrap_err(), "parse expression failed!", "{bad}");
        }
        assert_eq!(read("CONSUMER.label.").unwrap_err(), "Index 1 out of bounds for length 0");
    }
}
