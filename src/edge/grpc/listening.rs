//! The configurations to which a connection listens. As over HTTP it waits in the configuration
//! centre, only without an end: whatever changes there, by HTTP or gRPC, is told on the stream.

use super::config::TAG;
use super::lines::Line;
use crate::console::{Console, Reader, Seen};
use crate::model::{ConfigKey, ConnectionMeta, Millis};
use crate::node::Node;
use crate::node::desk::Answered;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// At most so many configurations are listened to on one connection.
const MAX_KEYS: usize = 10_000;

/// What is listened to, with what the client knows of it.
#[derive(Debug, Default)]
pub struct Listening {
    keys: Mutex<BTreeMap<ConfigKey, Seen>>,
    changed: Notify,
    task: Mutex<Option<AbortHandle>>,
}

impl Listening {
    /// Adds what is listened to, or takes it out.
    pub fn set(&self, listen: bool, keys: impl Iterator<Item = (ConfigKey, Seen)>) {
        let mut known = self.keys.lock();
        for (key, seen) in keys {
            if !listen {
                known.remove(&key);
            } else if known.len() < MAX_KEYS || known.contains_key(&key) {
                known.insert(key, seen);
            }
        }
        drop(known);
        self.changed.notify_one();
    }

    /// Begins to wait, once.
    pub fn begin(node: &Arc<Node>, line: &Arc<Line>, by: &Arc<ConnectionMeta>) {
        let mut task = line.listening.task.lock();
        if task.is_none() {
            let waiting = tokio::spawn(wait(node.clone(), line.clone(), by.clone()));
            *task = Some(waiting.abort_handle());
        }
    }

    /// Nobody listens any more.
    pub fn end(&self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
    }

    /// The first configuration that is not what the client knows; it is known from now on.
    fn news(&self, console: &Console, by: Reader<'_>) -> Answered<ConfigKey> {
        let mut known = self.keys.lock();
        for (key, seen) in known.iter_mut() {
            let now = console.configs.seen(key, by);
            if now != *seen {
                *seen = now;
                return Answered::Now(key.clone());
            }
        }
        Answered::Held(known.keys().cloned().collect(), Millis(u64::MAX))
    }
}

/// The client as one who is told: by the tag of its connection (`RpcConfigChangeNotifier`), not by
/// what a request of it says.
pub fn hears(by: &ConnectionMeta) -> Reader<'_> {
    Reader { ip: &by.client_ip, tag: by.label(TAG).filter(|tag| !tag.is_empty()) }
}

async fn wait(node: Arc<Node>, line: Arc<Line>, by: Arc<ConnectionMeta>) {
    loop {
        let changed = line.listening.changed.notified();
        match node.desk.poll(&by.client_ip, |console| line.listening.news(console, hears(&by))) {
            Ok(key) => node.config_changed(line.id, key),
            Err(held) => {
                tokio::select! {
                    _ = held => {}
                    () = changed => {}
                }
            }
        }
    }
}
