//! Answers of the console: server state, namespaces, accounts.

use crate::model::{NamespaceView, Page, Permission, RoleGrant, User};
use crate::profile::{LoginAnswer, Quirks};
use crate::wire::Reply;
use crate::wire::text::json::{JsonText, push_list, push_text};
use crate::wire::v1::result;

/// Configurations that a namespace may hold, as shown; nothing keeps to it.
const QUOTA: i64 = 200;
/// The public namespace, and those that somebody created.
const GLOBAL: i64 = 0;
const CUSTOM: i64 = 2;

/// GET `/console/server/state`.
pub fn server_state(version: &str) -> String {
    let mut json = JsonText::object();
    json.text("version", version);
    json.text("standalone_mode", "standalone");
    json.optional_text("function_mode", None);
    json.finish()
}

/// GET `/console/namespaces`; `count` says how many configurations there are in each.
pub fn namespaces<'a>(
    all: impl Iterator<Item = NamespaceView<'a>>,
    count: impl Fn(&str) -> usize,
) -> Reply {
    let mut data = String::from("[");
    data.push_str(&begin("", "public", count(""), GLOBAL).finish());
    for NamespaceView { id, namespace } in all {
        data.push(',');
        data.push_str(&begin(id, &namespace.show_name, count(id), CUSTOM).finish());
    }
    data.push(']');
    result::success(&data)
}

/// GET `/console/namespaces?show=all` of the public namespace, whatever blank it was called by.
pub fn public_namespace(id: &str, configs: usize) -> String {
    let mut json = begin(id, "Public", configs, GLOBAL);
    json.text("namespaceDesc", "Public Namespace");
    json.finish()
}

/// GET `/console/namespaces?show=all` of another one.
pub fn namespace(view: NamespaceView<'_>, configs: usize) -> String {
    let mut json = begin(view.id, &view.namespace.show_name, configs, CUSTOM);
    json.optional_text("namespaceDesc", view.namespace.description.as_deref());
    json.finish()
}

fn begin(id: &str, show_name: &str, configs: usize, kind: i64) -> JsonText {
    let mut json = JsonText::object();
    json.text("namespace", id);
    json.text("namespaceShowName", show_name);
    json.number("quota", QUOTA);
    json.number("configCount", i64::try_from(configs).unwrap_or(i64::MAX));
    json.number("type", kind);
    json
}

/// A successful login.
#[derive(Debug, Clone, Copy)]
pub struct LoggedIn<'a> {
    /// Who.
    pub user: &'a str,
    /// The new token.
    pub token: &'a str,
    /// Its life, s.
    pub token_seconds: u64,
    /// Whether it is an administrator.
    pub global_admin: bool,
}

/// The answer to a login; the token stands in a header, too.
pub fn logged_in(login: &LoggedIn<'_>, quirks: &Quirks) -> Reply {
    let bearer = format!("Bearer {}", login.token);
    let seconds = i64::try_from(login.token_seconds).unwrap_or(i64::MAX);
    let reply = match quirks.auth.login {
        LoginAnswer::Result => result::success(&result::quoted(&bearer)),
        LoginAnswer::Token => {
            let mut json = JsonText::object();
            json.boolean("globalAdmin", login.global_admin);
            json.number("tokenTtl", seconds);
            json.text("accessToken", login.token);
            Reply::object(json.finish())
        }
        LoginAnswer::TokenAndName => {
            let mut json = JsonText::object();
            json.text("accessToken", login.token);
            json.number("tokenTtl", seconds);
            json.boolean("globalAdmin", login.global_admin);
            json.text("username", login.user);
            Reply::object(json.finish())
        }
    };
    reply.with("Authorization", bearer)
}

/// GET `/auth/users`.
pub fn users(page: &Page<User>) -> Reply {
    paged(page, |json, user| {
        json.text("username", &user.name);
        json.text("password", &user.password_hash);
    })
}

/// GET `/auth/roles`.
pub fn roles(page: &Page<RoleGrant>) -> Reply {
    paged(page, |json, grant| {
        json.text("role", &grant.role);
        json.text("username", &grant.user);
    })
}

/// GET `/auth/permissions`.
pub fn permissions(page: &Page<Permission>) -> Reply {
    paged(page, |json, permission| {
        json.text("role", &permission.role);
        json.text("resource", &permission.resource);
        json.text("action", &permission.action);
    })
}

/// Names that a search found.
pub fn names(names: &[String]) -> Reply {
    let mut out = String::new();
    push_list(&mut out, names, |out, name| push_text(out, name));
    Reply::object(out)
}

fn paged<T>(page: &Page<T>, write: impl Fn(&mut JsonText, &T)) -> Reply {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut json = JsonText::object();
    json.number("totalCount", number(page.total));
    json.number("pageNumber", page.number.into());
    json.number("pagesAvailable", number(page.available));
    json.list("pageItems", &page.items, |out, item| {
        let mut json = JsonText::object();
        write(&mut json, item);
        out.push_str(&json.finish());
    });
    Reply::object(json.finish())
}
