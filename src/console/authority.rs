//! Who may do what (`NacosRoleServiceImpl.hasPermission`; `auth/read-only-user`).
//!
//! The role `ROLE_ADMIN` may do everything. What begins with `console/` is for it alone. Everybody
//! else needs a permission whose action contains the letter asked for and whose resource, read as
//! a regular expression after each `*` became `.*`, matches the whole resource.

use super::accounts::GLOBAL_ADMIN_ROLE;
use super::tables::Tables;
use crate::model::Permission;
use regex::{Regex, RegexBuilder};

/// What nobody but an administrator may do.
const CONSOLE_PREFIX: &str = "console/";
/// The largest compiled pattern of a permission, bytes.
const PATTERN_BYTES: usize = 256 * 1024;

/// Whether somebody may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Granted,
    /// No.
    Denied,
    /// A permission's resource is no regular expression, on which Nacos stumbles.
    BadPattern(String),
}

/// A permission, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    action: String,
    resource: String,
    pattern: Result<Regex, String>,
}

impl Rule {
    pub fn new(permission: &Permission) -> Self {
        let Permission { action, resource, .. } = permission;
        let pattern = format!("^(?:{})$", resource.replace('*', ".*"));
        let pattern = RegexBuilder::new(&pattern).size_limit(PATTERN_BYTES).build();
        let pattern = pattern.map_err(|_| format!("Illegal pattern near index 0\n{resource}"));
        Self { action: action.clone(), resource: resource.clone(), pattern }
    }

    pub fn is(&self, permission: &Permission) -> bool {
        self.action == permission.action && self.resource == permission.resource
    }
}

/// Whether a user may do this, by these tables.
pub(super) fn verdict(tables: &Tables, user: &str, resource: &str, action: char) -> Verdict {
    let roles = tables.roles_of(user);
    if roles.iter().any(|role| role == GLOBAL_ADMIN_ROLE) {
        return Verdict::Granted;
    }
    if resource.starts_with(CONSOLE_PREFIX) {
        return Verdict::Denied;
    }
    let rules = roles.iter().flat_map(|role| tables.rules_of(role));
    for rule in rules.filter(|rule| rule.action.contains(action)) {
        match &rule.pattern {
            Ok(pattern) if pattern.is_match(resource) => return Verdict::Granted,
            Ok(_) => {}
            Err(message) => return Verdict::BadPattern(message.clone()),
        }
    }
    Verdict::Denied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConsoleWrite, RoleGrant};

    fn tables(resource: &str, action: &str) -> Tables {
        let mut tables = Tables::default();
        let grant = RoleGrant { user: "u".into(), role: "R".into() };
        tables.apply(&ConsoleWrite::Role { grant, granted: true });
        let permission =
            Permission { role: "R".into(), resource: resource.into(), action: action.into() };
        tables.apply(&ConsoleWrite::Permission { permission, granted: true });
        tables
    }

    #[test]
    fn a_star_is_anything_and_the_whole_resource_must_match() {
        let reader = tables("ns:*:*", "r");
        let may = |resource: &str, action| verdict(&reader, "u", resource, action);
        assert_eq!(may("ns:G:naming/s", 'r'), Verdict::Granted);
        assert_eq!(may("ns:G:naming/s", 'w'), Verdict::Denied);
        assert_eq!(may("xns:G:naming/s", 'r'), Verdict::Denied);
        assert_eq!(may(":G:naming/s", 'r'), Verdict::Denied);
        assert_eq!(verdict(&reader, "v", "ns:G:naming/s", 'r'), Verdict::Denied);
        let public = tables(":*:*", "rw");
        assert_eq!(verdict(&public, "u", ":G:naming/s", 'w'), Verdict::Granted);
        assert_eq!(verdict(&public, "u", "ns:G:naming/s", 'w'), Verdict::Denied);
    }

    #[test]
    fn the_console_is_for_administrators() {
        let mut tables = tables("*", "rw");
        assert_eq!(verdict(&tables, "u", "console/users", 'r'), Verdict::Denied);
        assert_eq!(verdict(&tables, "u", "naming/switches", 'w'), Verdict::Granted);
        let grant = RoleGrant { user: "u".into(), role: GLOBAL_ADMIN_ROLE.into() };
        tables.apply(&ConsoleWrite::Role { grant, granted: true });
        assert_eq!(verdict(&tables, "u", "console/users", 'w'), Verdict::Granted);
    }

    #[test]
    fn a_resource_that_is_no_pattern_is_told() {
        let tables = tables("a(", "r");
        assert!(matches!(verdict(&tables, "u", "a", 'r'), Verdict::BadPattern(_)));
        assert_eq!(verdict(&tables, "u", "a", 'w'), Verdict::Denied);
    }
}
