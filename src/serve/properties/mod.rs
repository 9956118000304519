//! Nacos's own settings: the names of `application.properties`, where they mean something here.
//!
//! They fill a [`ServeConfig`] or turn quirks of its profile, so that the settings people have
//! carry over. What Nacos knows and facos has no use for is told as such; what nobody knows is
//! refused with what is near.

mod file;
mod known;

pub use file::{parse, read};

use super::ServeConfig;
use crate::profile::suggestion;
use known::{Known, Use};
use std::path::PathBuf;

/// One setting and where it is stated.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    /// As written.
    pub name: String,
    /// As written, without blanks around it.
    pub value: String,
    /// A flag, or a file and a line.
    pub place: String,
}

/// Why properties can not be used: one line.
#[derive(Debug, thiserror::Error)]
pub enum PropertyError {
    /// The file is not there or not readable.
    #[error("cannot read the properties {}: {source}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A name without a value.
    #[error("{place}: {text:?} is not NAME=VALUE, such as nacos.core.auth.enabled=true")]
    NoAssignment {
        /// Where it stands.
        place: String,
        /// As written.
        text: String,
    },
    /// A name that Nacos does not know.
    #[error("{place}: Nacos has no property {name:?}{near}")]
    Unknown {
        /// Where it stands.
        place: String,
        /// As written.
        name: String,
        /// " (did you mean ...?)" or nothing.
        near: String,
    },
    /// A value that the property can not have.
    #[error("{place}: {name} can not be {value:?}; valid: {valid}")]
    BadValue {
        /// Where it stands.
        place: String,
        /// The property.
        name: String,
        /// As written; hidden when it is a secret.
        value: String,
        /// What may be written.
        valid: &'static str,
    },
    /// `${NAME}` without a value and without a default.
    #[error("{place}: {name} needs the variable {variable}, which is not set")]
    NoVariable {
        /// Where it stands.
        place: String,
        /// The property.
        name: String,
        /// The variable.
        variable: String,
    },
}

impl Property {
    /// Reads `NAME=VALUE`.
    ///
    /// # Errors
    /// There is no name or no `=`.
    pub fn assignment(text: &str, place: &str) -> Result<Self, PropertyError> {
        let named = text.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let Some((name, value)) = named else {
            return Err(PropertyError::NoAssignment {
                place: place.to_owned(),
                text: text.to_owned(),
            });
        };
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        Ok(Self { name, value, place: place.to_owned() })
    }

    /// The value, unless it is a secret.
    pub fn shown(&self) -> &str {
        if self.is_secret() { "***" } else { &self.value }
    }

    fn is_secret(&self) -> bool {
        known::find(&self.name).is_none_or(|known| known.secret)
    }

    /// The value with each `${NAME:default}` replaced, as Spring does it.
    fn resolved(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, PropertyError> {
        let mut out = String::new();
        let mut rest = self.value.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let Some((inside, after)) = after.split_once('}') else { break };
            let (name, default) = match inside.split_once(':') {
                Some((name, default)) => (name, Some(default)),
                None => (inside, None),
            };
            let value = variable(name).or_else(|| default.map(str::to_owned));
            let value = value.ok_or_else(|| PropertyError::NoVariable {
                place: self.place.clone(),
                name: self.name.clone(),
                variable: name.to_owned(),
            })?;
            out.push_str(before);
            out.push_str(&value);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Property {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}: {}={}", self.place, self.name, self.shown())
    }
}

/// Fills a configuration; a later property of the same name counts. Gives the names that Nacos
/// knows and that have no effect here.
///
/// # Errors
/// A name is unknown, or a value can not be had.
pub fn apply(
    config: &mut ServeConfig,
    properties: &[Property],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, PropertyError> {
    let mut without_effect = Vec::new();
    for (index, property) in properties.iter().enumerate() {
        let Some(known) = known::find(&property.name) else {
            if known::is_ignored(&property.name) {
                without_effect.push(property.name.clone());
                continue;
            }
            return Err(unknown(property));
        };
        let same =
            |other: &Property| known::find(&other.name).is_some_and(|k| k.name == known.name);
        if properties[index + 1..].iter().any(same) {
            continue;
        }
        set(config, property, known, variable)?;
    }
    Ok(without_effect)
}

fn set(
    config: &mut ServeConfig,
    property: &Property,
    known: &Known,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), PropertyError> {
    let value = property.resolved(variable)?;
    let Use { valid, set } = &known.used;
    set(config, &value).ok_or_else(|| PropertyError::BadValue {
        place: property.place.clone(),
        name: property.name.clone(),
        value: if known.secret { "***".to_owned() } else { value },
        valid,
    })
}

fn unknown(property: &Property) -> PropertyError {
    let names: Vec<&str> = known::names().collect();
    PropertyError::Unknown {
        place: property.place.clone(),
        name: property.name.clone(),
        near: suggestion(&property.name, &names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Peers, Profile};

    fn applied(version: &str, properties: &[&str]) -> Result<(ServeConfig, Vec<String>), String> {
        let mut config = ServeConfig::new(Profile::nacos(version).unwrap());
        let read = |text: &&str| Property::assignment(text, "--property");
        let properties: Result<Vec<Property>, PropertyError> =
            properties.iter().map(read).collect();
        let variable = |name: &str| (name == "PORT").then(|| "9000".to_owned());
        let without = properties
            .and_then(|properties| apply(&mut config, &properties, &variable))
            .map_err(|error| error.to_string())?;
        Ok((config, without))
    }

    #[test]
    fn nacos_s_names_fill_the_configuration() {
        let (config, without) = applied(
            "2.0.2",
            &[
                "nacos.core.auth.enabled=true",
                "nacos.core.auth.default.token.expire.seconds = 60",
                "server.port=${PORT:8848}",
                "server.servlet.contextPath=/registry/",
                "nacos.naming.expireInstance=false",
                "nacos.core.auth.caching.enabled=false",
                "nacos.core.auth.enable.userAgentAuthWhite=true",
                "nacos.naming.push.pushTaskDelay=100",
                "nacos.core.auth.server.identity.value=",
                "nacos.naming.data.warmup=true",
                "management.metrics.export.elastic.enabled=false",
            ],
        )
        .unwrap();
        assert!(config.auth.enabled && !config.expire_instances);
        assert_eq!((config.auth.token_seconds, config.port), (60, 9_000));
        assert_eq!(config.context_path, "/registry");
        let quirks = &config.profile.quirks;
        assert_eq!((quirks.auth.caching, quirks.auth.peers), (false, Peers::UserAgent));
        assert_eq!(quirks.push.delay_ms, 100);
        assert_eq!(config.auth.identity(), None);
        let ignored = ["nacos.naming.data.warmup", "management.metrics.export.elastic.enabled"];
        assert_eq!(without, ignored);
    }

    #[test]
    fn the_last_of_a_name_counts_however_it_is_written() {
        let (config, _) =
            applied("1.2.1", &["server.servlet.contextPath=/a", "server.servlet.context-path=/"])
                .unwrap();
        assert_eq!(config.context_path, "");
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        let told = |text: &str| applied("2.0.2", &[text]).unwrap_err();
        assert_eq!(
            told("nacos.core.auth.enable=true"),
            "--property: Nacos has no property \"nacos.core.auth.enable\" (did you mean \
             nacos.core.auth.enabled?)"
        );
        assert_eq!(
            told("server.port=http"),
            "--property: server.port can not be \"http\"; valid: a whole number from 0 to 65535"
        );
        assert_eq!(
            told("server.port=${NONE}"),
            "--property: server.port needs the variable NONE, which is not set"
        );
        let secret = told("nacos.core.auth.default.token.secret.key=");
        assert!(secret.contains("\"***\""), "{secret}");
        assert!(told("server.port").contains("is not NAME=VALUE"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let key = Property::assignment("nacos.core.auth.default.token.secret.key=abc", "x");
        assert_eq!(key.unwrap().shown(), "***");
        let port = Property::assignment("server.port=1", "x").unwrap();
        assert_eq!(format!("{port:?}"), "x: server.port=1");
    }
}
