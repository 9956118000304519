//! What a client sees of a refusal: status, text and type, per version. Nothing else decides this
//! (`instance/missing-params`, `instance/beat-bad-json`, `instance/unknown-paths`).

use super::reply::{JSON_TYPE, Reply, ReplyBody, ReplyKind};
use super::text::json::JsonText;
use crate::model::{JavaException, Millis, Refusal};
use crate::profile::{ErrorStyle, Quirks, SendErrorStyle};

/// What becomes of a refusal.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// A controller's answer.
    Reply(Reply),
    /// A filter's `sendError`: the container's error page answers.
    SendError(u16, String),
}

/// The answer to a refusal.
pub fn refused(refusal: &Refusal, style: ErrorStyle) -> Refused {
    if let JavaException::SendError(status) = refusal.exception {
        return Refused::SendError(status, refusal.message.clone().into_owned());
    }
    Refused::Reply(match style {
        ErrorStyle::MessageLine => message_line(refusal),
        ErrorStyle::ExceptionText => exception_text(refusal),
        ErrorStyle::CausedChain => caused_chain(refusal),
    })
}

/// 1.1.4: the message and a newline, called JSON, with the exception's own status.
fn message_line(refusal: &Refusal) -> Reply {
    let status = match refusal.exception {
        JavaException::Nacos(code) => code,
        JavaException::IllegalArgument
        | JavaException::NumberFormat
        | JavaException::PatternSyntax
        | JavaException::TypeMismatch
        | JavaException::FastJsonNumber => 400,
        JavaException::MissingParameter | JavaException::MissingTypedParameter(_) => {
            return Reply::text(400, format!("Parameter '{}' is missing", refusal.message));
        }
        _ => return Reply::text(500, java_text(refusal)),
    };
    let body = ReplyBody::from(format!("{}\n", refusal.message));
    Reply::new(status, ReplyKind::JsonText, body)
}

/// 1.2.x: `Throwable.toString`; a NacosException hides its code in the text.
fn exception_text(refusal: &Refusal) -> Reply {
    match refusal.exception {
        JavaException::Nacos(code) => {
            Reply::text(500, format!("ErrCode:{code}, ErrMsg:{}", refusal.message))
        }
        JavaException::IllegalArgument
        | JavaException::NumberFormat
        | JavaException::PatternSyntax => Reply::text(400, java_text(refusal)),
        _ => Reply::text(500, java_text(refusal)),
    }
}

/// 2.0.x: `caused: message;` of the exception and each cause, nothing when it has no message.
fn caused_chain(refusal: &Refusal) -> Reply {
    let status = match refusal.exception {
        JavaException::IllegalArgument
        | JavaException::NumberFormat
        | JavaException::PatternSyntax => 400,
        _ => 500,
    };
    let message = message_of(refusal);
    if message.is_empty() {
        return Reply::text(status, "");
    }
    let mut text = format!("caused: {message};");
    if let Some(cause) = refusal.cause.as_ref().filter(|cause| !cause.is_empty()) {
        text.push_str("caused: ");
        text.push_str(cause);
        text.push(';');
    }
    Reply::text(status, text)
}

/// The exception's own message.
fn message_of(refusal: &Refusal) -> String {
    match refusal.exception {
        JavaException::MissingParameter => {
            format!("Required String parameter '{}' is not present", refusal.message)
        }
        JavaException::MissingTypedParameter(kind) => {
            format!("Required {kind} parameter '{}' is not present", refusal.message)
        }
        _ => refusal.message.clone().into_owned(),
    }
}

/// `Throwable.toString`.
fn java_text(refusal: &Refusal) -> String {
    let class = class_name(refusal.exception);
    let message = message_of(refusal);
    if message.is_empty() { class.to_owned() } else { format!("{class}: {message}") }
}

fn class_name(exception: JavaException) -> &'static str {
    match exception {
        JavaException::IllegalArgument => "java.lang.IllegalArgumentException",
        JavaException::NumberFormat => "java.lang.NumberFormatException",
        JavaException::Nacos(_) => "com.alibaba.nacos.api.exception.NacosException",
        JavaException::MissingParameter | JavaException::MissingTypedParameter(_) => {
            "org.springframework.web.bind.MissingServletRequestParameterException"
        }
        JavaException::TypeMismatch => {
            "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException"
        }
        JavaException::IllegalState => "java.lang.IllegalStateException",
        JavaException::ClassCast => "java.lang.ClassCastException",
        JavaException::NullPointer => "java.lang.NullPointerException",
        JavaException::PatternSyntax => "java.util.regex.PatternSyntaxException",
        JavaException::IndexOutOfBounds => "java.lang.IndexOutOfBoundsException",
        JavaException::ArrayIndex => "java.lang.ArrayIndexOutOfBoundsException",
        JavaException::FastJson | JavaException::FastJsonNumber => {
            "com.alibaba.fastjson.JSONException"
        }
        JavaException::Deserialization => {
            "com.alibaba.nacos.api.exception.runtime.NacosDeserializationException"
        }
        JavaException::NacosRuntime(_) => {
            "com.alibaba.nacos.api.exception.runtime.NacosRuntimeException"
        }
        JavaException::Plain | JavaException::SendError(_) => "java.lang.Exception",
        JavaException::NotReadable => {
            "org.springframework.http.converter.HttpMessageNotReadableException"
        }
        JavaException::MethodNotSupported => {
            "org.springframework.web.HttpRequestMethodNotSupportedException"
        }
        JavaException::DuplicateKey => "org.springframework.dao.DuplicateKeyException",
        JavaException::NotAcceptable => {
            "org.springframework.web.HttpMediaTypeNotAcceptableException"
        }
    }
}

/// What asks for the container's error page.
#[derive(Debug, Clone, Copy)]
pub struct ErrorRequest<'a> {
    /// The path as sent.
    pub path: &'a str,
    /// The node's time.
    pub now: Millis,
    /// Whether the client prefers HTML to JSON.
    pub prefers_html: bool,
}

/// The answer to a filter's `sendError`.
pub fn error_page(
    quirks: &Quirks,
    status: u16,
    message: &str,
    request: &ErrorRequest<'_>,
) -> Reply {
    match quirks.errors.send_error {
        SendErrorStyle::UnauthorizedEmpty => Reply::empty(401),
        SendErrorStyle::BootJsonPlainOffset => boot_page(status, message, request, "+0000"),
        SendErrorStyle::BootJsonColonOffset => boot_page(status, message, request, "+00:00"),
    }
}

/// The answer to a path that no controller and no filter of Nacos knows. Where 1.1.4 asks nobody
/// for a login (`open`), it protects the error page from everybody.
pub fn no_such_page(quirks: &Quirks, request: &ErrorRequest<'_>, open: bool) -> Reply {
    match quirks.errors.send_error {
        SendErrorStyle::UnauthorizedEmpty if open => {
            Reply::new(401, ReplyKind::Typed(JSON_TYPE.into()), ReplyBody::Empty)
        }
        SendErrorStyle::UnauthorizedEmpty => {
            boot_page(404, "No message available", request, "+0000")
        }
        _ => error_page(quirks, 404, "No message available", request),
    }
}

/// The answer to a path that the filters know and no controller: the container's 404, which 1.1.4
/// asks a login for and calls JSON.
///
/// # Errors
/// Always but on 1.1.4.
pub fn passed_over(quirks: &Quirks) -> Result<Reply, Refusal> {
    if quirks.errors.send_error == SendErrorStyle::UnauthorizedEmpty {
        let kind = ReplyKind::Typed(JSON_TYPE.into());
        return Ok(Reply::new(401, kind, ReplyBody::Empty));
    }
    Err(Refusal::new(JavaException::SendError(404), "No message available"))
}

/// The answer of 1.1.4 to whoever is not logged in where a login is needed.
pub fn login_needed(request: &ErrorRequest<'_>) -> Reply {
    boot_page(401, "Unauthorized", request, "+0000")
}

/// Spring Boot's `BasicErrorController`: JSON, or the Whitelabel page for browsers.
fn boot_page(status: u16, message: &str, request: &ErrorRequest<'_>, offset: &str) -> Reply {
    let reason = reason(status);
    let ErrorRequest { path, now, prefers_html } = *request;
    if prefers_html {
        let created = super::text::time::java_date(now);
        let message = html_escape(message);
        let page = format!(
            "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping \
             for /error, so you are seeing this as a fallback.</p><div id='created'>{created}</div>\
             <div>There was an unexpected error (type={reason}, status={status}).</div>\
             <div>{message}</div></body></html>"
        );
        let kind = ReplyKind::Typed("text/html;charset=UTF-8".into());
        return Reply::new(status, kind, ReplyBody::from(page));
    }
    let mut json = JsonText::object();
    json.text("timestamp", &super::text::time::iso_millis(now, offset));
    json.number("status", i64::from(status));
    json.text("error", reason);
    json.text("message", message);
    json.text("path", path);
    Reply { status, ..Reply::object(json.finish()) }
}

/// The type of a body that an `Accept` header made impossible.
pub fn unacceptable(quirks: &Quirks) -> Reply {
    use crate::profile::Unacceptable;
    let typed = |status| Reply::new(status, ReplyKind::Typed(JSON_TYPE.into()), ReplyBody::Empty);
    match quirks.http.unacceptable {
        Unacceptable::Unauthorized => typed(401),
        Unacceptable::NotAcceptableJson => typed(406),
        Unacceptable::NotAcceptableBare => Reply::empty(406),
    }
}

/// An object was asked for in a type that objects do not have.
pub fn not_representable() -> Refusal {
    Refusal::new(JavaException::NotAcceptable, "Could not find acceptable representation")
}

fn html_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// `HttpStatus.getReasonPhrase`.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
