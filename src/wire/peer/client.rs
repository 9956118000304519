//! The HTTP clients inside a 1.x server. Each call goes through one of three, and each of them
//! writes its headers in its own order. Two of them claim gzip for bodies that are plain.

/// Who the sender says it is, and where it sends to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'a> {
    /// `ip:port` of the member called.
    pub host: &'a str,
    /// The sender's version.
    pub version: &'a str,
}

/// Headers in the order of the wire.
pub(super) type Headers = Vec<(&'static str, String)>;

const JSON: &str = "application/json; charset=UTF-8";
pub(super) const NEW_JSON: &str = "application/json;charset=UTF-8";
pub(super) const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";

impl Sender<'_> {
    pub(super) fn agent(&self) -> String {
        format!("Nacos-Server:{}", self.version)
    }

    /// The asynchronous client: `extra` are headers that the caller sets, `body_bytes` the length
    /// of a body, if there is one.
    pub fn asynchronous(&self, extra: Headers, body_bytes: Option<usize>) -> Headers {
        let keeps_alive = extra.iter().any(|(name, _)| *name == "Connection");
        let mut headers = vec![("Host", self.host.to_owned())];
        headers.extend(extra);
        if body_bytes.is_some() {
            headers.push(("Content-Type", JSON.into()));
        }
        headers.push(("Accept-Charset", "UTF-8".into()));
        if body_bytes.is_some() {
            headers.push(("Content-Encoding", "gzip".into()));
        }
        headers.push(("Accept-Encoding", "gzip".into()));
        if !keeps_alive {
            headers.push(("Connection", "keep-alive".into()));
        }
        headers.push(("Accept", "*/*".into()));
        headers.push(("User-Agent", self.agent()));
        if let Some(bytes) = body_bytes {
            headers.push(("Content-Length", bytes.to_string()));
        }
        headers
    }

    /// The client of 2.x with a member's report.
    pub fn member_report(&self, body_bytes: usize) -> Headers {
        vec![
            ("Accept-Charset", "UTF-8".into()),
            ("Content-Type", NEW_JSON.into()),
            ("Nacos-Server", self.version.into()),
            ("serverIdentity", "security".into()),
            ("Host", self.host.into()),
            ("Connection", "Keep-Alive".into()),
            ("User-Agent", "Apache-HttpAsyncClient/4.1.3 (Java/17.0.15)".into()),
            ("Content-Length", body_bytes.to_string()),
        ]
    }

    /// What the asynchronous client is given for a checksum.
    pub fn as_checksum(&self) -> Headers {
        vec![("Connection", "Keep-Alive".into()), ("Client-Version", self.version.into())]
    }

    /// Apache's client with the headers of PUT `/distro/datum`.
    pub fn apache_put(&self, body_bytes: usize) -> Headers {
        vec![
            ("User-Agent", self.agent()),
            ("Accept-Encoding", "gzip,deflate,sdch".into()),
            ("Content-Encoding", "gzip".into()),
            ("Connection", "Keep-Alive".into()),
            ("Client-Version", self.version.into()),
            ("Content-Length", body_bytes.to_string()),
            ("Content-Type", JSON.into()),
            ("Host", self.host.into()),
        ]
    }

    /// Apache's client with a body and nothing but `extra` set.
    pub fn apache(&self, extra: Headers, body_bytes: usize) -> Headers {
        let mut headers = extra;
        headers.extend([
            ("Content-Length", body_bytes.to_string()),
            ("Content-Type", JSON.into()),
            ("Host", self.host.into()),
            ("Connection", "Keep-Alive".into()),
            ("User-Agent", self.agent()),
            ("Accept-Encoding", "gzip,deflate".into()),
        ]);
        headers
    }

    /// Java's own client.
    pub fn java(&self) -> Headers {
        vec![
            ("Content-Type", FORM.into()),
            ("Accept-Charset", "UTF-8".into()),
            ("Client-Version", self.version.into()),
            ("User-Agent", self.agent()),
            ("Host", self.host.into()),
            ("Accept", "text/html, image/gif, image/jpeg, */*; q=0.2".into()),
            ("Connection", "keep-alive".into()),
        ]
    }

    /// Java's own client behind `NamingProxy.reqAPI`, which sets headers twice.
    pub fn java_twice(&self) -> Headers {
        let mut headers = vec![
            ("Client-Version", self.version.into()),
            ("User-Agent", self.agent()),
            ("Accept-Encoding", "gzip,deflate,sdch".into()),
            ("Content-Encoding", "gzip".into()),
        ];
        headers.extend(self.java());
        headers
    }
}
