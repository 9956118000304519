//! Where results go: stdout, and the files that were asked for, which are tried before anything is
//! sent, lest a long run end with nowhere to write.
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use anyhow::Result;

use super::super::exit::Failure;
use super::super::output::{Format, print};
use super::args::RunArgs;
use crate::bench::document::Document;
use crate::bench::report;

/// Refuses files and folders that cannot be written. What is there stays as it is, and what is
/// not there does not come to be: the run may still fail for another reason.
pub(super) fn check(args: &RunArgs) -> Result<(), Failure> {
    let hint = "nothing was sent; name files in a folder that exists and that you may write to";
    let refuse = |path: &Path, error: io::Error| Failure::usage(cannot_write(path, &error), hint);
    for path in [&args.html, &args.junit, &args.json].into_iter().flatten() {
        try_file(path).map_err(|error| refuse(path, error))?;
    }
    if let Some(folder) = &args.hlog {
        try_folder(folder).map_err(|error| refuse(folder, error))?;
    }
    Ok(())
}

/// Prints the result and writes it into the files that were asked for.
pub(super) fn write(args: &RunArgs, document: &Document) -> Result<()> {
    let write = |path: &Path, text: String| {
        let hint = "the run was complete; what became of the folder meanwhile?";
        fs::write(path, text).map_err(|error| Failure::usage(cannot_write(path, &error), hint))
    };
    // stdout first: what was measured is not lost by a wrong path.
    show(document, args.output)?;
    if let Some(path) = &args.html {
        write(path, report::html(document)?)?;
    }
    if let Some(path) = &args.junit {
        write(path, report::junit(document)?)?;
    }
    if let Some(path) = &args.json {
        write(path, report::json(document))?;
    }
    Ok(())
}

/// Prints a result.
pub(super) fn show(document: &Document, output: Format) -> Result<()> {
    print(&match output {
        Format::Text => report::table(document),
        Format::Json => report::json(document),
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}

fn try_file(path: &Path) -> io::Result<()> {
    // What is no plain file is opened only once: a reader may wait at the other end of a pipe.
    match fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => {
            OpenOptions::new().append(true).open(path).map(drop)
        }
        Ok(_) => Ok(()),
        Err(_) => {
            File::create_new(path)?;
            fs::remove_file(path)
        }
    }
}

fn try_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return report::log_names().try_for_each(|name| try_file(&folder.join(name)));
    }
    // All that is missing is made when the run begins; here it is enough that the first can be.
    let missing = folder.ancestors().take_while(|path| fs::symlink_metadata(path).is_err());
    let first = missing.filter(|path| !path.as_os_str().is_empty()).last().unwrap_or(folder);
    fs::create_dir(first)?;
    fs::remove_dir(first)
}
