//! Sizes that a reader can hold: files of 500 lines, functions of 70, lines of 100 columns, and a
//! first line that says what a file is for.

use crate::source::Source;

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const COLUMNS: usize = 100;

/// The first line is `//!` and says something.
pub fn starts_with_its_purpose(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|rest| rest.trim().len() > 3);
    let what = "starts without `//!`: say first what the file is for";
    if says { Vec::new() } else { vec![source.finding(1, what)] }
}

/// No file is longer than a reader's patience.
pub fn file_length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let what = format!("{lines} lines, {FILE_LINES} at most: one operation, one file");
    if lines > FILE_LINES { vec![source.finding(lines, &what)] } else { Vec::new() }
}

/// No line is wider than the screen beside another. What a string says does not count: broken
/// apart, an answer of Nacos can no longer be searched for.
pub fn line_width(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let (number, columns) = (index + 1, line.chars().count());
        if columns.saturating_sub(columns_in_strings(source, number)) > COLUMNS {
            let what = format!("{columns} columns, {COLUMNS} at most");
            findings.push(source.finding(number, &what));
        }
    }
    findings
}

fn columns_in_strings(source: &Source, line: usize) -> usize {
    let on_line = source.tokens.iter().filter(|token| token.line == line);
    let strings = on_line.filter(|token| token.text.ends_with(['"', '#']));
    strings.map(|token| token.text.chars().count()).sum()
}

/// No function is longer than a screen or two, from `fn` to its last brace.
pub fn function_length(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let Some(name) = source.tokens.get(index + 1) else { break };
        if token.text != "fn" || name.text == "(" {
            continue;
        }
        let Some(body) = body(source, index) else { continue };
        let lines = source.tokens[source.closing(body)].line - token.line + 1;
        if lines > FUNCTION_LINES {
            let name = &name.text;
            let what = format!("`{name}` has {lines} lines, {FUNCTION_LINES} at most: split it");
            findings.push(source.finding(token.line, &what));
        }
    }
    findings
}

/// The brace that opens the body of the function at `start`; none for a declaration.
fn body(source: &Source, start: usize) -> Option<usize> {
    let mut index = start;
    loop {
        match source.tokens.get(index)?.text.as_str() {
            "{" => return Some(index),
            ";" => return None,
            "(" | "[" => index = source.closing(index) + 1,
            _ => index += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse("src/model/a.rs", text)
    }

    #[test]
    fn a_file_without_its_purpose_is_found() {
        for bad in ["", "use a::b;", "//!\nuse a::b;", "// A.\n//! B."] {
            assert_eq!(starts_with_its_purpose(&source(bad)).len(), 1, "{bad}");
        }
        assert_eq!(starts_with_its_purpose(&source("//! Names.\n")), [""; 0]);
    }

    #[test]
    fn a_file_of_five_hundred_and_one_lines_is_found() {
        assert_eq!(
            file_length(&source(&"\n".repeat(501))),
            ["src/model/a.rs:501: 501 lines, 500 at most: one operation, one file"]
        );
        assert_eq!(file_length(&source(&"\n".repeat(500))), [""; 0]);
    }

    #[test]
    fn a_line_of_a_hundred_and_one_columns_is_found() {
        let wide = format!("\n// {}", "é".repeat(98));
        assert_eq!(line_width(&source(&wide)), ["src/model/a.rs:2: 101 columns, 100 at most"]);
        assert_eq!(line_width(&source(&format!("// {}", "é".repeat(97)))), [""; 0]);
        let page = format!("const PAGE: &str = r#\"<p>{}</p>\"#;", "a".repeat(200));
        assert_eq!(line_width(&source(&page)), [""; 0]);
    }

    #[test]
    fn a_function_of_seventy_one_lines_is_found() {
        let long =
            format!("trait T {{\nfn a(f: fn() -> u8) -> [u8; 2]\n{{{}}}\n}}", "\n".repeat(69));
        assert_eq!(
            function_length(&source(&long)),
            ["src/model/a.rs:2: `a` has 71 lines, 70 at most: split it"]
        );
        let declared = format!("trait T {{ fn a();{} }}", "\n".repeat(90));
        assert_eq!(function_length(&source(&declared)), [""; 0]);
        assert_eq!(function_length(&source(&long.replacen("\n\n", "\n", 1))), [""; 0]);
    }
}
