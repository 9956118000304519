//! What the command line says of itself.

use crate::run;

/// Every page of help.
const PAGES: &[&str] = &[
    "",
    "serve",
    "verify",
    "bench",
    "snapshot",
    "rescue",
    "audit",
    "drill",
    "compensate",
    "diff",
    "plan",
    "plan expand",
    "plan shrink",
    "upgrade",
    "upgrade watch",
    "gateway-sim",
    "profiles",
    "profiles list",
    "profiles show",
    "profiles diff",
    "ctl",
    "ctl advance",
    "ctl reset",
    "ctl quirks",
    "ctl journal",
    "config",
    "config print",
    "completions",
    "man",
    "ctl instances",
];

#[test]
fn the_help_of_every_command_is_known() {
    for page in PAGES {
        let help = run(&format!("{page} --help")).done();
        let name = format!("help {page}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, help);
    }
}

#[test]
fn every_command_has_a_worked_example() {
    let pages = PAGES.iter().filter(|page| **page != "ctl instances");
    for page in pages {
        let help = run(&format!("{page} -h")).done();
        assert!(help.contains("\nExample: ") && help.contains("\n  facos "), "{page}: {help}");
    }
}

#[test]
fn help_keeps_to_a_hundred_columns() {
    for page in PAGES {
        for line in run(&format!("{page} --help")).done().lines() {
            assert!(line.chars().count() <= 100, "{page}: {line}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(run("--version").done(), format!("facos {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_command_at_all_gets_the_help_on_stderr() {
    for line in ["", "profiles", "ctl", "config"] {
        let ended = run(line);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line}");
        assert!(ended.stderr.contains("\nCommands:\n"), "{line}: {}", ended.stderr);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    for page in PAGES {
        let manual = run(&format!("man {page}")).done();
        let title = format!("facos {page}").trim().replace(' ', "-");
        assert!(manual.contains(&format!(".TH {title} 1 ")), "{page}: {manual}");
    }
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&format!("completions {shell}")).done();
        assert!(script.contains("expire-instances"), "{shell}");
    }
}
