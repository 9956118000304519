//! The journal: what clients asked, what they were answered, and what was pushed. A bounded ring of
//! typed records; text is made of it only when somebody reads it.

use crate::model::{ConnectionMeta, Millis, ServiceKey};
use crate::node::Operation;
use crate::registry::Datagram;
use crate::registry::asks::{Ask, ServerRequest};
use compact_str::CompactString;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Where the JSON of a beat stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the query.
    Query,
    /// In the form body.
    Body,
    /// Nowhere: a light beat.
    Absent,
    /// Somewhere, and it did not read as a beat.
    Undecodable,
}

impl Place {
    /// Its name in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Body => "body",
            Self::Absent => "absent",
            Self::Undecodable => "undecodable",
        }
    }

    /// The place of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Query, Self::Body, Self::Absent, Self::Undecodable]
            .into_iter()
            .find(|place| place.name() == name)
    }
}

/// One request, push or ack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Rises by one with each record, from 1.
    pub seq: u64,
    /// The node's time, ms.
    pub time: Millis,
    /// What it was.
    pub operation: Operation,
    /// Namespace, empty when it has none.
    pub namespace: CompactString,
    /// Grouped service name, empty when it has none.
    pub service: CompactString,
    /// Address of the instance or subscriber, empty when it has none.
    pub ip: CompactString,
    /// Its port, 0 when it has none.
    pub port: i32,
    /// `User-Agent`.
    pub agent: CompactString,
    /// Where the beat stood; `None` for everything but beats.
    pub beat: Option<Place>,
    /// Status answered; 0 for pushes and acks.
    pub status: u16,
}

/// Which records are wanted; an absent field wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Operation.
    pub operation: Option<Operation>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Service: grouped, or the name alone.
    pub service: Option<String>,
    /// Address.
    pub ip: Option<String>,
    /// Port.
    pub port: Option<i32>,
    /// Beginning of the agent.
    pub agent: Option<String>,
    /// Where the beat stood.
    pub beat: Option<Place>,
    /// Status answered.
    pub status: Option<u16>,
    /// Only records behind this number.
    pub since: Option<u64>,
    /// Not before this time, ms.
    pub from_ms: Option<u64>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

impl Filter {
    fn wants(&self, record: &Record) -> bool {
        let same = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == text)
        };
        let service = self.service.as_ref().is_none_or(|wanted| {
            record.service == *wanted || crate::model::names::service_of(&record.service) == wanted
        });
        let agent = self.agent.as_ref().is_none_or(|a| record.agent.starts_with(a.as_str()));
        self.operation.is_none_or(|wanted| wanted == record.operation)
            && same(&self.namespace, &record.namespace)
            && service
            && same(&self.ip, &record.ip)
            && self.port.is_none_or(|wanted| wanted == record.port)
            && agent
            && (self.beat.is_none() || self.beat == record.beat)
            && self.status.is_none_or(|wanted| wanted == record.status)
            && self.since.is_none_or(|seq| record.seq > seq)
            && self.from_ms.is_none_or(|from| record.time.0 >= from)
    }
}

/// The ring.
#[derive(Debug)]
pub struct Journal {
    capacity: usize,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    records: VecDeque<Record>,
    last_seq: u64,
    dropped: u64,
}

impl Journal {
    /// A journal that keeps so many records; 0 keeps none.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, ring: Mutex::new(Ring::default()) }
    }

    /// Whether records are kept at all.
    pub fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// Keeps a record; its number is given here.
    pub fn record(&self, mut record: Record) {
        if self.capacity == 0 {
            return;
        }
        let mut ring = self.ring.lock();
        ring.last_seq += 1;
        record.seq = ring.last_seq;
        let oldest = if ring.records.len() >= self.capacity {
            ring.dropped += 1;
            ring.records.pop_front()
        } else {
            None
        };
        ring.records.push_back(record);
        drop(ring);
        // The old record's texts are freed outside the lock.
        drop(oldest);
    }

    /// Keeps a push or an ack.
    pub fn pushed(&self, datagram: &Datagram, now: Millis, operation: Operation) {
        if self.capacity == 0 {
            return;
        }
        let operation = match operation {
            Operation::Push if datagram.again => Operation::Resend,
            other => other,
        };
        self.record(Record {
            seq: 0,
            time: now,
            operation,
            namespace: CompactString::from(&*datagram.service.namespace),
            service: CompactString::from(&*datagram.service.name),
            ip: CompactString::from(datagram.to.ip().to_string()),
            port: i32::from(datagram.to.port()),
            agent: CompactString::const_new(""),
            beat: None,
            status: 0,
        });
    }

    /// Keeps what a client was asked on its stream.
    pub fn asked(
        &self,
        request: &ServerRequest,
        to: Option<&ConnectionMeta>,
        now: Millis,
        operation: Operation,
    ) {
        let service = match &request.what {
            Ask::Notify { service, .. } => Some(service),
            Ask::ConfigChanged { .. } | Ask::Detect | Ask::Reset(_) => None,
        };
        self.about_connection(now, operation, service, |record| {
            if let Some(meta) = to {
                who(record, meta);
            }
        });
    }

    /// Keeps an answer that came on a client's stream.
    pub fn answered(&self, meta: &ConnectionMeta, now: Millis, service: Option<&ServiceKey>) {
        self.about_connection(now, Operation::Ack, service, |record| who(record, meta));
    }

    /// Keeps the beginning or the end of a connection.
    pub fn connection(&self, meta: &ConnectionMeta, now: Millis, operation: Operation) {
        self.about_connection(now, operation, None, |record| who(record, meta));
    }

    /// Keeps what an operator did to a node, in the place of the agent.
    pub fn control(&self, node: SocketAddr, now: Millis, done: &str) {
        self.about_connection(now, Operation::Control, None, |record| {
            record.ip = CompactString::from(node.ip().to_string());
            record.port = i32::from(node.port());
            record.agent = CompactString::from(done);
        });
    }

    fn about_connection(
        &self,
        now: Millis,
        operation: Operation,
        service: Option<&ServiceKey>,
        fill: impl FnOnce(&mut Record),
    ) {
        if self.capacity == 0 {
            return;
        }
        let text = |part: fn(&ServiceKey) -> &str| {
            service.map_or(CompactString::const_new(""), |key| CompactString::from(part(key)))
        };
        let mut record = Record {
            seq: 0,
            time: now,
            operation,
            namespace: text(|key| &key.namespace),
            service: text(|key| &key.name),
            ip: CompactString::const_new(""),
            port: 0,
            agent: CompactString::const_new(""),
            beat: None,
            status: 0,
        };
        fill(&mut record);
        self.record(record);
    }

    /// Records that the filter wants, oldest first.
    pub fn query(&self, filter: &Filter) -> Vec<Record> {
        let ring = self.ring.lock();
        let wanted = ring.records.iter().rev().filter(|record| filter.wants(record));
        let mut found: Vec<Record> =
            wanted.take(filter.limit.unwrap_or(usize::MAX)).cloned().collect();
        found.reverse();
        found
    }

    /// How many records the filter wants.
    pub fn count(&self, filter: &Filter) -> usize {
        let ring = self.ring.lock();
        ring.records.iter().filter(|record| filter.wants(record)).count()
    }

    /// Records that were overwritten.
    pub fn dropped(&self) -> u64 {
        self.ring.lock().dropped
    }

    /// Forgets everything; numbers go on.
    pub fn clear(&self) {
        let mut ring = self.ring.lock();
        ring.records.clear();
        ring.dropped = 0;
    }
}

/// Who is at the other end: the address that the client gives for itself, and its socket's port.
fn who(record: &mut Record, meta: &ConnectionMeta) {
    record.ip = CompactString::from(&*meta.client_ip);
    record.port = i32::from(meta.remote.port());
    record.agent = CompactString::from(meta.agent());
}
