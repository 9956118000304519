//! What arrives when the data of a message is damaged on its way: bytes that nobody can read, or
//! lists that read well and say something wrong.

use crate::node::Outcome;
use facos::model::{ClientCall, Datum, DatumKey, DatumValue, PeerAnswer, PeerCall, PeerFailure};
use fastrand::Rng;
use std::sync::Arc;

/// What the receiver reads; `None` when it can not read it and answers so.
pub fn of_call(rng: &mut Rng, call: PeerCall) -> Option<PeerCall> {
    match call {
        PeerCall::DistroPut(lists) if rng.bool() => {
            Some(PeerCall::DistroPut(Arc::new(of_lists(rng, lists.to_vec()))))
        }
        // Where no checksum would ever mend it, damage is what the transport can see.
        PeerCall::DistroPut(_)
        | PeerCall::RaftCommit { .. }
        | PeerCall::RaftPublish { .. }
        | PeerCall::RaftBeat(_)
        | PeerCall::DistroChecksum { .. }
        | PeerCall::ServiceStatus(_)
        | PeerCall::Client(ClientCall::Changed(_)) => None,
        other => Some(other),
    }
}

/// What the caller reads of an answer.
pub fn of_outcome(rng: &mut Rng, outcome: Outcome) -> Outcome {
    match outcome {
        Ok(PeerAnswer::DistroDatums(lists)) if rng.bool() => {
            Ok(PeerAnswer::DistroDatums(of_lists(rng, lists)))
        }
        Ok(PeerAnswer::DistroDatums(_) | PeerAnswer::RaftDatums(_) | PeerAnswer::Clients(_)) => {
            Err(PeerFailure::Unreadable("damaged".to_owned()))
        }
        other => other,
    }
}

fn of_lists(rng: &mut Rng, mut lists: Vec<Datum>) -> Vec<Datum> {
    for datum in &mut lists {
        let DatumValue::Instances(instances) = &*datum.value else { continue };
        let mut instances = instances.clone();
        match rng.u8(0..4) {
            0 => drop(instances.pop()),
            1 => instances.extend(instances.first().cloned()),
            2 => instances.clear(),
            _ => {
                for kept in &mut instances {
                    let instance = Arc::make_mut(&mut kept.instance);
                    instance.ip = Some("999.1.1.1".into());
                    instance.port = -1;
                    instance.weight = f64::NAN;
                }
            }
        }
        datum.value = Arc::new(DatumValue::Instances(instances));
    }
    if rng.u8(0..4) == 0 {
        // A key that no list has any business under.
        lists.extend(lists.first().cloned().map(|one| Datum { key: DatumKey::Switches, ..one }));
    }
    lists
}
