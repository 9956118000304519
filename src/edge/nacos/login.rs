//! Logging in and changing passwords (`console/login`).

use super::access::{self, Claim, Credentials};
use super::accounts;
use super::call::{Call, Handled, Note, Outcome};
use crate::console::ConsoleEffect;
use crate::model::{Millis, Refusal};
use crate::node::Node;
use crate::node::passwords::PasswordError;
use crate::node::store::{Receipt, Undone};
use crate::profile::{LoginAnswer, Quirks};
use crate::wire::Reply;
use crate::wire::v1::console::{self, LoggedIn};
use crate::wire::v1::result;
use std::sync::Arc;

/// Life of a token of 1.1.4, which has no setting for it, s.
const OLD_TOKEN_SECONDS: u64 = 1_800;

/// POST `/login`. A token that is shown with it counts before the password.
pub(super) fn login(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let name = call.params.joined_required("username")?;
    let password = call.params.joined_required("password")?;
    let mut claim = Claim { name, password };
    if call.quirks.auth.login != LoginAnswer::Result {
        match access::credentials(call.request, &call.params) {
            Credentials::Token(token) => return Ok(by_token(call, token).into()),
            Credentials::Claim(shown) => claim = shown,
            Credentials::Nothing => return Ok(Reply::text(403, "unknown user!").into()),
        }
    }
    let node = call.node.clone();
    let hash = access::hash_of(&node, call.quirks, &claim.name);
    Ok(Handled::Later(Box::pin(async move {
        let Claim { name, password } = claim;
        let matches = match node.desk.passwords.matches(password, hash).await {
            Ok(matches) => matches,
            Err(error) => return Ok(not_computed(error)),
        };
        let quirks = node.quirks();
        Ok(if matches { welcome(&node, &quirks, &name) } else { unknown_user(&quirks) })
    })))
}

fn by_token(call: &Call<'_>, token: String) -> Reply {
    match access::user_of(call.node, &token) {
        Ok(user) => logged_in(call.node, call.quirks, &user, &token),
        Err(message) => Reply::text(403, message),
    }
}

/// The answer to who logged in, with a new token.
fn welcome(node: &Arc<Node>, quirks: &Quirks, user: &str) -> Reply {
    let old = quirks.auth.login == LoginAnswer::Result;
    let seconds = if old { OLD_TOKEN_SECONDS } else { node.desk.auth.token_seconds };
    let expires = Millis(node.now().0.saturating_add(seconds.saturating_mul(1_000)));
    let token = node.desk.tokens.issue(user, expires, old);
    logged_in(node, quirks, user, &token)
}

fn logged_in(node: &Node, quirks: &Quirks, user: &str, token: &str) -> Reply {
    let (now, caching) = (node.now(), quirks.auth.caching);
    let global_admin =
        node.desk.read(|console| console.accounts.is_global_admin(now, caching, user));
    let token_seconds = node.desk.auth.token_seconds;
    console::logged_in(&LoggedIn { user, token, token_seconds, global_admin }, quirks)
}

fn unknown_user(quirks: &Quirks) -> Reply {
    match quirks.auth.login {
        LoginAnswer::Result => result::failure(401, "Login failed"),
        LoginAnswer::Token | LoginAnswer::TokenAndName => Reply::text(403, "unknown user!"),
    }
}

/// Nacos has no answer for this; 503 says that it may be tried again.
fn not_computed(error: PasswordError) -> Reply {
    tracing::warn!(%error, "a call was turned away");
    Reply::empty(503)
}

/// PUT `/password`: 1.1.4's way to another password. Later versions stumble over it.
pub(super) fn change_own_password(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let old = call.params.joined_required("oldPassword")?;
    let new = call.params.joined_required("newPassword")?;
    let caller = call.caller.take().filter(|_| !accounts::exist(call.quirks));
    let name = caller.ok_or_else(Refusal::null_pointer)?.name;
    let hash = access::hash_of(call.node, call.quirks, &name);
    let node = call.node.clone();
    Ok(Handled::Later(Box::pin(async move {
        let passwords = &node.desk.passwords;
        match passwords.matches(old, hash).await {
            Ok(true) => {}
            Ok(false) => return Ok(result::failure(401, "Old password is invalid")),
            Err(error) => return Ok(not_computed(error)),
        }
        let done = result::of(200, Some("Update password success"), "null");
        Ok(set_password(&node, name, new, done).await)
    })))
}

/// Hashes a password and stores it; the answer follows when it is durable.
pub(super) async fn set_password(
    node: &Arc<Node>,
    name: String,
    password: String,
    done: Reply,
) -> Reply {
    let hash = match node.desk.passwords.hash(password).await {
        Ok(hash) => hash,
        Err(error) => return not_computed(error),
    };
    let now = node.now();
    let changed = node.desk.change(|console| {
        let write = console.accounts.set_password(now, &name, hash);
        Ok(((), vec![ConsoleEffect::Store(write)]))
    });
    match stored(changed.ok().and_then(|((), receipt)| receipt)).await {
        Ok(()) => done,
        Err(error) => {
            tracing::error!(%error, "a password could not be stored");
            Reply::empty(500)
        }
    }
}

async fn stored(receipt: Option<Receipt>) -> Result<(), Undone> {
    match receipt {
        Some(receipt) => receipt.durable().await,
        None => Ok(()),
    }
}
