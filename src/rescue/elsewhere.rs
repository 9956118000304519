//! What is answered beside beats when no registry stands behind us: what the chosen version says of
//! itself, and the lists of a snapshot.
//!
//! It is a registry of that version that nothing can be written to. An empty list would make
//! consumers drop every provider, so whoever asks for one is refused instead, and so is whoever
//! asks for a configuration: to be told that there is none means that it was deleted.

use super::known::Known;
use super::run::RescueError;
use crate::edge::http::{Answer, Body, Framing, Handler, Request, Response};
use crate::edge::nacos::NacosHandler;
use crate::model::{AuthSettings, Registration, ServiceRef};
use crate::node::store::NoStore;
use crate::node::{Clock, Node, NodeConfig, Process};
use crate::profile::Profile;
use crate::registry::ServerOptions;
use crate::wire::reply::JSON_TYPE;
use crate::wire::v1::render::Renderer;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// From a registration to the moment at which every version lists it, ms.
const LISTED_AFTER_MS: u64 = 2_000;

/// What a read is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Instances and services: there is an answer only if a snapshot has one.
    Naming,
    /// The server itself.
    Server,
}

/// A registry that only answers.
pub struct Elsewhere {
    handler: NacosHandler,
    node: Arc<Node>,
    process: Process,
    loaded: AtomicBool,
}

impl Elsewhere {
    /// A registry of this version that calls itself by this address.
    ///
    /// # Errors
    /// It can not be made.
    pub fn new(profile: &Profile, address: SocketAddr) -> Result<Self, RescueError> {
        let clock = Arc::new(Clock::manual());
        let node = Node::new(NodeConfig {
            profile: profile.clone(),
            options: ServerOptions { expire_instances: false, ..ServerOptions::default() },
            clock: clock.clone(),
            render: Renderer::shared,
            store: Arc::new(NoStore),
            journal_capacity: 0,
            address,
            auth: AuthSettings::default(),
            peering: None,
            desk: None,
        });
        let node = node.map_err(|error| RescueError::System(error.to_string()))?;
        Ok(Self {
            handler: NacosHandler::new(node.clone(), crate::rescue::handler::CONTEXT_PATH),
            process: Process::new(vec![node.clone()], clock, Arc::default()),
            node,
            loaded: AtomicBool::new(false),
        })
    }

    /// Takes the instances of a snapshot; lists have them when this returns. Gives how many this
    /// version refuses.
    pub async fn load(&self, known: &[Known]) -> usize {
        let mut refused = 0;
        for one in known {
            let service = ServiceRef { namespace: &one.namespace, name: &one.service };
            let instance = one.instance();
            let registration = Registration { service, named_as: None, instance };
            let done = self.node.change(|registry, now| {
                registry.register(now, &registration).map(|effects| ((), effects))
            });
            refused += usize::from(done.is_err());
        }
        // Its clock stands still but for this: nothing ever expires.
        let moved = self.process.advance(LISTED_AFTER_MS).await;
        debug_assert!(moved.is_ok(), "its clock is manual");
        self.loaded.store(!known.is_empty(), Ordering::Release);
        refused
    }

    /// The answer to a read, if there is one that harms nobody.
    pub fn answer(&self, request: &Request<'_>, read: Read) -> Option<Response> {
        if read == Read::Naming && !self.loaded.load(Ordering::Acquire) {
            return None;
        }
        let Answer::Now(mut response) = self.handler.handle(request) else { return None };
        let body = whole(&response.body);
        if read == Read::Naming && (response.status != 200 || is_empty_list(&body)) {
            return None;
        }
        if response.status == 200 && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err()
        {
            // A text becomes a JSON text: whoever only looks at the status is served, and nobody
            // is ever answered 200 with anything else.
            let text = serde_json::Value::from(String::from_utf8_lossy(&body).into_owned());
            response.body = Body::Bytes(Bytes::from(text.to_string()));
            response.content_type = Some(JSON_TYPE.into());
            response.framing = Framing::Length;
        }
        Some(response)
    }
}

/// Whether an answer is a list without hosts.
pub fn is_empty_list(body: &[u8]) -> bool {
    let has = |wanted: &[u8]| body.windows(wanted.len()).any(|window| window == wanted);
    has(b"\"hosts\":[]") || has(b"\"hosts\":null")
}

fn whole(body: &Body) -> Bytes {
    match body {
        Body::Empty => Bytes::new(),
        Body::Static(text) => Bytes::from_static(text),
        Body::Bytes(bytes) => bytes.clone(),
        Body::Parts(parts) => parts.concat().into(),
    }
}
