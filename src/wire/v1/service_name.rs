//! The service that a request names: required everywhere, checked on every call from 2.0 on
//! (`instance/service-names`).

use crate::model::names::{GROUP_SEPARATOR, PUBLIC_NAMESPACE};
use crate::model::{JavaException, Refusal, ServiceRef, java};
use crate::profile::{NamesValidation, Quirks};
use crate::wire::Params;
use std::borrow::Cow;

/// Namespace and grouped name as a request gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedService<'a> {
    /// `namespaceId`.
    pub namespace: Cow<'a, str>,
    /// Grouped name.
    pub name: Cow<'a, str>,
    /// The name as given, where it was cut.
    pub given: Option<Cow<'a, str>>,
}

impl NamedService<'_> {
    /// The form that calls carry.
    pub fn as_ref(&self) -> ServiceRef<'_> {
        ServiceRef { namespace: &self.namespace, name: &self.name }
    }
}

/// Reads the service; 2.x checks its form at once.
///
/// # Errors
/// The name is missing, or 2.x refuses its form.
pub fn required<'a>(params: &'a Params<'_>, quirks: &Quirks) -> Result<NamedService<'a>, Refusal> {
    let named = unchecked(params)?;
    if quirks.names.validation == NamesValidation::Format {
        check_format(&named.name)?;
    }
    Ok(in_its_form(named, quirks))
}

/// Reads the service where nothing puts a group before its name (`/v2`).
///
/// # Errors
/// The name is missing, or has no group.
pub fn as_sent<'a>(params: &'a Params<'_>, quirks: &Quirks) -> Result<NamedService<'a>, Refusal> {
    let missing = || Refusal::new(JavaException::MissingParameter, "serviceName");
    let name = params.first("serviceName").ok_or_else(missing)?;
    check_format(name)?;
    let namespace = params.or("namespaceId", PUBLIC_NAMESPACE);
    let named = NamedService { namespace, name: Cow::Borrowed(name), given: None };
    Ok(in_its_form(named, quirks))
}

/// Reads the service without a look at its form.
///
/// # Errors
/// The name is missing.
pub fn unchecked<'a>(params: &'a Params<'_>) -> Result<NamedService<'a>, Refusal> {
    let name = params.required("serviceName")?;
    let namespace = params.or("namespaceId", PUBLIC_NAMESPACE);
    Ok(NamedService { namespace, name, given: None })
}

/// 2.x takes the name apart and puts it together again: what stands behind a second separator is
/// lost.
fn in_its_form<'a>(named: NamedService<'a>, quirks: &Quirks) -> NamedService<'a> {
    if quirks.names.validation != NamesValidation::Format {
        return named;
    }
    let mut parts = named.name.split(GROUP_SEPARATOR);
    let (group, service) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if parts.next().is_none() {
        return named;
    }
    let name = Cow::Owned(format!("{group}{GROUP_SEPARATOR}{service}"));
    NamedService { name, given: Some(named.name), ..named }
}

/// `NamingUtils.checkServiceNameFormat` and what `getServiceName` refuses behind it.
///
/// # Errors
/// The name is no group and name.
pub fn check_format(name: &str) -> Result<(), Refusal> {
    let parts = java::split(name, GROUP_SEPARATOR);
    if parts.len() <= 1 {
        return Err(Refusal::illegal(
            "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'",
        ));
    }
    if parts[0].is_empty() {
        return Err(Refusal::illegal("Param 'serviceName' is illegal, groupName can't be empty"));
    }
    if java::is_blank(parts[1]) {
        return Err(Refusal::illegal("Param 'serviceName' is illegal, serviceName is blank"));
    }
    Ok(())
}
