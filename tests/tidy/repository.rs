//! What may be committed: dependencies with their reason, and nothing that holds on one machine
//! only.

/// Folders of one machine; written apart, so that this file is no finding.
const PLACES: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Registries of packages: which one serves a build is the builder's affair.
const REGISTRIES: [&str; 9] = [
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("registry.yarnpkg", ".com"),
    concat!("pypi", ".org"),
    concat!("files.pythonhosted", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("repo.maven.apache", ".org"),
    concat!("repo1.maven", ".org"),
];

/// Every dependency of a Cargo.toml has a sentence above it.
pub fn dependencies_have_a_sentence(path: &str, text: &str) -> Vec<String> {
    if path.rsplit('/').next() != Some("Cargo.toml") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut inside = false;
    let mut above = "";
    for (index, line) in text.lines().enumerate() {
        let named = line.trim_end_matches(']').rsplit('.').next().unwrap_or_default();
        let table = line.starts_with('[');
        if table {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        }
        // `[dependencies.name]` declares one as well.
        let declares = if table {
            !inside && line.contains("dependencies.") && !named.is_empty()
        } else {
            inside && line.contains('=') && line.starts_with(|first: char| first.is_alphanumeric())
        };
        let sentence = above.starts_with("# ") && above.ends_with(['.', '?', '!']);
        if declares && !sentence {
            findings
                .push(format!("{path}:{}: a dependency without a sentence above it", index + 1));
        }
        above = line;
    }
    findings
}

/// No path of one machine and no host of a registry, in any file.
pub fn no_machine_paths_or_registries(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = PLACES.iter().find(|place| stands_alone(line, place));
        let registry = REGISTRIES.iter().find(|host| line.contains(**host));
        let number = index + 1;
        findings.extend(place.map(|word| format!("{path}:{number}: `{word}` is on one machine")));
        findings.extend(registry.map(|word| {
            format!("{path}:{number}: `{word}`: which registry serves a build is not ours to say")
        }));
    }
    findings
}

/// The place begins a path there: `see/work/x` is another path's middle.
fn stands_alone(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "_-.}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_sentence_is_found() {
        let text = "[package]\nname = \"a\"\n[dependencies]\n# Why.\nb = \"1\"\nc = \"1\"\n\
                    [dev-dependencies]\n# no sentence\nd = \"1\"\n[profile.dev]\ndebug = 1\n";
        assert_eq!(
            dependencies_have_a_sentence("fuzz/Cargo.toml", text),
            [
                "fuzz/Cargo.toml:6: a dependency without a sentence above it",
                "fuzz/Cargo.toml:9: a dependency without a sentence above it",
            ]
        );
        let table = "[dependencies.b]\nversion = \"1\"\n";
        assert_eq!(dependencies_have_a_sentence("Cargo.toml", table).len(), 1);
        assert_eq!(dependencies_have_a_sentence("profiles/a.toml", text), [""; 0]);
    }

    #[test]
    fn a_machine_path_is_found() {
        for place in PLACES {
            let found = no_machine_paths_or_registries("README.md", &format!("a\ncd {place}main"));
            assert_eq!(found, [format!("README.md:2: `{place}` is on one machine")]);
        }
        let inner = format!("net{}", PLACES[0]);
        assert_eq!(no_machine_paths_or_registries("README.md", &inner), [""; 0]);
    }

    #[test]
    fn a_registry_is_found() {
        for host in REGISTRIES {
            let found = no_machine_paths_or_registries("a.json", &format!("https://{host}/x"));
            assert_eq!(found.len(), 1, "{host}");
        }
        let lock = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(no_machine_paths_or_registries("Cargo.lock", lock), [""; 0]);
    }
}
