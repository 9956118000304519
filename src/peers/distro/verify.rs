//! How lists look, each 5 s: the responsible member tells every healthy one, and who sees a
//! difference fetches (`DataSyncer.TimedSync`, `DistroConsistencyServiceImpl.onReceiveChecksums`).
//!
//! A message that names one key of the receiver's own is given up: views differ, and nothing of it
//! can be trusted. A list that its owner does not name any more is forgotten, its instances stay.

use super::{Distro, Pending};
use crate::model::{DatumKey, MemberId, PeerCall};
use crate::peers::Deed;
use crate::peers::view::Turn;
use rustc_hash::FxHashSet;
use std::sync::Arc;

impl Distro {
    pub(super) fn send_checksums(&mut self, turn: &mut Turn<'_>, effects: &mut Vec<Deed>) {
        if self.others.healthy.is_empty() {
            return;
        }
        let owners = turn.owners;
        let keys = turn.data.keys(&|service| owners.is_mine(service));
        let checksum = |key: DatumKey| Some((key.clone(), turn.data.checksum(&key)?));
        let checksums: Vec<(DatumKey, String)> = keys.into_iter().filter_map(checksum).collect();
        if checksums.is_empty() {
            return;
        }
        let checksums = Arc::new(checksums);
        for to in self.others.healthy.clone() {
            let (source, checksums) = (self.me.clone(), checksums.clone());
            let call = PeerCall::DistroChecksum { source, checksums };
            self.call(to, call, Pending::Told, effects);
        }
    }

    /// PUT `/distro/checksum` of another member.
    pub fn checksums_came(
        &mut self,
        turn: &mut Turn<'_>,
        source: &MemberId,
        checksums: &[(DatumKey, String)],
    ) -> Vec<Deed> {
        let mut effects = Vec::new();
        if self.checking.contains(source) {
            return effects;
        }
        let own = |key: &DatumKey| key.service().is_some_and(|one| turn.owners.is_mine(&one.name));
        if checksums.iter().any(|(key, _)| own(key)) {
            return effects;
        }
        let mut differing = Vec::new();
        for (key, checksum) in checksums {
            if turn.data.checksum(key).as_ref() != Some(checksum) {
                differing.push(key.clone());
            }
        }
        let named: FxHashSet<&DatumKey> = checksums.iter().map(|(key, _)| key).collect();
        let owners = turn.owners;
        let theirs = turn.data.keys(&|service| owners.owner(service).as_ref() == Some(source));
        let forgotten = theirs.into_iter().filter(|key| !named.contains(key));
        effects.extend(forgotten.map(Deed::ForgetList));
        if !differing.is_empty() {
            self.checking.insert(source.clone());
            let pending = Pending::Fetch { from: source.clone() };
            self.call(source.clone(), PeerCall::DistroGet(differing), pending, &mut effects);
        }
        effects
    }
}
