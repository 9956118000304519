//! Every way in which a node speaks to others: calls of 2.x about clients go over gRPC, all others
//! over HTTP.

use super::HttpLink;
use crate::edge::grpc::MemberLinks;
use crate::model::{MemberId, PeerCall};
use crate::node::Node;
use crate::node::peering::PeerLink;
use crate::peers::Token;
use std::sync::Arc;
use tokio::runtime::Handle;

/// The ways of one node.
pub struct Links {
    http: HttpLink,
    grpc: MemberLinks,
}

impl Links {
    /// The ways of a node, whose calls are made on that runtime.
    pub fn new(node: &Arc<Node>, runtime: &Handle) -> Self {
        Self { http: HttpLink::new(node, runtime), grpc: MemberLinks::new(node, runtime) }
    }
}

impl PeerLink for Links {
    fn call(&self, to: &MemberId, call: PeerCall, token: Token) {
        match call {
            PeerCall::Client(call) => self.grpc.call(to, call, token),
            call => self.http.call(to, call, token),
        }
    }
}
