//! A question to another member on behalf of a request, as one that engines ask themselves.

use crate::edge::peer::Hop;
use crate::model::{MemberId, PeerAnswer, PeerCall, PeerFailure};
use crate::node::Node;
use crate::wire::peer;

/// Asks a member.
///
/// # Errors
/// There is no answer, or none of that kind.
pub async fn ask(node: &Node, to: &MemberId, call: &PeerCall) -> Result<PeerAnswer, PeerFailure> {
    let peering = node.peering().ok_or(PeerFailure::Broken)?;
    let quirks = node.quirks();
    let request = peer::request(call, peering.own(), to, &quirks);
    let (bytes, silence_ms) = (&request.to_bytes(), request.timeout_ms);
    let hop = Hop { to, bytes, silence_ms, travels: false };
    let (status, body) = hop.run(node, peering).await?;
    peer::answer(call, status, &body, &quirks)
}
