//! A reader that goes away before the end: no panic, no complaint.

use crate::{FACOS, Place};
use std::process::{Command, Stdio};

/// Runs a command whose stdout nobody reads; gives its exit code and stderr.
fn unread(line: &str) -> (Option<i32>, String) {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(FACOS)
        .args(line.split_whitespace())
        .current_dir(place.path())
        .env_clear()
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let lines = [
        "--help",
        "--version",
        "serve --help",
        "profiles list",
        "profiles show 1.2.1 -o json",
        "profiles diff 1.1.4 2.0.2",
        "config print --effective",
        "completions bash",
        "man serve",
    ];
    for line in lines {
        assert_eq!(unread(line), (Some(0), String::new()), "{line}");
    }
}
