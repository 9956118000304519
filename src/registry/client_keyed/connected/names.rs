//! `ServiceListRequest`: one page of the names of a group's services, in the order of the server's
//! set of grouped names (`grpc/service-list`). Page numbers below one are the first page.

use super::super::ClientKeyed;
use crate::model::java;
use crate::model::names::GROUP_SEPARATOR;

impl ClientKeyed {
    /// The names of one page, and how many there are on all pages.
    pub fn names_page(
        &mut self,
        namespace: Option<&str>,
        group: Option<&str>,
        page: i32,
        size: i32,
        past_end_all: bool,
    ) -> (Vec<String>, usize) {
        let services = &self.services;
        let known = namespace
            .and_then(|namespace| self.index.listing(namespace, |slot| services[slot].exists()));
        let prefix = format!("{}{GROUP_SEPARATOR}", group.unwrap_or_default());
        let of_group = known.iter().flat_map(|known| known.iter().map(|name| &**name));
        let mut found: Vec<&str> = of_group.filter(|name| name.starts_with(&prefix)).collect();
        java::sort_by_hash_order(&mut found, |name| name);
        let all = found.len();
        let size = usize::try_from(size).unwrap_or(0);
        let before = usize::try_from(page.saturating_sub(1)).unwrap_or(0).saturating_mul(size);
        if before >= all && past_end_all {
            return (found.into_iter().map(str::to_owned).collect(), all);
        }
        let page = found.into_iter().skip(before).take(size);
        (page.map(|name| name[prefix.len()..].to_owned()).collect(), all)
    }
}
