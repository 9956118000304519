//! The hot path of the load generator allocates nothing per request.
//!
//! The whole process is counted, so that the server in it must not allocate either: it knows where
//! a request ends and always says the same. A test of its own, because the allocator is global.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use facos::bench::plan::{Goal, bench};
use facos::bench::run::{Observer, Options};
use facos::bench::sdk::Sdk;
use facos::bench::target::Target;
use facos::bench::workload;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const OK: &[u8] = b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok";
const BEAT: &[u8] = b"HTTP/1.1 200 \r\nContent-Type: application/json;charset=UTF-8\r\n\
    Content-Length: 66\r\n\r\n\
    {\"code\":10200,\"lightBeatEnabled\":false,\"clientBeatInterval\":5000}\n";
const LIST: &[u8] = b"HTTP/1.1 200 \r\nContent-Length: 71\r\n\r\n\
    {\"hosts\":[{\"ip\":\"10.0.0.0\",\"port\":20000,\"healthy\":true}],\"clusters\":\"\"}";

const SUCCESS: &[u8] = b"{\"resultCode\":200,\"errorCode\":0}";
const INFO: &[u8] = b"{\"resultCode\":200,\"serviceInfo\":\
    {\"hosts\":[{\"ip\":\"10.0.0.0\",\"port\":20000}]}}";
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";

struct Nobody;

impl Observer for Nobody {}

/// Answers every request without allocating; one request is under way at a time.
fn serve(mut stream: TcpStream) {
    let mut buffer = [0; 8 * 1024];
    let mut filled = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]) {
        filled += count;
        let bytes = &buffer[..filled];
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let name = b"Content-Length: ";
        let length = bytes[..end].windows(name.len()).position(|window| window == name);
        let digits = length.map_or(&[][..], |at| &bytes[at + name.len()..end]);
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
        let body = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        if filled < end + 4 + body {
            continue;
        }
        let answer = match bytes {
            [b'P', b'U', ..] => BEAT,
            [b'G', ..] => LIST,
            _ => OK,
        };
        if stream.write_all(answer).is_err() {
            return;
        }
        filled = 0;
    }
}

fn start(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A frame of HTTP/2 without its stream's number, which stands behind the fifth byte.
const fn head(length: u8, kind: u8, flags: u8) -> [u8; 5] {
    [0, 0, length, kind, flags]
}

/// Answers every call of HTTP/2 without allocating: a head, a message and trailers.
fn serve_grpc(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    let mut out = Vec::with_capacity(1024);
    let mut filled = 0;
    let preface = 24;
    while filled < preface {
        filled += stream.read(&mut buffer[filled..]).unwrap();
    }
    let mut at = preface;
    // Settings, and the largest window for all calls together.
    let first = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0];
    stream.write_all(&first).unwrap();
    loop {
        while let Some([_, a, b, kind, flags, id @ ..]) = buffer[at..filled].first_chunk::<9>() {
            let length = usize::from(*a) * 256 + usize::from(*b);
            let (data, ends) = (*kind == 0, flags & 1 == 1);
            let Some(payload) = buffer[at + 9..filled].get(..length) else { break };
            if data && ends {
                answer(payload, id, &mut out);
            }
            at += 9 + length;
        }
        if !out.is_empty() && stream.write_all(&out).is_err() {
            return;
        }
        out.clear();
        buffer.copy_within(at..filled, 0);
        (filled, at) = (filled - at, 0);
        match stream.read(&mut buffer[filled..]) {
            Ok(count @ 1..) => filled += count,
            _ => return,
        }
    }
}

fn answer(asked: &[u8], id: &[u8], out: &mut Vec<u8>) {
    let is = |kind: &[u8]| asked.windows(kind.len()).any(|window| window == kind);
    let (kind, body): (&[u8], &[u8]) = if is(b"ServerCheckRequest") {
        (b"ServerCheckResponse", SUCCESS)
    } else if is(b"ServiceQueryRequest") {
        (b"QueryServiceResponse", INFO)
    } else {
        (b"InstanceResponse", SUCCESS)
    };
    let metadata = 2 + kind.len();
    let any = 2 + body.len();
    let message = 2 + metadata + 2 + any;
    out.extend_from_slice(&head(1, 1, 4));
    out.extend_from_slice(id);
    out.push(0x88);
    out.extend_from_slice(&head(5 + message as u8, 0, 0));
    out.extend_from_slice(id);
    out.extend_from_slice(&[0, 0, 0, 0, message as u8, 0x12, metadata as u8, 0x1a]);
    out.push(kind.len() as u8);
    out.extend_from_slice(kind);
    out.extend_from_slice(&[0x1a, any as u8, 0x12, body.len() as u8]);
    out.extend_from_slice(body);
    out.extend_from_slice(&head(TRAILERS.len() as u8, 1, 5));
    out.extend_from_slice(id);
    out.extend_from_slice(TRAILERS);
}

/// Allocations and requests of a run.
fn counted(url: &str, sdk: &str, text: &str, duration: Duration) -> (usize, u64) {
    let options = Options {
        target: Target::resolve(url, None).unwrap(),
        workload: workload::parse(text).unwrap(),
        sdk: Sdk::named(sdk).unwrap(),
        seed: 7,
        connections: 4,
        workers: 1,
        duration,
        warm_up: Duration::ZERO,
        timeout: Duration::from_secs(5),
        stay_awake: false,
        machine: (0, 1),
        start_at: None,
        keep: false,
        server_pid: None,
        logs: None,
    };
    let region = Region::new(ALLOCATOR);
    let goal = Goal { thresholds: Vec::new(), search: None };
    let document = bench(options, &goal, Arc::new(AtomicBool::new(false)), &mut Nobody).unwrap();
    assert!(document.operations.values().all(|one| one.errors == 0), "{document:?}");
    (region.change().allocations, document.requests())
}

/// What a longer run allocates beyond a shorter one is what its further requests cost.
fn assert_costs_nothing(url: &str, sdk: &str, text: &str) {
    // What a run allocates for itself is the same in both.
    counted(url, sdk, text, Duration::from_millis(200));
    let (few, short) = counted(url, sdk, text, Duration::from_millis(300));
    let (many, long) = counted(url, sdk, text, Duration::from_millis(2300));
    let (allocations, requests) = (many.saturating_sub(few), long - short);
    assert!(requests > 1_000, "{sdk}: {text}: {requests} requests");
    // Two intervals are handed over and two points are made in the longer run.
    assert!(allocations < 200, "{sdk}: {text}: {allocations} allocations, {requests} requests");
}

/// One test: what runs beside it would be counted.
#[test]
fn a_request_costs_no_allocation() {
    let url = format!("http://{}", start(serve));
    let workloads = [
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"beat\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"list\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"register\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\nbeating = true\n[[stream]]\noperation = \"beat\"\n\
         pacing = { poisson = { rate = \"1k/s\" } }",
    ];
    for text in workloads {
        assert_costs_nothing(&url, "java-1.2.1", text);
    }
    let grpc = start(serve_grpc);
    let url = format!("http://127.0.0.1:{}", grpc.port() - 1000);
    let workloads = [
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"list\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"register\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"list\"\n\
         pacing = { poisson = { rate = \"1k/s\" } }",
    ];
    for text in workloads {
        assert_costs_nothing(&url, "java-2.0.2", text);
    }
}
