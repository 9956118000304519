//! A server of 2.x that does what a test tells it, beside the port of HTTP that nobody listens on.
//!
//! It knows nothing of instances, though its script may look at what it is asked: every list is
//! empty. What it is asked on its streams, and what it says there, is the real server's affair in
//! `grpc`.
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use facos::wire::grpc::{PREFIX_BYTES, Payload};
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::sync::Notify;

/// What the script makes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The usual answer, after a while.
    After(Duration),
    /// This `grpc-status` and no message.
    Status(u8),
    /// A response that refuses with this `errorCode`.
    Refuse(u16),
    /// The stream of the call is reset.
    Reset,
    /// The connection says goodbye.
    Goodbye,
}

/// A request, and how long the server has been there.
type Script = dyn Fn(&Payload, Duration) -> Act + Send + Sync;

/// Starts a server that lives as long as the process; the address of its HTTP.
pub fn start(script: impl Fn(&Payload, Duration) -> Act + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!("it is IPv4") };
    listener.set_nonblocking(true).unwrap();
    let script: Arc<Script> = Arc::new(script);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let began = Instant::now();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                tokio::spawn(serve(socket, script.clone(), began));
            }
        });
    });
    format!("http://127.0.0.1:{}", address.port() - 1000)
}

async fn serve(socket: tokio::net::TcpStream, script: Arc<Script>, began: Instant) {
    let Ok(mut connection) = h2::server::handshake(socket).await else { return };
    let goodbye = Arc::new(Notify::new());
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let goodbye = goodbye.clone();
                tokio::spawn(answer(request, respond, script.clone(), began, goodbye));
            }
            () = goodbye.notified() => connection.graceful_shutdown(),
        }
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    script: Arc<Script>,
    began: Instant,
    goodbye: Arc<Notify>,
) {
    let stream = request.uri().path() != "/Request/request";
    let mut body = request.into_body();
    let mut read = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        if !stream {
            read.extend_from_slice(&data);
        }
    }
    if stream {
        // It ends with its connection, and nothing is said on it.
        return;
    }
    let asked = Payload::decode(Bytes::from(read).slice(PREFIX_BYTES..)).unwrap();
    let fail = |respond: &mut SendResponse<Bytes>, code: u8| {
        let mut response = Response::new(());
        response.headers_mut().insert("grpc-status", HeaderValue::from(u16::from(code)));
        let _ = respond.send_response(response, true);
    };
    match script(&asked, began.elapsed()) {
        Act::After(delay) => {
            tokio::time::sleep(delay).await;
            let (kind, body) = usual(&asked.kind);
            say(&mut respond, kind, body.to_owned());
        }
        Act::Refuse(code) => {
            let body = format!(r#"{{"resultCode":500,"errorCode":{code},"success":false}}"#);
            say(&mut respond, "ErrorResponse", body);
        }
        Act::Status(code) => fail(&mut respond, code),
        Act::Reset => respond.send_reset(h2::Reason::INTERNAL_ERROR),
        Act::Goodbye => {
            goodbye.notify_one();
            tokio::time::sleep(Duration::from_millis(20)).await;
            fail(&mut respond, 14);
        }
    }
}

fn say(respond: &mut SendResponse<Bytes>, kind: &str, body: String) {
    let payload = Payload { kind: kind.to_owned(), body: body.into(), ..Payload::default() };
    let Ok(mut sending) = respond.send_response(Response::new(()), false) else { return };
    let _ = sending.send_data(payload.encode(), false);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let _ = sending.send_trailers(trailers);
}

fn usual(kind: &str) -> (&'static str, &'static str) {
    const SUCCESS: &str = r#"{"resultCode":200,"errorCode":0,"success":true}"#;
    const LIST: &str = r#"{"resultCode":200,"errorCode":0,"serviceInfo":{"hosts":[]}}"#;
    match kind {
        "ServerCheckRequest" => ("ServerCheckResponse", SUCCESS),
        "InstanceRequest" => ("InstanceResponse", SUCCESS),
        "HealthCheckRequest" => ("HealthCheckResponse", SUCCESS),
        "ServiceQueryRequest" => ("QueryServiceResponse", LIST),
        _ => ("SubscribeServiceResponse", LIST),
    }
}
