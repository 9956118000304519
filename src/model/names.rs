//! Names of services. A grouped name is `group@@service`; together with its namespace it is a key.

use std::sync::Arc;

/// The group of a service that names none.
pub const DEFAULT_GROUP: &str = "DEFAULT_GROUP";
/// The cluster of an instance that names none.
pub const DEFAULT_CLUSTER: &str = "DEFAULT";
/// The namespace of a request that names none.
pub const PUBLIC_NAMESPACE: &str = "public";
/// What stands between group and service in a grouped name.
pub const GROUP_SEPARATOR: &str = "@@";

/// A service as a request names it: namespace and grouped name, borrowed from the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServiceRef<'a> {
    /// `namespaceId`, `public` when the request names none.
    pub namespace: &'a str,
    /// Grouped name, `group@@service`.
    pub name: &'a str,
}

impl ServiceRef<'_> {
    /// The owned key.
    pub fn to_key(self) -> ServiceKey {
        ServiceKey { namespace: self.namespace.into(), name: self.name.into() }
    }
}

/// A service's identity; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceKey {
    /// `namespaceId`.
    pub namespace: Arc<str>,
    /// Grouped name, `group@@service`.
    pub name: Arc<str>,
}

impl ServiceKey {
    /// The borrowed form.
    pub fn as_ref(&self) -> ServiceRef<'_> {
        ServiceRef { namespace: &self.namespace, name: &self.name }
    }
}

/// The part behind the separator, as `NamingUtils.getServiceName` cuts it: what stands between the
/// first and the second `@@`, or the whole name when there is no separator.
pub fn service_of(grouped: &str) -> &str {
    match grouped.split_once(GROUP_SEPARATOR) {
        Some((_, rest)) => rest.split(GROUP_SEPARATOR).next().unwrap_or(rest),
        None => grouped,
    }
}

/// The part before the separator, `DEFAULT_GROUP` when there is no separator.
pub fn group_of(grouped: &str) -> &str {
    grouped.split_once(GROUP_SEPARATOR).map_or(DEFAULT_GROUP, |(group, _)| group)
}
