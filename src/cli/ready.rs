//! `--ready-file`: a file that appears, whole, when the server answers.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A ready file that is not there yet.
#[derive(Debug)]
pub struct ReadyFile {
    path: PathBuf,
    /// In the same folder, so that giving it its name is one step.
    unnamed: NamedTempFile,
}

impl ReadyFile {
    /// Makes sure that the file can be written, and takes away what an earlier run left: whoever
    /// waits for the file must not find that one's.
    ///
    /// # Errors
    /// The folder is not writable, or something that is no file has that name.
    pub fn prepare(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => {
                return Err(io::Error::other("it is there and no regular file"));
            }
            Ok(_) => fs::remove_file(path)?,
            Err(_) => {}
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".facos-ready-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let unnamed = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self { path: path.to_owned(), unnamed })
    }

    /// Writes the text and gives the file its name.
    ///
    /// # Errors
    /// The disk is full, or the folder went away.
    pub fn publish(mut self, text: &str) -> io::Result<()> {
        self.unnamed.write_all(text.as_bytes())?;
        self.unnamed.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_appears_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        fs::write(&path, "of an earlier run").unwrap();
        let ready = ReadyFile::prepare(&path).unwrap();
        assert!(!path.exists());
        ready.publish("{}\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_server_that_did_not_start_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        drop(ReadyFile::prepare(&folder.path().join("ready.json")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ReadyFile::prepare(folder.path()).is_err());
        assert!(ReadyFile::prepare(&folder.path().join("no-such/ready.json")).is_err());
    }
}
