//! The resource that a secured call is about: `namespace:group:kind/name`, with `*` for what is
//! left out (`auth/read-only-user`).

use crate::model::names::{DEFAULT_GROUP, GROUP_SEPARATOR};
use crate::model::{JavaException, Refusal, java};
use crate::profile::{Quirks, ResourceParts};
use crate::wire::Params;

const ANY: &str = "*";

/// `NamingResourceParser`.
///
/// # Errors
/// The service's name has no second part, on which the filter stumbles.
pub fn of_service(params: &Params<'_>, quirks: &Quirks) -> Result<String, Refusal> {
    let name = params.first("serviceName").unwrap_or_default();
    // Since 2.x a filter in front has trimmed and grouped the name.
    let name = match quirks.auth.resource {
        ResourceParts::Together => name,
        ResourceParts::Apart => java::trim(name),
    };
    let group = match params.first("groupName").filter(|group| !java::is_blank(group)) {
        Some(group) => group,
        None if java::is_blank(name) => "",
        None if name.contains(GROUP_SEPARATOR) => part(name, 0)?,
        None => DEFAULT_GROUP,
    };
    let service = match name {
        name if java::is_blank(name) => "",
        name if name.contains(GROUP_SEPARATOR) => part(name, 1)?,
        name => name,
    };
    let namespace = params.first("namespaceId").unwrap_or_default();
    Ok(resource(namespace, group, ("naming/", service), quirks))
}

/// `ConfigResourceParser`.
pub fn of_config(params: &Params<'_>, quirks: &Quirks) -> String {
    let text = |name| params.first(name).unwrap_or_default();
    // 1.2 appends a missing group as Java writes nothing.
    let group = match quirks.auth.resource {
        ResourceParts::Together => params.first("group").unwrap_or("null"),
        ResourceParts::Apart => text("group"),
    };
    resource(text("tenant"), group, ("config/", text("dataId")), quirks)
}

fn resource(namespace: &str, group: &str, (kind, name): (&str, &str), quirks: &Quirks) -> String {
    let apart = quirks.auth.resource == ResourceParts::Apart;
    let public = ["public", "null"].iter().any(|public| namespace.eq_ignore_ascii_case(public));
    let namespace = match namespace {
        namespace if java::is_blank(namespace) || (apart && public) => "",
        namespace if apart => java::trim(namespace),
        namespace => namespace,
    };
    let nameless = java::is_blank(name);
    let no_group = if apart { java::is_blank(group) } else { nameless };
    let group = if no_group { ANY } else { group };
    let name = if nameless { ANY } else { name };
    format!("{namespace}:{group}:{kind}{name}")
}

/// A part of a grouped name as Java splits it.
fn part(name: &str, index: usize) -> Result<&str, Refusal> {
    let parts = java::split(name, GROUP_SEPARATOR);
    parts.get(index).copied().ok_or_else(|| {
        let length = parts.len();
        let message = format!("Server failed,Index {index} out of bounds for length {length}");
        Refusal::new(JavaException::SendError(500), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::wire::BodyForm;

    fn service(version: &str, query: &str) -> Result<String, String> {
        let quirks = &Profile::nacos(version).unwrap().quirks;
        let params = Params::read(Some(query), b"", BodyForm::None, quirks).unwrap();
        of_service(&params, quirks).map_err(|refusal| refusal.message.into_owned())
    }

    fn config(version: &str, query: &str) -> String {
        let quirks = &Profile::nacos(version).unwrap().quirks;
        let params = Params::read(Some(query), b"", BodyForm::None, quirks).unwrap();
        of_config(&params, quirks)
    }

    #[test]
    fn a_service_is_named_with_its_group_and_namespace() {
        for version in ["1.2.1", "2.0.2"] {
            let named = |query| service(version, query).unwrap();
            assert_eq!(named("serviceName=s&namespaceId=n"), "n:DEFAULT_GROUP:naming/s");
            assert_eq!(named("serviceName=g%40%40s"), ":g:naming/s");
            assert_eq!(named("serviceName=s&groupName=g"), ":g:naming/s");
            assert_eq!(named("namespaceId=n"), "n:*:naming/*");
        }
    }

    #[test]
    fn parts_that_are_left_out_count_together_or_apart() {
        assert_eq!(
            service("1.2.1", "groupName=g&namespaceId=public").unwrap(),
            "public:*:naming/*"
        );
        assert_eq!(service("2.0.2", "groupName=g&namespaceId=public").unwrap(), ":g:naming/*");
        assert_eq!(config("1.2.1", "group=g&tenant=n"), "n:*:config/*");
        assert_eq!(config("2.0.2", "group=g&tenant=n"), "n:g:config/*");
        assert_eq!(config("2.0.2", "dataId=d&tenant=n"), "n:*:config/d");
        assert_eq!(config("1.2.1", "dataId=d&group=g"), ":g:config/d");
        assert_eq!(config("1.2.1", "dataId=d"), ":null:config/d");
    }

    #[test]
    fn a_name_without_a_second_part_fails_in_the_filter() {
        let failed = "Server failed,Index 1 out of bounds for length 1";
        assert_eq!(service("1.2.1", "serviceName=g%40%40").unwrap_err(), failed);
    }
}
