//! Checks of names that depend on nothing but their text.

use crate::model::Refusal;

/// 1.x: a grouped service name is made of `0-9a-zA-Z@.:_-` (`instance/service-names`).
pub fn service_name(grouped: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@.:_-".contains(c);
    if !grouped.is_empty() && grouped.chars().all(allowed) {
        return Ok(());
    }
    Err(Refusal::illegal(format!(
        "dom name can only have these characters: 0-9a-zA-Z-._:, current: {grouped}"
    )))
}

/// 1.x: a cluster name is made of `0-9a-zA-Z-` (`instance/cluster-names`).
pub fn cluster_name(name: &str) -> Result<(), Refusal> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(Refusal::illegal(format!(
        "cluster name can only have these characters: 0-9a-zA-Z-, current: {name}"
    )))
}
