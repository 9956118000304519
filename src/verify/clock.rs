//! Waiting: really, or by advancing the clock of the server under test.
//!
//! Under a manual clock only waiting takes time, so a transcript with a minute of waits
//! (`timing/no-beats`) passes in milliseconds and always sees the same instants.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

use crate::client::http::{self, Request};

/// How long the server may take for all that falls due in one advance.
const ADVANCE_TIMEOUT: Duration = Duration::from_secs(60);

/// The clock that the server under test runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// The real one: waits are slept.
    Real,
    /// One that stands still until it is advanced over the admin API, and is shared by all who use
    /// the server.
    Manual {
        /// The admin API's `host:port`.
        admin: String,
    },
}

/// Time since the beginning of one session.
#[derive(Debug)]
pub(super) struct Clock {
    time: Time,
    started: Instant,
    /// What a manual clock was advanced by, ms; shared with what notes times by itself.
    advanced_ms: Arc<AtomicU64>,
}

impl Clock {
    pub fn start(time: Time) -> Self {
        Self { time, started: Instant::now(), advanced_ms: Arc::default() }
    }

    pub fn is_manual(&self) -> bool {
        matches!(self.time, Time::Manual { .. })
    }

    pub fn now(&self) -> Duration {
        if self.is_manual() {
            Duration::from_millis(self.advanced_ms.load(Ordering::Acquire))
        } else {
            self.started.elapsed()
        }
    }

    /// What a manual clock was advanced by, ms.
    pub fn shared(&self) -> Arc<AtomicU64> {
        self.advanced_ms.clone()
    }

    /// The session's time of something that happened at `at`, or when a manual clock stood at
    /// `advanced_ms`.
    pub fn time_of(&self, at: std::time::Instant, advanced_ms: u64) -> Duration {
        if self.is_manual() {
            Duration::from_millis(advanced_ms)
        } else {
            self.now().saturating_sub(at.elapsed())
        }
    }

    /// Lets `duration` pass; with a manual clock, all that falls due in it is done on return.
    pub async fn pass(&mut self, duration: Duration) -> Result<()> {
        if duration.is_zero() {
            return Ok(());
        }
        match &self.time {
            Time::Real => tokio::time::sleep(duration).await,
            Time::Manual { admin } => advance(admin, duration).await?,
        }
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.advanced_ms.fetch_add(ms, Ordering::AcqRel);
        Ok(())
    }

    /// Waits until `due`, counted from the session's beginning.
    pub async fn pass_until(&mut self, due: Duration) -> Result<()> {
        self.pass(due.saturating_sub(self.now())).await
    }
}

/// Advances the server's clock; by nothing, only to see that it can be.
pub(super) async fn advance(admin: &str, duration: Duration) -> Result<()> {
    let target = format!("/__admin/clock/advance?ms={}", duration.as_millis());
    let mut request = Request::new("POST", target);
    request.timeout = ADVANCE_TIMEOUT;
    let response = http::send(admin, &request)
        .await
        .with_context(|| format!("cannot advance the clock at {admin}"))?;
    let advanced = (200..300).contains(&response.status);
    ensure!(advanced, "{admin} did not advance its clock: {} {}", response.status, response.text());
    Ok(())
}
