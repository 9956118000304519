//! A run from its setup to its last reading back: workers are told what to do, and what they
//! measure is put together.
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::collect::{Collector, Logs};
use super::load::{Load, Stage, Tallies};
use super::population::Part;
use super::process::{self, Sample};
use super::record::{FAILURES, Interval};
use super::request::Ends;
use super::sdk::Sdk;
use super::target::{Target, TargetError, own_address};
use super::units::{Nanos, nanos};
use super::worker::{Clock, Command, Done, News, Report, Shared, Worker};
use super::workload::Workload;

/// How long a stage that is not measured may take.
const STAGE_LIMIT: Nanos = 600_000_000_000;
/// How often the server's process is looked at while nothing is reported.
const LOOK: Duration = Duration::from_millis(200);

/// What a run does.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// The load.
    pub workload: Workload,
    /// The SDK that is imitated.
    pub sdk: &'static Sdk,
    /// What everything random follows from.
    pub seed: u64,
    /// Connections over all workers.
    pub connections: u32,
    /// Threads; fewer are used when there are fewer services.
    pub workers: u32,
    /// The measured time.
    pub duration: Duration,
    /// The time before it, under the same load.
    pub warm_up: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Whether workers wait for planned instants awake: punctual, for processors of their own.
    pub stay_awake: bool,
    /// This machine's number and how many take part.
    pub machine: (u32, u32),
    /// When the warm-up begins, for machines that begin together.
    pub start_at: Option<SystemTime>,
    /// Whether what was registered stays.
    pub keep: bool,
    /// The server's process, to be watched.
    pub server_pid: Option<u32>,
    /// Where interval logs are written; those of a search in a folder for each step.
    pub logs: Option<PathBuf>,
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A thread, socket or file could not be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The server refused what must be there before anything is measured.
    #[error("the server refused {failed} requests of the setup: {sample}")]
    Refused {
        /// How many requests failed.
        failed: u64,
        /// The first failure.
        sample: String,
    },
    /// There are fewer services than machines.
    #[error("machine {machine} of {machines} has no service")]
    NoServices {
        /// This machine's number, from 0.
        machine: u32,
        /// How many take part.
        machines: u32,
    },
    /// Two clients of a service would share a connection of 2.x.
    #[error("{given} connections on {workers} workers are too few: each service needs {needed}")]
    TooFewConnections {
        /// What was asked for.
        given: u32,
        /// How many threads there are.
        workers: u32,
        /// Connections that are needed over all workers.
        needed: u32,
    },
    /// The server's address has no port for gRPC.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A worker has ended without a word.
    #[error("a worker has failed: {0}")]
    Worker(String),
}

/// Who watches a run while it goes on; one who does not care does nothing.
pub trait Observer {
    /// A stage begins; its length is 0 when it lasts as long as its work.
    fn stage(&mut self, _stage: Stage, _length: Duration) {}
    /// Workers handed over what they measured; `total` is everything so far.
    fn progress(&mut self, _total: &Interval, _elapsed: Duration) {}
    /// Something happened.
    fn event(&mut self, _what: &str) {}
}

/// What one measured stretch found.
#[derive(Debug)]
pub struct Measured {
    /// Histograms and counts.
    pub collector: Collector,
    /// Seconds that were measured.
    pub duration_s: f64,
    /// Processor time of the workers, but for waiting.
    pub cpu: Duration,
    /// Processor time of waiting for planned instants awake.
    pub waiting: Duration,
    /// Of the worker with the most processor time, as a share of the stage.
    pub busiest: f64,
    /// The server before and after, and its largest memory.
    pub server: Option<(Sample, Sample, u64)>,
    /// When the measured time began.
    pub started_at: SystemTime,
}

/// Workers that are ready.
#[derive(Debug)]
pub struct Session {
    options: Options,
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    workers: Vec<Handle>,
    reports: Receiver<(usize, Report)>,
    /// The first failures of each kind over the whole run.
    pub samples: [Option<String>; FAILURES],
    rss_max_bytes: u64,
}

#[derive(Debug)]
struct Handle {
    commands: Sender<Command>,
    spare: Sender<Box<Interval>>,
    thread: JoinHandle<io::Result<()>>,
    tallies: Tallies,
}

/// How a stage went over all workers.
#[derive(Debug, Default)]
struct StageEnd {
    failed: u64,
    cpu: Duration,
    waiting: Duration,
    busiest: Duration,
}

impl Session {
    /// Starts the workers, which connect when they send.
    pub fn start(options: Options, stop: Arc<AtomicBool>) -> Result<Self, RunError> {
        let (machine, machines) = options.machine;
        let services = Part::machine_services(machine, machines, options.workload.services);
        if services == 0 {
            return Err(RunError::NoServices { machine, machines });
        }
        let count = options.workers.min(services).min(options.connections).max(1);
        let target = match options.sdk.grpc() {
            None => options.target.address,
            Some(_) => {
                options.check_seats(count)?;
                options.target.grpc_address()?
            }
        };
        let shared = Arc::new(Shared {
            clock: Clock(Instant::now()),
            target,
            authority: target.to_string(),
            timeout: nanos(options.timeout),
            stay_awake: options.stay_awake,
            news: News::default(),
            stop: AtomicBool::new(false),
        });
        let (sender, reports) = channel();
        let mut session = Self {
            shared,
            stop,
            workers: Vec::new(),
            reports,
            samples: Default::default(),
            rss_max_bytes: 0,
            options,
        };
        let workload = Arc::new(session.options.share_of_workload());
        for worker in 0..count {
            let part = Part { machine, machines, worker, workers: count };
            let handle = session.spawn(&workload, part, &sender)?;
            session.workers.push(handle);
        }
        Ok(session)
    }

    fn spawn(
        &self,
        workload: &Arc<Workload>,
        part: Part,
        reports: &Sender<(usize, Report)>,
    ) -> Result<Handle, RunError> {
        let options = &self.options;
        let client_ip = own_address(options.target.address)?;
        let ends = Ends { host: options.target.host.clone(), client_ip };
        let own = options.connections / part.workers
            + u32::from(part.worker < options.connections % part.workers);
        let own = own as usize;
        let load = Load::new(workload, options.sdk, &ends, part, options.seed, own);
        let (commands, told) = channel();
        let (spare, spares) = channel();
        // Making it took 2.3 ms, which are not to be those of a measured second.
        let _ = spare.send(Box::default());
        let number = part.worker as usize;
        let shared = Arc::clone(&self.shared);
        let worker = Worker::new(number, shared, load, own, reports.clone(), spares)?;
        let thread = std::thread::Builder::new()
            .name(format!("bench-{number}"))
            .spawn(move || worker.run(&told))?;
        Ok(Handle { commands, spare, thread, tallies: Tallies::default() })
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// What went right and wrong up to the last stage.
    pub fn tallies(&self) -> Tallies {
        let mut tallies = Tallies::default();
        self.workers.iter().for_each(|worker| tallies.merge(&worker.tallies));
        tallies
    }

    /// Whether the run was told to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Registers what must be there before anything is measured.
    pub fn set_up(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let end = self.unmeasured(Stage::Setup, observer)?;
        let sample = self.samples.iter().flatten().next();
        match sample {
            Some(sample) if end.failed > 0 => {
                Err(RunError::Refused { failed: end.failed, sample: sample.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Waits for the common start, warms up, and measures; interval logs go into a folder.
    pub fn measure(
        &mut self,
        length: Duration,
        logs: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<Measured, RunError> {
        let mut collector = Collector::new(nanos(length));
        self.await_start();
        let started_at = SystemTime::now() + self.options.warm_up;
        let logs = match logs {
            Some(folder) => Some(Logs::create(folder, seconds_since_epoch(started_at))?),
            None => None,
        };
        let clock = self.shared.clock;
        // A moment for every worker to hear of it.
        let start = clock.now() + 2_000_000;
        let record_from = start + nanos(self.options.warm_up);
        let end = record_from + nanos(length);
        collector.begin(record_from, logs);
        observer.stage(Stage::Measure, self.options.warm_up + length);
        let before = self.look();
        let stage_end =
            self.stage(Stage::Measure, [start, record_from, end], Some(&mut collector), observer)?;
        let after = self.look();
        collector.finish()?;
        let ended = clock.now().min(end);
        let spent_s = (ended.saturating_sub(start)) as f64 / 1e9;
        Ok(Measured {
            duration_s: (ended.saturating_sub(record_from)) as f64 / 1e9,
            cpu: stage_end.cpu,
            waiting: stage_end.waiting,
            busiest: stage_end.busiest.as_secs_f64() / spent_s.max(1e-3),
            server: before.zip(after).map(|(before, after)| (before, after, self.rss_max_bytes)),
            collector,
            started_at,
        })
    }

    /// Reads every service back.
    pub fn read_back(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        self.unmeasured(Stage::ReadBack, observer).map(|_| ())
    }

    /// Deregisters what was registered, and lets the workers go.
    pub fn finish(mut self, observer: &mut dyn Observer) -> Result<Tallies, RunError> {
        if !self.options.keep {
            self.unmeasured(Stage::Cleanup, observer)?;
        }
        let tallies = self.tallies();
        for worker in self.workers {
            drop(worker.commands);
            let ended = worker.thread.join();
            ended.map_err(|_| RunError::Worker("it panicked".to_owned()))??;
        }
        Ok(tallies)
    }

    /// A stage that is as fast as it is answered, and not measured.
    fn unmeasured(
        &mut self,
        stage: Stage,
        observer: &mut dyn Observer,
    ) -> Result<StageEnd, RunError> {
        observer.stage(stage, Duration::ZERO);
        let start = self.shared.clock.now();
        self.stage(stage, [start, Nanos::MAX, start + STAGE_LIMIT], None, observer)
    }

    /// Runs a stage on all workers and collects until the last of them is done.
    fn stage(
        &mut self,
        stage: Stage,
        [start, record_from, end]: [Nanos; 3],
        mut collector: Option<&mut Collector>,
        observer: &mut dyn Observer,
    ) -> Result<StageEnd, RunError> {
        self.shared.news.begin_stage();
        for worker in &self.workers {
            let run = Command::Run { stage, start, record_from, end };
            let gone = |_| RunError::Worker("it no longer listens".to_owned());
            worker.commands.send(run).map_err(gone)?;
        }
        let mut stage_end = StageEnd::default();
        let mut running = self.workers.len();
        while running > 0 {
            self.shared.stop.store(self.is_stopped(), Ordering::Relaxed);
            match self.reports.recv_timeout(LOOK) {
                Ok((number, Report::Interval(mut interval))) => {
                    if let Some(collector) = collector.as_deref_mut()
                        && interval.end > record_from
                    {
                        collector.add(&interval)?;
                        let elapsed = self.shared.clock.now().saturating_sub(start);
                        observer.progress(&collector.total, Duration::from_nanos(elapsed));
                    }
                    // Here and not by the worker, who has a pace to keep.
                    interval.clear(0);
                    // A worker that is gone needs no more of them.
                    let _ = self.workers[number].spare.send(interval);
                }
                Ok((_, Report::Event { at, what })) => {
                    observer.event(&what);
                    if let Some(collector) = collector.as_deref_mut() {
                        collector.event(at, what);
                    }
                }
                Ok((number, Report::Done(done))) => {
                    running -= 1;
                    self.done(number, *done, &mut stage_end);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    self.check_workers()?;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(RunError::Worker("all have ended".to_owned()));
                }
            }
        }
        Ok(stage_end)
    }

    fn done(&mut self, number: usize, done: Done, stage_end: &mut StageEnd) {
        self.workers[number].tallies = done.tallies;
        stage_end.failed += done.failed;
        stage_end.cpu += done.cpu;
        stage_end.waiting += done.waiting;
        stage_end.busiest = stage_end.busiest.max(done.cpu);
        for (own, others) in self.samples.iter_mut().zip(done.samples) {
            *own = own.take().or(others);
        }
    }

    /// A worker ends while it has work only when something is wrong with this machine.
    fn check_workers(&self) -> Result<(), RunError> {
        match self.workers.iter().any(|worker| worker.thread.is_finished()) {
            true => Err(RunError::Worker("it has ended before its work".to_owned())),
            false => Ok(()),
        }
    }

    /// Looks at the server's process and remembers its largest memory.
    fn look(&mut self) -> Option<Sample> {
        let sample = process::sample(self.options.server_pid?).ok()?;
        self.rss_max_bytes = self.rss_max_bytes.max(sample.rss_bytes);
        Some(sample)
    }

    /// Machines begin together at an instant of the clock on the wall.
    fn await_start(&self) {
        let Some(start_at) = self.options.start_at else { return };
        while let Ok(left) = start_at.duration_since(SystemTime::now()) {
            if self.is_stopped() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Changes the pace of the streams for the next measured stretch.
    pub fn set_workload(&mut self, workload: Workload) {
        self.options.workload = workload;
        let workload = Arc::new(self.options.share_of_workload());
        for worker in &self.workers {
            // A worker that is gone is noticed by the next stage.
            let _ = worker.commands.send(Command::Workload(Arc::clone(&workload)));
        }
    }
}

impl Options {
    /// Refuses connections of 2.x on which two clients of a service would meet.
    fn check_seats(&self, workers: u32) -> Result<(), RunError> {
        let needed = self.workload.seats().saturating_mul(workers);
        if self.connections >= needed {
            return Ok(());
        }
        Err(RunError::TooFewConnections { given: self.connections, workers, needed })
    }

    /// The workload with the streams' pace of this machine alone.
    fn share_of_workload(&self) -> Workload {
        let mut workload = self.workload.clone();
        workload.scale(1.0 / f64::from(self.machine.1));
        workload
    }
}

/// Seconds since 1970.
pub fn seconds_since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
