//! The HTTP check: GET the cluster's path, and 200 is healthy.
//!
//! `expectedResponseCode` is shown but never looked at. 503 and 302 mean a busy server and count;
//! any other status means that somebody took the page away, which is hard. 1.x asks with
//! async-http-client, 2.0.2 with Apache's, which also follows no redirect but counts 301, 303 and
//! 307 as errors; ours is the rule of the processors' own text.

use super::TIMEOUT;
use super::connect::connect;
use crate::registry::ProbeOutcome;
use std::io::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest response head we read; the body is left unread, its status has said everything.
const HEAD_BYTES: usize = 16 * 1024;

/// Asks once, without a redirect.
pub(super) async fn check(ip: &str, port: i32, path: &str, headers: &str) -> ProbeOutcome {
    let Some(request) = request(ip, port, path, headers) else {
        return ProbeOutcome::SoftFailure;
    };
    let stream = match connect(ip, port).await {
        Ok(stream) => stream,
        Err(outcome) => return outcome,
    };
    match timeout(TIMEOUT, status(stream, &request)).await {
        Ok(Ok(200)) => ProbeOutcome::Healthy,
        Ok(Ok(302 | 503)) => ProbeOutcome::SoftFailure,
        Ok(Ok(_)) => ProbeOutcome::HardFailure,
        Ok(Err(_)) | Err(_) => ProbeOutcome::SoftFailure,
    }
}

/// The request's bytes; `None` when path or headers cannot stand in a request.
fn request(ip: &str, port: i32, path: &str, headers: &str) -> Option<Vec<u8>> {
    // `new URL(host, path)`: a fragment is not sent, and a path needs no slash.
    let path = path.split('#').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) || path.contains("://") {
        return None;
    }
    let mut lines = vec![
        ("Host".to_owned(), format!("{ip}:{port}")),
        ("Connection".to_owned(), "close".to_owned()),
        ("Accept".to_owned(), "*/*".to_owned()),
        ("User-Agent".to_owned(), "VIPServer".to_owned()),
    ];
    for (name, value) in custom_headers(headers) {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if !name.bytes().all(token) || value.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        lines.push((name.to_owned(), value.to_owned()));
    }
    let mut request = format!("GET {slash}{path} HTTP/1.1\r\n");
    for (name, value) in lines {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    Some(request.into_bytes())
}

/// `AbstractHealthChecker.Http.getCustomHeaders`: pairs between `|`, each with exactly one `:`
/// between two parts. So a value with a colon, as in a URL, is dropped without a word.
fn custom_headers(headers: &str) -> impl Iterator<Item = (&str, &str)> {
    headers.split('|').filter_map(|pair| {
        // Java's `split` gives no empty parts at the end.
        let (name, value) = pair.trim_end_matches(':').split_once(':')?;
        (!value.contains(':') && !name.trim().is_empty()).then(|| (name.trim(), value.trim()))
    })
}

/// Sends the request and reads until the status is known.
async fn status(mut stream: TcpStream, request: &[u8]) -> Result<u16, Error> {
    stream.write_all(request).await?;
    let mut head = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        match (response.parse(&head), response.code) {
            (
                Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders),
                Some(code),
            ) => {
                return Ok(code);
            }
            (Ok(httparse::Status::Partial), _) if head.len() < HEAD_BYTES => {}
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_headers_are_cut_as_java_cuts_them() {
        let cut = |headers| custom_headers(headers).collect::<Vec<_>>();
        assert_eq!(cut(""), vec![]);
        assert_eq!(cut("a:b| c : d |"), vec![("a", "b"), ("c", "d")]);
        assert_eq!(cut("a:b:|a:b:c|a|a:|:b|u:http://h"), vec![("a", "b")]);
    }

    #[test]
    fn a_request_names_its_host_and_the_agent_of_nacos() {
        let text = |path, headers| {
            request("10.0.0.1", 80, path, headers).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(
            text("health?x=1#top", "X-A:1").unwrap(),
            "GET /health?x=1 HTTP/1.1\r\nHost: 10.0.0.1:80\r\nConnection: close\r\n\
             Accept: */*\r\nUser-Agent: VIPServer\r\nX-A: 1\r\n\r\n"
        );
        assert_eq!(
            text("", "Host:example.com|user-agent:me").unwrap(),
            "GET / HTTP/1.1\r\nConnection: close\r\nAccept: */*\r\n\
             Host: example.com\r\nuser-agent: me\r\n\r\n"
        );
    }

    #[test]
    fn what_cannot_stand_in_a_request_makes_none() {
        for (path, headers) in [
            ("/a b", ""),
            ("/a\r\nX: y", ""),
            ("/\u{e9}", ""),
            ("http://elsewhere/", ""),
            ("/", "a\r\nb:c"),
            ("/", "a:b\nc"),
        ] {
            assert_eq!(request("10.0.0.1", 80, path, headers), None, "{path} {headers}");
        }
    }
}
