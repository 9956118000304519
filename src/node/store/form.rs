//! The shapes of stored values: the boundary types of the file.
//!
//! A field that this facos does not know is refused, because dropping it would lose what a later
//! one wrote; a field added here needs `#[serde(default)]` so that older files still load. Numbers
//! with a fraction are texts: exact, and Java's `NaN` and `Infinity` have a form.

use crate::model::switches::HealthParams;
use crate::model::{HealthChecker, Instance, Metadata, Selector, Switches};
use crate::registry::{ClusterSettings, InstanceRecord, ServiceSettings};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct StoredInstance(#[serde(with = "InstanceForm")] pub(super) Instance);
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSettings(#[serde(with = "SettingsForm")] pub(super) ServiceSettings);
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRecord(#[serde(with = "RecordForm")] pub(super) InstanceRecord);
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSwitches(#[serde(with = "SwitchesForm")] pub(super) Switches);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Instance", deny_unknown_fields)]
struct InstanceForm {
    ip: Option<Box<str>>,
    port: i32,
    cluster: Box<str>,
    #[serde(with = "exact")]
    weight: f64,
    healthy: bool,
    enabled: bool,
    ephemeral: bool,
    #[serde(with = "nullable_metadata")]
    metadata: Option<Metadata>,
    app: Box<str>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ServiceSettings", deny_unknown_fields)]
struct SettingsForm {
    #[serde(with = "exact")]
    protect_threshold: f32,
    #[serde(with = "metadata")]
    metadata: Metadata,
    #[serde(default, with = "SelectorForm")]
    selector: Selector,
    #[serde(default)]
    ephemeral: bool,
    #[serde(with = "clusters")]
    clusters: Vec<(String, ClusterSettings)>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Selector", tag = "type", rename_all = "lowercase")]
enum SelectorForm {
    None,
    Label { expression: Option<String>, labels: Vec<String> },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClusterSettings", deny_unknown_fields)]
struct ClusterForm {
    #[serde(with = "CheckerForm")]
    checker: HealthChecker,
    check_port: i32,
    use_instance_port: bool,
    #[serde(with = "metadata")]
    metadata: Metadata,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "HealthChecker", tag = "type", rename_all = "lowercase")]
enum CheckerForm {
    Tcp,
    Http { path: String, headers: String, expected_response_code: i32 },
    Mysql { user: Option<String>, pwd: Option<String>, cmd: Option<String> },
    None,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "InstanceRecord", deny_unknown_fields)]
struct RecordForm {
    #[serde(with = "exact")]
    weight: f64,
    enabled: bool,
    #[serde(with = "metadata")]
    metadata: Metadata,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Switches", deny_unknown_fields)]
struct SwitchesForm {
    masters: Option<Vec<String>>,
    #[serde(default)]
    ad_weights: Vec<(String, i32)>,
    push_cache_millis: i64,
    client_beat_interval: i64,
    default_cache_millis: i64,
    #[serde(with = "exact")]
    distro_threshold: f32,
    health_check_enabled: bool,
    auto_change_health_check_enabled: bool,
    distro_enabled: bool,
    enable_standalone: bool,
    push_enabled: bool,
    check_times: i32,
    #[serde(with = "ParamsForm")]
    http_health: HealthParams,
    #[serde(with = "ParamsForm")]
    tcp_health: HealthParams,
    #[serde(with = "ParamsForm")]
    mysql_health: HealthParams,
    #[serde(default)]
    incremental_list: Vec<String>,
    server_status_period_millis: i64,
    service_status_period_millis: i64,
    disable_add_ip: bool,
    send_beat_only: bool,
    light_beat_enabled: bool,
    double_write_enabled: bool,
    limited_url_map: Vec<(String, i32)>,
    distro_server_expired_millis: i64,
    push_go_version: String,
    push_java_version: String,
    push_python_version: String,
    push_c_version: String,
    push_csharp_version: String,
    #[serde(default)]
    enable_authentication: bool,
    overridden_server_status: Option<String>,
    default_instance_ephemeral: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "HealthParams", deny_unknown_fields)]
struct ParamsForm {
    max: i32,
    min: i32,
    #[serde(with = "exact")]
    factor: f32,
}

/// A number with a fraction as the shortest text that reads back as the same number.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<S: Serializer>(
        number: &impl Display,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Metadata as a JSON object whose keys keep their order.
mod metadata {
    use crate::model::Metadata;
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;
    use std::fmt::{Formatter, Result as FmtResult};

    pub(super) fn serialize<S: Serializer>(map: &Metadata, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Metadata, D::Error> {
        from.deserialize_map(InOrder)
    }

    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Metadata;

        fn expecting(&self, to: &mut Formatter<'_>) -> FmtResult {
            to.write_str("an object of texts and nulls")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Metadata, A::Error> {
            let mut map = Metadata::new();
            while let Some((key, value)) = entries.next_entry::<String, Option<String>>()? {
                map.insert(&key, value.as_deref());
            }
            Ok(map)
        }
    }
}

/// Metadata or null, which 1.x keeps apart.
mod nullable_metadata {
    use crate::model::Metadata;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Present(#[serde(with = "super::metadata")] Metadata);

    pub(super) fn serialize<S: Serializer>(
        map: &Option<Metadata>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        map.clone().map(Present).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Metadata>, D::Error> {
        Ok(Option::<Present>::deserialize(from)?.map(|Present(map)| map))
    }
}

/// Clusters with their names, in order.
mod clusters {
    use crate::registry::ClusterSettings;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Named(String, #[serde(with = "super::ClusterForm")] ClusterSettings);

    pub(super) fn serialize<S: Serializer>(
        clusters: &[(String, ClusterSettings)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(clusters.iter().map(|(name, of)| Named(name.clone(), of.clone())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(String, ClusterSettings)>, D::Error> {
        Ok(Vec::<Named>::deserialize(from)?.into_iter().map(|Named(name, of)| (name, of)).collect())
    }
}
