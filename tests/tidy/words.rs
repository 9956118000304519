//! Words that hide something: a panic without a reason, a test that does not run, work that is not
//! done, a lint that is silenced, a version outside the place that knows versions.

use crate::source::Source;

/// Where versions of clients are known: what an agent says, the switches that Nacos keeps of the
/// oldest clients it pushes to, and the SDKs that the load generator imitates.
const CLIENT_VERSIONS: [&str; 4] =
    ["src/model/agent.rs", "src/model/switches.rs", "src/bench/sdk.rs", "src/bench/grpc/agents.rs"];

/// `.unwrap()` says nothing when it fails; `expect` gives the reason why it can not.
pub fn no_unwrap(source: &Source) -> Vec<String> {
    let what = "`unwrap` outside tests: `expect` with the reason why it cannot fail, or return it";
    found(source, |index| source.reads(index, &[".", "unwrap", "("]), what)
}

/// A test that does not run, or that any panic satisfies, proves nothing.
pub fn no_excused_tests(source: &Source) -> Vec<String> {
    ["ignore", "should_panic"]
        .into_iter()
        .flat_map(|word| {
            let attributes = (0..source.tokens.len())
                .filter(move |index| source.reads(*index, &["#", "[", word]));
            attributes.map(move |index| {
                let what = format!("`#[{word}]`: assert the known gap or the error itself");
                source.finding(source.tokens[index].line, &what)
            })
        })
        .collect()
}

/// Macros of unfinished work.
pub fn no_unfinished_work(source: &Source) -> Vec<String> {
    let unfinished = ["todo", "dbg", "unimplemented"];
    let tokens = source.tokens.iter().enumerate();
    tokens
        .filter(|(index, token)| {
            unfinished.contains(&token.text.as_str()) && source.reads(index + 1, &["!"])
        })
        .map(|(_, token)| source.finding(token.line, &format!("`{}!` is left behind", token.text)))
        .collect()
}

/// A lint is silenced for one item and with a reason, or not at all.
pub fn no_blanket_allow(source: &Source) -> Vec<String> {
    let attributes = (0..source.tokens.len()).filter(|index| {
        ["allow", "expect"]
            .iter()
            .any(|word| source.reads(*index, &["[", word, "("]) && source.reads(index - 1, &["#"]))
    });
    attributes
        .filter(|index| {
            let inside = &source.tokens[*index..source.closing(*index)];
            !inside.iter().any(|token| token.text == "reason")
        })
        .map(|index| {
            let what = "a lint is silenced without `reason = \"…\"`";
            source.finding(source.tokens[index].line, what)
        })
        .collect()
}

/// A version in a string is a comparison waiting to happen; a quirk has a name instead.
pub fn no_version_outside_profiles(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/profile/") || CLIENT_VERSIONS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let what = "a version outside src/profile: name the difference as a quirk (clients' versions \
                stand in src/model/agent.rs)";
    found(source, |index| is_version(&source.tokens[index].text), what)
}

/// `"1.1.4"`, `"nacos-1.1.4"`, `"v2.0.2"`, and the beginnings that `starts_with` would compare.
fn is_version(literal: &str) -> bool {
    let Some(text) = literal.trim_start_matches('b').strip_prefix('"') else { return false };
    let text = text.trim_end_matches('"').trim_start_matches("nacos-").trim_start_matches('v');
    let parts: Vec<&str> = text.split('.').collect();
    let numbers = parts.iter().filter(|part| is_number(part)).count();
    let known = ["1.1", "1.2", "2.0", "1.x", "2.x", "1.", "2.", "1.1.", "1.2.", "2.0."];
    known.contains(&text) || (parts.len() == 3 && numbers == 3)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Everything else here trusts that `tests` and `*_tests` are what `cfg(test)` marks, and nothing
/// else.
pub fn test_modules_are_named_so(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    if !source.path.starts_with("src/") {
        return findings;
    }
    for index in 0..source.tokens.len() {
        let Some(name) = source.tokens.get(index + 1) else { break };
        if !source.reads(index, &["mod"]) || !source.reads(index + 2, &[";"]) {
            continue;
        }
        let named = name.text == "tests" || name.text.ends_with("_tests");
        if named != source.tokens[index].in_test {
            let what = "a module file is for tests exactly when it is named `tests` or `*_tests`";
            findings.push(source.finding(name.line, what));
        }
    }
    findings
}

/// The lines outside tests where `bad` holds for a token's index.
fn found(source: &Source, bad: impl Fn(usize) -> bool, what: &str) -> Vec<String> {
    let tokens = source.tokens.iter().enumerate().filter(|(_, token)| !token.in_test);
    tokens
        .filter(|(index, _)| bad(*index))
        .map(|(_, token)| source.finding(token.line, what))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(check: fn(&Source) -> Vec<String>, text: &str) -> usize {
        check(&Source::parse("src/node/a.rs", text)).len()
    }

    #[test]
    fn unwrap_is_found_outside_tests() {
        let source = Source::parse("src/node/a.rs", "fn a() {\n b.unwrap();\n}");
        let found = no_unwrap(&source);
        assert!(found[0].starts_with("src/node/a.rs:2: `unwrap` outside tests"), "{found:?}");
        assert_eq!(count(no_unwrap, "#[cfg(test)] mod t { fn a() { b.unwrap() } }"), 0);
        assert_eq!(count(no_unwrap, "fn a() { b.unwrap_or(1) } // c.unwrap()"), 0);
    }

    #[test]
    fn excused_tests_are_found() {
        assert_eq!(count(no_excused_tests, "#[test] #[ignore] fn a() {}"), 1);
        assert_eq!(count(no_excused_tests, "#[test] #[ignore = \"slow\"] fn a() {}"), 1);
        assert_eq!(
            count(no_excused_tests, "#[test] #[should_panic(expected = \"\")] fn a() {}"),
            1
        );
        assert_eq!(count(no_excused_tests, "#[test] fn ignore() {}"), 0);
    }

    #[test]
    fn unfinished_work_is_found() {
        for bad in ["todo!()", "dbg!(b)", "unimplemented!()"] {
            assert_eq!(count(no_unfinished_work, &format!("fn a() {{ {bad} }}")), 1, "{bad}");
        }
        assert_eq!(count(no_unfinished_work, "fn todo() {}"), 0);
    }

    #[test]
    fn a_lint_silenced_without_a_reason_is_found() {
        assert_eq!(count(no_blanket_allow, "#![allow(dead_code)]"), 1);
        assert_eq!(count(no_blanket_allow, "#[allow(clippy::all)] fn a() {}"), 1);
        assert_eq!(count(no_blanket_allow, "#[expect(dead_code)] fn a() {}"), 1);
        assert_eq!(count(no_blanket_allow, "#[allow(dead_code, reason = \"it is\")] fn a() {}"), 0);
    }

    #[test]
    fn versions_are_found() {
        for bad in ["1.1.4", "nacos-1.2.1", "v2.0.2", "2.0", "1.2", "2.", "1.4.3", "1.x"] {
            let text = format!("fn a() {{ b == \"{bad}\" }}");
            assert_eq!(count(no_version_outside_profiles, &text), 1, "{bad}");
        }
        for fine in ["127.0.0.1", "HTTP/1.1", "1.0", "10.0.0", "a.b.c", "0.5"] {
            let text = format!("fn a() {{ b == \"{fine}\" }}");
            let expected = usize::from(fine == "10.0.0");
            assert_eq!(count(no_version_outside_profiles, &text), expected, "{fine}");
        }
        assert_eq!(count(no_version_outside_profiles, "#[test] fn a() { b == \"1.1.4\" }"), 0);
        let profile = Source::parse("src/profile/a.rs", "fn a() { b == \"1.1.4\" }");
        assert_eq!(no_version_outside_profiles(&profile), [""; 0]);
    }

    #[test]
    fn a_test_module_with_another_name_is_found() {
        assert_eq!(count(test_modules_are_named_so, "#[cfg(test)] mod examples;"), 1);
        assert_eq!(count(test_modules_are_named_so, "mod play_tests;"), 1);
        assert_eq!(count(test_modules_are_named_so, "#[cfg(test)] mod play_tests;\nmod play;"), 0);
    }
}
