//! The configurations to which a connection listens. As over HTTP it waits in the configuration
//! centre, only without an end: whatever changes there, by HTTP or gRPC, is told on the stream.

use super::lines::Line;
use crate::console::Console;
use crate::model::{ConfigKey, Millis};
use crate::node::Node;
use crate::node::desk::Answered;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// At most so many configurations are listened to on one connection.
const MAX_KEYS: usize = 10_000;

/// What is listened to, with the digest that the client knows; empty for none.
#[derive(Debug, Default)]
pub struct Listening {
    keys: Mutex<BTreeMap<ConfigKey, String>>,
    changed: Notify,
    task: Mutex<Option<AbortHandle>>,
}

impl Listening {
    /// Adds what is listened to, or takes it out.
    pub fn set(&self, listen: bool, keys: impl Iterator<Item = (ConfigKey, String)>) {
        let mut known = self.keys.lock();
        for (key, md5) in keys {
            if !listen {
                known.remove(&key);
            } else if known.len() < MAX_KEYS || known.contains_key(&key) {
                known.insert(key, md5);
            }
        }
        drop(known);
        self.changed.notify_one();
    }

    /// Begins to wait, once.
    pub fn begin(node: &Arc<Node>, line: &Arc<Line>) {
        let mut task = line.listening.task.lock();
        if task.is_none() {
            let waiting = tokio::spawn(wait(node.clone(), line.clone()));
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
    fn news(&self, console: &Console) -> Answered<ConfigKey> {
        let mut known = self.keys.lock();
        for (key, md5) in known.iter_mut() {
            let now = console.configs.get(key).map_or("", |kept| kept.md5.as_str());
            if now != md5 {
                now.clone_into(md5);
                return Answered::Now(key.clone());
            }
        }
        Answered::Held(known.keys().cloned().collect(), Millis(u64::MAX))
    }
}

async fn wait(node: Arc<Node>, line: Arc<Line>) {
    loop {
        let changed = line.listening.changed.notified();
        match node.desk.poll(|console| line.listening.news(console)) {
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
