//! The properties that facos uses, and those of Nacos that it has no use for.

use crate::serve::ServeConfig;

/// A property that facos uses.
pub(super) struct Known {
    /// As Nacos's own file writes it.
    pub name: &'static str,
    /// Nobody may see its value.
    pub secret: bool,
    /// What it does.
    pub used: Use,
}

/// What a property does.
pub(super) struct Use {
    /// What may be written.
    pub valid: &'static str,
    /// Takes a value; `None` when it is none.
    pub set: fn(&mut ServeConfig, &str) -> Option<()>,
}

const fn known(
    name: &'static str,
    valid: &'static str,
    set: fn(&mut ServeConfig, &str) -> Option<()>,
) -> Known {
    Known { name, secret: false, used: Use { valid, set } }
}

const TRUTH: &str = "true, false";
const MILLIS: &str = "a whole number of milliseconds";

const KNOWN: &[Known] = &[
    known("server.port", "a whole number from 0 to 65535", |config, value| {
        config.port = value.parse().ok()?;
        Some(())
    }),
    known("server.address", "an IP address, such as 127.0.0.1, 0.0.0.0 or ::1", |config, value| {
        config.bind = value.parse().ok()?;
        Some(())
    }),
    known("server.servlet.contextPath", CONTEXT_PATH, context_path),
    known("server.contextPath", CONTEXT_PATH, context_path),
    known("nacos.core.auth.enabled", TRUTH, |config, value| {
        config.auth.enabled = truth(value)?;
        Some(())
    }),
    known("nacos.core.auth.system.type", "nacos", |_, value| {
        value.eq_ignore_ascii_case("nacos").then_some(())
    }),
    known(
        "nacos.core.auth.default.token.expire.seconds",
        "a whole number of seconds from 1",
        |config, value| {
            config.auth.token_seconds = value.parse().ok().filter(|seconds| *seconds > 0)?;
            Some(())
        },
    ),
    Known {
        secret: true,
        ..known("nacos.core.auth.default.token.secret.key", "base64 text", |config, value| {
            config.auth.token_key = Some(value).filter(|key| !key.is_empty())?.to_owned();
            Some(())
        })
    },
    known("nacos.core.auth.server.identity.key", "the name of a header", |config, value| {
        config.auth.identity_header = value.to_owned();
        Some(())
    }),
    Known {
        secret: true,
        ..known("nacos.core.auth.server.identity.value", "a text", |config, value| {
            config.auth.identity_value = value.to_owned();
            Some(())
        })
    },
    known("nacos.core.auth.enable.userAgentAuthWhite", TRUTH, |config, value| {
        // Off is how each version that has the property comes; older ones know only on.
        if truth(value)? { quirk(config, "auth.peers", "user_agent") } else { Some(()) }
    }),
    known("nacos.core.auth.caching.enabled", TRUTH, |config, value| {
        let caching = truth(value)?.to_string();
        quirk(config, "auth.caching", &caching)
    }),
    known("nacos.naming.expireInstance", TRUTH, |config, value| {
        config.expire_instances = truth(value)?;
        Some(())
    }),
    known("nacos.naming.push.pushTaskDelay", MILLIS, |config, value| {
        quirk(config, "push.delay_ms", value)
    }),
    known("nacos.naming.clean.empty-service.interval", MILLIS, |config, value| {
        config.cleaning.empty_service_interval_ms = millis(value)?;
        Some(())
    }),
    known("nacos.naming.clean.empty-service.expired-time", MILLIS, |config, value| {
        config.cleaning.empty_service_ms = millis(value)?;
        Some(())
    }),
    known("nacos.naming.clean.expired-metadata.interval", MILLIS, |config, value| {
        config.cleaning.record_interval_ms = millis(value)?;
        Some(())
    }),
    known("nacos.naming.clean.expired-metadata.expired-time", MILLIS, |config, value| {
        config.cleaning.record_ms = millis(value)?;
        Some(())
    }),
    known("nacos.naming.empty-service.auto-clean", TRUTH, |config, value| {
        config.cleaning.old_auto_clean = truth(value)?;
        Some(())
    }),
    known("nacos.naming.empty-service.clean.initial-delay-ms", MILLIS, |config, value| {
        config.cleaning.old_first_ms = millis(value)?;
        Some(())
    }),
    known("nacos.naming.empty-service.clean.period-time-ms", MILLIS, |config, value| {
        config.cleaning.old_period_ms = millis(value)?;
        Some(())
    }),
];

/// Beginnings of Nacos's other properties, as its files have them.
const IGNORED: [&str; 26] = [
    "address.server.",
    "db.",
    "logging.",
    "management.",
    "nacos.cmdb.",
    "nacos.config.",
    "nacos.core.address-server.",
    "nacos.core.auth.ldap.",
    "nacos.core.member.",
    "nacos.core.protocol.",
    "nacos.core.snowflake.",
    "nacos.functionMode",
    "nacos.home",
    "nacos.inetutils.",
    "nacos.istio.",
    "nacos.logs.",
    "nacos.member.",
    "nacos.naming.data.",
    "nacos.naming.distro.",
    "nacos.naming.push.pushTaskRetryDelay",
    "nacos.naming.push.pushTaskTimeout",
    "nacos.security.",
    "nacos.standalone",
    "server.error.",
    "server.tomcat.",
    "spring.",
];

/// The property of that name, in any of the forms that Spring takes.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    let wanted = plain(name);
    KNOWN.iter().find(|known| plain(known.name) == wanted)
}

/// Whether Nacos knows a property of that name and facos has no use for it.
pub(super) fn is_ignored(name: &str) -> bool {
    let name = plain(name);
    // Further ones of Spring's own that stand in Nacos's files.
    let spring = ["tldskippatterns", "security.basic.enabled", "management.security"];
    spring.contains(&name.as_str()) || IGNORED.iter().any(|start| name.starts_with(&plain(start)))
}

/// The names that facos uses, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

/// `contextPath`, `context-path` and `context_path` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase()
}

const CONTEXT_PATH: &str = "a slash and names between slashes, or nothing";

fn context_path(config: &mut ServeConfig, value: &str) -> Option<()> {
    let path = value.trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let well = path.is_empty() || (path.starts_with('/') && !path.contains("//"));
    (well && path.chars().all(fits)).then(|| path.clone_into(&mut config.context_path))
}

/// commons-lang's `BooleanUtils`, as far as people use it.
fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" => Some(true),
        "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

/// The longest time, ms: a day.
fn millis(value: &str) -> Option<u64> {
    value.parse().ok().filter(|millis| (1..=86_400_000).contains(millis))
}

fn quirk(config: &mut ServeConfig, name: &str, value: &str) -> Option<()> {
    config.profile.set(name, value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_of_its_own() {
        for known in KNOWN {
            assert_eq!(find(known.name).map(|found| found.name), Some(known.name));
            assert!(!is_ignored(known.name), "{}", known.name);
        }
    }

    #[test]
    fn context_paths_lose_their_last_slash() {
        let path = |value: &str| {
            let profile = crate::profile::Profile::nacos("2.0.2").unwrap();
            let mut config = ServeConfig::new(profile);
            context_path(&mut config, value).map(|()| config.context_path)
        };
        assert_eq!(path("/nacos").as_deref(), Some("/nacos"));
        assert_eq!(path("/a/b/").as_deref(), Some("/a/b"));
        assert_eq!(path("/").as_deref(), Some(""));
        for bad in ["nacos", "/a b", "//a", "/a?b"] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }
}
