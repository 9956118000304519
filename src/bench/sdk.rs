//! What each SDK sends: form, headers and habits, as recorded in
//! `fixtures/transcripts/client-wire` and told in the project's survey of clients.
//!
//! Parameters stand in the order recorded. Only the `RequestId` is constant here: no server reads
//! it, and a fresh one for each request would cost more than the request itself.
use super::grpc::{AGENTS, Grpc};

/// One SDK, or several versions that behave alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Sdk {
    /// The name on the command line.
    pub name: &'static str,
    /// The protocol and what is said in it.
    pub speaks: Speaks,
}

/// The protocol of an SDK.
#[derive(Debug, PartialEq, Eq)]
pub enum Speaks {
    /// The API of 1.x.
    Http(Http),
    /// Connections of 2.x.
    Grpc(Grpc),
}

/// The forms and habits of an SDK of 1.x.
#[derive(Debug, PartialEq, Eq)]
pub struct Http {
    /// Headers behind `Host`, each with its line end.
    pub headers: &'static str,
    /// A registration.
    pub register: Form,
    /// A departure.
    pub deregister: Form,
    full_beat: Form,
    light_beat: Option<Form>,
    /// A list.
    pub list: Form,
    /// How often a failed request is sent to the only server before the client gives up.
    pub tries: u8,
    /// Whether the answer's `code` 20404 makes the client register again.
    pub registers_again: bool,
    /// Whether a 200 that is no JSON object ends the client's beats for ever.
    pub odd_answer_ends_beats: bool,
    /// Whether the first beat is sent with the registration instead of a period later.
    pub beats_at_once: bool,
}

/// Where the parameters of a request stand. Names in braces are filled in for each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Behind the `?`; empty for none.
    pub query: &'static str,
    /// The body.
    pub body: Body,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// No body and no `Content-Length`.
    Absent,
    /// No body and `Content-Length: 0`.
    Empty,
    /// The query once more.
    Query,
    /// This form.
    Form(&'static str),
}

impl Sdk {
    /// The SDK of this name.
    pub fn named(name: &str) -> Option<&'static Sdk> {
        Self::all().find(|sdk| sdk.name == name)
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::all().map(|sdk| sdk.name)
    }

    fn all() -> impl Iterator<Item = &'static Sdk> {
        SDKS.iter().chain(&AGENTS)
    }

    /// What it does on connections of 2.x, if it makes them.
    pub fn grpc(&self) -> Option<&Grpc> {
        match &self.speaks {
            Speaks::Http(_) => None,
            Speaks::Grpc(grpc) => Some(grpc),
        }
    }
}

impl Http {
    /// Whether the client knows beats without a body.
    pub fn knows_light_beats(&self) -> bool {
        self.light_beat.is_some()
    }

    /// Where the parameters of a beat stand.
    pub fn beat(&self, light: bool) -> Form {
        self.light_beat.filter(|_| light).unwrap_or(self.full_beat)
    }
}

macro_rules! java_headers {
    ($version:literal) => {
        concat!(
            "Client-Version: ",
            $version,
            "\r\nUser-Agent: Nacos-Java-Client:v",
            $version,
            "\r\nAccept-Encoding: gzip,deflate,sdch\r\n",
            "RequestId: db77eea9-6cd9-4e7e-b671-9861c8a02e61\r\n",
            "Request-Module: Naming\r\n",
            "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n",
            "Accept-Charset: UTF-8\r\n",
            "Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r\n",
            "Connection: keep-alive\r\n",
        )
    };
}

const GO_HEADERS: &str = "User-Agent: Nacos-Go-Client:v1.1.6\r\n\
    Client-Version: Nacos-Go-Client:v1.1.6\r\nConnection: Keep-Alive\r\n\
    Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\nRequest-Module: Naming\r\n\
    RequestId: ab58546d-9545-410e-af5f-f5a8c17c3129\r\nAccept-Encoding: gzip\r\n";

const NODE_HEADERS: &str = "user-agent: Nacos-Java-Client:v1.0.0\r\n\
    client-version: Nacos-Java-Client:v1.0.0\r\naccept-encoding: gzip,deflate,sdch\r\n\
    request-module: Naming\r\nconnection: Keep-Alive\r\n\
    requestid: 7144d74e-1074-44ed-b871-ad296ff03e72\r\n";

const PYTHON_HEADERS: &str = "Accept-Encoding: identity\r\n\
    User-Agent: Nacos-Python-Client:v1.0.0\r\nConnection: close\r\n";

const JAVA_REGISTER: &str = "app=unknown&metadata={metadata}&ip={ip}&weight=1.0&ephemeral=true\
    &serviceName={service}&encoding=UTF-8&groupName={group}&namespaceId={namespace}&port={port}\
    &enable=true&healthy=true";
const JAVA_DEREGISTER: &str = "app=unknown&namespaceId={namespace}&port={port}&ip={ip}\
    &ephemeral=true&serviceName={service}&encoding=UTF-8";
const JAVA_LIST: &str = "app=unknown&healthyOnly=false&namespaceId={namespace}\
    &clientIP={client_ip}&serviceName={service}&udpPort={udp}&encoding=UTF-8";
const JAVA_BEAT: &str = "%7B%22ip%22%3A%22{ip}%22%2C%22metadata%22%3A{metadata}\
    %2C%22period%22%3A5000%2C%22port%22%3A{port}%2C%22scheduled%22%3Afalse\
    %2C%22serviceName%22%3A%22{service}%22%2C%22stopped%22%3Afalse%2C%22weight%22%3A1.0%7D";
const JACKSON_BEAT: &str = "beat=%7B%22port%22%3A{port}%2C%22ip%22%3A%22{ip}%22\
    %2C%22weight%22%3A1.0%2C%22serviceName%22%3A%22{service}%22\
    %2C%22metadata%22%3A{metadata}%2C%22scheduled%22%3Afalse%2C%22period%22%3A5000\
    %2C%22stopped%22%3Afalse%7D&";

const fn query(query: &'static str) -> Form {
    Form { query, body: Body::Absent }
}

const fn empty_body(query: &'static str) -> Form {
    Form { query, body: Body::Empty }
}

const fn form_body(body: &'static str) -> Form {
    Form { query: "", body: Body::Form(body) }
}

static SDKS: [Sdk; 6] = [
    Sdk {
        name: "java-1.1.4",
        speaks: Speaks::Http(Http {
            headers: java_headers!("1.1.4"),
            register: Form { query: JAVA_REGISTER, body: Body::Query },
            deregister: query(JAVA_DEREGISTER),
            full_beat: Form {
                query: "beat={java_beat}&app=unknown&serviceName={service}&encoding=UTF-8\
                    &namespaceId={namespace}",
                body: Body::Query,
            },
            light_beat: None,
            list: query(JAVA_LIST),
            tries: 1,
            registers_again: false,
            odd_answer_ends_beats: false,
            beats_at_once: false,
        }),
    },
    Sdk {
        name: "java-1.2.1",
        speaks: Speaks::Http(Http {
            headers: java_headers!("1.2.1"),
            register: query(JAVA_REGISTER),
            deregister: query(JAVA_DEREGISTER),
            full_beat: Form {
                query: "app=unknown&namespaceId={namespace}&port={port}&ip={ip}\
                    &serviceName={service}&encoding=UTF-8",
                body: Body::Form("beat={java_beat}"),
            },
            light_beat: Some(query(
                "app=unknown&namespaceId={namespace}&port={port}&ip={ip}&serviceName={service}\
             &encoding=UTF-8",
            )),
            list: query(JAVA_LIST),
            tries: 4,
            registers_again: true,
            odd_answer_ends_beats: true,
            beats_at_once: false,
        }),
    },
    Sdk {
        name: "java-1.4.2",
        speaks: Speaks::Http(Http {
            headers: java_headers!("1.4.2"),
            register: query(
                "app=unknown&groupName={group}&metadata={metadata}&namespaceId={namespace}\
             &port={port}&enable=true&healthy=true&ip={ip}&weight=1.0&ephemeral=true\
             &serviceName={service}",
            ),
            deregister: query(
                "app=unknown&namespaceId={namespace}&port={port}&ip={ip}&ephemeral=true\
             &serviceName={service}",
            ),
            full_beat: Form {
                query: "app=unknown&serviceName={service}&namespaceId={namespace}&port={port}\
                    &ip={ip}",
                body: Body::Form(JACKSON_BEAT),
            },
            light_beat: Some(query(
                "app=unknown&serviceName={service}&namespaceId={namespace}&port={port}&ip={ip}",
            )),
            list: query(
                "app=unknown&healthyOnly=false&namespaceId={namespace}&clientIP={client_ip}\
             &serviceName={service}&udpPort={udp}&clusters=",
            ),
            tries: 3,
            registers_again: true,
            odd_answer_ends_beats: false,
            beats_at_once: false,
        }),
    },
    Sdk {
        name: "go-1",
        speaks: Speaks::Http(Http {
            headers: GO_HEADERS,
            register: form_body(
                "app=&clusterName=&enable=true&ephemeral=true&groupName={group}&healthy=true&ip={ip}\
             &metadata={metadata}&namespaceId={namespace}&port={port}&serviceName={service}\
             &weight=1",
            ),
            deregister: query(
                "ip={ip}&port={port}&ephemeral=true&namespaceId={namespace}&serviceName={plain}\
             &clusterName=",
            ),
            full_beat: form_body(
                "serviceName={plain}&beat={\"ip\":\"{ip}\",\"port\":{port},\"weight\":1,\
             \"serviceName\":\"{plain}\",\"cluster\":\"\",\"metadata\":{raw_metadata},\
             \"scheduled\":false}&namespaceId={namespace}",
            ),
            light_beat: None,
            list: query(
                "app=&clusters=&udpPort={udp}&healthyOnly=false&clientIP={client_ip}\
             &namespaceId={namespace}&serviceName={plain}",
            ),
            tries: 3,
            registers_again: false,
            odd_answer_ends_beats: false,
            beats_at_once: true,
        }),
    },
    Sdk {
        name: "node",
        speaks: Speaks::Http(Http {
            headers: NODE_HEADERS,
            register: empty_body(
                "namespaceId={namespace}&serviceName={service}&groupName={group}\
             &clusterName=DEFAULT&ip={ip}&port={port}&weight=1&enable=true&healthy=true\
             &ephemeral=true&metadata={metadata}",
            ),
            deregister: query(
                "namespaceId={namespace}&serviceName={service}&clusterName=DEFAULT&ip={ip}\
             &port={port}&ephemeral=true",
            ),
            full_beat: empty_body(
                "beat=%7B%22serviceName%22%3A%22{service}%22%2C%22ip%22%3A%22{ip}%22\
             %2C%22port%22%3A{port}%2C%22cluster%22%3A%22DEFAULT%22%2C%22weight%22%3A1\
             %2C%22metadata%22%3A{metadata}%2C%22scheduled%22%3Atrue%7D\
             &namespaceId={namespace}&serviceName={service}",
            ),
            light_beat: None,
            list: query(
                "namespaceId={namespace}&serviceName={service}&clusters=DEFAULT&udpPort={udp}\
             &clientIP={client_ip}&healthyOnly=false",
            ),
            tries: 1,
            registers_again: false,
            odd_answer_ends_beats: false,
            beats_at_once: false,
        }),
    },
    Sdk {
        name: "python",
        speaks: Speaks::Http(Http {
            headers: PYTHON_HEADERS,
            register: empty_body(
                "ip={ip}&port={port}&serviceName={bare}&weight=1.0&enable=True&healthy=True\
             &clusterName=DEFAULT&ephemeral=True&groupName={group}&metadata={metadata}\
             &namespaceId={namespace}",
            ),
            deregister: query(
                "ip={ip}&port={port}&serviceName={bare}&ephemeral=True&groupName={group}\
             &clusterName=DEFAULT&namespaceId={namespace}",
            ),
            full_beat: empty_body(
                "serviceName={service}&beat=%7B%22serviceName%22%3A+%22{service}%22%2C+%22ip%22%3A+\
             %22{ip}%22%2C+%22port%22%3A+{port}%2C+%22weight%22%3A+1.0%2C+%22ephemeral%22%3A+true\
             %2C+%22cluster%22%3A+%22DEFAULT%22%2C+%22metadata%22%3A+{metadata}%7D\
             &groupName={group}&namespaceId={namespace}",
            ),
            light_beat: None,
            // This client polls and never names a port for pushes.
            list: query(
                "serviceName={bare}&healthyOnly=False&groupName={group}&namespaceId={namespace}",
            ),
            tries: 1,
            registers_again: false,
            odd_answer_ends_beats: false,
            beats_at_once: true,
        }),
    },
];

/// The parts of forms that have parts themselves, by the name in braces.
pub(super) const PARTS: [(&str, &str); 1] = [("java_beat", JAVA_BEAT)];

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> impl Iterator<Item = (&'static str, &'static Http)> {
        SDKS.iter().filter_map(|sdk| match &sdk.speaks {
            Speaks::Http(http) => Some((sdk.name, http)),
            Speaks::Grpc(_) => None,
        })
    }

    #[test]
    fn only_java_clients_that_know_light_beats_send_them() {
        let knowing = http().filter(|(_, sdk)| sdk.knows_light_beats());
        let names: Vec<_> = knowing.map(|(name, _)| name).collect();
        assert_eq!(names, ["java-1.2.1", "java-1.4.2"]);
        let (_, go) = http().find(|(name, _)| *name == "go-1").unwrap();
        assert_eq!(go.beat(true), go.beat(false));
    }

    #[test]
    fn the_beat_stands_where_each_client_puts_it() {
        let place = |wanted: &str| {
            let form = http().find(|(name, _)| *name == wanted).unwrap().1.beat(false);
            (form.query.contains("beat="), matches!(form.body, Body::Form(_) | Body::Query))
        };
        assert_eq!(place("java-1.1.4"), (true, true));
        assert_eq!(place("java-1.2.1"), (false, true));
        assert_eq!(place("java-1.4.2"), (false, true));
        assert_eq!(place("go-1"), (false, true));
        assert_eq!(place("node"), (true, false));
        assert_eq!(place("python"), (true, false));
    }
}
