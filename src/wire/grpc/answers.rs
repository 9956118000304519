//! The JSON of responses. None carries a `requestId`: the call itself is the answer's address.

use super::balance::{Balance, loader_metrics};
use super::kinds::RequestKind;
use super::payload::{Headers, Payload};
use crate::model::{JavaException, Millis, Refusal, RenderedList};
use crate::wire::text::json::{JsonText, push_number};
use bytes::Bytes;

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Name of the class.
    pub kind: &'static str,
    /// The JSON.
    pub body: Bytes,
    /// `errorCode`; 0 is success. For journals.
    pub code: u16,
}

/// Errors that the dispatcher itself answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The connection was not set up, or is gone.
    Unregistered,
    /// Nobody handles such a request.
    NoHandler,
    /// The body does not read.
    BadBody,
}

impl Answer {
    /// A response of the request's own kind that says nothing but success.
    pub fn success(kind: RequestKind) -> Self {
        const PLAIN: &[u8] = br#"{"resultCode":200,"errorCode":0,"success":true}"#;
        Self { kind: kind.response(), body: Bytes::from_static(PLAIN), code: 0 }
    }

    /// The same with a message.
    pub fn message(kind: RequestKind, message: &str) -> Self {
        let mut json = begin(200, 0, Some(message));
        json.boolean("success", true);
        Self { kind: kind.response(), body: Bytes::from(json.finish()), code: 0 }
    }

    /// `ErrorResponse`.
    pub fn error(code: u16, message: Option<&str>) -> Self {
        let mut json = begin(500, i64::from(code), message);
        json.boolean("success", false);
        Self { kind: "ErrorResponse", body: Bytes::from(json.finish()), code }
    }

    /// An error of the dispatcher.
    pub fn dispatch(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Unregistered => Self::error(301, Some("Connection is unregistered.")),
            ErrorCode::NoHandler => Self::error(302, Some("RequestHandler Not Found")),
            ErrorCode::BadBody => Self::error(502, Some("Invalid request")),
        }
    }

    /// A body that does not read as the class.
    pub fn unparsable(kind: RequestKind) -> Self {
        let class = kind.class();
        let message =
            format!("errCode: 101, errMsg: Nacos deserialize for class [{class}] failed.  ");
        Self::error(502, Some(&message))
    }

    /// A response of the request's own kind that refuses, with a message if there is one.
    pub fn failed(kind: RequestKind, code: u16, message: Option<&str>) -> Self {
        let mut json = begin(500, i64::from(code), message);
        if kind == RequestKind::ServiceList {
            json.number("count", 0);
        }
        json.boolean("success", false);
        Self { kind: kind.response(), body: Bytes::from(json.finish()), code }
    }

    /// An exception of a handler: its code if it has one, its message if it has one.
    pub fn refused(refusal: &Refusal) -> Self {
        let code = match refusal.exception {
            JavaException::Nacos(code) | JavaException::NacosRuntime(code) => code,
            _ => 500,
        };
        let message = Some(&*refusal.message).filter(|message| !message.is_empty());
        let message = message.filter(|_| refusal.exception != JavaException::NullPointer);
        Self::error(code, message)
    }

    /// The message in its frame.
    pub fn encode(self) -> Bytes {
        let headers = Headers::new();
        let (kind, client_ip) = (self.kind.to_owned(), String::new());
        Payload { kind, client_ip, headers, body: self.body }.encode()
    }
}

pub(super) fn begin(result: i64, code: i64, message: Option<&str>) -> JsonText {
    let mut json = JsonText::object();
    json.number("resultCode", result);
    json.number("errorCode", code);
    if let Some(message) = message {
        json.text("message", message);
    }
    json
}

/// `ServerCheckResponse`.
pub fn server_check(connection: &str) -> Answer {
    let mut json = begin(200, 0, None);
    json.text("connectionId", connection);
    json.boolean("success", true);
    Answer { kind: "ServerCheckResponse", body: Bytes::from(json.finish()), code: 0 }
}

/// `QueryServiceResponse` and `SubscribeServiceResponse`.
pub fn info_answer(kind: RequestKind, list: &RenderedList, now: Millis) -> Answer {
    let begin: &[u8] = match kind {
        RequestKind::Subscribe => {
            br#"{"resultCode":200,"errorCode":0,"message":"success","serviceInfo":"#
        }
        _ => br#"{"resultCode":200,"errorCode":0,"serviceInfo":"#,
    };
    let end: &[u8] = br#","success":true}"#;
    let mut time = String::with_capacity(20);
    if list.tail.is_some() {
        push_number(&mut time, i64::try_from(now.0).unwrap_or(i64::MAX));
    }
    let tail = list.tail.as_deref().unwrap_or_default();
    let parts = [begin, &list.head, time.as_bytes(), tail, end];
    Answer { kind: kind.response(), body: Bytes::from(parts.concat()), code: 0 }
}

/// `ServiceListResponse`.
pub fn names_answer(names: &[String], count: usize) -> Answer {
    let mut json = begin(200, 0, None);
    json.number("count", i64::try_from(count).unwrap_or(i64::MAX));
    json.texts("serviceNames", names.iter().map(String::as_str));
    json.boolean("success", true);
    let body = Bytes::from(json.finish());
    Answer { kind: RequestKind::ServiceList.response(), body, code: 0 }
}

/// `ServerLoaderInfoResponse`.
pub fn loader_info(balance: &Balance<'_>) -> Answer {
    let mut json = begin(200, 0, None);
    json.raw("loaderMetrics", &loader_metrics(balance));
    json.boolean("success", true);
    let body = Bytes::from(json.finish());
    Answer { kind: RequestKind::LoaderInfo.response(), body, code: 0 }
}
