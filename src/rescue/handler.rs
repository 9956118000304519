//! Every request of a rescue's ports: beats are answered, and the rest goes to the registry behind
//! us, or is refused with a status that no client takes for an answer.

use super::beat;
use super::book::{Book, Shape, Ticket};
use super::elsewhere::{self, Elsewhere, Read};
use super::recipe::Recipe;
use super::report::Report;
use crate::client::http::Response as FromUpstream;
use crate::edge::http::{Answer, Body, Handler, Request, Response};
use crate::edge::proxy::{self, Passed, Upstreams};
use crate::profile::Quirks;
use crate::wire::reply::JSON_TYPE;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Where Nacos's addresses begin unless somebody moved them.
pub const CONTEXT_PATH: &str = "/nacos";
/// Where the report stands.
const REPORT_PATH: &str = "/__rescue";
/// What the flag reads in an upstream's answer that would make its client light again.
const LIGHT: &[u8] = b"\"lightBeatEnabled\":true";
const NOT_LIGHT: &str = "\"lightBeatEnabled\":false";

/// What is counted beside beats.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that were refused here.
    pub refused: AtomicU64,
    /// Lists of the snapshot that were given.
    pub lists: AtomicU64,
    /// Requests that a registry behind us answered.
    pub passed: AtomicU64,
    /// Requests that no registry behind us answered.
    pub unreachable: AtomicU64,
    /// Answers of the registry behind us from which the flag was taken.
    pub corrected: AtomicU64,
}

/// The state of a rescue, shared by its ports.
pub struct Desk {
    /// Who sent what.
    pub book: Book,
    /// What else happened.
    pub counts: Counts,
    /// How requests are read.
    pub quirks: Arc<Quirks>,
    /// What a beat is answered.
    pub recipe: Recipe,
    /// After how long a client shall beat again, ms.
    pub interval_ms: u64,
    /// What the first recipe's address `flag` sets: what `lightBeatEnabled` says.
    pub light: AtomicBool,
    /// What is answered beside beats when nobody stands behind us, and when who does is silent.
    pub elsewhere: Elsewhere,
    /// The registries behind us.
    pub upstreams: Option<Upstreams>,
    /// When the first port answered.
    pub started: std::time::Instant,
}

/// Answers the requests of one rescue.
pub struct RescueHandler {
    desk: Arc<Desk>,
    /// The answer with the flag taken back, and with the flag set.
    answers: [Bytes; 2],
}

/// What a path means here, whatever its context path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Beat,
    /// One of the first recipe's own.
    Flag,
    Size,
    Services,
    Report,
    Instance,
    List,
    Naming,
    /// Reads of the server itself.
    Server,
    Other,
}

fn place(path: &str) -> Place {
    let path = path.trim_end_matches('/');
    if path == REPORT_PATH {
        return Place::Report;
    }
    let naming = path.find("/v1/ns/").or_else(|| path.find("/v2/ns/"));
    let Some(at) = naming else {
        let server = ["/v1/console/health", "/v1/console/server", "/v1/core/", "/actuator/health"];
        let is_server = server.iter().any(|part| path.contains(part));
        return if is_server { Place::Server } else { Place::Other };
    };
    match &path[at + "/v1/ns/".len()..] {
        "instance/beat" => Place::Beat,
        "instance/flag" => Place::Flag,
        "instance/size" => Place::Size,
        "instance/service" => Place::Services,
        "instance/list" => Place::List,
        "instance" => Place::Instance,
        rest if rest.starts_with("operator") || rest.starts_with("raft") => Place::Server,
        _ => Place::Naming,
    }
}

impl Handler for RescueHandler {
    fn handle(&self, request: &Request<'_>) -> Answer {
        let place = place(request.path);
        match (place, request.method) {
            (Place::Beat, "PUT" | "POST") => return self.beat(request),
            (Place::Flag, "PUT" | "POST") => return Answer::Now(self.set_flag(request)),
            (Place::Size, "GET") => return Answer::Now(self.size()),
            (Place::Services, "GET") => return Answer::Now(self.services()),
            (Place::Report, "GET") => return Answer::Now(self.report()),
            _ => {}
        }
        if self.desk.upstreams.is_some() {
            return self.pass(request, place);
        }
        if place == Place::Instance && request.method == "DELETE" {
            self.note_left(request);
        }
        Answer::Now(self.desk.read(request, place).unwrap_or_else(|| self.desk.refuse(request)))
    }
}

impl RescueHandler {
    /// The face of a rescue.
    pub fn new(desk: Arc<Desk>) -> Self {
        let answer = |light| Bytes::from(desk.recipe.body(desk.interval_ms, light));
        let answers = [answer(false), answer(true)];
        Self { desk, answers }
    }

    /// Without a registry behind us every beat is answered here, else those without a body: that
    /// one would only refuse them.
    fn beat(&self, request: &Request<'_>) -> Answer {
        let light = self.desk.light.load(Ordering::Relaxed);
        let is_here = |shape| self.desk.upstreams.is_none() || shape == Shape::Light;
        let (shape, ticket) = beat::read(request, &self.desk.quirks, |key, shape| {
            (shape, self.desk.book.beat(key, shape, !light && is_here(shape)))
        });
        if !is_here(shape) {
            return self.pass_beat(request, ticket);
        }
        let body = Body::Bytes(self.answers[usize::from(light)].clone());
        Answer::Now(Response::text(200, self.desk.recipe.content_type(), body))
    }

    fn pass_beat(&self, request: &Request<'_>, ticket: Option<Ticket>) -> Answer {
        let (desk, passed) = (self.desk.clone(), Passed::of(request));
        Answer::Later(Box::pin(async move {
            match desk.upstream().pass(&passed).await {
                Ok(answer) => desk.beat_answered(answer, ticket),
                Err(error) => desk.unreachable(&error),
            }
        }))
    }

    fn pass(&self, request: &Request<'_>, place: Place) -> Answer {
        let leaves = place == Place::Instance && request.method == "DELETE";
        let is_list = place == Place::List && request.method == "GET";
        // The request is gone when the answer comes.
        let instead = self.desk.read(request, place);
        let left = leaves.then(|| LeftNote::of(request, &self.desk.quirks)).flatten();
        let (desk, passed) = (self.desk.clone(), Passed::of(request));
        Answer::Later(Box::pin(async move {
            match desk.upstream().pass(&passed).await {
                Ok(answer) if is_list && elsewhere::is_empty_list(&answer.body) => {
                    instead.unwrap_or_else(|| desk.refused("the registry lists nobody"))
                }
                Ok(answer) => {
                    if let Some(left) = left.filter(|_| answer.status == 200) {
                        left.tell(&desk.book);
                    }
                    desk.counts.passed.fetch_add(1, Ordering::Relaxed);
                    proxy::answer(answer)
                }
                Err(error) => instead.unwrap_or_else(|| desk.unreachable(&error)),
            }
        }))
    }

    fn note_left(&self, request: &Request<'_>) {
        if let Some(left) = LeftNote::of(request, &self.desk.quirks) {
            left.tell(&self.desk.book);
        }
    }

    /// `PUT /instance/flag?flag=`: what the answers say from now on.
    fn set_flag(&self, request: &Request<'_>) -> Response {
        let query = request.query.unwrap_or_default();
        let flag = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "flag");
        let light = match flag.as_ref().map(|(_, value)| value.as_ref()) {
            Some("true") => true,
            Some("false") => false,
            _ => return refusal(400, "flag is true or false"),
        };
        self.desk.light.store(light, Ordering::Relaxed);
        object(200, &json!({ "lightBeatEnabled": light }))
    }

    /// `GET /instance/size`: how many services were answered.
    fn size(&self) -> Response {
        object(200, &json!(self.desk.book.totals().services))
    }

    /// `GET /instance/service`: which.
    fn services(&self) -> Response {
        let names = self.desk.book.services().into_iter().map(|row| row.service);
        object(200, &Value::from_iter(names))
    }

    fn report(&self) -> Response {
        object(200, &serde_json::to_value(Report::of(&self.desk)).unwrap_or_default())
    }
}

impl Desk {
    fn upstream(&self) -> &Upstreams {
        self.upstreams.as_ref().expect("only with registries behind us anything is passed")
    }

    /// A read that can be answered here.
    fn read(&self, request: &Request<'_>, place: Place) -> Option<Response> {
        let read = match place {
            Place::List | Place::Instance | Place::Naming => Read::Naming,
            Place::Server => Read::Server,
            _ => return None,
        };
        if request.method != "GET" {
            return None;
        }
        let answer = self.elsewhere.answer(request, read)?;
        self.counts.lists.fetch_add(u64::from(place == Place::List), Ordering::Relaxed);
        Some(answer)
    }

    fn refuse(&self, request: &Request<'_>) -> Response {
        let why = if request.method == "GET" { "reads" } else { "writes" };
        self.refused(&format!("a rescue answers beats, and the registry for {why} is away"))
    }

    fn refused(&self, why: &str) -> Response {
        self.counts.refused.fetch_add(1, Ordering::Relaxed);
        refusal(503, why)
    }

    fn unreachable(&self, error: &proxy::Unreachable) -> Response {
        self.counts.unreachable.fetch_add(1, Ordering::Relaxed);
        refusal(503, &error.to_string())
    }

    /// What a full beat is answered by the registry behind us, which must not make its client light
    /// again, and must not end its beats either.
    fn beat_answered(&self, mut answer: FromUpstream, ticket: Option<Ticket>) -> Response {
        self.counts.passed.fetch_add(1, Ordering::Relaxed);
        if answer.status != 200 {
            return proxy::answer(answer);
        }
        if !matches!(serde_json::from_slice(&answer.body), Ok(Value::Object(_))) {
            return self.refused("the registry answered a beat with no object");
        }
        if answer.body.windows(LIGHT.len()).any(|window| window == LIGHT) {
            self.counts.corrected.fetch_add(1, Ordering::Relaxed);
            let light = std::str::from_utf8(LIGHT).unwrap_or_default();
            answer.body = answer.text().replace(light, NOT_LIGHT).into();
        }
        if let Some(ticket) = ticket {
            self.book.answered(ticket);
        }
        proxy::answer(answer)
    }
}

/// An instance that may be leaving.
struct LeftNote {
    names: [String; 4],
    port: i32,
}

impl LeftNote {
    fn of(request: &Request<'_>, quirks: &Quirks) -> Option<Self> {
        beat::read(request, quirks, |key, _| {
            key.map(|key| Self {
                names: [key.namespace, key.service, key.cluster, key.ip].map(str::to_owned),
                port: key.port,
            })
        })
    }

    fn tell(&self, book: &Book) {
        let [namespace, service, cluster, ip] = &self.names;
        book.left(&super::book::Key {
            namespace,
            service,
            cluster,
            ip,
            port: self.port,
            agent: "",
        });
    }
}

fn object(status: u16, value: &Value) -> Response {
    Response::text(status, JSON_TYPE, Body::Bytes(Bytes::from(value.to_string())))
}

/// A status that every client takes for a failure, with its reason.
fn refusal(status: u16, why: &str) -> Response {
    object(status, &json!({ "status": status, "error": why }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_the_same_under_any_context_path() {
        for (path, meaning) in [
            ("/nacos/v1/ns/instance/beat", Place::Beat),
            ("/v1/ns/instance/beat/", Place::Beat),
            ("/a/b/v2/ns/instance/beat", Place::Beat),
            ("/nacos/v1/ns/instance/flag", Place::Flag),
            ("/nacos/v1/ns/instance/size", Place::Size),
            ("/nacos/v1/ns/instance/service", Place::Services),
            ("/nacos/v1/ns/instance/list", Place::List),
            ("/nacos/v1/ns/instance", Place::Instance),
            ("/nacos/v1/ns/service/list", Place::Naming),
            ("/nacos/v1/ns/operator/metrics", Place::Server),
            ("/nacos/v1/ns/raft/leader", Place::Server),
            ("/nacos/v1/console/health/readiness", Place::Server),
            ("/nacos/v1/cs/configs", Place::Other),
            ("/nacos/v1/auth/users/login", Place::Other),
            ("/__rescue", Place::Report),
            ("/", Place::Other),
        ] {
            assert_eq!(place(path), meaning, "{path}");
        }
    }
}
