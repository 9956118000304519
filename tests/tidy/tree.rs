//! The files of the repository, read once each; what `.gitignore` names is not there.

use crate::source::Source;
use std::path::{Path, PathBuf};

/// The folder of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file, tokenised, with its path relative to the root.
pub fn rust_sources() -> Vec<Source> {
    texts()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(path, text)| Source::parse(&path, &text))
        .collect()
}

/// Every file that is text, except the recorded transcripts, which nobody here may edit.
pub fn texts() -> Vec<(String, String)> {
    let root = root();
    let ignored = Ignored::parse(&read(&root.join(".gitignore")).unwrap_or_default());
    let mut texts = Vec::new();
    walk(&root, &root, &ignored, &mut texts);
    texts.sort();
    texts
}

fn walk(root: &Path, folder: &Path, ignored: &Ignored, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository can be listed") {
        let path = entry.expect("an entry of the repository can be read").path();
        let relative = path.strip_prefix(root).expect("the walk stays below the root");
        let relative = relative.to_str().expect("paths of the repository are UTF-8");
        if ignored.covers(relative) || relative.starts_with("fixtures/transcripts") {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, ignored, texts);
        } else if let Some(text) = read(&path) {
            texts.push((relative.to_owned(), text));
        }
    }
}

/// The text of a file, none when it is not text.
fn read(path: &Path) -> Option<String> {
    String::from_utf8(std::fs::read(path).ok()?).ok()
}

/// The part of `.gitignore` that is used here: `/path`, `name/`, `name` and `*.ending`.
struct Ignored(Vec<String>);

impl Ignored {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines = lines.map(|line| line.trim_end_matches('/').to_owned());
        Self([".git".to_owned()].into_iter().chain(lines).collect())
    }

    fn covers(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| {
            if let Some(anchored) = pattern.strip_prefix('/') {
                path == anchored
            } else if let Some(ending) = pattern.strip_prefix('*') {
                path.ends_with(ending)
            } else {
                path.rsplit('/').next() == Some(pattern.as_str())
            }
        })
    }
}

#[test]
fn what_git_ignores_is_not_looked_at() {
    let ignored = Ignored::parse("/target\nnode_modules/\n*.pyc\n");
    for path in [".git", "target", "tests/clients/node_modules", "a/b.pyc"] {
        assert!(ignored.covers(path), "{path}");
    }
    for path in [".gitignore", "src/target", "tests", "a.py"] {
        assert!(!ignored.covers(path), "{path}");
    }
}
