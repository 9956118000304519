//! Text masks: Python regular expressions whose matches are cut out of a text before it is
//! compared.
use fancy_regex::Regex;

/// What stands in the place of a match.
const CUT: &str = "<*>";

/// The masks of one step, applied one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct TextMask {
    patterns: Vec<Regex>,
}

impl TextMask {
    pub fn new(patterns: &[String]) -> Result<Self, fancy_regex::Error> {
        let compile = |pattern: &String| Regex::new(&from_python(pattern));
        Ok(Self { patterns: patterns.iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// The text with every match replaced.
    pub fn cut(&self, text: &str) -> Result<String, fancy_regex::Error> {
        self.patterns.iter().try_fold(text.to_owned(), |text, pattern| replace_all(pattern, &text))
    }
}

/// Replaces as Python's `re.sub` does: unlike in Rust, an empty match directly behind another match
/// counts.
fn replace_all(pattern: &Regex, text: &str) -> Result<String, fancy_regex::Error> {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = pattern.find_from_pos(text, from)? {
        replaced.push_str(&text[copied..found.start()]);
        replaced.push_str(CUT);
        copied = found.end();
        from = found.end();
        if found.start() == found.end() {
            let Some(next) = text[from..].chars().next() else { break };
            from += next.len_utf8();
        }
    }
    replaced.push_str(&text[copied..]);
    Ok(replaced)
}

/// In Python `$` matches before a line feed that ends the text, too.
fn from_python(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                translated.push(char);
                translated.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '$' if !in_class => {
                translated.push_str(r"(?=\n?\z)");
                continue;
            }
            _ => {}
        }
        translated.push(char);
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pattern: &str, text: &str) -> String {
        TextMask::new(&[pattern.to_owned()]).unwrap().cut(text).unwrap()
    }

    #[test]
    fn look_behind_keeps_what_stands_before_the_match() {
        let pattern = "(?s)(?<=JSON parse error: ).*";
        assert_eq!(cut(pattern, "x JSON parse error: a\nb"), "x JSON parse error: <*>");
        assert_eq!(cut("(?<=caused: )(Cannot .*)?(?=;)", "caused: ;"), "caused: <*>;");
    }

    #[test]
    fn empty_matches_count_as_in_python() {
        assert_eq!(cut("x*", "abxd"), "<*>a<*>b<*><*>d<*>");
        assert_eq!(cut("(?s)^.*$", ""), "<*>");
        assert_eq!(cut("(?s)^.*$", "a\nb"), "<*>");
    }

    #[test]
    fn a_dollar_matches_before_the_last_line_feed_and_is_itself_in_a_class() {
        assert_eq!(cut("b$", "ab\n"), "a<*>\n");
        assert_eq!(cut(r"[$]\$", "a$$"), "a<*>");
    }

    #[test]
    fn masks_apply_one_after_the_other() {
        let mask = TextMask::new(&[r"\d+".to_owned(), "<.>".to_owned()]).unwrap();
        assert_eq!(mask.cut("a12b").unwrap(), "a<*>b");
    }
}
