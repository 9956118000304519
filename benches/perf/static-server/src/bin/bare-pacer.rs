//! The least that an open-loop generator can be: how punctual anything is on this machine.
//!
//! One thread writes a constant beat at each planned instant, on one kept connection after the
//! other, and reads away what has come on it before, without looking at it. Between two instants
//! it spins on the clock, or sleeps with `asleep`. Nothing is accounted for but the lateness of
//! each write: what it is late by, whoever shares the machine took.
//!
//! `bare-pacer HOST:PORT CONNECTIONS RATE SECONDS [asleep]` prints its lateness in µs as JSON.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const BEAT: &[u8] = b"PUT /nacos/v1/ns/instance/beat?namespaceId=public&\
    serviceName=DEFAULT_GROUP%40%40facos.bench.00000007.0001 HTTP/1.1\r\n\
    Host: 127.0.0.1\r\nUser-Agent: Nacos-Java-Client:v1.2.1\r\n\
    Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n\
    Content-Length: 0\r\n\r\n";

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, rate, seconds, how @ ..] = arguments.as_slice() else {
        panic!("bare-pacer HOST:PORT CONNECTIONS RATE SECONDS [asleep]");
    };
    let number = |text: &String| text.parse::<u64>().expect("the last three are numbers");
    let asleep = how.iter().any(|word| word == "asleep");
    if asleep {
        // Else the kernel wakes it up to 50 µs later, to save a waking.
        std::fs::write("/proc/self/timerslack_ns", "1")?;
    }
    let mut streams = Vec::new();
    for _ in 0..number(connections) {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        streams.push(stream);
    }
    let period_ns = 1_000_000_000 / number(rate);
    let count = number(seconds) * 1_000_000_000 / period_ns;
    let mut late_ns = Vec::with_capacity(count as usize);
    let mut unwritten = 0;
    let mut input = vec![0; 64 * 1024];
    let start = Instant::now() + Duration::from_millis(1);
    for beat in 0..count {
        let planned = start + Duration::from_nanos(beat * period_ns);
        if asleep {
            std::thread::sleep(planned.saturating_duration_since(Instant::now()));
        }
        let mut now = Instant::now();
        while now < planned {
            now = Instant::now();
        }
        late_ns.push((now - planned).as_nanos() as u64);
        let index = beat as usize % streams.len();
        unwritten += u64::from(!write(&mut streams[index])?);
        drain(&mut streams[index], &mut input)?;
    }
    late_ns.sort_unstable();
    let at = |share: f64| late_ns[((count - 1) as f64 * share) as usize] as f64 / 1e3;
    let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];
    let late_us = shares.map(|(name, share)| format!("\"{name}\": {}", at(share)));
    println!(r#"{{"unwritten": {unwritten}, {}}}"#, late_us.join(", "));
    Ok(())
}

/// One beat; whether there was room for it, which there is while the server answers at all.
fn write(stream: &mut TcpStream) -> std::io::Result<bool> {
    match stream.write(BEAT) {
        Ok(bytes) => Ok(bytes == BEAT.len()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes what has come, if anything has: the answer to the beat before.
fn drain(stream: &mut TcpStream, input: &mut [u8]) -> std::io::Result<()> {
    match stream.read(input) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
