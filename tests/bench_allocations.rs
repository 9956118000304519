//! The hot path of the load generator allocates nothing per request.
//!
//! The whole process is counted, so that the server in it must not allocate either: it knows where
//! a request ends and always says the same. A test of its own, because the allocator is global.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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

fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}")
}

/// Allocations and requests of a run.
fn counted(url: &str, text: &str, duration: Duration) -> (usize, u64) {
    let options = Options {
        target: Target::resolve(url, None).unwrap(),
        workload: workload::parse(text).unwrap(),
        sdk: Sdk::named("java-1.2.1").unwrap(),
        seed: 7,
        connections: 4,
        workers: 1,
        duration,
        warm_up: Duration::ZERO,
        timeout: Duration::from_secs(5),
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

#[test]
fn a_request_costs_no_allocation() {
    let url = start();
    let workloads = [
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"beat\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"list\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\n[[stream]]\noperation = \"register\"\npacing = \"closed\"",
        "services = 1\ninstances = 1\nbeating = true\n[[stream]]\noperation = \"beat\"\n\
         pacing = { poisson = { rate = \"1k/s\" } }",
    ];
    for text in workloads {
        // What a run allocates for itself is the same in both.
        counted(&url, text, Duration::from_millis(200));
        let (few, short) = counted(&url, text, Duration::from_millis(300));
        let (many, long) = counted(&url, text, Duration::from_millis(2300));
        let (allocations, requests) = (many.saturating_sub(few), long - short);
        assert!(requests > 1_000, "{text}: {requests} requests");
        // Two intervals are handed over and two points are made in the longer run.
        assert!(allocations < 200, "{text}: {allocations} allocations, {requests} requests");
    }
}
