//! The transcripts are recordings of real servers: facts that nothing here may rewrite.
//!
//! `fixtures/transcripts.sha256` holds what `sha256sum` printed when they were copied; check it by
//! hand with `cd fixtures && sha256sum --check transcripts.sha256`.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

const LIST: &str = "fixtures/transcripts.sha256";

/// What was changed, added or lost.
pub fn differences(root: &Path) -> Vec<String> {
    let list = std::fs::read_to_string(root.join(LIST)).expect("the list of hashes is committed");
    let mut files = BTreeMap::new();
    collect(&root.join("fixtures"), Path::new("transcripts"), &mut files);
    compare(&parse(&list), &files)
}

/// Path to hash, from lines of `hash  path`.
fn parse(list: &str) -> BTreeMap<String, String> {
    list.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
        .collect()
}

fn collect(fixtures: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(fixtures.join(folder)).expect("transcripts can be listed");
    for entry in entries {
        let entry = entry.expect("an entry of the transcripts can be read");
        let path = folder.join(entry.file_name());
        let name = path.to_str().expect("names of transcripts are UTF-8").to_owned();
        if entry.path().is_dir() {
            // A player of them leaves its byte code there, which git ignores.
            if entry.file_name() != "__pycache__" {
                collect(fixtures, &path, files);
            }
        } else {
            let bytes = std::fs::read(entry.path()).expect("a transcript can be read");
            files.insert(name, hash(&bytes));
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Committed hashes against the files as they are.
fn compare(list: &BTreeMap<String, String>, files: &BTreeMap<String, String>) -> Vec<String> {
    let listed = list.iter().filter_map(|(path, hash)| match files.get(path) {
        None => Some(format!("fixtures/{path}:1: the transcript is gone")),
        Some(found) if found != hash => {
            Some(format!("fixtures/{path}:1: not as recorded; restore it, facts are not edited"))
        }
        Some(_) => None,
    });
    let added = files.keys().filter(|path| !list.contains_key(*path));
    listed.chain(added.map(|path| format!("fixtures/{path}:1: not in {LIST}"))).collect()
}

#[test]
fn a_changed_a_lost_and_an_added_transcript_are_found() {
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(path, hash)| ((*path).to_owned(), (*hash).to_owned())).collect()
    };
    let list = parse("aa  transcripts/a\nbb  transcripts/b\ncc  transcripts/c\n");
    let files = map(&[("transcripts/a", "aa"), ("transcripts/b", "xx"), ("transcripts/d", "dd")]);
    assert_eq!(
        compare(&list, &files),
        [
            "fixtures/transcripts/b:1: not as recorded; restore it, facts are not edited",
            "fixtures/transcripts/c:1: the transcript is gone",
            "fixtures/transcripts/d:1: not in fixtures/transcripts.sha256",
        ]
    );
    assert_eq!(hash(b"abc")[..8], *"ba7816bf");
}
