//! Which calls are secured, for which action, and what their resource is called: Nacos's `@Secured`
//! annotations (`auth/no-token`, `auth/open-endpoints`).

use super::routes::Route;
use crate::model::{JavaException, Refusal};
use crate::profile::{Accounts, Quirks};
use crate::wire::Params;
use crate::wire::v1::resource;

/// What a secured call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `r` or `w`.
    pub action: char,
    resource: Resource,
}

/// Where the resource's name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    /// From the service that the parameters name.
    Service,
    /// From the configuration that they name.
    Config,
    /// It has one.
    Named(&'static str),
    /// Nobody named it.
    Nameless,
}

/// The part of the console that is every user's own.
pub const OWN_PASSWORD: &str = "console/user/password";

const READ: char = 'r';
const WRITE: char = 'w';
const NAMING: &str = "/v1/ns/";
/// 1.x keeps instances here, too.
const LEGACY: &str = "api";

impl Rule {
    /// The resource of a call.
    ///
    /// # Errors
    /// It has no name.
    pub fn resource(&self, params: &Params<'_>, quirks: &Quirks) -> Result<String, Refusal> {
        match self.resource {
            Resource::Service => resource::of_service(params, quirks),
            Resource::Config => Ok(resource::of_config(params, quirks)),
            Resource::Named(name) => Ok(name.to_owned()),
            Resource::Nameless => {
                Err(Refusal::new(JavaException::SendError(403), "resource name invalid!"))
            }
        }
    }
}

/// What a route needs; `None` when it is open to everybody.
pub fn rule(route: &Route, quirks: &Quirks) -> Option<Rule> {
    let (action, resource) = match route.path.strip_prefix(NAMING) {
        Some(path) => naming(route.method, path, quirks)?,
        None => others(route.method, route.path, quirks)?,
    };
    Some(Rule { action, resource })
}

fn naming(method: &str, path: &str, quirks: &Quirks) -> Option<(char, Resource)> {
    let found = match (method, path) {
        ("PUT", "operator/switches" | "ops/switches") => {
            (WRITE, Resource::Named("naming/switches"))
        }
        ("GET", "operator/metrics" | "ops/metrics") if quirks.auth.metrics => {
            (READ, Resource::Named("naming/metrics"))
        }
        ("PUT", "cluster" | "health" | "health/instance") if quirks.auth.nameless => {
            (WRITE, Resource::Nameless)
        }
        ("PUT", "cluster" | "health" | "health/instance") => (WRITE, Resource::Service),
        ("GET", "catalog/service" | "catalog/services" | "catalog/instances") => {
            (READ, Resource::Service)
        }
        _ => {
            let path = path.strip_prefix("upgrade/ops/").unwrap_or(path);
            return service_or_instance(method, path).map(|action| (action, Resource::Service));
        }
    };
    Some(found)
}

fn service_or_instance(method: &str, path: &str) -> Option<char> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let first = if first == LEGACY { "instance" } else { first };
    match (method, first, rest) {
        ("POST" | "PUT" | "DELETE", "service" | "instance", "")
        | ("PATCH", "instance", "")
        | ("PUT", "instance", "beat")
        | ("PUT" | "DELETE", "instance", "metadata/batch") => Some(WRITE),
        ("GET", "service" | "instance", "" | "list")
        | ("GET", "service", "names" | "subscribers") => Some(READ),
        _ => None,
    }
}

fn others(method: &str, path: &str, quirks: &Quirks) -> Option<(char, Resource)> {
    let action = if method == "GET" { READ } else { WRITE };
    let named = |name| Some((action, Resource::Named(name)));
    match (method, path) {
        (_, "/v1/cs/configs") => Some((action, Resource::Config)),
        ("POST", "/v1/cs/configs/listener") => Some((READ, Resource::Config)),
        ("POST" | "PUT" | "DELETE", "/v1/console/namespaces") => named("console/namespaces"),
        ("PUT", "/v1/auth" | "/v1/auth/users") if quirks.auth.accounts == Accounts::Searchable => {
            named(OWN_PASSWORD)
        }
        ("GET", "/v1/auth/search" | "/v1/auth/users/search") => {
            Some((WRITE, Resource::Named("console/users")))
        }
        (_, "/v1/auth" | "/v1/auth/users") => named("console/users"),
        (_, "/v1/auth/roles" | "/v1/auth/roles/search") => named("console/roles"),
        (_, "/v1/auth/permissions") => named("console/permissions"),
        ("GET", "/v2/ns/instance/list") => Some((READ, Resource::Service)),
        ("POST", "/v1/core/ops/raft") => named("nacos/admin"),
        ("GET", "/v2/core/loader/current" | "/v2/core/loader/cluster") => named("/v2/core/loader"),
        ("GET", path) if path.starts_with("/v2/core/loader/") => {
            Some((WRITE, Resource::Named("/v2/core/loader")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::nacos::routes;
    use crate::profile::Profile;

    fn actions(version: &str, path: &str) -> String {
        let quirks = &Profile::nacos(version).unwrap().quirks;
        let found = routes::all().filter(|route| route.path == path && (route.exists)(quirks));
        let mut words: Vec<String> = found
            .map(|route| {
                let action = rule(route, quirks).map_or('-', |rule| rule.action);
                format!("{}:{action}", route.method)
            })
            .collect();
        words.sort();
        words.join(" ")
    }

    #[test]
    fn writes_and_reads_of_instances_are_secured_and_statuses_are_open() {
        let all = "DELETE:w GET:r PATCH:w POST:w PUT:w";
        for version in ["1.2.1", "2.0.2"] {
            assert_eq!(actions(version, "/v1/ns/instance"), all);
            assert_eq!(actions(version, "/v1/ns/instance/beat"), "PUT:w");
            assert_eq!(actions(version, "/v1/ns/instance/list"), "GET:r");
            assert_eq!(actions(version, "/v1/ns/instance/statuses"), "GET:-");
        }
        assert_eq!(actions("1.2.1", "/v1/ns/api"), all, "the older address is no way around");
        assert_eq!(actions("1.2.1", "/v1/ns/api/hello"), "GET:-");
        assert_eq!(actions("2.0.2", "/v1/ns/instance/metadata/batch"), "DELETE:w PUT:w");
    }

    #[test]
    fn whoever_may_look_at_namespaces_may_not_change_them() {
        let expected = "DELETE:w GET:- POST:w PUT:w";
        assert_eq!(actions("2.0.2", "/v1/console/namespaces"), expected);
    }

    #[test]
    fn configurations_and_accounts_are_secured() {
        assert_eq!(actions("1.2.1", "/v1/cs/configs"), "DELETE:w GET:r POST:w");
        assert_eq!(actions("1.2.1", "/v1/cs/configs/listener"), "POST:r");
        assert_eq!(actions("2.0.2", "/v1/auth/users"), "DELETE:w GET:r POST:w PUT:w");
        assert_eq!(actions("2.0.2", "/v1/auth/users/search"), "GET:w");
        assert_eq!(actions("2.0.2", "/v1/auth/users/login"), "POST:-");
    }
}
