//! When what is left behind is forgotten (`nacos.naming.clean.*` of 2.x,
//! `nacos.naming.empty-service.*` of 1.2).

/// Times of the clean-up, ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaning {
    /// 2.x: from one sweep of empty services to the next.
    pub empty_service_interval_ms: u64,
    /// 2.x: how long a service must have been empty.
    pub empty_service_ms: u64,
    /// 2.x: from one sweep of operators' records to the next.
    pub record_interval_ms: u64,
    /// 2.x: how long a record outlives its instance.
    pub record_ms: u64,
    /// 1.2: whether services that stay empty are removed at all.
    pub old_auto_clean: bool,
    /// 1.2: from the start to the first look.
    pub old_first_ms: u64,
    /// 1.2: from one look to the next; a service goes at the fifth that finds it empty.
    pub old_period_ms: u64,
}

impl Default for Cleaning {
    fn default() -> Self {
        Self {
            empty_service_interval_ms: 60_000,
            empty_service_ms: 60_000,
            record_interval_ms: 5_000,
            record_ms: 60_000,
            old_auto_clean: false,
            old_first_ms: 60_000,
            old_period_ms: 20_000,
        }
    }
}
