//! COVERAGE.md tells the truth: its table of addresses is that of the routes, and what it calls
//! missing is missing. `FACOS_WRITE_COVERAGE=1 cargo test --test coverage` writes the table anew.

use facos::Profile;
use facos::edge::nacos::routes::{self, Route};
use facos::profile::BUILT_IN;
use std::path::PathBuf;

const BEGIN: &str = "<!-- the table begins: made from the routes, not by hand -->\n";
const END: &str = "<!-- the table ends -->\n";
const GAPS_BEGIN: &str = "<!-- gaps begin: an address below must not be answered -->\n";
const GAPS_END: &str = "<!-- gaps end -->\n";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("COVERAGE.md")
}

fn committed() -> String {
    std::fs::read_to_string(path()).expect("COVERAGE.md is part of the repository")
}

/// What stands between two markers.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no marker {begin}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no marker {end}")).0
}

/// The profiles that are built in, oldest first.
fn profiles() -> Vec<Profile> {
    let mut profiles: Vec<Profile> =
        BUILT_IN.iter().map(|(name, _)| Profile::nacos(name).expect("it is built in")).collect();
    let number = |name: &str| -> Vec<u32> {
        name.split('.').map(|part| part.parse().unwrap_or_default()).collect()
    };
    profiles.sort_by_key(|profile| number(&profile.name));
    profiles
}

/// The table of addresses: for each profile whether it is answered.
fn table() -> String {
    let profiles = profiles();
    let names = profiles.iter().map(|profile| format!(" {} |", profile.name)).collect::<String>();
    let rule = ":-:|".repeat(profiles.len());
    let mut text = format!("| address |{names}\n|---|{rule}\n");
    for (method, path) in addresses() {
        let answered = |profile: &Profile| {
            let same = |route: &&Route| route.method == method && route.path == path;
            routes::all().filter(same).any(|route| (route.exists)(&profile.quirks))
        };
        let cells: Vec<&str> = profiles
            .iter()
            .map(|profile| if answered(profile) { " yes |" } else { " |" })
            .collect();
        text.push_str(&format!("| `{method} {path}` |{}\n", cells.concat()));
    }
    text
}

/// Every address once, in the order of the areas.
fn addresses() -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for route in routes::all() {
        let address = (route.method, route.path);
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[test]
fn the_table_of_addresses_is_that_of_the_routes() {
    let text = committed();
    let (written, made) = (between(&text, BEGIN, END), table());
    if std::env::var_os("FACOS_WRITE_COVERAGE").is_some() {
        let anew = text.replace(&format!("{BEGIN}{written}{END}"), &format!("{BEGIN}{made}{END}"));
        std::fs::write(path(), anew).expect("COVERAGE.md can be written");
        return;
    }
    let gone: Vec<&str> = written.lines().filter(|line| !made.contains(line)).collect();
    let new: Vec<&str> = made.lines().filter(|line| !written.contains(line)).collect();
    assert_eq!(
        written, made,
        "COVERAGE.md is not what the routes say; gone: {gone:#?}, new: {new:#?}; \
         FACOS_WRITE_COVERAGE=1 cargo test --test coverage writes it anew"
    );
}

#[test]
fn an_address_that_is_called_missing_is_missing() {
    let text = committed();
    let profiles = profiles();
    let mut looked_at = 0;
    for line in between(&text, GAPS_BEGIN, GAPS_END).lines().filter(|line| line.contains('`')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, address, versions, reason, ..] = cells[..] else { panic!("no row: {line}") };
        let (method, path) = address.trim_matches('`').split_once(' ').expect(line);
        assert!(reason.ends_with('.'), "a gap without a reason: {line}");
        for version in versions.split(", ") {
            let named = |profile: &&Profile| profile.name == version;
            let profile =
                profiles.iter().find(named).unwrap_or_else(|| panic!("{version}: {line}"));
            let same = |route: &&Route| route.method == method && route.path == path;
            let answered = routes::all().filter(same).any(|route| (route.exists)(&profile.quirks));
            assert!(!answered, "no gap any more: {line}");
        }
        looked_at += 1;
    }
    assert!(looked_at > 0, "the list of gaps is empty or can not be read");
}
