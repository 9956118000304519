//! POST `/core/cluster/server/leave` of 2.x: an operator takes members off the list of a node that
//! runs (`ServerMemberManager.memberLeave`). A list that stands in a file is written anew without
//! them, as a real server writes its `cluster.conf` (`MemberUtil.syncToFile`). A real one does so
//! after an operator has edited the file, too; here what he wrote stays as he wrote it.

use super::MemberSource;
use crate::model::{MemberId, Millis};
use crate::node::Node;
use crate::wire::text::time::iso_millis;
use std::io::Write as _;
use std::path::Path;

impl Node {
    /// Members leave. Who stays beside this node and may not know of it yet; nobody when none of
    /// them was on the list.
    pub fn members_leave(&self, gone: &[MemberId]) -> Vec<MemberId> {
        let Some(peering) = self.peering() else { return Vec::new() };
        let listed = peering.members(|members| members.listed().to_vec());
        let own = peering.own();
        let left: Vec<MemberId> = listed
            .iter()
            .filter(|member| *member != own && !gone.contains(member))
            .cloned()
            .collect();
        let others = listed.iter().filter(|member| *member != own).count();
        if left.len() == others {
            return Vec::new();
        }
        // Nobody leaves the list that he himself keeps.
        let mut members = left.clone();
        members.push(own.clone());
        members.sort();
        self.set_members(peering.source().holding(members, self.now()));
        left
    }
}

impl MemberSource {
    /// The source with another list in it.
    fn holding(self, members: Vec<MemberId>, now: Millis) -> Self {
        let Self::File(path) = self else { return Self::Given(members) };
        match write(&path, &members, now) {
            Ok(()) => Self::File(path),
            Err(error) => {
                tracing::error!(%error, path = %path.display(), "the list was not written");
                Self::Given(members)
            }
        }
    }
}

/// The file appears whole or not at all, since it is looked at again and again.
fn write(path: &Path, members: &[MemberId], now: Millis) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    writeln!(file, "#{}", iso_millis(now, ""))?;
    for member in members {
        writeln!(file, "{member}")?;
    }
    file.persist(path)?;
    Ok(())
}
