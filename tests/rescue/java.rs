//! The beat loops of four Java clients, as `BeatReactor` and `NamingProxy` of those versions have
//! them: what is sent, how often it is tried, and what an answer does to the flag and to the loop.

use crate::{Answered, BEAT, ask};
use serde_json::Value;
use std::net::SocketAddr;

/// A beat each second, so that the phases of a rollback are short.
pub const PERIOD_MS: u64 = 1_000;
const IDENTITY: &str = "app=unknown&serviceName=DEFAULT_GROUP%40%40orders&namespaceId=public\
                        &clusterName=DEFAULT&ip=127.0.0.1";
const METADATA: &str = "%7B%22preserved.heart.beat.interval%22%3A%221000%22%7D";

/// What an odd answer does to a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    /// 1.2.x: what is no object throws past the loop, which ends; a missing interval is 0.
    Fastjson,
    /// 1.3.x to 1.4.1: a missing interval throws, too.
    Jackson,
    /// From 1.4.2: everything is caught, and the next beat is scheduled in any case.
    Catching,
}

/// One client with one instance.
pub struct Java {
    version: &'static str,
    temper: Temper,
    tries: usize,
    port: i32,
    light: bool,
    dead: bool,
    next_ms: u64,
    now_ms: u64,
    /// Beats sent since somebody looked: F full, L light, R a registration.
    sent: String,
}

impl Java {
    /// The client of that version, whose instance has that port.
    pub fn of(version: &'static str, port: i32) -> Self {
        let (temper, tries) = match version {
            "1.2.1" => (Temper::Fastjson, 4),
            "1.3.2" => (Temper::Jackson, 4),
            "1.4.1" => (Temper::Jackson, 3),
            "1.4.2" => (Temper::Catching, 3),
            other => panic!("no model of {other}"),
        };
        Self {
            version,
            temper,
            tries,
            port,
            light: false,
            dead: false,
            next_ms: PERIOD_MS,
            now_ms: 0,
            sent: String::new(),
        }
    }

    /// The four of them, with an instance each.
    pub fn all() -> Vec<Self> {
        let versions = ["1.2.1", "1.3.2", "1.4.1", "1.4.2"];
        versions.into_iter().zip(9001..).map(|(version, port)| Self::of(version, port)).collect()
    }

    pub fn version(&self) -> &'static str {
        self.version
    }

    pub fn port(&self) -> i32 {
        self.port
    }

    /// What was sent since the last look.
    pub fn look(&mut self) -> String {
        std::mem::take(&mut self.sent)
    }

    /// `registerInstance`: the first beat follows a period later.
    pub fn register(&mut self, to: SocketAddr) -> Option<u16> {
        self.sent.push('R');
        let target = format!(
            "/nacos/v1/ns/instance?{IDENTITY}&port={}&weight=1.0&enable=true&healthy=true\
             &ephemeral=true&metadata={METADATA}",
            self.port
        );
        Some(ask(to, "POST", &target, &self.agent(), "")?.status)
    }

    /// Lets time pass: every beat that falls due is sent there.
    pub fn pass(&mut self, by_ms: u64, to: SocketAddr) {
        self.now_ms += by_ms;
        while !self.dead && self.next_ms <= self.now_ms {
            self.next_ms += PERIOD_MS;
            self.beat(to);
        }
    }

    fn agent(&self) -> String {
        format!("Nacos-Java-Client:v{}", self.version)
    }

    /// One run of the task: tries until 200, then learns from the answer.
    fn beat(&mut self, to: SocketAddr) {
        for _ in 0..self.tries {
            self.sent.push(if self.light { 'L' } else { 'F' });
            if let Some(answer) = self.send(to)
                && answer.status == 200
            {
                if self.learn(&answer.body, to).is_err() {
                    self.dead = self.temper != Temper::Catching;
                }
                return;
            }
        }
    }

    fn send(&self, to: SocketAddr) -> Option<Answered> {
        let target = format!("{BEAT}?{IDENTITY}&port={}", self.port);
        let beat = format!(
            "beat=%7B%22port%22%3A{}%2C%22ip%22%3A%22127.0.0.1%22%2C%22weight%22%3A1.0%2C\
             %22serviceName%22%3A%22DEFAULT_GROUP%40%40orders%22%2C%22cluster%22%3A%22DEFAULT%22\
             %2C%22metadata%22%3A{METADATA}%2C%22scheduled%22%3Afalse%2C%22period%22%3A1000%2C\
             %22stopped%22%3Afalse%7D",
            self.port
        );
        ask(to, "PUT", &target, &self.agent(), if self.light { "" } else { &beat })
    }

    /// What `BeatTask.run` does with an answer; an error is an exception that it does not expect.
    fn learn(&mut self, body: &str, to: SocketAddr) -> Result<(), ()> {
        let answer: Value = serde_json::from_str(body).map_err(|_| ())?;
        let answer = answer.as_object().ok_or(())?;
        let interval = answer.get("clientBeatInterval").and_then(Value::as_u64);
        if interval.is_none() && self.temper != Temper::Fastjson {
            return Err(());
        }
        self.light = answer.get("lightBeatEnabled").and_then(Value::as_bool).unwrap_or(false);
        if let Some(interval) = interval.filter(|interval| *interval > 0) {
            self.next_ms = self.next_ms - PERIOD_MS + interval;
        }
        if answer.get("code").and_then(Value::as_u64) == Some(20_404) {
            // What becomes of it is ignored.
            let _ = self.register(to);
        }
        Ok(())
    }
}
