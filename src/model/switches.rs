//! `SwitchDomain`: Nacos's own operator switches, with the defaults all versions share. Which of
//! them a version shows and accepts is the profile's `switches.entries`.

/// The switches that one node lives by.
#[derive(Debug, Clone, PartialEq)]
pub struct Switches {
    /// `masters`: kept and shown, nothing else.
    pub masters: Option<Vec<String>>,
    /// `adWeightMap`: address of a member to what is added to its weight, in the order shown.
    pub ad_weights: Vec<(String, i32)>,
    /// `defaultPushCacheMillis`, ms.
    pub push_cache_millis: i64,
    /// `clientBeatInterval`, ms.
    pub client_beat_interval: i64,
    /// `defaultCacheMillis`, ms.
    pub default_cache_millis: i64,
    /// `distroThreshold`, share of healthy members.
    pub distro_threshold: f32,
    /// `healthCheckEnabled` (entry `check`).
    pub health_check_enabled: bool,
    /// `autoChangeHealthCheckEnabled`, from 1.2.
    pub auto_change_health_check_enabled: bool,
    /// `distroEnabled` (entry `distro`).
    pub distro_enabled: bool,
    /// `enableStandalone`.
    pub enable_standalone: bool,
    /// `pushEnabled`.
    pub push_enabled: bool,
    /// `checkTimes` (entry `healthCheckTimes`).
    pub check_times: i32,
    /// `httpHealthParams`.
    pub http_health: HealthParams,
    /// `tcpHealthParams`.
    pub tcp_health: HealthParams,
    /// `mysqlHealthParams`.
    pub mysql_health: HealthParams,
    /// `incrementalList`: kept and shown, nothing else.
    pub incremental_list: Vec<String>,
    /// `serverStatusSynchronizationPeriodMillis`, ms.
    pub server_status_period_millis: i64,
    /// `serviceStatusSynchronizationPeriodMillis`, ms.
    pub service_status_period_millis: i64,
    /// `disableAddIP`.
    pub disable_add_ip: bool,
    /// `sendBeatOnly`.
    pub send_beat_only: bool,
    /// `lightBeatEnabled`, from 1.2.
    pub light_beat_enabled: bool,
    /// `doubleWriteEnabled`, from 2.0.
    pub double_write_enabled: bool,
    /// `limitedUrlMap`: prefix of URI and query to status, in the order looked at.
    pub limited_url_map: Vec<(String, i32)>,
    /// `distroServerExpiredMillis`, ms.
    pub distro_server_expired_millis: i64,
    /// `pushGoVersion`.
    pub push_go_version: String,
    /// `pushJavaVersion`.
    pub push_java_version: String,
    /// `pushPythonVersion`.
    pub push_python_version: String,
    /// `pushCVersion`.
    pub push_c_version: String,
    /// `pushCSharpVersion`, from 2.0.
    pub push_csharp_version: String,
    /// `enableAuthentication`: kept and shown, nothing else.
    pub enable_authentication: bool,
    /// `overriddenServerStatus`: status name, `None` when the server decides.
    pub overridden_server_status: Option<String>,
    /// `defaultInstanceEphemeral`.
    pub default_instance_ephemeral: bool,
}

/// A change to the switches, as it was read from a request.
pub enum SwitchEdit {
    /// Of one entry; what the version does not know changes nothing.
    Entry(Box<dyn FnOnce(&mut Switches) + Send>),
    /// Of all of them but `enableStandalone` (`batch`).
    Whole(Box<Switches>),
}

impl Switches {
    /// `SwitchManager.update`: takes over what was stored. The version of C# clients is left out,
    /// so a `batch` that names it shows no effect (`operator/switches-batch`).
    pub fn take(&mut self, stored: &Self) {
        let push_csharp_version = std::mem::take(&mut self.push_csharp_version);
        *self = Self { push_csharp_version, ..stored.clone() };
    }
}

/// Bounds and smoothing of an active check's period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthParams {
    /// Longest period, ms.
    pub max: i32,
    /// Shortest period, ms.
    pub min: i32,
    /// Weight of the last period in the next one, 0 to 1.
    pub factor: f32,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            masters: None,
            ad_weights: Vec::new(),
            push_cache_millis: 10_000,
            client_beat_interval: 5_000,
            default_cache_millis: 3_000,
            distro_threshold: 0.7,
            health_check_enabled: true,
            auto_change_health_check_enabled: true,
            distro_enabled: true,
            enable_standalone: true,
            push_enabled: true,
            check_times: 3,
            http_health: HealthParams { max: 5_000, min: 500, factor: 0.85 },
            tcp_health: HealthParams { max: 5_000, min: 1_000, factor: 0.75 },
            mysql_health: HealthParams { max: 3_000, min: 2_000, factor: 0.65 },
            incremental_list: Vec::new(),
            server_status_period_millis: 2_000,
            service_status_period_millis: 5_000,
            disable_add_ip: false,
            send_beat_only: false,
            light_beat_enabled: true,
            double_write_enabled: true,
            limited_url_map: Vec::new(),
            distro_server_expired_millis: 10_000,
            push_go_version: "0.1.0".into(),
            push_java_version: "0.1.0".into(),
            push_python_version: "0.4.3".into(),
            push_c_version: "1.0.12".into(),
            push_csharp_version: "0.9.0".into(),
            enable_authentication: false,
            overridden_server_status: None,
            default_instance_ephemeral: true,
        }
    }
}
