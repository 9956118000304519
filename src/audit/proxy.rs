//! Requests on their way to the registry: looked at, passed on, answered as it answers.

use super::clients::Clients;
use super::sight::{Call, Sight};
use crate::edge::http::{Answer, Body, Handler, Request, Response};
use crate::edge::proxy::{self, Passed, Upstreams};
use crate::profile::Quirks;
use crate::wire::media::TEXT_TYPE;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;

/// Looks at every request and passes it on.
pub struct AuditHandler {
    /// What was seen.
    pub clients: Arc<Clients>,
    /// How parameters are read.
    pub quirks: Arc<Quirks>,
    /// The registries behind.
    pub upstreams: Arc<Upstreams>,
}

impl Handler for AuditHandler {
    fn handle(&self, request: &Request<'_>) -> Answer {
        self.clients.add(Sight::of(request, &self.quirks));
        let (upstreams, passed) = (self.upstreams.clone(), Passed::of(request));
        Answer::Later(Box::pin(async move {
            match upstreams.pass(&passed).await {
                Ok(answer) => proxy::answer(answer),
                // Every client takes it for a failure and keeps what it knows.
                Err(error) => {
                    let text = Body::Bytes(Bytes::from(error.to_string()));
                    Response::text(503, TEXT_TYPE, text)
                }
            }
        }))
    }
}

/// What stands before the version in the first message of a connection.
const CLIENT_VERSION: &[u8] = b"\"clientVersion\":\"";

/// Looks for the agent among the first bytes of a gRPC connection, whose messages are JSON. A
/// connection that never says it ends as one of an unknown agent.
pub fn watch_grpc(clients: &Clients, peer: SocketAddr, first: &[u8]) -> bool {
    let Some(agent) = client_version(first) else { return false };
    clients.add(Sight {
        agent: &agent,
        address: peer.ip().to_string(),
        service: None,
        cluster: None,
        call: Some(Call::Grpc),
        beat: None,
        names_no_cluster: false,
    });
    true
}

fn client_version(bytes: &[u8]) -> Option<String> {
    let at = bytes.windows(CLIENT_VERSION.len()).position(|window| window == CLIENT_VERSION)?;
    let rest = &bytes[at + CLIENT_VERSION.len()..];
    let end = rest.iter().position(|byte| *byte == b'"')?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_of_a_connection_is_found_among_its_first_bytes() {
        let peer = SocketAddr::from(([10, 0, 0, 1], 5));
        let clients = Clients::default();
        let message = b"PRI * HTTP/2.0..\x00\x01{\"headers\":{},\"clientVersion\":\"Nacos-Java";
        assert!(!watch_grpc(&clients, peer, message));
        let whole = [&message[..], b"-Client:v2.0.2\",\"labels\":{}}"].concat();
        assert!(watch_grpc(&clients, peer, &whole));
        let all = clients.all();
        assert_eq!(
            (all[0].agent.as_str(), all[0].address.as_str()),
            ("Nacos-Java-Client:v2.0.2", "10.0.0.1")
        );
    }
}
