//! The settings of a server: each with its type, its default, and who stated it.
//!
//! A new setting is a line in `settings!`, its default in `defaults`, its flag in `flags.rs` and
//! its use in `serve_config`; the file, the environment, errors and `facos config print` follow.

mod flags;
mod layers;

pub use flags::{ALSO, SettingFlags};
pub use layers::{collect, profile_hint, refuse};

use std::net::IpAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;

use crate::config::{ConfigError, LogFilter, Secret, Source, Stated, Statement, Value};
use crate::profile::{DEFAULT_PROFILE, Profile, Setting};
use crate::serve::{ClockKind, ServeConfig};

/// One setting as people read it.
#[derive(Debug)]
pub struct Entry {
    /// Its name, with underscores.
    pub name: &'static str,
    /// Its value as it is written; secrets are hidden.
    pub text: String,
    /// Its value in JSON.
    pub json: serde_json::Value,
    /// Who stated it.
    pub source: Source,
}

/// Declares the settings, and finds one by its name.
macro_rules! settings {
    ($(#[doc = $doc:literal] $name:ident: $type:ty,)+) => {
        /// What a server is started with, and who stated each value.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = $doc] pub $name: Stated<$type>,)+
            /// Quirks that differ from the profile, each once.
            pub set: Vec<Stated<Setting>>,
        }

        /// The names of all settings, as in `facos.toml`.
        pub const NAMES: &[&str] = &[$(stringify!($name),)+ "set"];

        impl Settings {
            /// Lays a statement over what was stated before.
            ///
            /// # Errors
            /// There is no such setting, or it can not have that value.
            pub fn state(&mut self, statement: Statement) -> Result<(), ConfigError> {
                match statement.name.as_str() {
                    $(stringify!($name) => self.$name = Stated::read(statement)?,)+
                    "set" => self.set_quirk(&statement)?,
                    name => return Err(ConfigError::unknown(name, NAMES).at(&statement.source)),
                }
                Ok(())
            }

            /// Every setting but the quirks, in the order of the help.
            pub fn entries(&self) -> Vec<Entry> {
                vec![$(Entry {
                    name: stringify!($name),
                    text: self.$name.value.text(),
                    json: self.$name.value.json(),
                    source: self.$name.source.clone(),
                },)+]
            }
        }
    };
}

settings! {
    /// Which server it is: a built-in name, or a user's own file.
    profile: String,
    /// Address of the nodes.
    bind: IpAddr,
    /// Port of the first node.
    port: u16,
    /// Number of nodes.
    nodes: NonZeroU8,
    /// Address of the admin API.
    admin_bind: IpAddr,
    /// Port of the admin API.
    admin_port: u16,
    /// What callers of the admin API must know.
    admin_token: Option<Secret>,
    /// Which clock everything runs on.
    clock: ClockKind,
    /// Go through a real server's first minute.
    cold_start: bool,
    /// Remove instances that stopped beating.
    expire_instances: bool,
    /// Directory of durable state.
    data: Option<PathBuf>,
    /// Records that the journal keeps.
    journal: u32,
    /// Threads that serve the sockets of a node.
    workers: NonZeroU8,
    /// File that gets the ready line.
    ready_file: Option<PathBuf>,
    /// What is logged.
    log: LogFilter,
}

impl Value for ClockKind {
    const WORDS: &'static [&'static str] = &["real", "manual"];

    fn read(text: &str) -> Option<Self> {
        [Self::Real, Self::Manual].into_iter().find(|clock| clock.name() == text)
    }
    fn valid() -> String {
        Self::WORDS.join(", ")
    }
    fn text(&self) -> String {
        self.name().to_owned()
    }
}

impl Settings {
    /// What holds when nobody states anything: what [`ServeConfig::new`] has.
    pub fn defaults() -> Self {
        let profile = Profile::nacos(DEFAULT_PROFILE).expect("the default profile is built in");
        let config = ServeConfig::new(profile);
        let small = |count: usize| {
            let count = u8::try_from(count).ok().and_then(NonZeroU8::new);
            Stated::by_default(count.expect("defaults are small counts from 1"))
        };
        let journal = u32::try_from(config.journal_records).expect("the default is some megabytes");
        Self {
            profile: Stated::by_default(DEFAULT_PROFILE.to_owned()),
            bind: Stated::by_default(config.bind),
            port: Stated::by_default(config.port),
            nodes: small(config.nodes),
            admin_bind: Stated::by_default(config.admin_bind),
            admin_port: Stated::by_default(config.admin_port),
            admin_token: Stated::by_default(None),
            clock: Stated::by_default(config.clock),
            cold_start: Stated::by_default(config.cold_start),
            expire_instances: Stated::by_default(config.expire_instances),
            data: Stated::by_default(config.data),
            journal: Stated::by_default(journal),
            workers: small(config.workers),
            ready_file: Stated::by_default(None),
            log: Stated::by_default(LogFilter::read("info").expect("info is a level")),
            set: Vec::new(),
        }
    }

    fn set_quirk(&mut self, statement: &Statement) -> Result<(), ConfigError> {
        let source = statement.source.clone();
        let value: Setting = statement
            .text
            .parse()
            .map_err(|error| ConfigError::Profile(error).at(&statement.source))?;
        self.set.retain(|before| before.value.name != value.name);
        self.set.push(Stated { value, source });
        Ok(())
    }

    /// The profile with the quirks that were set by hand.
    ///
    /// # Errors
    /// There is no such profile, or its file has a mistake.
    pub fn load_profile(&self) -> Result<Profile, ConfigError> {
        let mut profile = Profile::load(&self.profile.value)
            .map_err(|error| ConfigError::Profile(error).at(&self.profile.source))?;
        for Stated { value, source } in &self.set {
            profile
                .set(value.name, &value.value)
                .map_err(|error| ConfigError::Profile(error).at(source))?;
        }
        Ok(profile)
    }

    /// What the server itself takes.
    ///
    /// # Errors
    /// As of [`Settings::load_profile`].
    pub fn serve_config(&self) -> Result<ServeConfig, ConfigError> {
        Ok(ServeConfig {
            profile: self.load_profile()?,
            bind: self.bind.value,
            port: self.port.value,
            nodes: self.nodes.value.get().into(),
            admin_bind: self.admin_bind.value,
            admin_port: self.admin_port.value,
            admin_token: self.admin_token.value.as_ref().map(|token| token.reveal().to_owned()),
            clock: self.clock.value,
            cold_start: self.cold_start.value,
            expire_instances: self.expire_instances.value,
            limit_rule: crate::model::LimitRule::default(),
            data: self.data.value.clone(),
            journal_records: self.journal.value as usize,
            workers: self.workers.value.get().into(),
        })
    }
}
