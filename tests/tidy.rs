//! The habits of this repository as tests: layers, purity, shape, words, and what may be committed.
//!
//! Each check is a pure function of a file's path and text that returns findings, one line each:
//! `path:line: what is wrong and why it matters`. Beside each check stands a test that feeds it a
//! bad example, so that a check that no longer finds anything fails too. What is tested here is
//! the text of the repository; nothing of the library is called.

#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/purity.rs"]
mod purity;
#[path = "tidy/repository.rs"]
mod repository;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/transcripts.rs"]
mod transcripts;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;

use source::Source;

/// Runs one check over every Rust file and shows everything it found.
fn check_rust(check: fn(&Source) -> Vec<String>) {
    let sources = tree::rust_sources();
    assert!(sources.len() > 50, "only {} Rust files were found", sources.len());
    report(sources.iter().flat_map(check).collect());
}

/// Runs one check over every text file.
fn check_texts(check: fn(&str, &str) -> Vec<String>) {
    report(tree::texts().iter().flat_map(|(path, text)| check(path, text)).collect());
}

fn report(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn every_module_uses_only_lower_layers() {
    check_rust(layers::only_lower_layers);
}

#[test]
fn pure_modules_have_no_clock_no_sockets_no_randomness_and_do_not_wait() {
    check_rust(purity::pure_words_only);
}

#[test]
fn the_exceptions_of_purity_are_still_needed() {
    report(purity::stale_exceptions(&tree::rust_sources()));
}

#[test]
fn every_file_starts_with_what_it_is_for() {
    check_rust(shape::starts_with_its_purpose);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    check_rust(shape::file_length);
}

#[test]
fn no_function_is_longer_than_seventy_lines() {
    check_rust(shape::function_length);
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    check_rust(shape::line_width);
}

#[test]
fn unwrap_stands_in_tests_only() {
    check_rust(words::no_unwrap);
}

#[test]
fn no_test_is_ignored_or_expects_a_panic() {
    check_rust(words::no_excused_tests);
}

#[test]
fn nothing_unfinished_is_left() {
    check_rust(words::no_unfinished_work);
}

#[test]
fn every_silenced_lint_has_a_reason() {
    check_rust(words::no_blanket_allow);
}

#[test]
fn only_profiles_know_server_versions_and_only_the_agent_knows_client_versions() {
    check_rust(words::no_version_outside_profiles);
}

#[test]
fn test_modules_of_the_library_are_named_as_such() {
    check_rust(words::test_modules_are_named_so);
}

#[test]
fn every_dependency_has_its_sentence() {
    check_texts(repository::dependencies_have_a_sentence);
}

#[test]
fn no_file_names_a_place_of_one_machine_or_a_registry_of_packages() {
    check_texts(repository::no_machine_paths_or_registries);
}

#[test]
fn the_transcripts_are_as_they_were_recorded() {
    report(transcripts::differences(&tree::root()));
}
