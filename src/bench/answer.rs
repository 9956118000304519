//! What answers say, checked: every beat and list is JSON of the right shape, and a list is
//! counted.
//!
//! Under load the same answer comes again and again. An answer that equals the last one byte by
//! byte, `lastRefTime` aside, needs no second look, so that checking everything costs a comparison.
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::client::fast::BeatAnswer;

/// How many bytes of lists one worker remembers.
const MAX_KNOWN_BYTES: usize = 32 * 1024 * 1024;

/// `code` of a beat whose instance the server does not know.
pub const UNKNOWN_INSTANCE: i64 = 20404;

/// What a list holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListAnswer {
    /// Listed instances.
    pub hosts: u32,
    /// Those of them that are not healthy.
    pub unhealthy: u32,
    /// `lastRefTime`, 0 when the answer has none.
    pub ref_time: u64,
}

/// Reads answers and remembers the last ones.
#[derive(Debug, Default)]
pub struct Reader {
    beat: (Vec<u8>, BeatAnswer),
    success: Vec<u8>,
    lists: Vec<Known>,
    known_bytes: usize,
}

/// A list that was read, and where its moving field lies.
#[derive(Clone, Debug, Default)]
struct Known {
    body: Vec<u8>,
    moving: std::ops::Range<usize>,
    answer: ListAnswer,
}

impl Reader {
    /// A reader for lists of so many services.
    pub fn new(services: usize) -> Self {
        Self { lists: vec![Known::default(); services], ..Self::default() }
    }

    /// The answer to a beat; `None` when it is no JSON object of the right types.
    pub fn beat(&mut self, body: &[u8]) -> Option<BeatAnswer> {
        if self.beat.0 != body {
            let answer = object(body)?;
            self.beat.0.clear();
            self.beat.0.extend_from_slice(body);
            self.beat.1 = answer;
        }
        Some(self.beat.1)
    }

    /// Whether a response over gRPC says that it went well.
    pub fn success(&mut self, body: &[u8]) -> bool {
        if self.success.is_empty() || self.success != body {
            let Some(Response::<IgnoredAny> { result: 200, .. }) = object(body) else {
                return false;
            };
            self.success.clear();
            self.success.extend_from_slice(body);
        }
        true
    }

    /// The answer to a list of the service with this index; `None` when it is no list.
    pub fn list(&mut self, service: usize, body: &[u8]) -> Option<ListAnswer> {
        self.known_or(service, body, |body| object(body))
    }

    /// The same over gRPC, where the list stands in a response; `None` when that has none.
    pub fn service_info(&mut self, service: usize, body: &[u8]) -> Option<ListAnswer> {
        self.known_or(service, body, |body| info(body))
    }

    fn known_or(
        &mut self,
        service: usize,
        body: &[u8],
        read: fn(&[u8]) -> Option<List>,
    ) -> Option<ListAnswer> {
        let known = &mut self.lists[service];
        if let Some(ref_time) = known.ref_time_of_equal(body) {
            return Some(ListAnswer { ref_time, ..known.answer });
        }
        let list = read(body)?;
        let answer = ListAnswer {
            hosts: list.hosts.all,
            unhealthy: list.hosts.unhealthy,
            ref_time: list.ref_time.unwrap_or(0),
        };
        let others = self.known_bytes - known.body.len();
        known.body.clear();
        if others + body.len() <= MAX_KNOWN_BYTES {
            known.body.extend_from_slice(body);
            known.moving = moving_field(body);
        }
        self.known_bytes = others + known.body.len();
        known.answer = answer;
        Some(answer)
    }
}

impl Known {
    /// The body's `lastRefTime` when everything else in it is known.
    fn ref_time_of_equal(&self, body: &[u8]) -> Option<u64> {
        let std::ops::Range { start, end } = self.moving;
        let equal = !self.body.is_empty()
            && body.len() == self.body.len()
            && body[..start] == self.body[..start]
            && body[end..] == self.body[end..];
        let digits = equal.then(|| &body[start..end])?;
        digits.iter().try_fold(0_u64, |number, digit| {
            let value = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            number.checked_mul(10)?.checked_add(value)
        })
    }
}

/// Where the digits of the outer `lastRefTime` lie; an empty range when there are none.
fn moving_field(body: &[u8]) -> std::ops::Range<usize> {
    const NAME: &[u8] = b"\"lastRefTime\":";
    let Some(at) = body.windows(NAME.len()).rposition(|window| window == NAME) else { return 0..0 };
    let start = at + NAME.len();
    let digits = body[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    start..start + digits
}

/// JSON that is an object: serde would take an array for a struct too.
fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(&b'{')).then(|| serde_json::from_slice(body).ok()).flatten()
}

/// What a response over gRPC with a list says.
#[derive(Deserialize)]
struct Response<T> {
    #[serde(rename = "resultCode")]
    result: i64,
    #[serde(default = "none", rename = "serviceInfo")]
    info: Option<T>,
}

/// serde's own default would ask for one of `T` too.
fn none<T>() -> Option<T> {
    None
}

fn info<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    object::<Response<T>>(body).filter(|response| response.result == 200)?.info
}

#[derive(Deserialize)]
struct List {
    hosts: Hosts,
    #[serde(default, rename = "lastRefTime")]
    ref_time: Option<u64>,
}

/// Hosts that are counted while they are read, and not kept.
#[derive(Default)]
struct Hosts {
    all: u32,
    unhealthy: u32,
}

#[derive(Deserialize)]
struct Host {
    #[serde(default)]
    healthy: Option<bool>,
    /// A host without an address is none.
    #[serde(rename = "ip")]
    _ip: IgnoredAny,
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Counter;
        impl<'de> Visitor<'de> for Counter {
            type Value = Hosts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of hosts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut hosts: A) -> Result<Hosts, A::Error> {
                let mut count = Hosts::default();
                while let Some(Host { healthy, .. }) = hosts.next_element()? {
                    count.all += 1;
                    count.unhealthy += u32::from(healthy == Some(false));
                }
                Ok(count)
            }
        }
        from.deserialize_seq(Counter)
    }
}

/// One host of a list that is read back at the end.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct ListedHost {
    /// The address, as the server writes it.
    pub ip: String,
    /// The port.
    pub port: u16,
    /// Whether the server still trusts its beats.
    #[serde(default = "healthy")]
    pub healthy: bool,
}

fn healthy() -> bool {
    true
}

#[derive(Deserialize)]
struct Whole {
    hosts: Vec<ListedHost>,
}

/// Every host of a list; `None` when it is no list.
pub fn hosts(body: &[u8]) -> Option<Vec<ListedHost>> {
    object::<Whole>(body).map(|list| list.hosts)
}

/// Every host of a list in a response over gRPC; `None` when there is none.
pub fn service_info_hosts(body: &[u8]) -> Option<Vec<ListedHost>> {
    info::<Whole>(body).map(|list| list.hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beats_answer_is_read_as_each_version_sends_it() {
        let mut reader = Reader::new(0);
        let new = br#"{"code":10200,"lightBeatEnabled":true,"clientBeatInterval":5000}"#;
        let answer = BeatAnswer { code: Some(10200), light: Some(true), interval_ms: Some(5000) };
        assert_eq!(reader.beat(new), Some(answer));
        assert_eq!(reader.beat(new), Some(answer));
        let old = BeatAnswer { interval_ms: Some(5000), ..BeatAnswer::default() };
        assert_eq!(reader.beat(br#"{"clientBeatInterval":5000}"#), Some(old));
        for odd in [&b"ok"[..], b"", b"null", b"[]", b"[1,true,2]", br#"{"code":"x"}"#] {
            assert_eq!(reader.beat(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn hosts_are_counted_with_those_that_are_unhealthy() {
        let mut reader = Reader::new(1);
        let body = br#"{"hosts":[{"ip":"a","healthy":true},{"ip":"b","healthy":false}],
            "lastRefTime":17,"clusters":""}"#;
        let answer = ListAnswer { hosts: 2, unhealthy: 1, ref_time: 17 };
        assert_eq!(reader.list(0, body), Some(answer));
        let empty = br#"{"name":"x","clusters":"","hosts":[]}"#;
        assert_eq!(reader.list(0, empty), Some(ListAnswer::default()));
        for odd in [&b"{}"[..], b"caused: service not found", br#"{"hosts":null}"#] {
            assert_eq!(reader.list(0, odd), None, "{odd:?}");
        }
    }

    #[test]
    fn only_the_moving_field_may_differ_from_a_known_list() {
        let mut reader = Reader::new(1);
        let body = |ip: &str, time: u64| {
            format!(r#"{{"hosts":[{{"ip":"{ip}"}}],"lastRefTime":{time},"clusters":""}}"#)
        };
        reader.list(0, body("a", 10).as_bytes()).unwrap();
        let known = &reader.lists[0];
        assert_eq!(known.ref_time_of_equal(body("a", 99).as_bytes()), Some(99));
        assert_eq!(known.ref_time_of_equal(body("b", 10).as_bytes()), None);
        assert_eq!(known.ref_time_of_equal(body("a", 100).as_bytes()), None);
        assert_eq!(known.ref_time_of_equal(body("a", 10).replace("10", "1x").as_bytes()), None);
        assert_eq!(reader.list(0, body("a", 98).as_bytes()).unwrap().ref_time, 98);
    }

    #[test]
    fn hosts_are_read_back_with_their_health() {
        let listed = hosts(br#"{"hosts":[{"ip":"10.0.0.1","port":8080,"healthy":false}]}"#);
        let host = ListedHost { ip: "10.0.0.1".to_owned(), port: 8080, healthy: false };
        assert_eq!(listed, Some(vec![host]));
        assert_eq!(hosts(b"ok"), None);
    }

    #[test]
    fn over_grpc_a_list_stands_in_its_response() {
        let mut reader = Reader::new(1);
        let body =
            br#"{"resultCode":200,"errorCode":0,"serviceInfo":{"hosts":[{"ip":"a","port":1}],
            "lastRefTime":17},"success":true}"#;
        let answer = ListAnswer { hosts: 1, unhealthy: 0, ref_time: 17 };
        assert_eq!(reader.service_info(0, body), Some(answer));
        assert_eq!(reader.service_info(0, body), Some(answer));
        assert_eq!(service_info_hosts(body).unwrap().len(), 1);
        for odd in [&br#"{"resultCode":500}"#[..], br#"{"resultCode":200}"#, br#"{"hosts":[]}"#] {
            assert_eq!(reader.service_info(0, odd), None, "{odd:?}");
        }
    }

    #[test]
    fn success_is_a_code_of_200() {
        let mut reader = Reader::new(0);
        let good = br#"{"resultCode":200,"errorCode":0,"success":true}"#;
        assert!(reader.success(good) && reader.success(good));
        assert!(!reader.success(br#"{"resultCode":500,"errorCode":500,"success":false}"#));
        assert!(!reader.success(b"") && !reader.success(b"ok"));
    }
}
