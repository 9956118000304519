//! How the values of quirks are written and read: as text on the command line and in the admin
//! API, as TOML in profiles.

use crate::model::AgentFamily;

/// A type that a quirk may have.
pub trait QuirkValue: Sized + PartialEq {
    /// The value's text, as in a profile without quotes.
    fn text(&self) -> String;
    /// Reads a text; `None` when it is no value of this type.
    fn read(text: &str) -> Option<Self>;
    /// What may be written, for help and errors.
    fn valid() -> String;
}

impl QuirkValue for bool {
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
    fn text(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn valid() -> String {
        "a whole number".to_owned()
    }
}

impl QuirkValue for String {
    fn text(&self) -> String {
        self.clone()
    }
    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
    fn valid() -> String {
        "a text".to_owned()
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
        format!("a comma list of {}", names.join(", "))
    }
}

/// Declares an enum whose values are written in snake case.
macro_rules! quirk_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $crate::profile::QuirkValue for $name {
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
