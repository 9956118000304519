//! `DistroDataRequest`: another member tells of its clients, or asks for those known here. A node
//! that stands alone answers the same (`grpc/cluster-port`).

use super::unary::Call;
use crate::peers::upgrade::Core;
use crate::wire::grpc::cluster::{
    DistroFailure, Said, distro_answer, distro_failed, distro_snapshot,
};
use crate::wire::grpc::{Answer, DistroRequest};

/// Takes what another member says.
pub fn take(call: &Call<'_>, request: &DistroRequest) -> Answer {
    let node = call.node;
    match Said::of(request) {
        None => distro_failed(DistroFailure::Thrown),
        Some(Said::Changed(told)) => {
            match node
                .change_in(Core::New, |registry, now| Ok(((), registry.sync_client(now, &told)?)))
            {
                Ok(_) => distro_answer(None),
                Err(_) => distro_failed(DistroFailure::Thrown),
            }
        }
        Some(Said::Gone(id)) => {
            // Nothing of it can be refused.
            let _ = node
                .change_in(Core::New, |registry, now| Ok(((), registry.forget_client(now, &id))));
            distro_answer(None)
        }
        Some(Said::Verify(id)) => {
            match node.read_in(Core::New, |registry, now| registry.verify_client(now, &id)) {
                true => distro_answer(None),
                false => distro_failed(DistroFailure::Unverified),
            }
        }
        Some(Said::Snapshot) => {
            distro_snapshot(&node.read_in(Core::New, |registry, _| registry.all_client_data()))
        }
        Some(Said::Query(id)) => {
            distro_answer(node.read_in(Core::New, |registry, _| registry.client_data(&id)).as_ref())
        }
        Some(Said::Unhandled { verify }) => distro_failed(match verify {
            true => DistroFailure::Unverified,
            false => DistroFailure::Unhandled,
        }),
    }
}
