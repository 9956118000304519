//! Names of services out of a namespace's listing: those of a group, those that a pattern finds
//! (`service/list-groups`, `service/names`, `service/blank-parts`).

use crate::model::names::{self, GROUP_SEPARATOR};
use crate::model::{Refusal, java};
use crate::profile::{ListShape, Quirks};
use crate::wire::text::pattern::Pattern;
use std::sync::Arc;

/// Grouped names of a group's services in the order of `/service/list`: 1.x keeps the order of its
/// map, 2.x puts the names into a set first.
///
/// # Errors
/// 2.x can not name a service with a blank part.
pub fn of_group<'l>(
    listing: &'l [Arc<str>],
    group: &str,
    quirks: &Quirks,
) -> Result<Vec<&'l str>, Refusal> {
    let all = listing.iter().map(|name| &**name);
    if quirks.list.shape == ListShape::Dom {
        let begins = |name: &&str| {
            name.strip_prefix(group).is_some_and(|rest| rest.starts_with(GROUP_SEPARATOR))
        };
        return Ok(all.filter(begins).collect());
    }
    let mut names = Vec::new();
    for name in all.filter(|name| names::group_of(name) == group) {
        names.push(names::shown(name)?);
    }
    let buckets = java::grown_from(listing.len(), names.len());
    java::sort_by_buckets(&mut names, buckets, |name| name);
    Ok(names)
}

/// Group and name of a service, which 1.x takes apart each time and 2.x knows.
///
/// # Errors
/// The name has no two parts (1.x).
pub fn parts<'n>(name: &'n str, quirks: &Quirks) -> Result<(&'n str, &'n str), Refusal> {
    match (quirks.list.shape, name.split_once(GROUP_SEPARATOR)) {
        (ListShape::ServiceInfo, Some(parts)) => Ok(parts),
        _ => names::parts_of(name),
    }
}

/// A name on a page of `/service/list`: 1.x cuts the group out wherever it stands.
pub fn without_group(name: &str, group: &str, quirks: &Quirks) -> String {
    match quirks.list.shape {
        ListShape::Dom => name.replace(&format!("{group}{GROUP_SEPARATOR}"), ""),
        ListShape::ServiceInfo => names::service_of(name).to_owned(),
    }
}

/// Grouped names that a pattern finds; one that is none is refused when there is a name to look at.
///
/// # Errors
/// The pattern is none, or 2.x can not name a service with a blank part.
pub fn matching<'l>(
    listing: &'l [Arc<str>],
    pattern: &str,
    quirks: &Quirks,
) -> Result<Vec<&'l Arc<str>>, Refusal> {
    let mut found = Vec::new();
    let Some(_) = listing.first() else { return Ok(found) };
    let pattern = Pattern::compile(pattern)?;
    for name in listing {
        let matches = match quirks.list.shape {
            // Behind the name 1.x has the list of its owners, which is empty.
            ListShape::Dom => pattern.matches(&format!("{name}:[]")),
            ListShape::ServiceInfo => pattern.matches(names::shown(name)?),
        };
        if matches {
            found.push(name);
        }
    }
    Ok(found)
}

/// What `/service/names` shows of a namespace: plain names on 1.x, grouped ones on 2.x, each once,
/// in the order of a set.
///
/// # Errors
/// A name has no two parts (1.x).
pub fn names_shown(found: &[&Arc<str>], quirks: &Quirks) -> Result<Vec<String>, Refusal> {
    let mut shown: Vec<&str> = Vec::with_capacity(found.len());
    for name in found {
        shown.push(match quirks.list.shape {
            ListShape::Dom => names::parts_of(name)?.1,
            ListShape::ServiceInfo => name,
        });
    }
    // The last of equal names is as good as the first.
    shown.sort_unstable();
    shown.dedup();
    java::sort_by_hash_order(&mut shown, |name| name);
    Ok(shown.into_iter().map(str::to_owned).collect())
}
