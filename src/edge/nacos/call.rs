//! One call on its way: what a handler is given, what it notes for the journal, what it returns.

use super::access::Caller;
use crate::edge::http::Request;
use crate::model::{Agent, Millis, Refusal, ServiceRef};
use crate::node::store::{Receipt, Undone};
use crate::node::{Node, Operation, Place, Record};
use crate::peers::upgrade::Core;
use crate::profile::Quirks;
use crate::registry::{Effect, Registry};
use crate::wire::{BodyForm, Params, Reply};
use compact_str::CompactString;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a handler is given.
pub struct Call<'a> {
    /// The node that answers.
    pub node: &'a Arc<Node>,
    /// How it behaves.
    pub quirks: &'a Quirks,
    /// The request.
    pub request: &'a Request<'a>,
    /// Its parameters.
    pub params: Params<'a>,
    /// Who calls, where somebody asked.
    pub caller: Option<Caller>,
    /// The core that is meant: the one that answers, unless the request says which.
    pub core: Core,
}

impl<'a> Call<'a> {
    /// Reads what the core holds that is meant.
    pub fn read<T>(&self, operation: impl FnOnce(&mut Registry, Millis) -> T) -> T {
        self.node.read_in(self.core, operation)
    }

    /// Changes the core that is meant.
    pub fn change<T>(
        &self,
        operation: impl FnOnce(&mut Registry, Millis) -> Result<(T, Vec<Effect>), Refusal>,
    ) -> Result<(T, Option<Receipt>), Refusal> {
        self.node.change_in(self.core, operation)
    }

    /// Whether the container read the body as a form, so that nobody can read it again.
    pub fn is_form(&self) -> bool {
        let kind = self.request.headers.get("Content-Type");
        BodyForm::of(self.request.method, kind) != BodyForm::None
    }

    /// Who asks.
    pub fn agent(&self) -> Agent {
        Agent::parse(self.request.agent())
    }
}

/// What a handler returns.
pub enum Handled {
    /// An answer.
    Now(Reply),
    /// An answer that is sent when a write is durable.
    Durable(Reply, Receipt),
    /// An answer that comes later; no thread waits for it.
    Later(Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>),
}

impl Handled {
    /// An answer, and what must be durable first if anything.
    pub fn after(receipt: Option<Receipt>, reply: Reply) -> Self {
        match receipt {
            None => Self::Now(reply),
            Some(receipt) if receipt.may_be_refused() => Self::Later(Box::pin(async move {
                match receipt.durable().await {
                    Ok(()) => Ok(reply),
                    Err(Undone::Refused(refusal)) => Err(refusal),
                    Err(error) => {
                        unstored(&error);
                        Ok(Reply::empty(500))
                    }
                }
            })),
            Some(receipt) => Self::Durable(reply, receipt),
        }
    }
}

/// Says in the log that a write which was accepted could not be stored.
pub fn unstored(error: &Undone) {
    tracing::error!(%error, "an accepted write could not be stored");
}

impl From<Reply> for Handled {
    fn from(reply: Reply) -> Self {
        Self::Now(reply)
    }
}

/// The outcome of a handler.
pub type Outcome = Result<Handled, Refusal>;

/// What the journal keeps of a call, filled in as far as the call is understood.
#[derive(Debug)]
pub struct Note {
    /// What it is.
    pub operation: Operation,
    namespace: CompactString,
    service: CompactString,
    ip: CompactString,
    port: i32,
    /// Where the JSON of a beat stood.
    pub beat: Option<Place>,
}

impl Note {
    /// A note about nothing in particular.
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            namespace: CompactString::const_new(""),
            service: CompactString::const_new(""),
            ip: CompactString::const_new(""),
            port: 0,
            beat: None,
        }
    }

    /// Which service it is about.
    pub fn about(&mut self, service: ServiceRef<'_>) {
        self.namespace = CompactString::from(service.namespace);
        self.service = CompactString::from(service.name);
    }

    /// Which address it is about.
    pub fn address(&mut self, ip: &str, port: i32) {
        self.ip = CompactString::from(ip);
        self.port = port;
    }

    /// Counts the answered call and puts it into the journal.
    pub fn answered(self, node: &Node, agent: &str, status: u16) {
        node.metrics.count_request(self.operation, status);
        if !node.journal.is_on() {
            return;
        }
        node.journal.record(Record {
            seq: 0,
            time: node.now(),
            operation: self.operation,
            namespace: self.namespace,
            service: self.service,
            ip: self.ip,
            port: self.port,
            agent: CompactString::from(agent),
            beat: self.beat,
            status,
        });
    }
}
