//! The pure modules know no clock, no socket, no file, no thread and no chance: time and seeds are
//! arguments, effects are values. Addresses of `std::net` are values and allowed.

use crate::source::Source;

/// The modules this holds for.
const PURE: [&str; 7] = ["model", "profile", "registry", "console", "peers", "wire", "scenario"];

/// Words that mean waiting, time, chance or output.
const WORDS: [&str; 13] = [
    "async",
    "await",
    "tokio",
    "rand",
    "thread",
    "thread_local",
    "Instant",
    "SystemTime",
    "println",
    "eprintln",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
];

/// Modules of `std` that reach outside the process.
const STD: [&str; 4] = ["fs", "process", "env", "io"];

/// What stands in pure modules all the same: path, word, reason.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    ("src/wire/peer/gzip.rs", "io", "compressing into memory goes through Read and Write"),
    ("src/wire/push.rs", "io", "compressing into memory goes through the trait Write"),
    ("src/profile/load.rs", "fs", "a user's own profile is a file, read before a server starts"),
    ("src/profile/error.rs", "io", "the error of reading that file is part of the refusal"),
];

/// No banned word outside tests; tests may read the transcripts.
pub fn pure_words_only(source: &Source) -> Vec<String> {
    banned(source)
        .into_iter()
        .filter(|(_, word)| {
            !EXCEPTIONS.iter().any(|(path, w, _)| *path == source.path && w == word)
        })
        .map(|(line, word)| {
            let what =
                format!("`{word}` in a pure module: pass time, seeds and bytes as arguments");
            source.finding(line, &what)
        })
        .collect()
}

/// An exception that no longer holds would hide the next mistake.
pub fn stale_exceptions(sources: &[Source]) -> Vec<String> {
    let needed = |path: &str, word: &str| {
        let source = sources.iter().find(|source| source.path == path);
        source.is_some_and(|source| banned(source).iter().any(|(_, found)| *found == word))
    };
    EXCEPTIONS
        .iter()
        .filter(|(path, word, _)| !needed(path, word))
        .map(|(path, word, _)| format!("{path}:1: the exception for `{word}` is needed no more"))
        .collect()
}

fn banned(source: &Source) -> Vec<(usize, &'static str)> {
    if !source.module().is_some_and(|module| PURE.contains(&module)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate().filter(|(_, token)| !token.in_test) {
        found
            .extend(WORDS.iter().find(|word| token.text == **word).map(|word| (token.line, *word)));
        let reached = STD.iter().find(|name| source.reads(index, &["std", ":", ":", name]));
        found.extend(reached.map(|name| (token.line, *name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_banned_word_is_found_with_its_line() {
        let examples = [
            ("async fn a() {}", "async"),
            ("fn a() { b.await }", "await"),
            ("use tokio::net;", "tokio"),
            ("use std::fs;", "fs"),
            ("use std::net::{IpAddr, TcpStream};", "TcpStream"),
            ("use std::net::UdpSocket;", "UdpSocket"),
            ("use std::time::Instant;", "Instant"),
            ("fn a() { std::time::SystemTime::now() }", "SystemTime"),
            ("fn a() { rand::random() }", "rand"),
            ("fn a() { std::thread::yield_now() }", "thread"),
            ("fn a() { println!() }", "println"),
            ("use std::io::Read;", "io"),
        ];
        for (text, word) in examples {
            let source = Source::parse("src/registry/a.rs", &format!("\n{text}"));
            let found = pure_words_only(&source);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            let start = format!("src/registry/a.rs:2: `{word}` in a pure module");
            assert!(found[0].starts_with(&start), "{found:?}");
        }
    }

    #[test]
    fn addresses_comments_tests_and_other_modules_are_fine() {
        let fine = "//! async\nuse std::net::IpAddr;\n#[cfg(test)]\nmod t { use std::fs; }";
        assert_eq!(pure_words_only(&Source::parse("src/wire/a.rs", fine)), [""; 0]);
        let node = Source::parse("src/node/a.rs", "use std::fs;");
        assert_eq!(pure_words_only(&node), [""; 0]);
    }

    #[test]
    fn an_exception_that_is_needed_no_more_is_found() {
        let clean = Source::parse("src/profile/load.rs", "fn a() {}");
        assert_eq!(stale_exceptions(&[clean]).len(), EXCEPTIONS.len());
    }
}
