//! A service's selector: which of its instances a consumer is given. Without a CMDB plugin, which
//! servers do not have, a label selector filters nothing; it is kept and shown.

/// What a service was given as its selector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selector {
    /// Everybody gets everything.
    #[default]
    None,
    /// Instances whose labels are the consumer's come first.
    Label {
        /// As given; only fastjson knows one that is missing.
        expression: Option<String>,
        /// The labels that the expression names, each once, in the order of a Java set.
        labels: Vec<String>,
    },
}
