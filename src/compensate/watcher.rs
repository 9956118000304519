//! Looks after the nodes while beats are sent: who answers, whom each holds for healthy, how far
//! its clock is ahead, and, when asked, whether instances still take connections.
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::views::{NodeView, Views};
use crate::client::fleet::{Asker, encoded, members, own_address};

/// How often the nodes are asked for their members.
const LOOK: Duration = Duration::from_millis(300);
/// How often clocks are compared.
const CLOCKS: Duration = Duration::from_secs(5);
/// How long an instance may take to accept a connection.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections to instances that are tried at a time.
const PROBES: usize = 64;

/// What the watcher has to say.
#[derive(Debug)]
pub enum News {
    /// The members, or who answers.
    Views(Views),
    /// A node's clock is so many milliseconds ahead of ours.
    Clock {
        /// The node.
        node: usize,
        /// Milliseconds.
        ahead_ms: i64,
    },
    /// An instance took a connection.
    Sign(usize),
}

/// What is watched.
#[derive(Debug)]
pub struct Watched {
    /// The nodes.
    pub askers: Vec<Asker>,
    /// How they stood at the beginning.
    pub views: Views,
    /// A service that the nodes know: namespace and grouped name; its list tells their time.
    pub service: Option<(String, String)>,
    /// Instances that are probed, and how often each.
    pub probes: Option<(Vec<(usize, String)>, Duration)>,
    /// Set when all is over, by a signal too.
    pub stop: Arc<AtomicBool>,
}

/// Watches until it is stopped or nobody listens.
pub async fn watch(mut watched: Watched, news: Sender<News>) {
    let stop = Arc::clone(&watched.stop);
    let probes = watched.probes.take();
    let probing = probe(probes, news.clone(), Arc::clone(&stop));
    let asking = ask(watched, news);
    tokio::select! {
        () = async { tokio::join!(probing, asking); } => {}
        _ = tokio::signal::ctrl_c() => stop.store(true, Ordering::Relaxed),
    }
}

async fn ask(watched: Watched, news: Sender<News>) {
    let Watched { askers, mut views, service, stop, .. } = watched;
    let mut clocks_at = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let looks = askers.iter().zip(&views.nodes).map(|(asker, known)| look(asker, known));
        let nodes: Vec<NodeView> = join_all(looks).await;
        if nodes != views.nodes {
            views.nodes = nodes;
            if news.send(News::Views(views.clone())).is_err() {
                return;
            }
        }
        if let Some((namespace, name)) = service.as_ref().filter(|_| clocks_at <= began) {
            clocks_at = began + CLOCKS;
            for (node, asker) in askers.iter().enumerate() {
                if let Some(ahead_ms) = ahead(asker, namespace, name).await {
                    let _ = news.send(News::Clock { node, ahead_ms });
                }
            }
        }
        tokio::time::sleep(LOOK.saturating_sub(began.elapsed())).await;
    }
}

async fn look(asker: &Asker, known: &NodeView) -> NodeView {
    let own = match &known.own_address {
        Some(own) => Ok(Some(own.clone())),
        None => own_address(asker).await,
    };
    match (members(asker).await, own) {
        (Ok(members), Ok(own_address)) => NodeView { answers: true, own_address, members },
        _ => NodeView { answers: false, members: Vec::new(), ..known.clone() },
    }
}

/// How far a node's clock is ahead of ours: a list tells when it was made.
async fn ahead(asker: &Asker, namespace: &str, name: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Timed {
        #[serde(rename = "lastRefTime")]
        at_ms: i64,
    }
    let target = format!(
        "/nacos/v1/ns/instance/list?serviceName={}&namespaceId={}",
        encoded(name),
        encoded(namespace)
    );
    let before = wall_ms();
    let timed: Timed = asker.json(&target).await.ok()?;
    Some(timed.at_ms - (before + wall_ms()) / 2)
}

/// Our clock on the wall, in milliseconds since 1970.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Tries to connect to each instance, again and again; a connection is a sign of life.
async fn probe(
    probes: Option<(Vec<(usize, String)>, Duration)>,
    news: Sender<News>,
    stop: Arc<AtomicBool>,
) {
    let Some((instances, every)) = probes else { return };
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let mut next = instances.iter();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < PROBES
                && let Some((kept, address)) = next.next()
            {
                under_way.push(async move { (*kept, accepts(address).await) });
            }
            let Some((kept, accepts)) = under_way.next().await else { break };
            if accepts && news.send(News::Sign(kept)).is_err() {
                return;
            }
        }
        let rest = every.saturating_sub(began.elapsed());
        let end = Instant::now() + rest;
        // In small steps, so that the end is not waited for.
        while Instant::now() < end && !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(rest.min(LOOK)).await;
        }
    }
}

async fn accepts(address: &str) -> bool {
    let Ok(mut found) = address.to_socket_addrs() else { return false };
    let Some(socket): Option<SocketAddr> = found.next() else { return false };
    matches!(tokio::time::timeout(PROBE_TIMEOUT, TcpStream::connect(socket)).await, Ok(Ok(_)))
}
