//! Users, roles and permissions (`auth/read-only-user`).
//!
//! With caching (`nacos.core.auth.caching.enabled`) Nacos decides by a copy of its tables that it
//! takes five seconds after the start and every fifteen seconds from then on; what is written goes
//! to the tables. The roles that permissions may be given to are always known by that copy and by
//! what was granted since.

use super::authority::{self, Verdict};
use super::page;
use super::tables::Tables;
use crate::model::{ConsoleWrite, Millis, Page, Permission, Refusal, RoleGrant, User};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// The role that may do everything.
pub const GLOBAL_ADMIN_ROLE: &str = "ROLE_ADMIN";
/// The user that Nacos's schema inserts.
pub const DEFAULT_USER: &str = "nacos";
/// The hash of that user's password, which is the name once more: what the schema inserts, too.
pub const DEFAULT_PASSWORD_HASH: &str =
    "$2a$10$EuWPZHzz32dJN7jexM34MOeYirDdFAZm2kuWj7VEOJhhZkDrxfvUu";

/// From the start to the first copy, ms.
const FIRST_COPY_MS: u64 = 5_000;
/// From one copy to the next, ms.
const COPY_EACH_MS: u64 = 15_000;

/// Accounts and what is decided by.
#[derive(Debug)]
pub struct Accounts {
    tables: Arc<Tables>,
    copy: Arc<Tables>,
    /// `None` until the first copy of a server that starts cold is taken.
    next_copy: Millis,
    known_roles: FxHashSet<String>,
    /// Whether the first copy was there from the start.
    warm: bool,
}

impl Accounts {
    /// Nobody yet; a server that does not start cold has taken its first copy.
    pub(super) fn new(now: Millis, cold_start: bool) -> Self {
        Self {
            tables: Arc::default(),
            copy: Arc::default(),
            next_copy: now + FIRST_COPY_MS,
            known_roles: FxHashSet::default(),
            warm: !cold_start,
        }
    }

    pub(super) fn restore(&mut self, write: &ConsoleWrite) {
        Arc::make_mut(&mut self.tables).apply(write);
    }

    /// Gives tables without users the ones of the schema.
    pub(super) fn seed(&mut self) -> Vec<ConsoleWrite> {
        let mut writes = Vec::new();
        if self.tables.users.is_empty() {
            let password_hash = Some(DEFAULT_PASSWORD_HASH.to_owned());
            writes.push(ConsoleWrite::User { name: DEFAULT_USER.to_owned(), password_hash });
            let grant = RoleGrant { user: DEFAULT_USER.into(), role: GLOBAL_ADMIN_ROLE.into() };
            writes.push(ConsoleWrite::Role { grant, granted: true });
        }
        writes.iter().for_each(|write| self.restore(write));
        if self.warm {
            self.take_copy();
        }
        writes
    }

    /// Takes the copy that fell due. Nothing was written since, or it would have been taken then.
    fn refresh(&mut self, now: Millis) {
        if now < self.next_copy {
            return;
        }
        self.take_copy();
        let rounds = now.since(self.next_copy) / COPY_EACH_MS + 1;
        self.next_copy = self.next_copy + rounds * COPY_EACH_MS;
    }

    fn take_copy(&mut self) {
        self.copy = self.tables.clone();
        self.known_roles = self.copy.grants.iter().map(|grant| grant.role.clone()).collect();
    }

    fn write(&mut self, write: ConsoleWrite) -> ConsoleWrite {
        Arc::make_mut(&mut self.tables).apply(&write);
        write
    }

    /// The tables that decide.
    fn deciding(&mut self, now: Millis, caching: bool) -> &Tables {
        self.refresh(now);
        if caching { &self.copy } else { &self.tables }
    }

    /// The hash that a login is compared with.
    pub fn login_hash(&mut self, now: Millis, caching: bool, name: &str) -> Option<String> {
        self.deciding(now, caching).user(name).map(|user| user.password_hash.clone())
    }

    /// Whether a user is an administrator.
    pub fn is_global_admin(&mut self, now: Millis, caching: bool, name: &str) -> bool {
        self.deciding(now, caching).roles_of(name).iter().any(|role| role == GLOBAL_ADMIN_ROLE)
    }

    /// Whether a user may do this.
    pub fn may(
        &mut self,
        now: Millis,
        caching: bool,
        user: &str,
        (resource, action): (&str, char),
    ) -> Verdict {
        authority::verdict(self.deciding(now, caching), user, resource, action)
    }

    /// Whether there is a user of that name.
    pub fn has_user(&self, name: &str) -> bool {
        self.tables.user(name).is_some()
    }

    /// Creates a user or changes the password of one.
    pub fn set_password(&mut self, now: Millis, name: &str, hash: String) -> ConsoleWrite {
        self.refresh(now);
        self.write(ConsoleWrite::User { name: name.to_owned(), password_hash: Some(hash) })
    }

    /// Removes a user; roles stay granted.
    ///
    /// # Errors
    /// It is an administrator.
    pub fn delete_user(
        &mut self,
        now: Millis,
        caching: bool,
        name: &str,
    ) -> Result<ConsoleWrite, Refusal> {
        if self.is_global_admin(now, caching, name) {
            return Err(Refusal::illegal(format!("cannot delete admin: {name}")));
        }
        Ok(self.write(ConsoleWrite::User { name: name.to_owned(), password_hash: None }))
    }

    /// Grants a role; `None` when the user has it already.
    ///
    /// # Errors
    /// There is no such user, or it is the role of administrators.
    pub fn add_role(
        &mut self,
        now: Millis,
        grant: RoleGrant,
    ) -> Result<Option<ConsoleWrite>, Refusal> {
        self.refresh(now);
        if !self.has_user(&grant.user) {
            return Err(Refusal::illegal(format!("user '{}' not found!", grant.user)));
        }
        if grant.role == GLOBAL_ADMIN_ROLE {
            let message = format!("role '{GLOBAL_ADMIN_ROLE}' is not permitted to create!");
            return Err(Refusal::illegal(message));
        }
        if self.tables.grants.contains(&grant) {
            return Ok(None);
        }
        self.known_roles.insert(grant.role.clone());
        Ok(Some(self.write(ConsoleWrite::Role { grant, granted: true })))
    }

    /// Takes a role from one user, or from everybody.
    pub fn delete_role(
        &mut self,
        now: Millis,
        role: &str,
        user: Option<&str>,
    ) -> Vec<ConsoleWrite> {
        self.refresh(now);
        if user.is_none() {
            self.known_roles.remove(role);
        }
        let meant =
            |grant: &&RoleGrant| grant.role == role && user.is_none_or(|user| user == grant.user);
        let grants: Vec<RoleGrant> = self.tables.grants.iter().filter(meant).cloned().collect();
        let taken = grants.into_iter().map(|grant| ConsoleWrite::Role { grant, granted: false });
        taken.map(|write| self.write(write)).collect()
    }

    /// Gives a role a permission; `None` when it has it already.
    ///
    /// # Errors
    /// There is no such role.
    pub fn add_permission(
        &mut self,
        now: Millis,
        permission: Permission,
    ) -> Result<Option<ConsoleWrite>, Refusal> {
        self.refresh(now);
        if !self.known_roles.contains(&permission.role) {
            return Err(Refusal::illegal(format!("role {} not found!", permission.role)));
        }
        if self.tables.permissions.contains(&permission) {
            return Ok(None);
        }
        Ok(Some(self.write(ConsoleWrite::Permission { permission, granted: true })))
    }

    /// Takes a permission from a role, if it has it.
    pub fn delete_permission(
        &mut self,
        now: Millis,
        permission: Permission,
    ) -> Option<ConsoleWrite> {
        self.refresh(now);
        let known = self.tables.permissions.contains(&permission);
        known.then(|| self.write(ConsoleWrite::Permission { permission, granted: false }))
    }

    /// A page of users.
    ///
    /// # Errors
    /// There is no such page.
    pub fn users(&self, number: i32, size: i32) -> Result<Page<User>, Refusal> {
        page::cut(&self.tables.users, number, size)
    }

    /// A page of roles, of one user or of all.
    ///
    /// # Errors
    /// There is no such page.
    pub fn roles(
        &self,
        user: Option<&str>,
        number: i32,
        size: i32,
    ) -> Result<Page<RoleGrant>, Refusal> {
        let of_user = |grant: &&RoleGrant| user.is_none_or(|user| user == grant.user);
        let rows: Vec<RoleGrant> = self.tables.grants.iter().filter(of_user).cloned().collect();
        page::cut(&rows, number, size)
    }

    /// A page of permissions, of one role or of all.
    ///
    /// # Errors
    /// There is no such page.
    pub fn permissions(
        &self,
        role: Option<&str>,
        number: i32,
        size: i32,
    ) -> Result<Page<Permission>, Refusal> {
        let of_role = |permission: &&Permission| role.is_none_or(|role| role == permission.role);
        let rows = self.tables.permissions.iter().filter(of_role);
        let rows: Vec<Permission> = rows.cloned().collect();
        page::cut(&rows, number, size)
    }

    /// Names of users that contain this text.
    pub fn search_users(&self, text: &str) -> Vec<String> {
        let names = self.tables.users.iter().map(|user| &user.name);
        names.filter(|name| name.contains(text)).cloned().collect()
    }

    /// Roles that contain this text, once for each user that has them.
    pub fn search_roles(&self, text: &str) -> Vec<String> {
        let names = self.tables.grants.iter().map(|grant| &grant.role);
        names.filter(|name| name.contains(text)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn accounts(cold_start: bool) -> Accounts {
        let mut accounts = Accounts::new(NOW, cold_start);
        assert_eq!(accounts.seed().len(), 2);
        accounts
    }

    fn grant(user: &str, role: &str) -> RoleGrant {
        RoleGrant { user: user.into(), role: role.into() }
    }

    #[test]
    fn with_caching_a_new_user_is_known_after_the_next_copy() {
        let mut accounts = accounts(false);
        accounts.set_password(NOW + 6_000, "u", "h".into());
        let known = |accounts: &mut Accounts, at: u64, caching| {
            accounts.login_hash(NOW + at, caching, "u").is_some()
        };
        assert!(known(&mut accounts, 6_000, false));
        assert!(!known(&mut accounts, 6_000, true));
        assert!(!known(&mut accounts, 19_999, true));
        assert!(known(&mut accounts, 20_000, true));
        accounts.delete_user(NOW + 20_001, true, "u").unwrap();
        assert!(known(&mut accounts, 34_999, true), "still in the copy");
        assert!(!known(&mut accounts, 95_000, true));
    }

    #[test]
    fn a_cold_start_knows_nobody_for_five_seconds() {
        let mut cold = accounts(true);
        assert_eq!(cold.login_hash(NOW + 4_999, true, DEFAULT_USER), None);
        assert!(cold.login_hash(NOW + 5_000, true, DEFAULT_USER).is_some());
        assert!(accounts(false).login_hash(NOW, true, DEFAULT_USER).is_some());
    }

    #[test]
    fn roles_need_users_and_permissions_need_roles() {
        let mut accounts = accounts(false);
        let message = |refused: Result<Option<ConsoleWrite>, Refusal>| {
            refused.unwrap_err().message.into_owned()
        };
        assert_eq!(message(accounts.add_role(NOW, grant("u", "R"))), "user 'u' not found!");
        accounts.set_password(NOW, "u", "h".into());
        let admin = accounts.add_role(NOW, grant("u", GLOBAL_ADMIN_ROLE));
        assert_eq!(message(admin), "role 'ROLE_ADMIN' is not permitted to create!");
        let permission =
            || Permission { role: "R".into(), resource: "*".into(), action: "r".into() };
        assert_eq!(message(accounts.add_permission(NOW, permission())), "role R not found!");
        assert!(accounts.add_role(NOW, grant("u", "R")).unwrap().is_some());
        assert_eq!(accounts.add_role(NOW, grant("u", "R")).unwrap(), None);
        assert!(accounts.add_permission(NOW, permission()).unwrap().is_some());
        assert_eq!(accounts.add_permission(NOW, permission()).unwrap(), None);
        assert_eq!(accounts.may(NOW, false, "u", ("a", 'r')), Verdict::Granted);
        assert_eq!(accounts.may(NOW, true, "u", ("a", 'r')), Verdict::Denied, "not in the copy");
        assert_eq!(accounts.delete_role(NOW, "R", Some("v")), []);
        assert_eq!(accounts.delete_role(NOW, "R", None).len(), 1);
        assert_eq!(message(accounts.add_permission(NOW, permission())), "role R not found!");
    }

    #[test]
    fn an_administrator_is_not_deleted() {
        let mut accounts = accounts(false);
        let refused = accounts.delete_user(NOW, false, DEFAULT_USER).unwrap_err();
        assert_eq!(refused.message, "cannot delete admin: nacos");
    }
}
