//! Who is responsible for what at this moment, shared by whoever asks: requests before they are
//! forwarded, and the registry before it expires an instance.

use crate::model::{MemberId, Responsibility};
use crate::peers::Mapper;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The view that holds now.
#[derive(Debug)]
pub struct Responsible {
    mapper: RwLock<Arc<Mapper>>,
    /// The switch `distroEnabled` as the view has it; looked at after every change without a lock.
    enabled: AtomicBool,
}

impl Responsible {
    /// Begins with a view.
    pub fn new(mapper: Mapper) -> Self {
        Self { mapper: RwLock::new(Arc::new(mapper)), enabled: AtomicBool::new(true) }
    }

    /// The view.
    pub fn now(&self) -> Arc<Mapper> {
        self.mapper.read().clone()
    }

    /// Other members are healthy.
    pub fn take(&self, healthy: Vec<MemberId>) {
        let mut mapper = self.mapper.write();
        let enabled = self.enabled.load(Ordering::Relaxed);
        *mapper = Arc::new(Mapper::new(mapper.own().clone(), healthy, enabled));
    }

    /// Follows the switch.
    pub fn follow_switch(&self, enabled: bool) {
        if enabled == self.enabled.load(Ordering::Relaxed) {
            return;
        }
        let mut mapper = self.mapper.write();
        self.enabled.store(enabled, Ordering::Relaxed);
        if let Some(turned) = mapper.with_switch(enabled) {
            *mapper = Arc::new(turned);
        }
    }
}

impl Responsibility for Responsible {
    fn is_mine(&self, tag: &str) -> bool {
        self.mapper.read().is_mine(tag)
    }
}
