//! `/v1/auth`: users, roles and permissions (`auth/read-only-user`); logging in stands in `login`.

use super::access;
use super::call::{Call, Handled, Note, Outcome};
use super::login::{change_own_password, login, set_password};
use super::routes::{Route, always, route};
use crate::console::{Accounts as Tables, ConsoleEffect};
use crate::model::{ConsoleWrite, JavaException, Millis, Permission, Refusal, RoleGrant, java};
use crate::node::Operation;
use crate::profile::{Accounts, Quirks};
use crate::wire::request_param;
use crate::wire::v1::{console, result};

/// The addresses of accounts.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/auth/login", Operation::Login, always, login),
    route("POST", "/v1/auth/users/login", Operation::Login, exist, login),
    route("PUT", "/v1/auth/password", Operation::Console, always, change_own_password),
    route("PUT", "/v1/auth/users/password", Operation::Console, exist, change_own_password),
    route("GET", "/v1/auth", Operation::Console, exist, users),
    route("POST", "/v1/auth", Operation::Console, exist, create_user),
    route("PUT", "/v1/auth", Operation::Console, exist, update_user),
    route("DELETE", "/v1/auth", Operation::Console, exist, delete_user),
    route("GET", "/v1/auth/users", Operation::Console, exist, users),
    route("POST", "/v1/auth/users", Operation::Console, exist, create_user),
    route("PUT", "/v1/auth/users", Operation::Console, exist, update_user),
    route("DELETE", "/v1/auth/users", Operation::Console, exist, delete_user),
    route("GET", "/v1/auth/search", Operation::Console, searchable, search_users),
    route("GET", "/v1/auth/users/search", Operation::Console, searchable, search_users),
    route("GET", "/v1/auth/roles", Operation::Console, exist, roles),
    route("POST", "/v1/auth/roles", Operation::Console, exist, add_role),
    route("DELETE", "/v1/auth/roles", Operation::Console, exist, delete_role),
    route("GET", "/v1/auth/roles/search", Operation::Console, searchable, search_roles),
    route("GET", "/v1/auth/permissions", Operation::Console, exist, permissions),
    route("POST", "/v1/auth/permissions", Operation::Console, exist, add_permission),
    route("DELETE", "/v1/auth/permissions", Operation::Console, exist, delete_permission),
];

/// Whether there is an API of accounts.
pub(super) fn exist(quirks: &Quirks) -> bool {
    quirks.auth.accounts != Accounts::Absent
}

fn searchable(quirks: &Quirks) -> bool {
    quirks.auth.accounts == Accounts::Searchable
}

/// POST `/users`.
fn create_user(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let name = call.params.joined_required("username")?;
    let password = call.params.joined_required("password")?;
    if call.node.desk.read(|console| console.accounts.has_user(&name)) {
        return Err(Refusal::illegal(format!("user '{name}' already exist!")));
    }
    Ok(later(call, name, password, "create user ok!"))
}

/// PUT `/users`: an administrator's for everybody; since 2.x everybody's for themselves.
fn update_user(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let name = call.params.joined_required("username")?;
    let password = call.params.joined_required("newPassword")?;
    if searchable(call.quirks) && call.node.desk.auth.enabled {
        let may =
            call.caller.as_ref().is_some_and(|caller| caller.global_admin || caller.name == name);
        // 2.0.2 sends this error and changes the password all the same; that is not repeated here.
        if !may {
            return Err(access::forbidden("authorization failed!"));
        }
    }
    if !call.node.desk.read(|console| console.accounts.has_user(&name)) {
        return Err(Refusal::illegal(format!("user {name} not exist!")));
    }
    Ok(later(call, name, password, "update user ok!"))
}

fn later(call: &Call<'_>, name: String, password: String, text: &str) -> Handled {
    let (node, done) = (call.node.clone(), result::done(text, call.quirks));
    Handled::Later(Box::pin(async move { Ok(set_password(&node, name, password, done).await) }))
}

/// DELETE `/users`.
fn delete_user(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let name = call.params.joined_required("username")?;
    let caching = call.quirks.auth.caching;
    change(call, "delete user ok!", |tables, now| {
        Ok(vec![tables.delete_user(now, caching, &name)?])
    })
}

/// GET `/users`.
fn users(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let (number, size) = page(call)?;
    let page = call.node.desk.read(|console| console.accounts.users(number, size))?;
    Ok(console::users(&page).into())
}

/// GET `/users/search`.
fn search_users(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let text = call.params.joined_required("username")?;
    let names = call.node.desk.read(|console| console.accounts.search_users(&text));
    Ok(console::names(&names).into())
}

/// GET `/roles`.
fn roles(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let (number, size) = page(call)?;
    let user = unless_blank(call.params.joined("username"));
    let page =
        call.node.desk.read(|console| console.accounts.roles(user.as_deref(), number, size))?;
    Ok(console::roles(&page).into())
}

/// GET `/roles/search`.
fn search_roles(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let text = call.params.joined_required("role")?;
    let names = call.node.desk.read(|console| console.accounts.search_roles(&text));
    Ok(console::names(&names).into())
}

/// POST `/roles`.
fn add_role(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let role = call.params.joined_required("role")?;
    let user = call.params.joined_required("username")?;
    change(call, "add role ok!", |tables, now| {
        let write = tables.add_role(now, RoleGrant { user, role })?;
        once(write, call.quirks, "roles (role, username) VALUES (?, ?)", "ROLES")
    })
}

/// DELETE `/roles`.
fn delete_role(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let role = call.params.joined_required("role")?;
    let user = call.params.joined("username").unwrap_or_default();
    let text = format!("delete role of user {user} ok!");
    let user = unless_blank(Some(user));
    change(call, &text, |tables, now| Ok(tables.delete_role(now, &role, user.as_deref())))
}

/// GET `/permissions`.
fn permissions(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let (number, size) = page(call)?;
    let role = unless_blank(call.params.joined("role"));
    let page = call
        .node
        .desk
        .read(|console| console.accounts.permissions(role.as_deref(), number, size))?;
    Ok(console::permissions(&page).into())
}

/// POST `/permissions`.
fn add_permission(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let permission = permission(call)?;
    change(call, "add permission ok!", |tables, now| {
        let write = tables.add_permission(now, permission)?;
        let columns = "permissions (role, resource, action) VALUES (?, ?, ?)";
        once(write, call.quirks, columns, "PERMISSIONS")
    })
}

/// DELETE `/permissions`.
fn delete_permission(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let permission = permission(call)?;
    change(call, "delete permission ok!", |tables, now| {
        Ok(tables.delete_permission(now, permission).into_iter().collect())
    })
}

fn permission(call: &Call<'_>) -> Result<Permission, Refusal> {
    let role = call.params.joined_required("role")?;
    let resource = call.params.joined_required("resource")?;
    let action = call.params.joined_required("action")?;
    Ok(Permission { role, resource, action })
}

fn page(call: &Call<'_>) -> Result<(i32, i32), Refusal> {
    let params = &call.params;
    Ok((request_param::int(params, "pageNo")?, request_param::int(params, "pageSize")?))
}

fn unless_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !java::is_blank(text))
}

/// What is granted twice is as good as granted once since 2.x; before, the database refused it.
fn once(
    write: Option<ConsoleWrite>,
    quirks: &Quirks,
    columns: &str,
    table: &str,
) -> Result<Vec<ConsoleWrite>, Refusal> {
    if write.is_some() || searchable(quirks) {
        return Ok(write.into_iter().collect());
    }
    let index = if table == "ROLES" { "UK_USERNAME_ROLE" } else { "UK_ROLE_PERMISSION" };
    let refused = format!(
        "The statement was aborted because it would have caused a duplicate key value in a unique \
         or primary key constraint or unique index identified by '{index}' defined on '{table}'."
    );
    let message = format!(
        "PreparedStatementCallback; SQL [INSERT into {columns}]; {refused}; nested exception is \
         java.sql.SQLIntegrityConstraintViolationException: {refused}"
    );
    Err(Refusal::new(JavaException::DuplicateKey, message))
}

fn change(
    call: &Call<'_>,
    text: &str,
    operation: impl FnOnce(&mut Tables, Millis) -> Result<Vec<ConsoleWrite>, Refusal>,
) -> Outcome {
    let now = call.node.now();
    let ((), receipt) = call.node.desk.change(|console| {
        let writes = operation(&mut console.accounts, now)?;
        Ok(((), writes.into_iter().map(ConsoleEffect::Store).collect()))
    })?;
    Ok(Handled::after(receipt, result::done(text, call.quirks)))
}
