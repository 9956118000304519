//! How the values of quirks are written and read: as text on the command line and in the admin
//! API, as TOML in profiles.

use crate::model::AgentFamily;

/// The longest time that a quirk may hold: a day, ms.
const MAX_NUMBER: u64 = 86_400_000;

/// How a value is written in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of several words, a TOML string.
    Choice,
    /// `true` or `false`.
    YesNo,
    /// A whole number.
    Number,
    /// Any TOML string.
    Text,
    /// An array of words; a comma list on the command line.
    List,
}

/// One answer of a quirk that chooses, and its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// As written.
    pub name: &'static str,
    /// What a client sees.
    pub doc: &'static str,
}

/// A type that a quirk may have.
pub trait QuirkValue: Sized + PartialEq {
    /// How it is written in TOML.
    const KIND: Kind;
    /// The answers, where there is a choice.
    const CHOICES: &'static [Choice] = &[];
    /// The value's text, as in a profile without quotes.
    fn text(&self) -> String;
    /// Reads a text; `None` when it is no value of this type.
    fn read(text: &str) -> Option<Self>;
    /// What may be written, for help and errors.
    fn valid() -> String;
}

impl QuirkValue for bool {
    const KIND: Kind = Kind::YesNo;
    fn text(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn valid() -> String {
        "true, false".to_owned()
    }
}

impl QuirkValue for u64 {
    const KIND: Kind = Kind::Number;
    fn text(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number <= MAX_NUMBER)
    }
    fn valid() -> String {
        format!("a whole number up to {MAX_NUMBER}")
    }
}

impl QuirkValue for String {
    const KIND: Kind = Kind::Text;
    fn text(&self) -> String {
        self.clone()
    }
    fn read(text: &str) -> Option<Self> {
        // The server's version stands in headers and in every datum of the peers.
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        fits.then(|| text.to_owned())
    }
    fn valid() -> String {
        "a text of visible ASCII characters".to_owned()
    }
}

/// Names of agent families in profiles.
const FAMILIES: [(&str, AgentFamily); 6] = [
    ("java", AgentFamily::Java),
    ("dns", AgentFamily::Dns),
    ("c", AgentFamily::C),
    ("go_sdk", AgentFamily::GoSdk),
    ("go_client", AgentFamily::GoClient),
    ("csharp", AgentFamily::CSharp),
];

impl QuirkValue for Vec<AgentFamily> {
    const KIND: Kind = Kind::List;
    const CHOICES: &'static [Choice] = &[
        Choice { name: "java", doc: "`Nacos-Java-Client`." },
        Choice { name: "dns", doc: "`Nacos-DNS`." },
        Choice { name: "c", doc: "`Nacos-C-Client` and `vip-client4cpp`." },
        Choice { name: "go_sdk", doc: "`nacos-go-sdk`, what 1.x takes for the Go client." },
        Choice { name: "go_client", doc: "`Nacos-Go-Client`, what the Go client really sends." },
        Choice { name: "csharp", doc: "`Nacos-CSharp-Client`." },
    ];
    fn text(&self) -> String {
        let name = |family| FAMILIES.iter().find(|(_, f)| *f == family).map_or("", |(n, _)| n);
        self.iter().map(|family| name(*family)).collect::<Vec<_>>().join(",")
    }
    fn read(text: &str) -> Option<Self> {
        let family = |name: &str| FAMILIES.iter().find(|(n, _)| *n == name.trim()).map(|(_, f)| *f);
        text.split(',').filter(|name| !name.trim().is_empty()).map(family).collect()
    }
    fn valid() -> String {
        let names: Vec<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
        format!("a list of {}", names.join(", "))
    }
}

/// Declares an enum whose values are written in snake case.
macro_rules! quirk_enum {
    ($(#[$doc:meta])* $name:ident {
        $(#[doc = $said:literal] $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $(#[doc = $said] $variant),+ }

        impl $crate::profile::QuirkValue for $name {
            const KIND: $crate::profile::Kind = $crate::profile::Kind::Choice;
            const CHOICES: &'static [$crate::profile::Choice] =
                &[$($crate::profile::Choice { name: $text, doc: $said.trim_ascii() }),+];
            fn text(&self) -> String {
                match self { $(Self::$variant => $text),+ }.to_owned()
            }
            fn read(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
            fn valid() -> String {
                [$($text),+].join(", ")
            }
        }
    };
}
pub(super) use quirk_enum;
