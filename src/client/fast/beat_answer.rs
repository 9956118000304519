//! What the answer to a beat says; each field is of some versions only.
use serde::Deserialize;

/// The answer to a beat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BeatAnswer {
    /// 10200, or 20404 for an unknown instance; older servers send none.
    #[serde(default)]
    pub code: Option<i64>,
    /// Whether the next beat may leave the body out; older servers say nothing.
    #[serde(default, rename = "lightBeatEnabled")]
    pub light: Option<bool>,
    /// When the next beat is due, in milliseconds.
    #[serde(default, rename = "clientBeatInterval")]
    pub interval_ms: Option<u64>,
}
