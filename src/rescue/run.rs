//! The course of a rescue: ports taken over, beats answered until everybody is free or the time is
//! over.

use super::book::{Book, Totals};
use super::elsewhere::Elsewhere;
use super::handler::{Counts, Desk, RescueHandler};
use super::known::Known;
use super::recipe::Recipe;
use super::report::Report;
use crate::edge::http::{self, ListenError, ServerConfig, Shutdown, take_over};
use crate::edge::nacos::page_style;
use crate::edge::proxy::{Upstreams, relay};
use crate::profile::Profile;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often progress is shown, and looked whether everybody is free.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a rescue is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where beats come to.
    pub listen: Vec<SocketAddr>,
    /// How long a port that is taken is waited for.
    pub wait: Duration,
    /// Threads that serve the ports.
    pub workers: usize,
    /// What a beat is answered.
    pub recipe: Recipe,
    /// After how long a client shall beat again, ms.
    pub interval_ms: u64,
    /// Which server answers elsewhere.
    pub profile: Profile,
    /// Registries behind us, `host:port` each.
    pub upstreams: Vec<String>,
    /// Who must be seen.
    pub expected: Vec<Known>,
    /// What lists show while there is no registry, or while it lists nobody.
    pub lists: Vec<Known>,
}

impl Options {
    /// A rescue of one address with everything else by default.
    pub fn on(address: SocketAddr, profile: Profile) -> Self {
        Self {
            listen: vec![address],
            wait: Duration::ZERO,
            workers: 2,
            recipe: Recipe::Full,
            interval_ms: 5_000,
            profile,
            upstreams: Vec::new(),
            expected: Vec::new(),
            lists: Vec::new(),
        }
    }
}

/// Why a rescue did not start.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    /// A port can not be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A thread or a socket could not be made.
    #[error("cannot start: {0}")]
    System(String),
}

/// How a rescue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everybody who is expected is free.
    Done,
    /// The time was over.
    TimeOver,
    /// Somebody ended it.
    Stopped,
}

/// Who is told how it goes.
pub trait Observer {
    /// The counts so far, with the services that are worth a line.
    fn progress(&mut self, book: &Book, totals: &Totals, elapsed: Duration);
}

/// A rescue under way. Dropping it ends it.
pub struct Rescue {
    desk: Arc<Desk>,
    addresses: Vec<SocketAddr>,
    took: Duration,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

/// Starts a rescue: when this returns, beats are answered.
///
/// # Errors
/// A port can not be had, or the system refuses threads.
pub fn start(options: Options) -> Result<Rescue, RescueError> {
    let began = Instant::now();
    let listeners = take_over(&options.listen, options.wait)?;
    let system = |error: std::io::Error| RescueError::System(error.to_string());
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>().map_err(system)?;
    let config = ServerConfig {
        workers: options.workers,
        name: "rescue".to_owned(),
        pages: page_style(&options.profile.quirks),
        ..ServerConfig::default()
    };
    let desk = Arc::new(desk(&options, addresses[0], began)?);
    let shutdown = Shutdown::default();
    let handler = Arc::new(RescueHandler::new(desk.clone()));
    let threads = http::serve(listeners, handler, &config, &shutdown).map_err(system)?;
    let took = began.elapsed();
    let mut rescue = Rescue { desk, addresses, took, shutdown, threads };
    rescue.expect_and_list(options.expected, options.lists).map_err(system)?;
    rescue.relay_grpc(&options.upstreams).map_err(system)?;
    Ok(rescue)
}

fn desk(options: &Options, address: SocketAddr, began: Instant) -> Result<Desk, RescueError> {
    let book = Book::default();
    let has_upstream = !options.upstreams.is_empty();
    Ok(Desk {
        book,
        counts: Counts::default(),
        quirks: options.profile.quirks.clone(),
        recipe: options.recipe,
        interval_ms: options.interval_ms,
        light: AtomicBool::new(false),
        elsewhere: Elsewhere::new(&options.profile, address)?,
        upstreams: has_upstream.then(|| Upstreams::new(options.upstreams.clone())),
        started: began,
    })
}

impl Rescue {
    /// Where it answers.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How long it took from the start until beats were answered.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Who sent what.
    pub fn book(&self) -> &Book {
        &self.desk.book
    }

    /// How it stands now.
    pub fn report(&self) -> Report {
        Report::of(&self.desk)
    }

    /// Ends it and frees the ports: answers under way are finished, at most for a second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shutdown.end();
        http::join(self.threads.drain(..), "rescue");
    }

    /// Beats are answered while a large snapshot is still being taken in.
    fn expect_and_list(&mut self, expected: Vec<Known>, lists: Vec<Known>) -> std::io::Result<()> {
        self.desk.book.expect(&expected);
        if lists.is_empty() {
            return Ok(());
        }
        let desk = self.desk.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let load = move || {
            let refused = runtime.block_on(desk.elsewhere.load(&lists));
            if refused > 0 {
                tracing::warn!(refused, "instances of the snapshot do not exist in this version");
            }
        };
        self.threads.push(std::thread::Builder::new().name("snapshot".into()).spawn(load)?);
        Ok(())
    }

    /// gRPC clients have no light beats: with registries behind us their port leads there, and
    /// without any it stays closed, so that they keep what they know and register again later.
    fn relay_grpc(&mut self, upstreams: &[String]) -> std::io::Result<()> {
        let unseen: relay::Watch = Arc::new(|_, _| true);
        let thread = relay::start(&self.addresses, upstreams, unseen, &self.shutdown)?;
        self.threads.extend(thread);
        Ok(())
    }
}

impl Drop for Rescue {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until everybody who is expected is free, the time is over, or `stop` comes. Without
/// expectations nobody knows whether all have come, and only time or `stop` end it; so it is with
/// `stay`, when clients would miss the way to the registry behind us.
pub async fn watch(
    rescue: &Rescue,
    limit: Duration,
    stay: bool,
    stop: impl Future<Output = ()>,
    observer: &mut dyn Observer,
) -> Ended {
    tokio::pin!(stop);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = &mut stop => return Ended::Stopped,
            _ = looks.tick() => {}
        }
        let totals = rescue.book().totals();
        let elapsed = rescue.desk.started.elapsed();
        observer.progress(rescue.book(), &totals, elapsed);
        if !stay && totals.expected > 0 && totals.is_done() {
            return Ended::Done;
        }
        if elapsed >= limit {
            return Ended::TimeOver;
        }
    }
}
