//! Clients that introduce themselves on a stream, as servers of Nacos 2.x ask of everybody, and
//! then do one thing; each prints one line of JSON.
//!
//! - `grpc-load ADDRESS register|query CONNECTIONS SECONDS`: one call after the other on each
//!   connection;
//! - `grpc-load ADDRESS idle CONNECTIONS SECONDS`: nothing, but for the answers to pings; prints
//!   a line when all are connected, and one at the end;
//! - `grpc-load ADDRESS push CONNECTIONS ROUNDS`: all subscribe to one service, and a client more
//!   changes it, again and again; every push is acked.

use bytes::{Bytes, BytesMut};
use grpc_perf::{Payload, framed, payload};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use prost::Message;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Clients wait this long between their setup and their first call.
const SETTLING: Duration = Duration::from_millis(5);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// One connection with its stream.
struct Client {
    requests: SendRequest<Bytes>,
    address: String,
    output: SendStream<Bytes>,
    /// Servers answer with a head when they have something to say.
    answer: Option<ResponseFuture>,
    input: Option<RecvStream>,
    buffer: BytesMut,
}

impl Client {
    async fn connect(address: &str) -> Result<Self, Error> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let (requests, connection) = h2::client::handshake(socket).await?;
        // How it ended is seen by its calls.
        tokio::spawn(async move { drop(connection.await) });
        let mut requests = requests.ready().await?;
        let check = payload("ServerCheckRequest", &json!({"headers": {}}));
        call(&mut requests, address, framed(&check)).await?;
        let path = "/BiRequestStream/requestBiStream";
        let (response, mut output) = requests.send_request(head(address, path), false)?;
        let setup = json!({
            "headers": {}, "clientVersion": "Nacos-Java-Client:v2.0.2", "tenant": "",
            "labels": {"source": "sdk", "module": "naming"},
            "abilities": {"remoteAbility": {"supportRemoteConnection": false}},
            "module": "internal",
        });
        output.send_data(framed(&payload("ConnectionSetupRequest", &setup)), false)?;
        let address = address.to_owned();
        let (answer, input) = (Some(response), None);
        // A server takes setups and calls side by side: one that knows nobody yet refuses.
        tokio::time::sleep(SETTLING).await;
        Ok(Self { requests, address, output, answer, input, buffer: BytesMut::new() })
    }

    /// The next message of the server.
    async fn next(&mut self) -> Result<Option<Payload>, Error> {
        if let Some(answer) = self.answer.take() {
            self.input = Some(answer.await?.into_body());
        }
        let Some(input) = &mut self.input else { return Ok(None) };
        loop {
            if let Some(message) = cut(&mut self.buffer) {
                return Ok(Some(Payload::decode(message)?));
            }
            let Some(chunk) = input.data().await else { return Ok(None) };
            let chunk = chunk?;
            input.flow_control().release_capacity(chunk.len())?;
            self.buffer.extend_from_slice(&chunk);
        }
    }

    /// Answers a request of the server; its type.
    fn answer(&mut self, asked: &Payload) -> Result<String, Error> {
        let kind = asked.metadata.as_ref().map(|about| about.r#type.clone()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&asked.body.clone().unwrap_or_default().value)?;
        let answer = json!({"resultCode": 200, "requestId": body["requestId"]});
        let of_kind = kind.replace("Request", "Response");
        self.output.send_data(framed(&payload(&of_kind, &answer)), false)?;
        Ok(kind)
    }
}

fn head(address: &str, path: &str) -> http::Request<()> {
    http::Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("the parts are valid")
}

/// The message at the buffer's beginning, when it is whole.
fn cut(buffer: &mut BytesMut) -> Option<Bytes> {
    let length = u32::from_be_bytes(buffer.get(1..5)?.try_into().ok()?) as usize;
    (buffer.len() >= 5 + length).then(|| buffer.split_to(5 + length).freeze().slice(5..))
}

/// One unary call: the body of its answer.
async fn call(
    requests: &mut SendRequest<Bytes>,
    address: &str,
    framed: Bytes,
) -> Result<Bytes, Error> {
    let (response, mut output) = requests.send_request(head(address, "/Request/request"), false)?;
    output.send_data(framed, true)?;
    let mut input = response.await?.into_body();
    let mut buffer = BytesMut::new();
    while let Some(chunk) = input.data().await {
        let chunk = chunk?;
        input.flow_control().release_capacity(chunk.len())?;
        buffer.extend_from_slice(&chunk);
    }
    input.trailers().await?;
    let message = cut(&mut buffer).ok_or("no message in the answer")?;
    Ok(Payload::decode(message)?.body.unwrap_or_default().value.into())
}

fn register(service: &str, ip: &str) -> Bytes {
    framed(&payload(
        "InstanceRequest",
        &json!({
            "headers": {}, "namespace": "public", "serviceName": service,
            "groupName": "DEFAULT_GROUP", "type": "registerInstance", "module": "naming",
            "instance": {"ip": ip, "port": 8080, "weight": 1.0, "healthy": true, "enabled": true,
                "ephemeral": true, "clusterName": "DEFAULT", "serviceName": service,
                "metadata": {}, "instanceHeartBeatInterval": 5000,
                "instanceHeartBeatTimeOut": 15000, "ipDeleteTimeout": 30000},
        }),
    ))
}

fn query(service: &str) -> Bytes {
    framed(&payload(
        "ServiceQueryRequest",
        &json!({
            "headers": {}, "namespace": "public", "serviceName": service,
            "groupName": "DEFAULT_GROUP", "cluster": "", "healthyOnly": false, "udpPort": 0,
            "module": "naming",
        }),
    ))
}

async fn unary(address: &str, what: &str, connections: usize, seconds: u64) -> Result<(), Error> {
    let mut workers = Vec::new();
    for number in 0..connections {
        let mut client = Client::connect(address).await?;
        let service = format!("perf.{}", number % 100);
        let ip = format!("10.0.{}.{}", number / 250, number % 250);
        call(&mut client.requests, address, register(&service, &ip)).await?;
        let asked = if what == "query" { query(&service) } else { register(&service, &ip) };
        workers.push((client, asked));
    }
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for (mut client, asked) in workers {
        tasks.push(tokio::spawn(async move {
            let mut waits_us = Vec::new();
            while Instant::now() < end {
                let sent = Instant::now();
                let answer = call(&mut client.requests, &client.address, asked.clone()).await?;
                waits_us.push(sent.elapsed().as_micros() as u64);
                if !contains(&answer, b"\"resultCode\":200") {
                    return Err(format!("refused: {}", String::from_utf8_lossy(&answer)).into());
                }
            }
            Ok::<_, Error>(waits_us)
        }));
    }
    let mut waits_us = Vec::new();
    for task in tasks {
        waits_us.extend(task.await??);
    }
    let duration_us = began.elapsed().as_micros() as u64;
    waits_us.sort_unstable();
    let at = |share: f64| waits_us[((waits_us.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        json!({"requests": waits_us.len(), "duration_us": duration_us, "failed": 0,
            "p50_us": at(0.5), "p99_us": at(0.99), "max_us": at(1.0)})
    );
    Ok(())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// So many clients, a few at a time: the queue of a listening socket is short.
async fn connect_all(address: &str, connections: usize) -> Result<Vec<Client>, Error> {
    let mut clients = Vec::with_capacity(connections);
    while clients.len() < connections {
        let wave = (connections - clients.len()).min(64);
        let mut connecting = tokio::task::JoinSet::new();
        for _ in 0..wave {
            let address = address.to_owned();
            connecting.spawn(async move { Client::connect(&address).await });
        }
        for client in connecting.join_all().await {
            clients.push(client?);
        }
    }
    Ok(clients)
}

async fn idle(address: &str, connections: usize, seconds: u64) -> Result<(), Error> {
    let ended = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let began = Instant::now();
    for mut client in connect_all(address, connections).await? {
        let ended = ended.clone();
        tokio::spawn(async move {
            while let Ok(Some(asked)) = client.next().await {
                if client.answer(&asked).is_err() {
                    break;
                }
            }
            ended.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
    }
    println!("{}", json!({"connected": connections, "ms": began.elapsed().as_millis() as u64}));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    println!("{}", json!({"ended": ended.load(std::sync::atomic::Ordering::Relaxed)}));
    Ok(())
}

async fn push(address: &str, connections: usize, rounds: u64) -> Result<(), Error> {
    let (seen, mut arrivals) = mpsc::unbounded_channel();
    let service = "perf.pushed";
    let subscribe = framed(&payload(
        "SubscribeServiceRequest",
        &json!({
            "headers": {}, "namespace": "public", "serviceName": service,
            "groupName": "DEFAULT_GROUP", "subscribe": true, "clusters": "", "module": "naming",
        }),
    ));
    for mut client in connect_all(address, connections).await? {
        call(&mut client.requests, address, subscribe.clone()).await?;
        let seen = seen.clone();
        tokio::spawn(async move {
            while let Ok(Some(asked)) = client.next().await {
                let at = Instant::now();
                let body = asked.body.clone().unwrap_or_default().value;
                match client.answer(&asked) {
                    Ok(kind) if kind == "NotifySubscriberRequest" => {
                        let text = String::from_utf8_lossy(&body).into_owned();
                        if seen.send((at, text)).is_err() {
                            break;
                        }
                    }
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        });
    }
    // Connected last: it answers no detection, and a server lets go of one silent for 20 s.
    let mut changer = Client::connect(address).await?;
    // What came of the subscriptions themselves is over.
    tokio::time::sleep(Duration::from_secs(3)).await;
    while arrivals.try_recv().is_ok() {}
    for round in 1..=rounds {
        let ip = format!("10.9.1.{round}");
        let began = Instant::now();
        call(&mut changer.requests, address, register(service, &ip)).await?;
        let accepted = Instant::now();
        let mut last = accepted;
        let (mut first, mut told) = (None, 0);
        while told < connections {
            let patience = tokio::time::timeout(Duration::from_secs(10), arrivals.recv());
            let Ok(Some((at, text))) = patience.await else { break };
            if text.contains(&ip) {
                told += 1;
                first.get_or_insert(at);
                last = last.max(at);
            }
        }
        let after = |at: Instant| at.saturating_duration_since(accepted).as_millis() as u64;
        println!(
            "{}",
            json!({"subscribers": connections, "told": told, "first_ms": first.map(after),
                "last_ms": after(last), "register_ms": (accepted - began).as_millis() as u64})
        );
    }
    Ok(())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, what, connections, amount] = arguments.as_slice() else {
        return Err("grpc-load ADDRESS register|query|idle|push CONNECTIONS SECONDS|ROUNDS".into());
    };
    let (connections, amount) = (connections.parse()?, amount.parse()?);
    match what.as_str() {
        "idle" => idle(address, connections, amount).await,
        "push" => push(address, connections, amount).await,
        _ => unary(address, what, connections, amount).await,
    }
}
