//! What happens to a request before a controller sees it: the container's own refusals, Spring
//! Security's firewall, and the addresses that nobody has (`instance/unknown-paths`,
//! `instance/wrong-methods`).

use std::borrow::Cow;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Located<'a> {
    /// Behind the context path: the decoded rest, beginning with a slash or empty.
    Inside(Cow<'a, str>),
    /// The container has no such application.
    Outside,
    /// The firewall refuses it.
    Rejected(&'static str),
}

const NOT_NORMALIZED: &str = "The request was rejected because the URL was not normalized.";

/// What the firewall looks for in the path as sent, in its order.
const MALICIOUS: [(&str, &str); 6] = [
    (
        ";",
        r#"The request was rejected because the URL contained a potentially malicious String ";""#,
    ),
    (
        "%3b",
        r#"The request was rejected because the URL contained a potentially malicious String "%3b""#,
    ),
    (
        "%3B",
        r#"The request was rejected because the URL contained a potentially malicious String "%3B""#,
    ),
    (
        "%25",
        r#"The request was rejected because the URL contained a potentially malicious String "%25""#,
    ),
    (
        "%2e",
        r#"The request was rejected because the URL contained a potentially malicious String "%2e""#,
    ),
    (
        "%2E",
        r#"The request was rejected because the URL contained a potentially malicious String "%2E""#,
    ),
];

/// Whether the container serves this method at all.
pub fn is_method(method: &str) -> bool {
    matches!(method, "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS")
}

/// Finds out where a path leads in an application of this context path.
pub fn locate<'a>(path: &'a str, context: &str) -> Located<'a> {
    let bytes = path.as_bytes();
    let plain = !bytes.iter().any(|byte| matches!(byte, b'%' | b';' | b'.'))
        && !bytes.windows(2).any(|pair| pair == b"//");
    if plain {
        return match path.strip_prefix(context) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                Located::Inside(Cow::Borrowed(rest))
            }
            _ => Located::Outside,
        };
    }
    let decoded = decoded(path);
    let normal = normalized(&decoded);
    let rest = match normal.strip_prefix(context) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => return Located::Outside,
    };
    if let Some((_, message)) = MALICIOUS.iter().find(|(text, _)| path.contains(text)) {
        return Located::Rejected(message);
    }
    let dots = |segment: &str| segment == "." || segment == "..";
    if path.contains("//") || path.split('/').any(dots) {
        return Located::Rejected(NOT_NORMALIZED);
    }
    Located::Inside(Cow::Owned(rest.to_owned()))
}

/// The path without escapes and path parameters. The connector has refused broken escapes.
fn decoded(path: &str) -> String {
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    let joined = segments.collect::<Vec<_>>().join("/");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let [byte, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escaped) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The path as the container maps it: single slashes, no dot segments.
fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "/nacos";

    #[test]
    fn an_application_without_a_context_path_has_every_path() {
        assert_eq!(locate("/v1/x", ""), Located::Inside("/v1/x".into()));
        assert_eq!(locate("/nacos/v1", "/registry"), Located::Outside);
        assert_eq!(locate("/registry/v1", "/registry"), Located::Inside("/v1".into()));
    }

    #[test]
    fn paths_lead_into_the_application_or_past_it() {
        let inside = |path| match locate(path, CONTEXT) {
            Located::Inside(rest) => rest.into_owned(),
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(inside("/nacos/v1/ns/instance"), "/v1/ns/instance");
        assert_eq!(inside("/nacos/v1/ns/instance/"), "/v1/ns/instance/");
        assert_eq!(inside("/nacos/v1/ns/lis%74"), "/v1/ns/list");
        assert_eq!(inside("/nacos/v1/list.json"), "/v1/list.json");
        assert_eq!(inside("/nacos"), "");
        for outside in ["/", "/v1/ns/instance", "/nacosx", "/nacos/../x"] {
            assert_eq!(locate(outside, CONTEXT), Located::Outside, "{outside}");
        }
    }

    #[test]
    fn the_firewall_refuses_what_is_not_normal() {
        for path in ["//nacos/v1", "/nacos//v1", "/nacos/./v1", "/nacos/x/../v1", "/nacos/v1/."] {
            assert_eq!(locate(path, CONTEXT), Located::Rejected(NOT_NORMALIZED), "{path}");
        }
        for path in ["/nacos/v1;a=b", "/nacos/%3b", "/nacos/%25", "/nacos/%2e/v1"] {
            let located = locate(path, CONTEXT);
            assert!(matches!(located, Located::Rejected(text) if text.contains("malicious")));
        }
    }
}
