//! Reads one HTTP/1 response: head, then a body framed by length, by chunks or by the end of the
//! connection.
//!
//! Tomcat, which real servers answer with, sends chunks when it does not know the length and
//! nothing at all after 204 and HEAD (`instance/http-framing`, `instance/wrong-methods`).
use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::http::{Connection, HttpError, Response};

/// The largest head, and the longest line of a chunk, that is read.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The largest body that is kept.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;
/// The most headers a response may have.
const MAX_HEADERS: usize = 100;

struct Head {
    response: Response,
    http_1_0: bool,
}

/// How the end of a body shows.
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunks,
    UntilClose,
}

/// Reads one response, and whether the connection can carry another exchange after it.
pub(super) async fn response(
    connection: &mut Connection,
    to_head: bool,
) -> Result<(Response, bool), HttpError> {
    let Head { mut response, http_1_0 } = loop {
        let head = read_head(connection).await?;
        if head.response.status != 100 {
            break head;
        }
    };
    let framing = framing(&response, to_head);
    let says = response.header("Connection").unwrap_or_default().to_ascii_lowercase();
    let keeps = if http_1_0 { says.contains("keep-alive") } else { !says.contains("close") };
    let reusable = keeps && framing != Framing::UntilClose;
    response.body = match framing {
        Framing::Length(length) => read_exact(connection, length).await?,
        Framing::Chunks => read_chunks(connection).await?,
        Framing::UntilClose => read_to_end(connection).await?,
    };
    Ok((response, reusable))
}

fn framing(response: &Response, to_head: bool) -> Framing {
    if to_head || matches!(response.status, 100..=199 | 204 | 304) {
        return Framing::Length(0);
    }
    let encoding = response.header("Transfer-Encoding").unwrap_or_default();
    if encoding.eq_ignore_ascii_case("chunked") {
        return Framing::Chunks;
    }
    match response.header("Content-Length").and_then(|value| value.trim().parse().ok()) {
        Some(length) => Framing::Length(length),
        None => Framing::UntilClose,
    }
}

async fn read_head(connection: &mut Connection) -> Result<Head, HttpError> {
    loop {
        if let Some(head) = parse_head(&mut connection.buffer)? {
            return Ok(head);
        }
        if connection.buffer.len() > MAX_HEAD_BYTES {
            return Err(HttpError::TooLarge(MAX_HEAD_BYTES));
        }
        if fill(connection).await? == 0 {
            return Err(match connection.buffer.len() {
                0 => HttpError::Closed,
                _ => HttpError::BadHead("the connection ended inside the head".to_owned()),
            });
        }
    }
}

/// Takes a head off the front of the buffer; `None` when it is not all there yet.
fn parse_head(buffer: &mut BytesMut) -> Result<Option<Head>, HttpError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let mut lenient = httparse::ParserConfig::default();
    lenient
        .allow_spaces_after_header_name_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    let length = match lenient.parse_response(&mut parsed, buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(HttpError::BadHead(error.to_string())),
    };
    let http_1_0 = parsed.version == Some(0);
    let status = parsed.code.unwrap_or_default();
    let headers =
        parsed.headers.iter().map(|header| (header.name.to_owned(), latin(header.value))).collect();
    let _head = buffer.split_to(length);
    Ok(Some(Head { response: Response { status, headers, body: Bytes::new() }, http_1_0 }))
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Reads what the socket has; 0 at the end of the connection.
async fn fill(connection: &mut Connection) -> Result<usize, HttpError> {
    let limit = connection.timeout;
    timeout(limit, connection.stream.read_buf(&mut connection.buffer))
        .await
        .map_err(|_| HttpError::TimedOut(limit))?
        .map_err(HttpError::Io)
}

async fn read_exact(connection: &mut Connection, length: usize) -> Result<Bytes, HttpError> {
    if length > MAX_BODY_BYTES {
        return Err(HttpError::TooLarge(MAX_BODY_BYTES));
    }
    while connection.buffer.len() < length {
        if fill(connection).await? == 0 {
            return Err(HttpError::Incomplete);
        }
    }
    Ok(connection.buffer.split_to(length).freeze())
}

async fn read_to_end(connection: &mut Connection) -> Result<Bytes, HttpError> {
    while fill(connection).await? > 0 {
        if connection.buffer.len() > MAX_BODY_BYTES {
            return Err(HttpError::TooLarge(MAX_BODY_BYTES));
        }
    }
    Ok(connection.buffer.split().freeze())
}

async fn read_chunks(connection: &mut Connection) -> Result<Bytes, HttpError> {
    let mut body = BytesMut::new();
    loop {
        let line = read_line(connection).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| HttpError::Incomplete)?;
        if size == 0 {
            break;
        }
        if body.len().saturating_add(size) > MAX_BODY_BYTES {
            return Err(HttpError::TooLarge(MAX_BODY_BYTES));
        }
        body.extend_from_slice(&read_exact(connection, size).await?);
        read_exact(connection, 2).await?;
    }
    // Trailers say nothing that a transcript holds.
    while !read_line(connection).await?.is_empty() {}
    Ok(body.freeze())
}

/// Reads one line without its end; at the end of the connection, what is left.
async fn read_line(connection: &mut Connection) -> Result<String, HttpError> {
    loop {
        if let Some(end) = connection.buffer.iter().position(|byte| *byte == b'\n') {
            let line = connection.buffer.split_to(end + 1);
            return Ok(latin(&line).trim_end_matches(['\r', '\n']).to_owned());
        }
        if connection.buffer.len() > MAX_HEAD_BYTES {
            return Err(HttpError::TooLarge(MAX_HEAD_BYTES));
        }
        if fill(connection).await? == 0 {
            return Ok(latin(&connection.buffer.split()));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::super::http::{Request, send};
    use super::*;

    /// What the client makes of one raw answer to `method`.
    async fn answer(method: &str, raw: &'static str) -> Result<Response, HttpError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(raw.as_bytes()).await.unwrap();
        });
        let response = send(&address, &Request::new(method, "/")).await;
        server.await.unwrap();
        response
    }

    async fn body_of(raw: &'static str) -> String {
        answer("GET", raw).await.unwrap().text()
    }

    #[tokio::test]
    async fn bodies_end_by_length_by_chunks_or_by_closing() {
        assert_eq!(body_of("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nokay").await, "ok");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                       2;x=y\r\nok\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n";
        assert_eq!(body_of(chunked).await, "ok!");
        assert_eq!(body_of("HTTP/1.0 200 OK\r\n\r\nok until the end").await, "ok until the end");
    }

    #[tokio::test]
    async fn some_answers_have_no_body_whatever_their_length_says() {
        let head = answer("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").await.unwrap();
        assert_eq!((head.status, head.text()), (200, String::new()));
        assert_eq!(body_of("HTTP/1.1 204 No Content\r\n\r\n").await, "");
    }

    #[tokio::test]
    async fn a_continue_is_passed_over() {
        let raw = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answer("PUT", raw).await.unwrap().status, 201);
    }

    #[tokio::test]
    async fn repeated_headers_are_joined() {
        let raw = "HTTP/1.1 200 OK\r\nVary: a\r\nvary: b\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answer("GET", raw).await.unwrap().header("VARY").as_deref(), Some("a, b"));
    }

    #[tokio::test]
    async fn broken_answers_say_how_they_broke() {
        assert!(matches!(answer("GET", "").await, Err(HttpError::Closed)));
        assert!(matches!(answer("GET", "SMTP\r\n\r\n").await, Err(HttpError::BadHead(_))));
        let short = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok";
        assert!(matches!(answer("GET", short).await, Err(HttpError::Incomplete)));
    }
}
