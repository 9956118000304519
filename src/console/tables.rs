//! The tables of users, roles and permissions, rows in the order of insertion.

use super::authority::Rule;
use crate::model::{ConsoleWrite, Permission, RoleGrant, User};
use rustc_hash::FxHashMap;

/// Everything about accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub users: Vec<User>,
    pub grants: Vec<RoleGrant>,
    pub permissions: Vec<Permission>,
    /// Looked at with every secured call.
    roles_of: FxHashMap<String, Vec<String>>,
    rules_of: FxHashMap<String, Vec<Rule>>,
}

impl Tables {
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    pub fn roles_of(&self, user: &str) -> &[String] {
        self.roles_of.get(user).map_or(&[], Vec::as_slice)
    }

    pub fn rules_of(&self, role: &str) -> &[Rule] {
        self.rules_of.get(role).map_or(&[], Vec::as_slice)
    }

    pub fn apply(&mut self, write: &ConsoleWrite) {
        match write {
            ConsoleWrite::User { name, password_hash } => self.set_user(name, password_hash),
            ConsoleWrite::Role { grant, granted } => {
                self.grants.retain(|other| other != grant);
                if let Some(roles) = self.roles_of.get_mut(&grant.user) {
                    roles.retain(|role| *role != grant.role);
                }
                if *granted {
                    let roles = self.roles_of.entry(grant.user.clone()).or_default();
                    roles.push(grant.role.clone());
                    self.grants.push(grant.clone());
                }
            }
            ConsoleWrite::Permission { permission, granted } => {
                self.permissions.retain(|other| other != permission);
                if let Some(rules) = self.rules_of.get_mut(&permission.role) {
                    rules.retain(|rule| !rule.is(permission));
                }
                if *granted {
                    let rules = self.rules_of.entry(permission.role.clone()).or_default();
                    rules.push(Rule::new(permission));
                    self.permissions.push(permission.clone());
                }
            }
            ConsoleWrite::Namespace { .. } | ConsoleWrite::Config { .. } => {}
        }
    }

    fn set_user(&mut self, name: &str, password_hash: &Option<String>) {
        let known = self.users.iter().position(|user| user.name == name);
        match (known, password_hash) {
            (Some(at), Some(hash)) => self.users[at].password_hash.clone_from(hash),
            (Some(at), None) => drop(self.users.remove(at)),
            (None, Some(hash)) => {
                self.users.push(User { name: name.to_owned(), password_hash: hash.clone() });
            }
            (None, None) => {}
        }
    }
}
