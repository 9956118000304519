//! Expectations of a test about what clients sent. A failure shows the requests that came nearest.

use super::TestServer;
use crate::node::{Filter, Operation, Place, Record};
use std::fmt::Write as _;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

/// One step of the clock while something is awaited.
const STEP: Duration = Duration::from_millis(100);
/// So many requests are shown when the wanted ones did not come.
const SHOWN: usize = 8;

/// Which requests are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    filter: Filter,
    full: bool,
}

/// Beats.
pub fn beat() -> Wanted {
    requests(Operation::Beat)
}

/// Registrations.
pub fn register() -> Wanted {
    requests(Operation::Register)
}

/// Deregistrations.
pub fn deregister() -> Wanted {
    requests(Operation::Deregister)
}

/// Lists.
pub fn list() -> Wanted {
    requests(Operation::List)
}

/// Requests of one operation.
pub fn requests(operation: Operation) -> Wanted {
    let filter = Filter { operation: Some(operation), ..Filter::default() };
    Wanted { filter, full: false }
}

impl Wanted {
    /// Beats that carry their JSON, wherever it stands.
    pub fn full(self) -> Self {
        Self { full: true, ..self }
    }

    /// Beats without JSON.
    pub fn light(mut self) -> Self {
        self.filter.beat = Some(Place::Absent);
        self
    }

    /// About this service, with or without its group.
    pub fn service(mut self, name: &str) -> Self {
        self.filter.service = Some(name.to_owned());
        self
    }

    /// About this address.
    pub fn address(mut self, ip: &str, port: i32) -> Self {
        self.filter.ip = Some(ip.to_owned());
        self.filter.port = Some(port);
        self
    }

    /// From agents that begin so.
    pub fn agent(mut self, agent: &str) -> Self {
        self.filter.agent = Some(agent.to_owned());
        self
    }

    /// Answered with this status.
    pub fn status(mut self, status: u16) -> Self {
        self.filter.status = Some(status);
        self
    }

    fn found(&self, server: &TestServer) -> Vec<Record> {
        let full = |record: &Record| matches!(record.beat, Some(Place::Query | Place::Body));
        let mut found = server.node().journal.query(&self.filter);
        found.retain(|record| !self.full || full(record));
        found
    }
}

/// How often requests are wanted, and until when.
#[must_use = "nothing is verified until it is awaited"]
pub struct Expectation<'a> {
    server: &'a TestServer,
    wanted: Wanted,
    least: usize,
    most: Option<usize>,
    within: Duration,
}

/// The requests did not come as wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAsExpected(String);

impl<'a> Expectation<'a> {
    pub(super) fn new(server: &'a TestServer, wanted: Wanted) -> Self {
        Self { server, wanted, least: 1, most: None, within: Duration::ZERO }
    }

    /// At least so many.
    pub fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// Exactly so many.
    pub fn exactly(self, count: usize) -> Self {
        Self { least: count, most: Some(count), ..self }
    }

    /// None at all.
    pub fn never(self) -> Self {
        self.exactly(0)
    }

    /// Lets the server's clock go on so long, and waits for clients meanwhile.
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    async fn check(self) -> Result<(), NotAsExpected> {
        let mut passed = Duration::ZERO;
        loop {
            let found = self.wanted.found(self.server).len();
            let too_many = self.most.is_some_and(|most| found > most);
            let over = passed >= self.within;
            // An upper bound holds only when the time is over.
            if found >= self.least && !too_many && (over || self.most.is_none()) {
                return Ok(());
            }
            if over || too_many {
                return Err(NotAsExpected(self.failure(found)));
            }
            self.server.advance(STEP).await;
            // Clients live in real time: give them a moment of it for each step of ours.
            tokio::time::sleep(Duration::from_millis(1)).await;
            passed += STEP;
        }
    }

    fn failure(&self, found: usize) -> String {
        let wanted = match self.most {
            Some(most) if most == self.least => format!("exactly {most}"),
            _ => format!("at least {}", self.least),
        };
        let mut text = format!(
            "expected {wanted} requests like {:?}, found {found}; the nearest:",
            self.wanted.filter
        );
        let journal = self.server.journal();
        let same = |record: &&Record| self.wanted.filter.operation == Some(record.operation);
        let mut near: Vec<&Record> = journal.iter().filter(same).collect();
        if near.is_empty() {
            near = journal.iter().collect();
        }
        for record in near.iter().rev().take(SHOWN).rev() {
            let place = record.beat.map_or("", Place::name);
            let _ = write!(
                text,
                "\n  #{} {} {} {}:{} {place} {} -> {}",
                record.seq,
                record.operation.name(),
                record.service,
                record.ip,
                record.port,
                record.agent,
                record.status
            );
        }
        text
    }
}

impl<'a> IntoFuture for Expectation<'a> {
    type Output = Result<(), NotAsExpected>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.check())
    }
}
