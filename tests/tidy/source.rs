//! A Rust file as tokens with their lines, without comments; what stands in tests is marked.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One file.
pub struct Source {
    /// Relative to the root of the repository, with `/`.
    pub path: String,
    /// As it stands in the repository.
    pub text: String,
    /// Everything except comments.
    pub tokens: Vec<Token>,
}

/// One token.
pub struct Token {
    /// `unwrap`, `::`'s single `:`, `"a literal"`, or a bracket.
    pub text: String,
    /// Where it starts, from 1.
    pub line: usize,
    /// It belongs to `#[cfg(test)]` or `#[test]`, or the whole file does.
    pub in_test: bool,
}

impl Source {
    /// Tokenises a file; the compiler has accepted it already.
    pub fn parse(path: &str, text: &str) -> Self {
        let stream: TokenStream = match text.parse() {
            Ok(stream) => stream,
            Err(error) => panic!("{path}: does not tokenise: {error}"),
        };
        let mut tokens = Vec::new();
        flatten(stream, is_test_file(path), &mut tokens);
        Self { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    /// The texts of the tokens from `start` on, as many as `wanted` and equal to them?
    pub fn reads(&self, start: usize, wanted: &[&str]) -> bool {
        wanted.iter().enumerate().all(|(offset, text)| {
            self.tokens.get(start + offset).is_some_and(|token| token.text == *text)
        })
    }

    /// The first folder or file below `src`: `registry`, `lib`; none elsewhere.
    pub fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        Some(below.split('/').next()?.trim_end_matches(".rs"))
    }

    /// The line of a finding.
    pub fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// The index of the token that closes the bracket at `open`.
    pub fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(open) {
            match token.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        self.tokens.len()
    }
}

/// Tests of the library stand in `tests.rs` or `*_tests.rs`; all others outside `src`.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.starts_with("src/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

fn flatten(stream: TokenStream, in_test: bool, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    // Between a test attribute and the end of the item that it marks.
    let mut marked = false;
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let inner =
                    trees.next_if(|next| matches!(next, TokenTree::Punct(p) if p.as_char() == '!'));
                if let Some(TokenTree::Group(attribute)) = trees.next_if(is_bracketed) {
                    let text = attribute.stream().to_string().replace(' ', "");
                    if text.starts_with("doc=") {
                        continue;
                    }
                    marked |= inner.is_none() && (text == "cfg(test)" || text == "test");
                    push(tokens, "#", line, in_test || marked);
                    push_group(&attribute, in_test || marked, tokens);
                }
            }
            TokenTree::Group(group) => {
                push_group(&group, in_test || marked, tokens);
                marked &= group.delimiter() != Delimiter::Brace;
            }
            other => {
                let text = other.to_string();
                push(tokens, &text, line, in_test || marked);
                marked &= text != ";";
            }
        }
    }
}

fn is_bracketed(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

fn push_group(group: &Group, in_test: bool, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    push(tokens, open, group.span_open().start().line, in_test);
    flatten(group.stream(), in_test, tokens);
    push(tokens, close, group.span_close().start().line, in_test);
}

fn push(tokens: &mut Vec<Token>, text: &str, line: usize, in_test: bool) {
    tokens.push(Token { text: text.to_owned(), line, in_test });
}

#[test]
fn comments_are_no_tokens_and_tests_are_marked() {
    let text =
        "//! async\n/// std::fs\nfn a() {} // rand\n#[cfg(test)]\nmod t { fn b() {} }\nfn c() {}";
    let source = Source::parse("src/model/a.rs", text);
    let words: Vec<_> = source.tokens.iter().map(|token| token.text.as_str()).collect();
    assert!(!words.contains(&"async") && !words.contains(&"rand"), "{words:?}");
    let tested = |name: &str| {
        let token = source.tokens.iter().find(|token| token.text == name).expect("it is there");
        (token.line, token.in_test)
    };
    assert_eq!([tested("a"), tested("b"), tested("c")], [(3, false), (5, true), (6, false)]);
    assert!(Source::parse("tests/a.rs", "fn a() {}").tokens.iter().all(|token| token.in_test));
}
