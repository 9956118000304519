//! The SDK and version behind a request: `User-Agent`, or `Client-Version` when that is empty.

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The header's text.
    pub text: String,
    /// Which family of clients its prefix names.
    pub family: AgentFamily,
    /// The version behind `:v`.
    pub version: AgentVersion,
}

/// Families that some server version tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentFamily {
    /// `Nacos-Java-Client`.
    Java,
    /// `Nacos-DNS`.
    Dns,
    /// `Nacos-C-Client` and `vip-client4cpp`.
    C,
    /// `nacos-go-sdk`, what 1.x servers take for the Go client.
    GoSdk,
    /// `Nacos-Go-Client`, what the Go client really sends.
    GoClient,
    /// `Nacos-CSharp-Client`.
    CSharp,
    /// `Nacos-SDK-Java`.
    JavaSdk,
    /// `Nacos-Server`: another server.
    Server,
    /// `unit-nginx`.
    Tengine,
    /// Everything else.
    Unknown,
}

/// A version as `VersionUtil` parses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentVersion {
    /// Major, minor, patch.
    Parsed(u32, u32, u32),
    /// One part only: Jackson's parser returns null, and whoever compares it meets a
    /// NullPointerException.
    Null,
    /// No version, or none that reads as numbers: older than everything.
    Unknown,
}

/// Prefixes in the order in which the servers try them.
const PREFIXES: [(&str, AgentFamily); 10] = [
    ("Nacos-Java-Client", AgentFamily::Java),
    ("Nacos-DNS", AgentFamily::Dns),
    ("Nacos-C-Client", AgentFamily::C),
    ("vip-client4cpp", AgentFamily::C),
    ("Nacos-SDK-Java", AgentFamily::JavaSdk),
    ("Nacos-Server", AgentFamily::Server),
    ("unit-nginx", AgentFamily::Tengine),
    ("nacos-go-sdk", AgentFamily::GoSdk),
    ("Nacos-Go-Client", AgentFamily::GoClient),
    ("Nacos-CSharp-Client", AgentFamily::CSharp),
];

impl Agent {
    /// Reads the header's text.
    pub fn parse(text: &str) -> Self {
        let family = PREFIXES
            .iter()
            .find(|(prefix, _)| text.starts_with(prefix))
            .map_or(AgentFamily::Unknown, |(_, family)| *family);
        Self { text: text.to_owned(), family, version: AgentVersion::after_colon(text) }
    }
}

impl AgentVersion {
    /// The version behind `:v`; without it everything behind the first character is tried, as the
    /// servers' `substring(indexOf(":v") + 2)` does.
    fn after_colon(text: &str) -> Self {
        let version = match text.find(":v") {
            Some(at) => &text[at + 2..],
            None => text.char_indices().nth(1).map_or("", |(at, _)| &text[at..]),
        };
        Self::parse(version)
    }

    /// Parses `1.2.3`; separators are those of Jackson's `VersionUtil`.
    pub fn parse(version: &str) -> Self {
        let parts: Vec<&str> = version.trim().split(['-', '_', '.', '/', ';', ':']).collect();
        if parts.len() < 2 {
            return if parts[0].is_empty() { Self::Unknown } else { Self::Null };
        }
        let number = |at: usize| -> u32 {
            let digits: String = parts
                .get(at)
                .map(|p| p.chars().take_while(char::is_ascii_digit).collect())
                .unwrap_or_default();
            digits.parse().unwrap_or(0)
        };
        Self::Parsed(number(0), number(1), number(2))
    }

    /// Whether this version is at least `other`; `None` where Java would meet a null.
    pub fn at_least(self, other: AgentVersion) -> Option<bool> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::Unknown, _) => Some(false),
            (_, Self::Unknown) => Some(true),
            (Self::Parsed(a, b, c), Self::Parsed(x, y, z)) => Some((a, b, c) >= (x, y, z)),
        }
    }

    /// Whether a DNS agent is one of the first days, up to 1.0.1, which `/api/allDomNames` serves
    /// in its own manner; `None` where Java would meet a null.
    pub fn is_first_dns(self) -> Option<bool> {
        self.at_least(Self::Parsed(1, 0, 2)).map(|later| !later)
    }
}
