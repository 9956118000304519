//! Content negotiation as Spring 5.1 does it for the two kinds of answers Nacos has: texts, which
//! it grants in any type that is asked for, and objects, which are JSON or nothing
//! (`instance/accept`).

use std::borrow::Cow;

/// The type of a text that nobody asks for in another type.
pub const TEXT_TYPE: &str = "text/plain;charset=UTF-8";

/// What an `Accept` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<'a> {
    ranges: Vec<Range<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    charset: Option<&'a str>,
    /// Thousandths.
    quality: u32,
    parameters: usize,
}

impl<'a> Accepted<'a> {
    /// Reads the header; nothing at all asks for everything.
    ///
    /// `None` when one of the types does not parse.
    pub fn read(header: Option<&'a str>) -> Option<Self> {
        let header = header.map(str::trim).filter(|header| !header.is_empty());
        let mut ranges = Vec::new();
        for part in header.unwrap_or("*/*").split(',') {
            if !part.trim().is_empty() {
                ranges.push(Range::read(part)?);
            }
        }
        ranges.sort_by(Range::by_quality_and_specificity);
        Some(Self { ranges })
    }

    /// The type of a text; `None` when no concrete type can be given.
    pub fn text_type(&self) -> Option<Cow<'static, str>> {
        self.ranges.iter().find_map(Range::of_text)
    }

    /// Whether exactly this type is asked for by name.
    pub fn names(&self, wanted: &str) -> bool {
        let named = |range: &Range<'_>| wanted.split_once('/') == Some((range.kind, range.subtype));
        self.ranges.iter().any(named)
    }

    /// Whether JSON will do.
    pub fn takes_json(&self) -> bool {
        self.ranges.iter().any(|range| range.includes("application", "json"))
    }

    /// Whether the client prefers a page to JSON, as browsers do. Spring's error controller has an
    /// HTML form for those who ask for `text/html` before they ask for anything.
    pub fn prefers_html(&self) -> bool {
        let first = |wanted: fn(&Range<'_>) -> bool| self.ranges.iter().position(wanted);
        let html = first(|range| range.kind == "text" && range.subtype == "html");
        let json = first(|range| range.includes("application", "json"));
        html.is_some_and(|html| json.is_none_or(|json| html < json))
    }
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let full = parts.next()?;
        // java.net asks for `*`, which Spring reads as `*/*`.
        let (kind, subtype) = if full == "*" { ("*", "*") } else { full.split_once('/')? };
        let valid = |token: &str| !token.is_empty() && token.bytes().all(is_token);
        if !valid(kind) || !valid(subtype) || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut range = Self { kind, subtype, charset: None, quality: 1_000, parameters: 0 };
        for parameter in parts.filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            match name.trim() {
                "q" => range.quality = (value.trim().parse::<f32>().ok()? * 1_000.0) as u32,
                "charset" => {
                    range.charset = Some(value.trim());
                    range.parameters += 1;
                }
                _ => range.parameters += 1,
            }
        }
        Some(range)
    }

    /// `MediaType.SPECIFICITY_COMPARATOR` with the quality in front.
    fn by_quality_and_specificity(&self, other: &Self) -> std::cmp::Ordering {
        let wildcards =
            |range: &Self| usize::from(range.kind == "*") + usize::from(range.subtype == "*");
        other
            .quality
            .cmp(&self.quality)
            .then_with(|| wildcards(self).cmp(&wildcards(other)))
            .then_with(|| other.parameters.cmp(&self.parameters))
    }

    fn includes(&self, kind: &str, subtype: &str) -> bool {
        let same = |own: &str, other: &str| own == "*" || own.eq_ignore_ascii_case(other);
        same(self.kind, kind) && same(self.subtype, subtype)
    }

    fn of_text(&self) -> Option<Cow<'static, str>> {
        match (self.kind, self.subtype) {
            ("*", "*") | ("text", "*" | "plain") if self.charset.is_none() => {
                Some(TEXT_TYPE.into())
            }
            ("application", "*") => Some(super::reply::JSON_TYPE.into()),
            (_, "*") => None,
            (kind, subtype) => {
                let charset = self.charset.unwrap_or("UTF-8");
                let name = format!("{kind}/{subtype}").to_ascii_lowercase();
                Some(format!("{name};charset={charset}").into())
            }
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(header: &'static str) -> Option<Cow<'static, str>> {
        Accepted::read(Some(header))?.text_type()
    }

    #[test]
    fn a_text_is_granted_in_the_type_asked_for_first() {
        for (header, given) in [
            ("*/*", TEXT_TYPE),
            ("", TEXT_TYPE),
            ("text/*", TEXT_TYPE),
            ("application/json", "application/json;charset=UTF-8"),
            ("application/*", "application/json;charset=UTF-8"),
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "text/html;charset=UTF-8"),
            ("*/*, text/html", "text/html;charset=UTF-8"),
            ("text/html;q=0.1, application/xml", "application/xml;charset=UTF-8"),
            ("IMAGE/PNG", "image/png;charset=UTF-8"),
        ] {
            assert_eq!(text(header).as_deref(), Some(given), "{header}");
        }
        assert_eq!(text("image/*"), None);
    }

    #[test]
    fn an_object_is_json_or_nothing() {
        let takes = |header| Accepted::read(Some(header)).is_some_and(|a| a.takes_json());
        assert!(takes("*/*") && takes("application/*") && takes("text/html, */*;q=0.1"));
        assert!(!takes("text/plain") && !takes("text/html"));
    }

    #[test]
    fn what_is_no_type_does_not_parse() {
        for junk in ["junk", "a/", "/b", "*/b", "a b/c", "a/b;q"] {
            assert_eq!(Accepted::read(Some(junk)), None, "{junk}");
        }
    }
}
