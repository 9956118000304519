//! Active health checks of persistent instances, with real sockets.
//!
//! `TcpSuperSenseProcessor`, `HttpHealthCheckProcessor` and `MysqlHealthCheckProcessor` of 1.1.4
//! and 1.2.1, unchanged in meaning in 2.0.2 (`healthcheck/v2/processor`). A hard failure makes the
//! instance unhealthy at once, a soft one counts towards `checkTimes`. What the registry does with
//! an outcome, and when it orders the next probe, is its own business. Transcripts
//! `timing/persistent-refused` and `timing/persistent-reachable`.

mod connect;
mod http;
mod mysql;
mod tcp;

use crate::model::HealthChecker;
use crate::registry::{ProbeOrder, ProbeOutcome};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Longest wait for a connection, and again for the answer on it.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Probes of this process at the same time; one more waits, and its clock starts when it begins.
/// Nacos has no bound for HTTP and 64 per thread for TCP; ours keeps file descriptors for clients.
const PROBES_AT_ONCE: usize = 512;

static ROOM: Semaphore = Semaphore::const_new(PROBES_AT_ONCE);

/// Does what the order says; the outcome and the milliseconds it took.
pub async fn probe(order: &ProbeOrder) -> (ProbeOutcome, u64) {
    let _place = ROOM.acquire().await.expect("nobody closes the semaphore");
    let began = Instant::now();
    let outcome = match &order.checker {
        HealthChecker::Tcp => tcp::check(&order.ip, order.port).await,
        HealthChecker::Http { path, headers, .. } => {
            http::check(&order.ip, order.port, path, headers).await
        }
        HealthChecker::Mysql { user, pwd, cmd } => {
            let login = mysql::Login { user: user.clone(), password: pwd.clone() };
            mysql::check(&order.ip, order.port, login, cmd.clone().unwrap_or_default()).await
        }
        // Health is set by `PUT /health/instance`: there is nothing that could be found wrong.
        HealthChecker::None => ProbeOutcome::Healthy,
    };
    (outcome, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
}
