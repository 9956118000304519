//! Keeps the instances of a snapshot for a while: one thread sends, another watches the nodes.
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::planner::{Planner, Settings};
use super::report::{Report, instances};
use super::subject::{Subjects, subjects};
use super::views::{NodeView, Views};
use super::watcher::{Watched, wall_ms, watch};
use super::worker::Worker;
use crate::client::fast::thread_cpu;
use crate::client::fleet::{Asker, Identity, Node, Sharding};
use crate::snapshot::Snapshot;

/// How the watcher's questions are limited: a node that hangs must not hide the others.
const WATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// How instances are kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// The nodes, each once.
    pub nodes: Vec<Node>,
    /// How long all of it lasts.
    pub length: Duration,
    /// The beat period of clients that name none.
    pub period: Duration,
    /// How long an instance may go without a sign of life of its own.
    pub max_age: Duration,
    /// Whether a connection that an instance accepts is a sign of life.
    pub probe: bool,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Connections to each node.
    pub connections: usize,
}

/// Is told how long it runs and how many beats were taken.
pub type Progress<'a> = dyn FnMut(Duration, u64) + 'a;

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No node answers.
    #[error("cannot reach {node}: {error}")]
    Unreachable {
        /// The first of them.
        node: String,
        /// Why.
        error: String,
    },
    /// The system refuses sockets or threads.
    #[error("cannot send: {0}")]
    Io(#[from] io::Error),
}

/// Keeps the instances of a snapshot.
///
/// # Errors
/// No node answers, or the system refuses.
pub fn run(
    options: &Options,
    snapshot: &Snapshot,
    progress: &mut Progress<'_>,
) -> Result<Report, RunError> {
    let subjects = subjects(snapshot, options.period);
    let skipped = subjects.skipped;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ask = |node: &Node| Asker::new(node.clone(), 4, WATCH_TIMEOUT.min(options.timeout));
    let askers: Vec<Asker> = options.nodes.iter().map(ask).collect();
    let views = runtime.block_on(first_views(&askers))?;
    let stop = Arc::new(AtomicBool::new(false));
    let watched = watched(options, &subjects, askers, views.clone(), Arc::clone(&stop));
    let (send, news) = channel();
    let watcher = std::thread::spawn(move || runtime.block_on(watch(watched, send)));
    let now_ms = u64::try_from(wall_ms()).unwrap_or(0);
    let settings = Settings { max_age: options.max_age, period: options.period };
    let planner = Planner::new(subjects, settings, views, now_ms);
    let worker =
        Worker::new(planner, &options.nodes, options.connections, options.timeout, now_ms)?;
    let (began, cpu) = (Instant::now(), thread_cpu());
    let ended = worker.run(options.length, &news, &stop, &mut |beats| {
        progress(began.elapsed(), beats);
    });
    let took = began.elapsed();
    let interrupted = stop.swap(true, Ordering::Relaxed);
    // A watcher that panicked has nothing more to say.
    let _ = watcher.join();
    let ended = ended?;
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(Report {
        took_ms: ms(took),
        interrupted,
        skipped,
        cpu_ms: ms(thread_cpu().saturating_sub(cpu)),
        late: ended.late,
        instances: instances(&ended.planner),
        nodes: ended.nodes,
    })
}

/// How the nodes stand at the beginning; one at least must answer.
async fn first_views(askers: &[Asker]) -> Result<Views, RunError> {
    let asked = askers.iter().map(Identity::ask);
    let identities = join_all(asked).await;
    let first = identities.iter().find_map(|identity| identity.as_ref().ok());
    if first.is_none() {
        let error = identities.iter().find_map(|identity| identity.as_ref().err());
        return Err(RunError::Unreachable {
            node: askers.first().map(|asker| asker.node().to_string()).unwrap_or_default(),
            error: error.map(ToString::to_string).unwrap_or_default(),
        });
    }
    let sharding = first.map_or(Sharding::Service, |identity| identity.sharding);
    let view = |identity: Result<Identity, _>| match identity {
        Ok(identity) => {
            NodeView { answers: true, own_address: identity.own_address, members: identity.members }
        }
        Err(_) => NodeView::default(),
    };
    Ok(Views { sharding, nodes: identities.into_iter().map(view).collect() })
}

fn watched(
    options: &Options,
    subjects: &Subjects,
    askers: Vec<Asker>,
    views: Views,
    stop: Arc<AtomicBool>,
) -> Watched {
    let service = subjects.groups.first();
    let address = |(kept, subject): (usize, &super::subject::Kept)| {
        (kept, format!("{}:{}", subject.ip, subject.port))
    };
    let addresses = || subjects.kept.iter().enumerate().map(address).collect();
    Watched {
        askers,
        views,
        service: service.map(|group| (group.namespace.clone(), group.service.clone())),
        probes: options.probe.then(|| (addresses(), options.max_age / 3)),
        stop,
    }
}
