//! A workload: which clients there are, what they do, and how the load is paced. Presets are
//! files of the same form as a user's own.
use std::time::Duration;

use serde::Deserialize;

use super::operation::Operation;
use super::pacer::Pacing;
use super::sdk::Sdk;
use super::units::duration_text;

/// The presets by name, in the order of the help.
const PRESETS: [(&str, &str); 11] = [
    ("steady", include_str!("presets/steady.toml")),
    ("register-storm", include_str!("presets/register-storm.toml")),
    ("restart-storm", include_str!("presets/restart-storm.toml")),
    ("beat-only", include_str!("presets/beat-only.toml")),
    ("list-only", include_str!("presets/list-only.toml")),
    ("rollback", include_str!("presets/rollback.toml")),
    ("350x100", include_str!("presets/350x100.toml")),
    ("400x100", include_str!("presets/400x100.toml")),
    ("1000x300", include_str!("presets/1000x300.toml")),
    ("churn", include_str!("presets/churn.toml")),
    ("push-fanout", include_str!("presets/push-fanout.toml")),
];

/// The most clients that one run may have, of all kinds.
pub const MAX_CLIENTS: u64 = 5_000_000;

/// The beat period of clients and servers unless an instance's metadata names another.
pub const DEFAULT_BEAT_INTERVAL: Duration = Duration::from_secs(5);

/// When Nacos no longer trusts an instance that does not beat.
const UNHEALTHY_AFTER: Duration = Duration::from_secs(15);

/// Everything that a run does to a server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workload {
    /// The preset's name, or `custom`.
    #[serde(skip)]
    pub name: String,
    /// One line for people.
    pub about: String,
    /// How many services there are.
    pub services: u32,
    /// Instances of each service.
    pub instances: u32,
    /// Whether the instances beat on their own period; streams may beat for them instead.
    pub beating: bool,
    /// When the instances register.
    pub arrive: Arrive,
    /// Whether the first beat follows the registration at once instead of after a period.
    pub beat_at_once: bool,
    /// Whether the clients begin as if a server had already told them to leave the beat body out.
    pub light_from_start: bool,
    /// Clients that poll a service and hold a UDP port for pushes, over all services.
    pub subscribers: u32,
    /// Instances that register, stay for a while, leave, and come again, over all services.
    pub churners: u32,
    /// Instances that register again and again with other metadata, over all services.
    pub editors: u32,
    /// Bytes of metadata that each instance carries.
    pub metadata_bytes: usize,
    /// The namespaces among which the services are spread.
    pub namespaces: Vec<String>,
    /// The groups among which the services are spread.
    pub groups: Vec<String>,
    /// A client's beat period until an answer names another.
    #[serde(deserialize_with = "duration_text")]
    pub beat_interval: Duration,
    /// A subscriber's poll period.
    #[serde(deserialize_with = "duration_text")]
    pub poll_interval: Duration,
    /// How long a churner stays, and stays away.
    #[serde(deserialize_with = "duration_text")]
    pub churn_interval: Duration,
    /// How often an editor changes its instance.
    #[serde(deserialize_with = "duration_text")]
    pub edit_interval: Duration,
    /// Load that is paced as a whole instead of client by client.
    #[serde(rename = "stream")]
    pub streams: Vec<Stream>,
}

/// When the instances of a workload register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrive {
    /// Before anything is measured.
    Before,
    /// All in the first instant of the measured time.
    AtOnce,
    /// Only when a stream registers them.
    Never,
}

/// One kind of request at a pace of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// What is sent: `beat`, `list` or `register`.
    pub operation: Operation,
    /// When it is sent.
    pub pacing: Pacing,
    /// In a closed loop, the share beside other closed streams.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            name: "custom".to_owned(),
            about: String::new(),
            services: 100,
            instances: 10,
            beating: false,
            arrive: Arrive::Before,
            beat_at_once: false,
            light_from_start: false,
            subscribers: 0,
            churners: 0,
            editors: 0,
            metadata_bytes: 0,
            namespaces: vec!["public".to_owned()],
            groups: vec!["DEFAULT_GROUP".to_owned()],
            beat_interval: DEFAULT_BEAT_INTERVAL,
            poll_interval: Duration::from_secs(10),
            churn_interval: Duration::from_secs(5),
            edit_interval: Duration::from_secs(2),
            streams: Vec::new(),
        }
    }
}

/// Why a workload cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The file is not a workload.
    #[error("the workload is malformed: {0}")]
    Malformed(String),
    /// No preset has this name.
    #[error("there is no preset `{name}`")]
    NoSuchPreset {
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: Vec<&'static str>,
    },
    /// The parts contradict each other.
    #[error("the workload cannot be run: {0}")]
    Impossible(String),
    /// Beats are asked of an agent that keeps its instances by its connection.
    #[error("{workload} beats, and {agent} does not: a connection keeps its instances")]
    NoBeats {
        /// The workload's name.
        workload: String,
        /// The agent.
        agent: &'static str,
    },
}

/// The names of the presets with their one line for people.
pub fn presets() -> Vec<(&'static str, String)> {
    let about = |text: &str| parse(text).map_or_else(|error| error.to_string(), |load| load.about);
    PRESETS.iter().map(|(name, text)| (*name, about(text))).collect()
}

/// The preset of this name.
pub fn preset(name: &str) -> Result<Workload, WorkloadError> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    let Some((_, text)) = found else {
        let known = PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(WorkloadError::NoSuchPreset { name: name.to_owned(), known });
    };
    Ok(Workload { name: name.to_owned(), ..parse(text)? })
}

/// Reads a workload file; unknown keys are errors.
pub fn parse(text: &str) -> Result<Workload, WorkloadError> {
    let workload: Workload = toml::from_str(text).map_err(|error| {
        // The first line of toml's report says where; the last one what is wrong there.
        let text = error.to_string();
        let place = text.lines().next().unwrap_or_default();
        WorkloadError::Malformed(format!("{place}: {}", error.message()))
    })?;
    Ok(Workload { name: "custom".to_owned(), ..workload })
}

impl Workload {
    /// Refuses what cannot be run, before anything is sent.
    pub fn check(&self) -> Result<(), WorkloadError> {
        let wrong = |what: &str| Err(WorkloadError::Impossible(what.to_owned()));
        let beats_lists_or_registers = |stream: &Stream| {
            matches!(stream.operation, Operation::Beat | Operation::List | Operation::Register)
        };
        let periods =
            [self.beat_interval, self.poll_interval, self.churn_interval, self.edit_interval];
        if self.services == 0 {
            return wrong("`services` is 0");
        }
        if self.namespaces.is_empty() || self.groups.is_empty() {
            return wrong("`namespaces` and `groups` need at least one name each");
        }
        if periods.iter().any(|period| *period < Duration::from_millis(10)) {
            return wrong("a period is shorter than 10ms");
        }
        if self.churners > 0 && self.churn_interval >= UNHEALTHY_AFTER {
            return wrong("`churn_interval` is 15s or more: churners do not beat and would expire");
        }
        if !self.streams.iter().all(beats_lists_or_registers) {
            return wrong("a stream may beat, list or register; churners deregister");
        }
        if self.instances == 0 && self.streams.iter().any(|s| s.operation != Operation::List) {
            return wrong("a stream that beats or registers needs `instances`");
        }
        if self.clients() > MAX_CLIENTS {
            return wrong(&format!("more than {MAX_CLIENTS} clients"));
        }
        let idle = !self.beating && self.subscribers + self.churners + self.editors == 0;
        if idle && self.streams.is_empty() {
            return wrong("nothing would be sent: no `[[stream]]`, no beating, no subscribers");
        }
        Ok(())
    }

    /// Refuses what this agent cannot do.
    pub fn check_agent(&self, sdk: &Sdk) -> Result<(), WorkloadError> {
        let beats = |stream: &Stream| stream.operation == Operation::Beat;
        if sdk.grpc().is_some() && (self.light_from_start || self.streams.iter().any(beats)) {
            let workload = self.name.clone();
            return Err(WorkloadError::NoBeats { workload, agent: sdk.name });
        }
        Ok(())
    }

    /// How many connections of 2.x a worker needs, so that no two clients of a service share one.
    pub fn seats(&self) -> u32 {
        let of_each = |clients: u32| clients.div_ceil(self.services.max(1));
        let registering = self.instances + of_each(self.churners) + of_each(self.editors);
        registering.max(of_each(self.subscribers)).max(1)
    }

    /// All clients: instances, subscribers, churners and editors.
    pub fn clients(&self) -> u64 {
        let others = [self.subscribers, self.churners, self.editors];
        u64::from(self.services) * u64::from(self.instances)
            + others.map(u64::from).iter().sum::<u64>()
    }

    /// Whether something beats for the instances, so that they stay.
    pub fn keeps_instances(&self) -> bool {
        self.beating || self.streams.iter().any(|stream| stream.operation == Operation::Beat)
    }

    /// Whether some stream goes as fast as it is answered.
    pub fn is_closed(&self) -> bool {
        self.streams.iter().any(|stream| stream.pacing == Pacing::Closed)
    }

    /// The requests per second that are planned at most; none when a stream is closed. What idle
    /// connections of 2.x say is left out.
    pub fn planned_rate(&self, sdk: &Sdk, length: Duration) -> Option<f64> {
        let streams: Option<f64> =
            self.streams.iter().map(|stream| stream.pacing.peak(length)).sum();
        let per_second = |count: f64, period: Duration| count / period.as_secs_f64();
        let beating = f64::from(u8::from(self.beating && sdk.grpc().is_none()));
        let polls = sdk.grpc().map_or(Some(1), |agent| agent.poll_every);
        let polls = polls.map_or(0.0, |periods| 1.0 / f64::from(periods));
        let instances = f64::from(self.services) * f64::from(self.instances);
        streams.map(|streams| {
            streams
                + beating * per_second(instances, self.beat_interval)
                + polls * per_second(f64::from(self.subscribers), self.poll_interval)
                + per_second(f64::from(self.churners), self.churn_interval)
                + per_second(f64::from(self.editors), self.edit_interval)
        })
    }

    /// The requests per second that the streams alone plan; none when one is closed or none exists.
    pub fn streams_rate(&self) -> Option<f64> {
        let rates = self.streams.iter().map(|stream| stream.pacing.peak(Duration::from_secs(1)));
        rates.sum::<Option<f64>>().filter(|rate| *rate > 0.0)
    }

    /// Multiplies the rate of every stream.
    pub fn scale(&mut self, factor: f64) {
        for stream in &mut self.streams {
            stream.pacing = stream.pacing.scaled(factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::Rate;
    use super::*;

    #[test]
    fn every_preset_can_be_run() {
        for (name, about) in presets() {
            let workload = preset(name).unwrap();
            workload.check().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!about.is_empty(), "{name}");
        }
    }

    #[test]
    fn steady_has_the_shares_that_the_field_reports() {
        let steady = preset("steady").unwrap();
        let beats = f64::from(steady.services * steady.instances) / 5.0;
        let lists = f64::from(steady.subscribers) / 10.0;
        // A churner deregisters in between, so that each second period registers.
        let registers = f64::from(steady.churners) / (2.0 * 5.0);
        let all = beats + lists + registers;
        assert!((beats / all - 0.75).abs() < 0.01, "{}", beats / all);
        assert!((lists / all - 0.24).abs() < 0.01, "{}", lists / all);
        assert!((registers / all - 0.01).abs() < 0.002, "{}", registers / all);
    }

    #[test]
    fn a_workload_of_ones_own_is_read() {
        let text = r#"
            services = 3
            [[stream]]
            operation = "list"
            pacing = { poisson = { rate = "2k/s" } }
            [[stream]]
            operation = "beat"
            pacing = { ramp = { from = "1/s", to = "9/s", over = "10s" } }
        "#;
        let workload = parse(text).unwrap();
        assert_eq!(workload.streams[0].pacing, Pacing::Poisson { rate: Rate(2000.0) });
        let sdk = Sdk::named("java-1.2.1").unwrap();
        assert_eq!(workload.planned_rate(sdk, Duration::from_secs(10)), Some(2009.0));
        assert!(!workload.is_closed());
    }

    #[test]
    fn a_malformed_workload_is_told_in_one_line() {
        for (text, what) in [
            ("servces = 3", "unknown field `servces`"),
            ("services = \"x\"", "invalid type"),
            ("[[stream]]\noperation = \"fly\"\npacing = \"closed\"", "unknown variant `fly`"),
            (
                "[[stream]]\noperation = \"beat\"\npacing = { constant = { rate = \"0/s\" } }",
                "rate",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("the workload is malformed: TOML parse error"), "{error}");
            assert!(error.contains(what) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_would_do_nothing_is_refused() {
        let refused = |text: &str| parse(text).unwrap().check().unwrap_err().to_string();
        assert!(refused("").contains("nothing would be sent"));
        assert!(refused("services = 0").contains("`services` is 0"));
        assert!(refused("beating = true\nbeat_interval = \"1ms\"").contains("shorter than 10ms"));
        assert!(refused("beating = true\ninstances = 4000000").contains("more than"));
    }

    #[test]
    fn an_unknown_preset_names_the_known_ones() {
        let Err(WorkloadError::NoSuchPreset { known, .. }) = preset("stedy") else {
            panic!("it exists")
        };
        assert!(known.contains(&"steady"));
    }
}
