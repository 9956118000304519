//! What follows from publishing and removing, for everybody and for some.

use super::*;
use crate::console::PollId;
use crate::model::Millis;

fn key(id: &str) -> ConfigKey {
    ConfigKey { namespace: "n".into(), group: "g".into(), data_id: id.into() }
}

fn config(content: &str) -> Config {
    let (kind, app, beta_ips) = (None, None, None);
    Config { content: content.into(), kind, app, modified: Millis(1), beta_ips }
}

/// A centre with the polls of it.
#[derive(Default)]
struct Centre {
    configs: Configs,
    polls: Polls,
}

impl Centre {
    /// Publishes `a` and tells which polls were answered.
    fn publish(&mut self, scope: ConfigScope, content: &str, ips: &str) -> Vec<PollId> {
        let beta_ips = (!ips.is_empty()).then(|| ips.to_owned());
        let config = Config { beta_ips, ..config(content) };
        answered(self.configs.publish(key("a"), scope, config, &mut self.polls))
    }

    fn remove(&mut self, scope: ConfigScope) -> Vec<PollId> {
        answered(self.configs.remove(&key("a"), scope, &mut self.polls))
    }

    fn hold(&mut self, ip: &str) -> PollId {
        self.polls.hold(vec![key("a")], ip, Millis(9))
    }

    /// What one of this address and tag reads who asks for a tag or none.
    fn read(&self, ip: &str, tag: &str, asked: &str) -> Option<&str> {
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        let asked = Some(asked).filter(|asked| !asked.is_empty());
        let served = self.configs.look(&key("a"), Reader { ip, tag }, asked)?;
        Some(&served.kept().config.content)
    }
}

fn answered(effects: Vec<ConsoleEffect>) -> Vec<PollId> {
    let answered = effects.into_iter().filter_map(|effect| match effect {
        ConsoleEffect::Changed(id, _) => Some(id),
        _ => None,
    });
    answered.collect()
}

fn tag(name: &str) -> ConfigScope {
    ConfigScope::Tag(name.to_owned())
}

#[test]
fn a_change_of_content_answers_who_waits_and_the_same_content_does_not() {
    let (mut configs, mut polls) = (Configs::default(), Polls::default());
    configs.publish(key("a"), ConfigScope::All, config("v1"), &mut polls);
    assert_eq!(configs.get(&key("a")).unwrap().md5, "6654c734ccab8f440ff0825eb443dc7f");
    let id = polls.hold(vec![key("a"), key("b")], "", Millis(9));
    let same = configs.publish(key("a"), ConfigScope::All, config("v1"), &mut polls);
    assert!(matches!(same.as_slice(), [ConsoleEffect::Store(_)]), "{same:?}");
    let changed = configs.publish(key("a"), ConfigScope::All, config("v2"), &mut polls);
    assert_eq!(changed[1..], [ConsoleEffect::Changed(id, key("a"))]);
    let other = configs.publish(key("b"), ConfigScope::All, config("v"), &mut polls);
    assert_eq!(other.len(), 1, "answered once");
}

#[test]
fn removing_answers_who_waits_and_a_second_time_does_nothing() {
    let (mut configs, mut polls) = (Configs::default(), Polls::default());
    configs.publish(key("a"), ConfigScope::All, config("v1"), &mut polls);
    assert_eq!((configs.count("n"), configs.count("m")), (1, 0));
    let id = polls.hold(vec![key("a")], "", Millis(9));
    let removed = configs.remove(&key("a"), ConfigScope::All, &mut polls);
    let write = ConsoleWrite::Config { key: key("a"), scope: ConfigScope::All, config: None };
    let expected = [ConsoleEffect::Store(write), ConsoleEffect::Changed(id, key("a"))];
    assert_eq!(removed, expected);
    assert_eq!(configs.remove(&key("a"), ConfigScope::All, &mut polls), []);
    assert_eq!(configs.count("n"), 0);
}

#[test]
fn beta_comes_before_tags_and_tags_before_what_is_for_everybody() {
    let mut centre = Centre::default();
    centre.publish(ConfigScope::All, "all", "");
    centre.publish(tag("blue"), "blue", "");
    centre.publish(ConfigScope::Beta, "beta", "10.0.0.1,10.0.0.2");
    assert_eq!(centre.read("10.0.0.3", "", ""), Some("all"));
    assert_eq!(centre.read("10.0.0.3", "blue", ""), Some("blue"));
    assert_eq!(centre.read("10.0.0.3", "red", ""), Some("all"), "there is none of this tag");
    assert_eq!(centre.read("10.0.0.3", "", "blue"), Some("blue"));
    assert_eq!(centre.read("10.0.0.3", "", "red"), None, "nothing stands in for it");
    assert_eq!(centre.read("10.0.0.2", "blue", "red"), Some("beta"));
    assert_eq!(centre.configs.len(), 1, "rows of the table for everybody");
}

#[test]
fn a_beta_is_told_to_its_addresses_and_the_rest_to_everybody() {
    let mut centre = Centre::default();
    let (one, two) = (centre.hold("10.0.0.1"), centre.hold("10.0.0.2"));
    assert_eq!(centre.publish(ConfigScope::Beta, "beta", "10.0.0.1"), [one]);
    assert_eq!(centre.publish(ConfigScope::Beta, "beta", "10.0.0.2"), []);
    assert_eq!(centre.read("10.0.0.1", "", ""), Some("beta"), "the same text keeps its addresses");
    assert_eq!(centre.read("10.0.0.2", "", ""), None);
    assert_eq!(centre.publish(tag("blue"), "blue", ""), [two], "whatever its tag is");
    assert_eq!(centre.publish(tag("blue"), "blue", ""), []);
    let (one, two) = (centre.hold("10.0.0.1"), centre.hold("10.0.0.2"));
    assert_eq!(centre.remove(ConfigScope::Beta), [one]);
    assert_eq!(centre.remove(tag("blue")), [two]);
    assert_eq!(centre.remove(tag("blue")), []);
}

#[test]
fn with_what_is_for_everybody_the_rest_is_served_no_more_until_it_is_published_again() {
    let mut centre = Centre::default();
    for (scope, ips) in [(ConfigScope::All, ""), (tag("blue"), ""), (ConfigScope::Beta, "10.0.0.1")]
    {
        centre.publish(scope, "v", ips);
    }
    centre.remove(ConfigScope::All);
    assert_eq!(centre.read("10.0.0.1", "blue", ""), None);
    assert!(centre.configs.beta(&key("a")).is_some(), "its row is still there");
    centre.publish(ConfigScope::All, "again", "");
    assert_eq!(centre.read("10.0.0.1", "blue", ""), Some("again"));
    let waits = centre.hold("10.0.0.1");
    assert_eq!(centre.publish(tag("blue"), "v", ""), [waits], "the same text is news again");
    assert_eq!(centre.read("10.0.0.1", "blue", ""), Some("v"));
    centre.publish(ConfigScope::Beta, "v", "10.0.0.2");
    assert_eq!(centre.read("10.0.0.2", "", ""), Some("v"));
}

#[test]
fn what_a_store_kept_is_served_again() {
    let mut configs = Configs::default();
    for (scope, ips) in [(ConfigScope::Beta, Some("10.0.0.1")), (tag("blue"), None)] {
        let config = Config { beta_ips: ips.map(str::to_owned), ..config("v") };
        configs.restore(key("a"), scope, config);
    }
    let md5 = |ip, tag| configs.md5(&key("a"), Reader { ip, tag }).to_owned();
    assert_eq!(md5("10.0.0.1", None), md5("10.0.0.9", Some("blue")));
    assert_eq!(md5("10.0.0.9", None), "");
    assert_eq!((configs.len(), configs.is_empty()), (0, true));
}
