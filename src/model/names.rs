//! Names of services. A grouped name is `group@@service`; together with its namespace it is a key.

use crate::model::{Refusal, java};
use std::sync::Arc;

/// The group of a service that names none.
pub const DEFAULT_GROUP: &str = "DEFAULT_GROUP";
/// The cluster of an instance that names none.
pub const DEFAULT_CLUSTER: &str = "DEFAULT";
/// The namespace of a request that names none.
pub const PUBLIC_NAMESPACE: &str = "public";
/// Stands for the namespace of a subscription over gRPC that names none, which 2.x keeps apart from
/// all others: a name that nobody uses.
pub const NO_NAMESPACE: &str = "\0";
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

/// `NamingUtils.getGroupName` and `getServiceName`: the parts around the separator, the default
/// group without one, nothing of a blank name (`service/blank-parts`).
///
/// # Errors
/// A part is missing.
pub fn parts_of(name: &str) -> Result<(&str, &str), Refusal> {
    if java::is_blank(name) {
        return Ok(("", ""));
    }
    if !name.contains(GROUP_SEPARATOR) {
        return Ok((DEFAULT_GROUP, name));
    }
    match java::split(name, GROUP_SEPARATOR)[..] {
        [] => Err(Refusal::array_index(0, 0)),
        [_] => Err(Refusal::array_index(1, 1)),
        [group, service, ..] => Ok((group, service)),
    }
}

/// `NamingUtils.getGroupedName` of 2.x, which a service with a blank part does not survive.
///
/// # Errors
/// A part is blank.
pub fn shown(grouped: &str) -> Result<&str, Refusal> {
    let (group, service) = grouped.split_once(GROUP_SEPARATOR).unwrap_or(("", grouped));
    if java::is_blank(service) {
        return Err(Refusal::illegal("Param 'serviceName' is illegal, serviceName is blank"));
    }
    if java::is_blank(group) {
        return Err(Refusal::illegal("Param 'groupName' is illegal, groupName is blank"));
    }
    Ok(grouped)
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
