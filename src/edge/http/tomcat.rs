//! Pages that Tomcat writes itself, before any filter of Nacos sees the request
//! (`instance/raw-query-characters`, `instance/unknown-paths`).

use super::response::{Body, Close, Framing, Response};
use bytes::Bytes;

/// Type of Tomcat's pages.
pub const PAGE_TYPE: &str = "text/html;charset=utf-8";

/// Which Tomcat's style sheet a page carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStyle {
    /// 9.0.13, in Nacos 1.x.
    Tomcat9013,
    /// 9.0.46, in Nacos 2.0.x.
    Tomcat9046,
}

const STYLE_9013: &str = "h1 {font-family:Tahoma,Arial,sans-serif;color:white;background-color:#525D76;font-size:22px;} h2 {font-family:Tahoma,Arial,sans-serif;color:white;background-color:#525D76;font-size:16px;} h3 {font-family:Tahoma,Arial,sans-serif;color:white;background-color:#525D76;font-size:14px;} body {font-family:Tahoma,Arial,sans-serif;color:black;background-color:white;} b {font-family:Tahoma,Arial,sans-serif;color:white;background-color:#525D76;} p {font-family:Tahoma,Arial,sans-serif;background:white;color:black;font-size:12px;} a {color:black;} a.name {color:black;} .line {height:1px;background-color:#525D76;border:none;}";
const STYLE_9046: &str = "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}";

/// The reason phrase Tomcat shows for a status.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Payload Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

/// What is answered about the server as a whole, `OPTIONS *`; no other method may ask so.
pub fn asterisk(style: PageStyle, method: &str) -> Response {
    if !method.eq_ignore_ascii_case("OPTIONS") {
        return page(style, 400);
    }
    let mut response = Response::empty(200);
    response.headers.push(("Allow".into(), "GET, HEAD, POST, PUT, DELETE, OPTIONS".into()));
    response
}

/// An error page of the container.
pub fn page(style: PageStyle, status: u16) -> Response {
    let (reason, css) = (
        reason(status),
        match style {
            PageStyle::Tomcat9013 => STYLE_9013,
            PageStyle::Tomcat9046 => STYLE_9046,
        },
    );
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status} – {reason}</title>\
         <style type=\"text/css\">{css}</style></head><body><h1>HTTP Status {status} – {reason}\
         </h1></body></html>"
    );
    Response {
        status,
        content_type: Some(PAGE_TYPE.into()),
        headers: vec![("Content-Language".into(), "en".into())],
        body: Body::Bytes(Bytes::from(html)),
        framing: Framing::Length,
        close: if matches!(status, 404 | 405) { Close::ByStatus } else { Close::Always },
    }
}
