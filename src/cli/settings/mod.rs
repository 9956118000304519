//! The settings of a server: each with its type, its default, and who stated it.
//!
//! A new setting is a line in `settings!`, its default in `defaults`, its flag in `flags.rs` and
//! its use in `serve_config`; the file, the environment, errors and `facos config print` follow.

mod cluster;
mod flags;
mod layers;

pub use cluster::{MemberList, NodeList};

pub use flags::{ALSO, SettingFlags};
pub use layers::{collect, profile_hint, refuse};

use std::net::IpAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;

use crate::cli::exit::{self, Failure};
use crate::config::{ConfigError, LogFilter, Secret, Source, Stated, Statement, Value};
use crate::model::LimitRule;
use crate::node::peering::MemberSource;
use crate::profile::{DEFAULT_PROFILE, Profile, Setting};
use crate::serve::properties::{self, Property, PropertyError};
use crate::serve::{ClockKind, Nodes, ServeConfig};
use crate::wire::grpc::balance::read_limit_rule;

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
            /// Nacos's own properties, in the order stated.
            pub property: Vec<Stated<Property>>,
        }

        /// The names of all settings, as in `facos.toml`.
        pub const NAMES: &[&str] = &[$(stringify!($name),)+ "set", "property"];

        impl Settings {
            /// Lays a statement over what was stated before.
            ///
            /// # Errors
            /// There is no such setting, or it can not have that value.
            pub fn state(&mut self, statement: Statement) -> Result<(), ConfigError> {
                match statement.name.as_str() {
                    $(stringify!($name) => self.$name = Stated::read(statement)?,)+
                    "set" => self.set_quirk(&statement)?,
                    "property" => self.state_property(statement)?,
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
    /// The nodes: how many, or one of each profile.
    nodes: NodeList,
    /// Who the members of the deployment are.
    members: Option<MemberList>,
    /// File that says who they are, and is watched.
    member_file: Option<PathBuf>,
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
    /// Let nobody call without credentials.
    auth: bool,
    /// File of Nacos's own properties.
    properties: Option<PathBuf>,
    /// File that says how many connections 2.x clients may have.
    limit_rule: Option<PathBuf>,
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
            nodes: Stated::by_default(NodeList::Count(1)),
            members: Stated::by_default(None),
            member_file: Stated::by_default(None),
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
            auth: Stated::by_default(config.auth.enabled),
            properties: Stated::by_default(None),
            limit_rule: Stated::by_default(None),
            set: Vec::new(),
            property: Vec::new(),
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

    fn state_property(&mut self, statement: Statement) -> Result<(), ConfigError> {
        let value = Property::assignment(&statement.text, &statement.source.to_string())
            .map_err(|error| ConfigError::Form(error.to_string()))?;
        self.property.push(Stated { value, source: statement.source });
        Ok(())
    }

    /// The profile with the quirks that were set by hand.
    ///
    /// # Errors
    /// There is no such profile, or its file has a mistake.
    pub fn load_profile(&self) -> Result<Profile, ConfigError> {
        self.load(&self.profile.value, &self.profile.source)
    }

    fn load(&self, name: &str, source: &Source) -> Result<Profile, ConfigError> {
        let mut profile =
            Profile::load(name).map_err(|error| ConfigError::Profile(error).at(source))?;
        for Stated { value, source } in &self.set {
            profile
                .set(value.name, &value.value)
                .map_err(|error| ConfigError::Profile(error).at(source))?;
        }
        Ok(profile)
    }

    /// Fills a configuration with Nacos's own properties: those of the file, then those stated
    /// one by one.
    fn apply_properties(&self, config: &mut ServeConfig) -> Result<(), PropertyError> {
        let mut stated = match &self.properties.value {
            Some(path) => properties::read(path)?,
            None => Vec::new(),
        };
        stated.extend(self.property.iter().map(|property| property.value.clone()));
        let variable = |name: &str| std::env::var(name).ok();
        let without_effect = properties::apply(config, &stated, &variable)?;
        if !without_effect.is_empty() {
            let names = without_effect.join(", ");
            exit::warn(&format!("these properties of Nacos have no effect here: {names}"));
        }
        Ok(())
    }

    /// The nodes, each with the quirks that were set by hand.
    fn load_nodes(&self) -> Result<Nodes, ConfigError> {
        match &self.nodes.value {
            NodeList::Count(count) => Ok(Nodes::Count(usize::from(*count))),
            NodeList::Profiles(names) => {
                let load = |name: &String| self.load(name, &self.nodes.source);
                Ok(Nodes::Profiles(names.iter().map(load).collect::<Result<_, _>>()?))
            }
        }
    }

    fn member_source(&self) -> Result<Option<MemberSource>, Failure> {
        match (&self.members.value, &self.member_file.value) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "members are named twice, by --members and by --member-file",
                "name them once",
            )),
            (Some(MemberList(members)), None) => Ok(Some(MemberSource::Given(members.clone()))),
            (None, Some(path)) => Ok(Some(MemberSource::File(path.clone()))),
            (None, None) => Ok(None),
        }
    }

    /// How many connections 2.x clients may have, as Nacos keeps it in `data/loader/limitRule`.
    fn limit_rule(&self) -> Result<LimitRule, Failure> {
        let Some(path) = &self.limit_rule.value else { return Ok(LimitRule::default()) };
        let shown = path.display();
        let hint =
            r#"such a file is Nacos's data/loader/limitRule, for example {"countLimit":100}"#;
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}"), hint))?;
        read_limit_rule(&text)
            .ok_or_else(|| Failure::usage(format!("{shown} is no limit rule"), hint))
    }

    /// What the server itself takes. A setting that somebody states counts before a property of
    /// Nacos that means the same.
    ///
    /// # Errors
    /// As of [`Settings::load_profile`], and what is wrong with a property.
    pub fn serve_config(&self) -> Result<ServeConfig, Failure> {
        let mut config = ServeConfig::new(self.load_profile().map_err(refuse)?);
        self.apply_properties(&mut config).map_err(|error| {
            Failure::usage(error, "facos serve --help says which files and names it takes")
        })?;
        for Stated { value, source } in &self.set {
            let set = config.profile.set(value.name, &value.value);
            set.map_err(|error| refuse(ConfigError::Profile(error).at(source)))?;
        }
        config.nodes = self.load_nodes().map_err(refuse)?;
        config.members = self.member_source()?;
        config.limit_rule = self.limit_rule()?;
        config.admin_bind = self.admin_bind.value;
        config.admin_port = self.admin_port.value;
        let token = self.admin_token.value.as_ref();
        config.admin_token = token.map(|token| token.reveal().to_owned());
        config.clock = self.clock.value;
        config.cold_start = self.cold_start.value;
        config.data.clone_from(&self.data.value);
        config.journal_records = self.journal.value as usize;
        config.workers = self.workers.value.get().into();
        self.bind.overrule(&mut config.bind);
        self.port.overrule(&mut config.port);
        self.expire_instances.overrule(&mut config.expire_instances);
        self.auth.overrule(&mut config.auth.enabled);
        Ok(config)
    }
}
