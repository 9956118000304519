//! `facos profiles`: which servers facos can be, and in what they differ.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::Failure;
use super::output::{self, Format, OutputFlag};
use super::settings;
use crate::profile::{BUILT_IN, Profile, ProfileError, ProfileLine};
use crate::wire::text::table::table;

/// Show which servers facos can be, and in what they differ
#[derive(Debug, Args)]
#[command(after_help = "\
Example: what changed between two versions
  facos profiles diff 1.1.4 1.2.1")]
pub struct ProfilesArgs {
    #[command(subcommand)]
    command: ProfilesCommand,
}

#[derive(Debug, Subcommand)]
enum ProfilesCommand {
    /// List the built-in profiles
    #[command(after_help = "Example: their names alone
  facos profiles list -o json | jq -r '.[].name'")]
    List {
        #[command(flatten)]
        output: OutputFlag,
    },
    /// Show every quirk of a profile: its value, which profile states it, and the evidence
    #[command(after_help = "Example: where a 1.2.1 server looks for beats, and what it answers
  facos profiles show 1.2.1 | grep ^beat")]
    Show {
        /// A built-in profile, or the file of your own
        #[arg(value_name = "NAME|FILE")]
        profile: String,
        #[command(flatten)]
        output: OutputFlag,
    },
    /// Show the quirks in which two profiles differ
    #[command(after_help = "Example: what your own profile changes
  facos profiles diff 1.2.1 mine.toml")]
    Diff {
        /// A built-in profile, or the file of your own
        #[arg(value_name = "A")]
        left: String,
        /// The one to compare it with
        #[arg(value_name = "B")]
        right: String,
        #[command(flatten)]
        output: OutputFlag,
    },
}

/// One profile of the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    inherits: Option<String>,
    about: String,
}

/// One quirk of a profile.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    quirk: &'static str,
    value: String,
    /// The profile that states it.
    stated_by: &'a str,
    evidence: &'a str,
    about: &'static str,
    /// What that value means, where there is a choice.
    means: Option<&'static str>,
}

/// One quirk in which two profiles differ.
#[derive(Debug, Serialize)]
struct Differing<'a> {
    quirk: &'static str,
    about: &'static str,
    left: Side<'a>,
    right: Side<'a>,
}

/// What one of two profiles says of a quirk.
#[derive(Debug, Serialize)]
struct Side<'a> {
    value: String,
    evidence: &'a str,
    means: Option<&'static str>,
}

/// Runs the subcommand.
///
/// # Errors
/// There is no such profile, or its file has a mistake.
pub fn run(args: &ProfilesArgs) -> Result<ExitCode> {
    match &args.command {
        ProfilesCommand::List { output } => list(output.format)?,
        ProfilesCommand::Show { profile, output } => show(&load(profile)?, output.format)?,
        ProfilesCommand::Diff { left, right, output } => {
            diff(&load(left)?, &load(right)?, output.format)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(name: &str) -> Result<Profile, Failure> {
    Profile::load(name).map_err(refuse)
}

fn refuse(error: ProfileError) -> Failure {
    let hint = settings::profile_hint(&error);
    Failure::usage(error, hint)
}

fn list(output: Format) -> Result<()> {
    let mut listed = Vec::new();
    for (name, _) in BUILT_IN {
        let Profile { name, inherits, about, .. } = load(name)?;
        listed.push(Listed { name, inherits, about });
    }
    match output {
        Format::Json => output::print_json(&listed),
        Format::Text => {
            let rows = listed.iter().map(|Listed { name, inherits, about }| {
                vec![name.as_str(), inherits.as_deref().unwrap_or("-"), about.as_str()]
            });
            output::print(&table(&["NAME", "INHERITS", "ABOUT"], rows))
        }
    }
}

fn show(profile: &Profile, output: Format) -> Result<()> {
    let shown: Vec<Shown> = profile.lines().map(shown).collect();
    if output == Format::Json {
        return output::print_json(&shown);
    }
    let sentence = |shown: &Shown| match shown.means {
        Some(means) => format!("{} {}: {means}", shown.about, shown.value),
        None => shown.about.to_owned(),
    };
    let sentences: Vec<String> = shown.iter().map(sentence).collect();
    let rows = shown.iter().zip(&sentences).map(|(shown, sentence)| {
        let evidence = dash_if_empty(shown.evidence);
        vec![shown.quirk, shown.value.as_str(), shown.stated_by, evidence, sentence]
    });
    output::print(&table(&["QUIRK", "VALUE", "FROM", "EVIDENCE", "WHAT IT IS"], rows))
}

fn shown(line: ProfileLine<'_>) -> Shown<'_> {
    Shown {
        quirk: line.quirk.name,
        stated_by: &line.origin.stated_by,
        evidence: &line.origin.evidence,
        about: line.quirk.doc,
        means: means(&line),
        value: line.value,
    }
}

/// The sentence of the value, where the quirk chooses among words.
fn means(line: &ProfileLine<'_>) -> Option<&'static str> {
    let choice = line.quirk.choices.iter().find(|choice| choice.name == line.value);
    choice.map(|choice| choice.doc)
}

fn diff(left: &Profile, right: &Profile, output: Format) -> Result<()> {
    let differing = differences(left, right);
    if output == Format::Json {
        return output::print_json(&differing);
    }
    let rows = differing.iter().map(|differing| {
        let Differing { quirk, about, left, right } = differing;
        let evidence = dash_if_empty(right.evidence);
        vec![*quirk, left.value.as_str(), right.value.as_str(), evidence, about]
    });
    let evidence = format!("EVIDENCE OF {}", right.name);
    output::print(&table(&["QUIRK", &left.name, &right.name, &evidence, "WHAT IT IS"], rows))
}

fn differences<'a>(left: &'a Profile, right: &'a Profile) -> Vec<Differing<'a>> {
    let pairs = left.lines().zip(right.lines());
    let pairs = pairs.filter(|(left, right)| left.value != right.value);
    pairs
        .map(|(left, right)| Differing {
            quirk: left.quirk.name,
            about: left.quirk.doc,
            left: side(left),
            right: side(right),
        })
        .collect()
}

fn side(line: ProfileLine<'_>) -> Side<'_> {
    Side { means: means(&line), evidence: &line.origin.evidence, value: line.value }
}

fn dash_if_empty(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_only_what_differs_and_why() {
        let left = Profile::nacos("1.2.1").unwrap();
        let mut right = left.clone();
        assert!(differences(&left, &right).is_empty());
        right.set("beat.light", "absent").unwrap();
        let differing = differences(&left, &right);
        assert_eq!(differing.len(), 1);
        assert_eq!(differing[0].quirk, "beat.light");
        assert_eq!(differing[0].left.evidence, "instance/beat-forms");
        assert_eq!(differing[0].right.means, Some("Not sent."));
    }
}
