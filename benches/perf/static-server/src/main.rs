//! Answers constants at the paths of a Nacos registry: what a request costs before any registry
//! has looked at it. Two workers, the request's body is consumed, the answers are the bytes and
//! headers that facos gave.
//!
//! `static-server FOLDER` reads `FOLDER/register`, `beat` and `list` (or `list-N`, for the query
//! that contains `list-N`), each a response without its status line, and prints its port.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::collections::HashMap;
use std::path::Path;

/// One constant response.
struct Answer {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// The constants by the file's name.
struct Answers(HashMap<String, Answer>);

impl Answers {
    fn read(folder: &Path) -> std::io::Result<Self> {
        let mut answers = HashMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            answers.insert(name, parse(&std::fs::read(entry.path())?));
        }
        Ok(Self(answers))
    }

    fn respond(&self, name: &str) -> HttpResponse {
        let Some(answer) = self.0.get(name) else { return HttpResponse::NotFound().finish() };
        let mut response = HttpResponse::Ok();
        for (name, value) in &answer.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(answer.body.clone())
    }
}

/// Header lines, an empty line, the body; framing and date are the framework's own.
fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("head and body");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head is ASCII");
    let own = ["content-length", "transfer-encoding", "connection", "keep-alive", "date"];
    let headers = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()));
    let headers = headers.map(|(name, value)| {
        let name = name.parse().expect("facos writes header names that can be read");
        (name, value.parse().expect("facos writes header values that can be read"))
    });
    Answer { headers: headers.collect(), body: Bytes::copy_from_slice(&bytes[end + 4..]) }
}

// The body parameters consume the body: left unread, actix closes the connection.

async fn register(answers: Data<Answers>, _body: Bytes) -> HttpResponse {
    answers.respond("register")
}

async fn beat(answers: Data<Answers>, _body: Bytes) -> HttpResponse {
    answers.respond("beat")
}

async fn list(answers: Data<Answers>, request: HttpRequest, _body: Bytes) -> HttpResponse {
    let query = request.query_string();
    let name = query.find("list-").map_or("list", |at| &query[at..]);
    answers.respond(name.split('&').next().unwrap_or(name))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("the folder of answers is the one argument");
    let answers = Data::new(Answers::read(Path::new(&folder))?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(answers.clone())
            .route("/nacos/v1/ns/instance", web::post().to(register))
            .route("/nacos/v1/ns/instance/beat", web::put().to(beat))
            .route("/nacos/v1/ns/instance/list", web::get().to(list))
    })
    .workers(2)
    .keep_alive(std::time::Duration::from_secs(75))
    .bind(("127.0.0.1", 0))?;
    println!("{}", server.addrs()[0].port());
    server.run().await
}
