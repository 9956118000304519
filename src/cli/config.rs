//! `facos config print`: which settings a server would have here, and who states each.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::{self, Format, OutputFlag};
use super::settings::{self, Entry, SettingFlags, Settings};
use crate::config::Source;
use crate::profile::Profile;
use crate::wire::text::table::table;

/// Show the settings of a server and where each comes from
#[derive(Debug, Args)]
#[command(after_help = "\
Example: the port that a server would have here, and who says so
  facos config print --effective | grep ^port")]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the settings that flags, environment and file state
    #[command(after_help = format!("\
Example: every value of a server that is started with these flags
  facos config print --effective --profile 1.2.1 --set beat.light=absent

{}", settings::ALSO))]
    Print {
        /// Print every setting and every quirk, with defaults and what the profile states
        #[arg(long)]
        effective: bool,
        #[command(flatten)]
        output: OutputFlag,
        #[command(flatten)]
        settings: Box<SettingFlags>,
    },
}

/// One setting or quirk.
#[derive(Debug, Serialize)]
struct Printed {
    name: String,
    value: serde_json::Value,
    /// A flag, a variable, a line of a file, `default`, or a profile.
    source: String,
    #[serde(skip)]
    text: String,
}

/// Runs the subcommand.
///
/// # Errors
/// A setting is wrong.
pub fn run(args: &ConfigArgs) -> Result<ExitCode> {
    let ConfigCommand::Print { effective, output, settings } = &args.command;
    let settings = settings::collect(settings)?;
    let profile = settings.load_profile().map_err(settings::refuse)?;
    let printed = printed(&settings, &profile, *effective);
    match output.format {
        Format::Json => output::print_json(&printed)?,
        Format::Text => {
            let rows = printed.iter().map(|printed| {
                let Printed { name, text, source, .. } = printed;
                vec![name.as_str(), text.as_str(), source.as_str()]
            });
            output::print(&table(&["NAME", "VALUE", "FROM"], rows))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Settings first, then quirks as `set.NAME`, then Nacos's properties as `property.NAME`; only
/// stated ones unless everything is asked for.
fn printed(settings: &Settings, profile: &Profile, effective: bool) -> Vec<Printed> {
    let entries = settings.entries().into_iter();
    let entries = entries.filter(|entry| effective || entry.source != Source::Default);
    let mut printed: Vec<Printed> = entries.map(setting).collect();
    for line in profile.lines() {
        let by_hand = settings.set.iter().find(|set| set.value.name == line.quirk.name);
        if by_hand.is_none() && !effective {
            continue;
        }
        printed.push(Printed {
            name: format!("set.{}", line.quirk.name),
            value: line.value.clone().into(),
            source: match by_hand {
                Some(set) => set.source.to_string(),
                None => format!("profile {}", line.origin.stated_by),
            },
            text: line.value,
        });
    }
    printed.extend(settings.property.iter().map(|stated| Printed {
        name: format!("property.{}", stated.value.name),
        value: stated.value.shown().into(),
        source: stated.source.to_string(),
        text: stated.value.shown().to_owned(),
    }));
    printed
}

fn setting(entry: Entry) -> Printed {
    let Entry { name, text, json, source } = entry;
    Printed { name: name.to_owned(), value: json, source: source.to_string(), text }
}
