//! The list of members as an operator writes it: `cluster.conf`, or a setting.

use crate::model::MemberId;
use std::path::PathBuf;

/// Where the list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberSource {
    /// It is given and changes only through the admin API.
    Given(Vec<MemberId>),
    /// It stands in a file in the form of `cluster.conf`, which is looked at again and again.
    File(PathBuf),
}

impl MemberSource {
    /// The list as it stands now, in `own_port` where a line names none; `None` when it can not be
    /// read, or is empty: then the last one stays.
    pub fn read(&self, own_port: u16) -> Option<Vec<MemberId>> {
        let listed = match self {
            Self::Given(members) => members.clone(),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => parse(&text, own_port),
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "no list of members");
                    return None;
                }
            },
        };
        (!listed.is_empty()).then_some(listed)
    }
}

/// The members of a `cluster.conf`: `ip[:port]` on lines or between commas; `#` begins a comment,
/// and 2.x may write properties behind `?`.
pub fn parse(text: &str, own_port: u16) -> Vec<MemberId> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let entries = lines.flat_map(|line| line.split(','));
    entries
        .map(|entry| entry.split('?').next().unwrap_or_default().trim())
        .filter(|entry| !entry.is_empty())
        .map(|entry| match entry.contains(':') {
            true => MemberId::from(entry),
            false => MemberId::from(format!("{entry}:{own_port}")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_nacos_reads_it() {
        let text = "#it is ip\n10.0.0.1:8848 # first\n\n 10.0.0.2 ,10.0.0.3:1?raft_port=7\r\n";
        let members = parse(text, 8848);
        let members: Vec<&str> = members.iter().map(|member| &**member).collect();
        assert_eq!(members, ["10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:1"]);
    }

    #[test]
    fn a_missing_or_empty_file_is_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.conf");
        let source = MemberSource::File(path.clone());
        assert_eq!(source.read(1), None);
        std::fs::write(&path, "# nobody\n").unwrap();
        assert_eq!(source.read(1), None);
        std::fs::write(&path, "a\nb:2").unwrap();
        assert_eq!(source.read(1), Some(vec!["a:1".into(), "b:2".into()]));
    }
}
