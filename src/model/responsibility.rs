//! Who answers for what: the registry asks before it expires an instance, and the mapper of the
//! members answers. A node that stands alone answers for everything.

use std::fmt::Debug;

/// Knows what this node is responsible for, as it sees the members at the moment.
pub trait Responsibility: Debug + Send + Sync {
    /// Whether this node is the responsible server for a tag: the grouped name of a service on
    /// 1.x, `ip:port` of a client on 2.x.
    fn is_mine(&self, tag: &str) -> bool;
}
