//! Files of properties as Java reads them: `name=value`, `name: value` or `name value`, comments
//! behind `#` and `!`, a backslash at the end of a line that goes on, and `\uXXXX`.

use super::{Property, PropertyError};
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// It is not readable.
pub fn read(path: &Path) -> Result<Vec<Property>, PropertyError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(parse(&path.display().to_string(), &text)),
        Err(source) => Err(PropertyError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The properties of a text; `path` is for messages.
pub fn parse(path: &str, text: &str) -> Vec<Property> {
    let mut properties = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        while goes_on(&whole) {
            whole.pop();
            match lines.next() {
                Some((_, next)) => whole.push_str(next.trim_start()),
                None => break,
            }
        }
        let (name, value) = split(&whole);
        let place = format!("{path}:{}", index + 1);
        properties.push(Property {
            name: unescape(name),
            value: unescape(value).trim().to_owned(),
            place,
        });
    }
    properties
}

/// An odd number of backslashes at the end.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The name ends at the first `=`, `:` or blank that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = !escaped && matches!(c, '=' | ':' | ' ' | '\t');
        escaped = !escaped && c == '\\';
        ends
    });
    let Some(end) = end else { return (line, "") };
    let rest = line[end..].trim_start();
    (&line[..end], rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                out.push(code.unwrap_or('\u{fffd}'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_is_a_list_of_properties(text in "(?s).{0,80}|[ab=: \\\\u\n#]{0,80}") {
            parse("f", &text);
        }
    }

    #[test]
    fn lines_are_read_as_java_reads_them() {
        let text = "# a comment\n! another\n\nserver.port=8848\nb : x y \nc   z\nd\\ e=\\u0041\\\n  \
                    B\nempty=\nnothing\n";
        let read: Vec<(String, String, String)> = parse("f", text)
            .into_iter()
            .map(|property| (property.name, property.value, property.place))
            .collect();
        let said = |name: &str, value: &str, place: &str| {
            (name.to_owned(), value.to_owned(), place.to_owned())
        };
        assert_eq!(
            read,
            [
                said("server.port", "8848", "f:4"),
                said("b", "x y", "f:5"),
                said("c", "z", "f:6"),
                said("d e", "AB", "f:7"),
                said("empty", "", "f:9"),
                said("nothing", "", "f:10"),
            ]
        );
    }
}
