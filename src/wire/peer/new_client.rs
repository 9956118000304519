//! The HTTP clients inside a 2.0.x server that calls a member of 1.x (`HttpClient`): what a call
//! sets stands in the order of the alphabet, and what the client itself adds comes behind it. Votes
//! travel as forms.

use super::client::{FORM, Headers, NEW_JSON, Sender};
use crate::model::PeerCall;

/// Which of the clients makes a call, and what it is given.
enum Way {
    /// `request`: it waits for the answer.
    Waits,
    /// The same with what `NamingProxy` sets.
    WaitsAsProxy,
    /// It does not wait.
    Async(&'static str, Headers),
    /// It waits, and has a body.
    WaitsWithBody(Headers),
}

fn way(call: &PeerCall, sender: &Sender<'_>) -> Way {
    let version = || ("Client-Version", sender.version.to_owned());
    let agent = || ("User-Agent", sender.agent());
    let keep_alive = || ("Connection", "Keep-Alive".to_owned());
    match call {
        PeerCall::DistroAll | PeerCall::RaftRemove(_) | PeerCall::Subscribers(_) => Way::Waits,
        PeerCall::Statuses(_) | PeerCall::CleanDistro => Way::WaitsAsProxy,
        PeerCall::Vote(_) => Way::Async(FORM, Vec::new()),
        PeerCall::RaftCommit { datum, .. } => Way::Async(NEW_JSON, vec![("key", datum.key.text())]),
        PeerCall::DistroChecksum { .. } => {
            Way::Async(NEW_JSON, vec![version(), agent(), keep_alive()])
        }
        PeerCall::RaftPublish { key, .. } => Way::WaitsWithBody(vec![("key", key.text())]),
        PeerCall::DistroGet(_) => Way::WaitsWithBody(Vec::new()),
        PeerCall::DistroPut(_) => Way::WaitsWithBody(vec![
            version(),
            agent(),
            keep_alive(),
            ("Accept-Encoding", "gzip,deflate,sdch".into()),
            ("Content-Encoding", "gzip".into()),
        ]),
        _ => Way::Async(NEW_JSON, Vec::new()),
    }
}

/// The headers of a call with a body of so many bytes, if it has one.
pub(super) fn headers(
    call: &PeerCall,
    sender: &Sender<'_>,
    own: &str,
    body_bytes: Option<usize>,
) -> Headers {
    let (kind, given, waits) = match way(call, sender) {
        Way::Waits => (FORM, sender.of_server(own), true),
        Way::WaitsAsProxy => (FORM, sender.of_proxy(own), true),
        Way::Async(kind, given) => (kind, given, false),
        Way::WaitsWithBody(given) => (NEW_JSON, given, true),
    };
    let mut set = given;
    set.push(("Accept-Charset", "UTF-8".into()));
    set.push(("Content-Type", kind.into()));
    set.push(("serverIdentity", "security".into()));
    set.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let behind = [
        ("Host", Some(sender.host.to_owned())),
        ("Connection", Some("Keep-Alive".to_owned())),
        ("User-Agent", Some(sender.agent())),
        ("Accept-Encoding", waits.then(|| "gzip,deflate".to_owned())),
        ("Content-Length", body_bytes.map(|bytes| bytes.to_string())),
    ];
    for (name, value) in behind {
        let is_set = set.iter().any(|(known, _)| *known == name);
        if let Some(value) = value.filter(|_| !is_set) {
            set.push((name, value));
        }
    }
    set
}

impl Sender<'_> {
    /// What `request` sets.
    fn of_server(&self, own: &str) -> Headers {
        vec![
            ("Client-Version", self.version.into()),
            ("Request-Source", own.into()),
            ("User-Agent", self.agent()),
        ]
    }

    /// What `NamingProxy` adds to that.
    fn of_proxy(&self, own: &str) -> Headers {
        let mut headers = self.of_server(own);
        headers.push(("Accept-Encoding", "gzip,deflate,sdch".into()));
        headers.push(("Connection", "Keep-Alive".into()));
        headers.push(("Content-Encoding", "gzip".into()));
        headers
    }
}
