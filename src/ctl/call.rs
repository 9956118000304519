//! The calls of the admin API, each with its method, path, query and body.

use crate::client::http::Request;
use crate::model::Span;

/// Under which every path of the admin API stands.
const ROOT: &str = "/__admin";

/// What a reset forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything below.
    All,
    /// Services, clients and subscribers.
    Registry,
    /// Namespaces, accounts and configurations.
    Console,
    /// The journal.
    Journal,
    /// Quirks that were changed since the start.
    Quirks,
}

impl Scope {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Registry => "registry",
            Self::Console => "console",
            Self::Journal => "journal",
            Self::Quirks => "quirks",
        }
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Whether the process lives.
    Live,
    /// Whether it answers clients.
    Ready,
    /// What runs there.
    Info,
    /// Its profile, and which quirks were changed since.
    Profile,
    /// The time on its clock, and what is due next.
    Clock,
    /// Lets time pass on a manual clock.
    Advance(Span),
    /// Forgets.
    Reset(Scope),
    /// Every quirk.
    Quirks,
    /// One quirk.
    Quirk(String),
    /// Gives a quirk another value.
    SetQuirk {
        /// Its name.
        name: String,
        /// The value, as `--set` takes it.
        value: String,
    },
    /// Gives a quirk the value it was started with.
    RestoreQuirk(String),
    /// Gives every quirk of a node the value it was started with.
    RestoreQuirks,
    /// Records of the journal; each filter is a parameter and its value.
    Journal(Vec<(&'static str, String)>),
    /// How many records the filters leave.
    JournalCount(Vec<(&'static str, String)>),
    /// Instances; filters as of the journal.
    Instances(Vec<(&'static str, String)>),
    /// Subscribers; filters as of the journal.
    Subscribers(Vec<(&'static str, String)>),
    /// Connections of 2.x clients.
    Connections,
    /// Cuts one.
    DropConnection(String),
    /// Tells the client of one to go elsewhere, to an address if there is one.
    ResetConnection {
        /// Its id.
        id: String,
        /// `ip:port` of another server.
        to: Option<String>,
    },
    /// Holds back what one is sent, or lets it go.
    StallConnection {
        /// Its id.
        id: String,
        /// False lets it go.
        on: bool,
    },
    /// Every node.
    Nodes,
    /// One node.
    Node(u8),
    /// Does something to a node, with its parameters.
    DoToNode {
        /// Which one, from 0.
        number: u8,
        /// What, as the API names it.
        action: &'static str,
        /// Parameters and their values.
        with: Vec<(&'static str, String)>,
    },
    /// Metrics as Prometheus reads them.
    Metrics,
    /// The description of the API itself.
    OpenApi,
}

impl Call {
    /// The request, for one node when a number is given.
    pub(super) fn request(&self, node: Option<u8>) -> Request {
        let (method, path) = self.line();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query());
        query.extend_pairs(node.map(|node| ("node", node.to_string())));
        let mut target = format!("{ROOT}/{path}");
        let query = query.finish();
        if !query.is_empty() {
            target = format!("{target}?{query}");
        }
        let request = Request::new(method, target);
        match self {
            Self::SetQuirk { value, .. } => {
                request.header("Content-Type", "text/plain").form(value.clone())
            }
            _ => request,
        }
    }

    fn line(&self) -> (&'static str, String) {
        let (method, path) = match self {
            Self::Live => ("GET", "health/live"),
            Self::Ready => ("GET", "health/ready"),
            Self::Info => ("GET", "info"),
            Self::Profile => ("GET", "profile"),
            Self::Clock => ("GET", "clock"),
            Self::Advance(_) => ("POST", "clock/advance"),
            Self::Reset(_) => ("POST", "reset"),
            Self::Quirks => ("GET", "quirks"),
            Self::Quirk(name) => return ("GET", quirk_path(name)),
            Self::SetQuirk { name, .. } => return ("PUT", quirk_path(name)),
            Self::RestoreQuirk(name) => return ("DELETE", quirk_path(name)),
            Self::RestoreQuirks => ("DELETE", "quirks"),
            Self::Journal(_) => ("GET", "journal"),
            Self::JournalCount(_) => ("GET", "journal/count"),
            Self::Instances(_) => ("GET", "instances"),
            Self::Subscribers(_) => ("GET", "subscribers"),
            Self::Connections => ("GET", "connections"),
            // Ids are digits, dots, colons and underscores: one segment as they are, or unknown.
            Self::DropConnection(id) => return ("DELETE", connection_path(id, "")),
            Self::ResetConnection { id, .. } => return ("POST", connection_path(id, "/reset")),
            Self::StallConnection { id, .. } => return ("POST", connection_path(id, "/stall")),
            Self::Nodes => ("GET", "nodes"),
            Self::Node(number) => return ("GET", format!("nodes/{number}")),
            Self::DoToNode { number, action, .. } => {
                return ("POST", format!("nodes/{number}/{action}"));
            }
            Self::Metrics => ("GET", "metrics"),
            Self::OpenApi => ("GET", "openapi.json"),
        };
        (method, path.to_owned())
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Advance(span) => vec![("ms", span.as_millis().to_string())],
            Self::Reset(scope) => vec![("scope", scope.name().to_owned())],
            Self::Journal(filters)
            | Self::JournalCount(filters)
            | Self::Instances(filters)
            | Self::Subscribers(filters) => filters.clone(),
            Self::DoToNode { with, .. } => with.clone(),
            Self::ResetConnection { to: Some(to), .. } => vec![("to", to.clone())],
            Self::StallConnection { on, .. } => vec![("on", on.to_string())],
            _ => Vec::new(),
        }
    }
}

fn connection_path(id: &str, action: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("connections/{id}{action}")
}

/// Whatever stands for the name stays one segment of the path.
fn quirk_path(name: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("quirks/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(call: &Call) -> String {
        let request = call.request(None);
        format!("{} {}", request.method, request.target)
    }

    #[test]
    fn each_call_is_a_method_and_a_path() {
        let quirk = || "beat.light".to_owned();
        let examples = [
            (Call::Live, "GET /__admin/health/live"),
            (Call::Ready, "GET /__admin/health/ready"),
            (Call::Advance("16s".parse().unwrap()), "POST /__admin/clock/advance?ms=16000"),
            (Call::Reset(Scope::Journal), "POST /__admin/reset?scope=journal"),
            (Call::Quirk(quirk()), "GET /__admin/quirks/beat.light"),
            (Call::RestoreQuirk("a/b c?".to_owned()), "DELETE /__admin/quirks/a%2Fb+c%3F"),
            (Call::OpenApi, "GET /__admin/openapi.json"),
        ];
        for (call, expected) in examples {
            assert_eq!(line(&call), expected);
        }
    }

    #[test]
    fn filters_and_the_node_are_the_query() {
        let filters = vec![("op", "beat".to_owned()), ("service", "a@@b c".to_owned())];
        assert_eq!(
            line(&Call::Journal(filters.clone())),
            "GET /__admin/journal?op=beat&service=a%40%40b+c"
        );
        assert_eq!(
            Call::JournalCount(filters).request(Some(2)).target,
            "/__admin/journal/count?op=beat&service=a%40%40b+c&node=2"
        );
    }

    #[test]
    fn a_value_goes_plainly_in_the_body() {
        let call = Call::SetQuirk { name: "beat.light".to_owned(), value: "absent".to_owned() };
        let bytes = call.request(None).to_bytes("h:1").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("PUT /__admin/quirks/beat.light HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("Content-Type: text/plain\r\n\r\nabsent"), "{text}");
    }
}
