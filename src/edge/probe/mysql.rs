//! The MYSQL check: log in, run the cluster's statement, and an answer is healthy.
//!
//! Nacos asks through JDBC, where everything that goes wrong is an `SQLException` and thereby hard:
//! refused and timed out connections (`CommunicationsException`), wrong passwords, wrong SQL, an
//! empty statement, a statement that changes data. The one soft failure is the processor's own:
//! the statement [`MASTER_STATEMENT`] answers that the server is a read-only replica.
//!
//! Nacos keeps the connection for the next check; ours logs in each time, without TLS.

use super::TIMEOUT;
use crate::registry::ProbeOutcome;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Row, Value};
use tokio::time::timeout;

/// The statement whose answer is looked at; every other only has to succeed.
const MASTER_STATEMENT: &str = "show global variables where variable_name='read_only'";
/// Longest packet of an answer; a check needs one short row.
const PACKET_BYTES: usize = 1 << 20;
/// Statements that `executeQuery` refuses to send.
const CHANGING: [&str; 8] =
    ["INSERT", "UPDATE", "DELETE", "DROP", "CREATE", "ALTER", "TRUNCATE", "RENAME"];

/// Who logs in.
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

/// Logs in and runs `statement`.
pub(super) async fn check(ip: &str, port: i32, login: Login, statement: String) -> ProbeOutcome {
    let Ok(port) = u16::try_from(port) else {
        return ProbeOutcome::HardFailure;
    };
    if statement.trim().is_empty() || changes_data(&statement) {
        return ProbeOutcome::HardFailure;
    }
    let options = OptsBuilder::default()
        .ip_or_hostname(ip)
        .tcp_port(port)
        .user(login.user)
        .pass(login.password)
        .prefer_socket(false)
        .max_allowed_packet(Some(PACKET_BYTES))
        .wait_timeout(Some(1))
        .stmt_cache_size(0);
    // The library's connection, when dropped, goes on reading an unfinished answer in a task of
    // its own and without a limit. A runtime that ends with the check ends that task too.
    let checking = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(ask(options, &statement));
        // A name look-up that hangs must not hold this thread as well.
        runtime.shutdown_background();
        Ok::<_, std::io::Error>(outcome)
    });
    match checking.await {
        Ok(Ok(Some(outcome))) => outcome,
        Ok(Ok(None)) => ProbeOutcome::HardFailure,
        // No thread or no file descriptor for the check says nothing about the instance.
        Ok(Err(_)) | Err(_) => ProbeOutcome::SoftFailure,
    }
}

/// The outcome, `None` for anything that JDBC reports as an `SQLException`.
async fn ask(options: OptsBuilder, statement: &str) -> Option<ProbeOutcome> {
    let mut connection = timeout(TIMEOUT, Conn::new(options)).await.ok()?.ok()?;
    let row = timeout(TIMEOUT, first_row(&mut connection, statement)).await.ok()?.ok()?;
    if statement != MASTER_STATEMENT {
        return Some(ProbeOutcome::Healthy);
    }
    match row?.as_ref(1)? {
        Value::Bytes(value) if value == b"ON" => Some(ProbeOutcome::SoftFailure),
        _ => Some(ProbeOutcome::Healthy),
    }
}

async fn first_row(connection: &mut Conn, statement: &str) -> Result<Option<Row>, Error> {
    connection.query_iter(statement).await?.next().await
}

/// Whether the statement's first word, behind comments, is one that `executeQuery` refuses.
fn changes_data(statement: &str) -> bool {
    let mut rest = statement.trim_start();
    loop {
        let behind = match rest {
            _ if rest.starts_with("/*") => rest.split_once("*/"),
            _ if rest.starts_with("--") || rest.starts_with('#') => rest.split_once('\n'),
            _ => break,
        };
        rest = behind.map_or("", |(_, behind)| behind.trim_start());
    }
    let starts = |word: &str| rest.get(..word.len()).is_some_and(|r| r.eq_ignore_ascii_case(word));
    CHANGING.iter().any(|word| starts(word))
}

#[cfg(test)]
mod tests {
    use super::changes_data;

    #[test]
    fn statements_that_change_data_are_known_by_their_first_word() {
        for statement in [
            "delete from t",
            "  DROP table t",
            "/* a */ -- b\n# c\nInsert into t",
            "/* x */update t",
        ] {
            assert!(changes_data(statement), "{statement}");
        }
        for statement in
            ["select 1", "show tables", "", "/* delete", "# drop", "\u{e9}\u{e9}\u{e9}"]
        {
            assert!(!changes_data(statement), "{statement}");
        }
    }
}
