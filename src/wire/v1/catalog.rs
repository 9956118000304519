//! Calls of the catalog (`catalog/*`).

use super::service_name::NamedService;
use crate::model::names::PUBLIC_NAMESPACE;
use crate::model::{Refusal, names};
use crate::profile::{CoreModel, Quirks};
use crate::wire::Params;
use std::borrow::Cow;

/// The service of GET `/catalog/service`, which may be left out: 1.x looks for a service `null`
/// then, 2.x for one without group and name.
///
/// # Errors
/// 2.x finds no two parts in the name.
pub fn service<'a>(params: &Params<'_>, quirks: &Quirks) -> Result<NamedService<'a>, Refusal> {
    let namespace = Cow::Owned(params.joined_or("namespaceId", PUBLIC_NAMESPACE));
    let name = params.joined("serviceName");
    let name = match quirks.core.model {
        CoreModel::ServiceKeyed => name.unwrap_or_else(|| "null".to_owned()),
        CoreModel::ClientKeyed => {
            let name = name.unwrap_or_default();
            let (group, service) = names::parts_of(&name)?;
            format!("{group}{}{service}", names::GROUP_SEPARATOR)
        }
    };
    Ok(NamedService { namespace, name: Cow::Owned(name), given: None })
}
