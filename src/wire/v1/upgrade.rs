//! `/upgrade/ops/metrics` of 2.0.2: what an operator looks at before the old data are given up
//! (`operator/upgrade-ops`). A node that stands alone has no old data.

use crate::wire::text::json::JsonText;

/// What the page says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpgradeView {
    /// Whether the node answers as 2.x does.
    pub upgraded: bool,
    /// Whether the member that was heard of last is one of 2.x.
    pub all_new: bool,
    /// The switch of that name.
    pub double_write: bool,
    /// Services that wait to be copied from one core to the other.
    pub waiting: usize,
    /// Services of 1.x.
    pub old_services: usize,
    /// Instances of 1.x.
    pub old_instances: usize,
    /// Services of 1.x for which the node answers.
    pub responsible_services: usize,
    /// Instances of those.
    pub responsible_instances: usize,
    /// Services.
    pub services: usize,
    /// Instances.
    pub instances: usize,
    /// Subscribers.
    pub subscribers: usize,
    /// Services shown as ephemeral.
    pub ephemeral_services: usize,
    /// Services shown as persistent.
    pub persistent_services: usize,
    /// Instances of services shown as ephemeral.
    pub ephemeral_instances: usize,
    /// Instances of services shown as persistent.
    pub persistent_instances: usize,
    /// `namespace##group@@service` of services that only 1.x has, in the order shown.
    pub only_old: Vec<String>,
    /// Those that only 2.x has.
    pub only_new: Vec<String>,
}

/// A value of the page.
enum Cell {
    Truth(bool),
    Number(usize),
    Text(String),
}

impl UpgradeView {
    fn rows(&self) -> [(&'static str, Cell); 17] {
        use Cell::{Number, Text, Truth};
        [
            ("upgraded", Truth(self.upgraded)),
            ("isAll20XVersion", Truth(self.all_new)),
            ("isDoubleWriteEnabled", Truth(self.double_write)),
            ("doubleWriteDelayTaskCount", Number(self.waiting)),
            ("serviceCountV1", Number(self.old_services)),
            ("instanceCountV1", Number(self.old_instances)),
            ("serviceCountV2", Number(self.services)),
            ("instanceCountV2", Number(self.instances)),
            ("subscribeCountV2", Number(self.subscribers)),
            ("responsibleServiceCountV1", Number(self.responsible_services)),
            ("responsibleInstanceCountV1", Number(self.responsible_instances)),
            ("ephemeralServiceCountV2", Number(self.ephemeral_services)),
            ("persistentServiceCountV2", Number(self.persistent_services)),
            ("ephemeralInstanceCountV2", Number(self.ephemeral_instances)),
            ("persistentInstanceCountV2", Number(self.persistent_instances)),
            ("service.V1.not.in.V2", Text(self.only_old.join("\n"))),
            ("service.V2.not.in.V1", Text(self.only_new.join("\n"))),
        ]
    }
}

/// The page as JSON.
pub fn json(view: &UpgradeView) -> String {
    let mut json = JsonText::object();
    for (key, cell) in view.rows() {
        match cell {
            Cell::Truth(truth) => json.boolean(key, truth),
            Cell::Number(number) => json.number(key, i64::try_from(number).unwrap_or(i64::MAX)),
            Cell::Text(text) => json.text(key, &text),
        }
    }
    json.finish()
}

/// The page as a table.
pub fn table(view: &UpgradeView) -> String {
    let mut text = String::new();
    for (key, cell) in view.rows() {
        let value = match cell {
            Cell::Truth(truth) => truth.to_string(),
            Cell::Number(number) => format!("{number:5}"),
            Cell::Text(text) => text,
        };
        text.push_str(&format!("{key:<30} = {value}\n"));
    }
    text
}

/// A list of a service as the old data of a node that stands alone have it: nobody is in it.
pub fn empty_old_list(service: &str, clusters: &str, cache_millis: i64) -> String {
    let mut json = JsonText::object();
    json.text("name", service);
    json.text("clusters", clusters);
    json.number("cacheMillis", cache_millis);
    json.raw("hosts", "[]");
    json.number("lastRefTime", 0);
    json.text("checksum", "");
    json.boolean("allIPs", false);
    json.boolean("reachProtectionThreshold", false);
    json.boolean("valid", true);
    json.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_as_the_real_one() {
        let names = vec!["public##g@@a".to_owned(), "public##g@@b".to_owned()];
        let view =
            UpgradeView { upgraded: true, services: 5, only_new: names, ..Default::default() };
        let text = table(&view);
        assert!(text.starts_with("upgraded                       = true\n"), "{text}");
        assert!(text.contains("\nserviceCountV2                 =     5\n"), "{text}");
        assert!(text.ends_with("= public##g@@a\npublic##g@@b\n"), "{text}");
    }
}
