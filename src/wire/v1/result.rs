//! `RestResult`: `code`, `message` and `data`, as the console and the core module answer.

use crate::profile::{Quirks, ResultText};
use crate::wire::Reply;
use crate::wire::text::json::{JsonText, push_text};

/// A result with data that is JSON already.
pub fn of(code: i64, message: Option<&str>, data: &str) -> Reply {
    let mut json = JsonText::object();
    json.number("code", code);
    json.optional_text("message", message);
    json.raw("data", data);
    Reply::object(json.finish())
}

/// A success with data that is JSON already.
pub fn success(data: &str) -> Reply {
    of(200, None, data)
}

/// A failure, which has status 200 all the same.
pub fn failure(code: i64, message: &str) -> Reply {
    of(code, Some(message), "null")
}

/// The words of a done deed.
pub fn done(text: &str, quirks: &Quirks) -> Reply {
    match quirks.console.result_text {
        ResultText::Message => of(200, Some(text), "null"),
        ResultText::Data => success(&quoted(text)),
    }
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    push_text(&mut out, text);
    out
}
