//! Patterns that a client sends for a server to search names with (`String.matches`), as Java's
//! `Pattern` reads them.
//!
//! Nearly all are a word between `.*`, whose dots stand for any character: these are searched for
//! by hand, because a page of ten thousand names has no time for a regular expression. The others
//! are left to an engine whose work for one name is bounded; where Java would search for hours, it
//! finds nothing.

use crate::model::{JavaException, Refusal};
use fancy_regex::{Regex, RegexBuilder};

/// A compiled pattern.
#[derive(Debug)]
pub enum Pattern {
    /// Words of literal characters and dots, with `.*` around and between them.
    Words(Vec<Vec<char>>),
    /// Anything else.
    Regex(Box<Regex>),
}

/// Steps that the engine may go back for one name.
const BACKTRACK_LIMIT: usize = 20_000;
/// What makes a word a regular expression.
const META: &str = r"\*+?()[]{}|^$";

impl Pattern {
    /// Compiles a pattern that a whole text must match.
    ///
    /// # Errors
    /// It is none: a `PatternSyntaxException`.
    pub fn compile(pattern: &str) -> Result<Self, Refusal> {
        if let Some(words) = words(pattern) {
            return Ok(Self::Words(words));
        }
        let chars: Vec<char> = pattern.chars().collect();
        if let Some((description, index)) = mistake(&chars) {
            return Err(syntax_error(pattern, description, index));
        }
        let whole = format!(r"\A(?:{pattern})\z");
        match RegexBuilder::new(&whole).backtrack_limit(BACKTRACK_LIMIT).build() {
            Ok(regex) => Ok(Self::Regex(Box::new(regex))),
            Err(_) => Err(syntax_error(pattern, "Illegal pattern", 0)),
        }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Words(words) => stand_in(words, text),
            Self::Regex(regex) => regex.is_match(text).unwrap_or(false),
        }
    }
}

/// The words of a pattern that is `.*` around and between words, and nothing else.
fn words(pattern: &str) -> Option<Vec<Vec<char>>> {
    let pieces: Vec<&str> = pattern.split(".*").collect();
    let ["", inner @ .., ""] = &pieces[..] else { return None };
    let words: Vec<Vec<char>> = inner.iter().map(|word| word.chars().collect()).collect();
    let plain = words.iter().flatten().all(|c| !META.contains(*c));
    plain.then_some(words)
}

/// Whether the words stand in the text one behind the other, and no line ends in it.
fn stand_in(words: &[Vec<char>], text: &str) -> bool {
    if text.contains(is_line_end) {
        return false;
    }
    let mut rest = text;
    words.iter().all(|word| {
        let behind = end_of(rest, word);
        rest = &rest[behind.unwrap_or_default()..];
        behind.is_some()
    })
}

/// Where the first place of a word in the text ends.
fn end_of(text: &str, word: &[char]) -> Option<usize> {
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.into_iter().find_map(|at| {
        let mut rest = text[at..].chars();
        let fits = word
            .iter()
            .all(|wanted| rest.next().is_some_and(|found| *wanted == '.' || *wanted == found));
        fits.then(|| text.len() - rest.as_str().len())
    })
}

/// What `.` does not stand for.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What Java says about the first mistake of a pattern, and the index it names; `None` when there
/// is none of those known here.
fn mistake(chars: &[char]) -> Option<(&'static str, usize)> {
    let mut at = 0;
    let mut open = 0usize;
    let mut repeatable = false;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' => match end_of_class(chars, at) {
                Some(end) => at = end,
                None => return Some(("Unclosed character class", chars.len() - 1)),
            },
            '(' => open += 1,
            ')' if open == 0 => return Some(("Unmatched closing ')'", at.saturating_sub(1))),
            ')' => open -= 1,
            '*' | '+' | '?' if !repeatable => return Some((dangling(*c), at)),
            // A second sign makes the first reluctant or possessive.
            '*' | '+' | '?' => at += usize::from(matches!(chars.get(at + 1), Some('?' | '+'))),
            '{' if !chars.get(at + 1).is_some_and(char::is_ascii_digit) => {
                return Some(("Illegal repetition", at.saturating_sub(1)));
            }
            _ => {}
        }
        repeatable = !matches!(c, '(' | '|' | '*' | '+' | '?');
        // What stands behind `(?` is no repetition, and the engine's business.
        at += if *c == '(' && chars.get(at + 1) == Some(&'?') { 2 } else { 1 };
    }
    (open > 0).then_some(("Unclosed group", chars.len()))
}

fn dangling(sign: char) -> &'static str {
    match sign {
        '*' => "Dangling meta character '*'",
        '+' => "Dangling meta character '+'",
        _ => "Dangling meta character '?'",
    }
}

/// Where a character class closes that begins here; a bracket that comes first is a character.
fn end_of_class(chars: &[char], begin: usize) -> Option<usize> {
    let mut depth = 1;
    let mut at = begin + 1;
    at += usize::from(chars.get(at) == Some(&'^'));
    at += usize::from(chars.get(at) == Some(&']'));
    loop {
        match chars.get(at)? {
            '\\' => at += 1,
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        at += 1;
    }
}

/// `PatternSyntaxException.getMessage`.
fn syntax_error(pattern: &str, description: &str, index: usize) -> Refusal {
    let mut text = format!("{description} near index {index}\n{pattern}");
    if index < pattern.chars().count() {
        text.push('\n');
        text.push_str(&" ".repeat(index));
        text.push('^');
    }
    Refusal::new(JavaException::PatternSyntax, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern).unwrap().matches(text)
    }

    fn refused(pattern: &str) -> String {
        Pattern::compile(pattern).unwrap_err().message.into_owned()
    }

    #[test]
    fn words_are_found_in_order_and_dots_stand_for_any_character() {
        let grouped = "DEFAULT_GROUP@@cat.l.one";
        for pattern in [".*l.o.*", ".*cat_l.*".replace('_', ".").as_str(), ".*.*", ".*@@.*one.*"] {
            assert!(matches(pattern, grouped), "{pattern}");
        }
        for pattern in [".*one.*cat.*", ".*zzz.*", ".*one..*", ".*GROUP.*GROUP.*"] {
            assert!(!matches(pattern, grouped), "{pattern}");
        }
        assert!(!matches(".*a.*", "a\nb"));
    }

    #[test]
    fn what_is_no_word_is_a_regular_expression() {
        assert!(matches(".*(one|two).*", "g@@one"));
        assert!(matches(".*[0-9]$.*", "g@@s7"));
        assert!(matches(".*+.*", "anything"));
        assert!(!matches(".*(?=x)y.*", "xy"));
    }

    #[test]
    fn mistakes_read_as_java_s() {
        assert_eq!(refused(".**.*"), "Dangling meta character '*' near index 2\n.**.*\n  ^");
        assert_eq!(refused(".*(.*"), "Unclosed group near index 5\n.*(.*");
        assert_eq!(refused(".*).*"), "Unmatched closing ')' near index 1\n.*).*\n ^");
        assert_eq!(refused(".*[.*"), "Unclosed character class near index 4\n.*[.*\n    ^");
    }

    #[test]
    fn a_pattern_that_goes_back_for_ever_finds_nothing_soon() {
        let name = "a".repeat(200);
        assert!(!matches(".*((a+)+)\\2b.*", &name));
    }
}
