//! Calls about services as objects: POST, PUT, GET and DELETE `/service`, its lists, and PUT
//! `/cluster`. Which parameter is looked at first decides which refusal a client sees
//! (`service/required-params`, `service/cluster-required-params`).

use super::service_name::{self, NamedService};
use super::{checker, selector};
use crate::model::names::{DEFAULT_GROUP, PUBLIC_NAMESPACE};
use crate::model::{ClusterSettings, Refusal, ServiceExtras, ServiceRef, java, names};
use crate::profile::{CoreModel, Quirks};
use crate::wire::{Params, json, request_param};
use std::borrow::Cow;

/// What POST and PUT `/service` write.
#[derive(Debug)]
pub struct ServiceWrite<'a> {
    /// As the request names it.
    given: NamedService<'a>,
    /// As the registry knows it.
    known: NamedService<'a>,
    /// Protect threshold.
    pub protect_threshold: f32,
    metadata: Cow<'a, str>,
    selector: Cow<'a, str>,
    /// 2.x reads the selector of a new service before its metadata.
    selector_first: bool,
}

impl<'a> ServiceWrite<'a> {
    /// Reads POST `/service`.
    ///
    /// # Errors
    /// The name is missing, or the threshold is, or is no number.
    pub fn created(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let given = by_request_param(params)?;
        let default = quirks.service.threshold_default.then_some(0.0);
        let protect_threshold = request_param::float(params, "protectThreshold", default)?;
        let text = |name| Cow::Owned(params.joined(name).unwrap_or_default());
        Ok(Self {
            known: as_known(&given, quirks),
            given,
            protect_threshold,
            metadata: text("metadata"),
            selector: text("selector"),
            selector_first: quirks.core.model == CoreModel::ClientKeyed,
        })
    }

    /// Reads PUT `/service`; a threshold that is no number is 0.
    ///
    /// # Errors
    /// Name or threshold are missing.
    pub fn updated(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let given = service_name::unchecked(params)?;
        let threshold = params.required("protectThreshold")?;
        Ok(Self {
            known: as_known(&given, quirks),
            given,
            protect_threshold: java::parse_float(&threshold).unwrap_or_default(),
            metadata: params.optional("metadata").unwrap_or_default(),
            selector: params.optional("selector").unwrap_or_default(),
            selector_first: false,
        })
    }

    /// The service.
    pub fn service(&self) -> ServiceRef<'_> {
        self.known.as_ref()
    }

    /// Reads the rest.
    ///
    /// # Errors
    /// Metadata or selector mean nothing, or 2.x finds no two parts in the name.
    pub fn extras(&self, quirks: &Quirks) -> Result<ServiceExtras, Refusal> {
        let metadata = || json::metadata(quirks.metadata.json, &self.metadata);
        let selector = || selector::read(&self.selector, quirks);
        let extras = if self.selector_first {
            let selector = selector()?;
            ServiceExtras { metadata: metadata()?.unwrap_or_default(), selector }
        } else {
            ServiceExtras { metadata: metadata()?.unwrap_or_default(), selector: selector()? }
        };
        in_two_parts(&self.given, quirks)?;
        Ok(extras)
    }
}

/// The service of GET and DELETE `/service`.
///
/// # Errors
/// The name is missing, or 2.x finds no two parts in it.
pub fn named<'a>(params: &'a Params<'_>, quirks: &Quirks) -> Result<NamedService<'a>, Refusal> {
    let given = by_request_param(params)?;
    in_two_parts(&given, quirks)?;
    Ok(as_known(&given, quirks))
}

/// `serviceName` and `namespaceId` as `@RequestParam`.
pub fn by_request_param<'a>(params: &Params<'_>) -> Result<NamedService<'a>, Refusal> {
    let namespace = Cow::Owned(params.joined_or("namespaceId", PUBLIC_NAMESPACE));
    let name = Cow::Owned(params.joined_required("serviceName")?);
    Ok(NamedService { namespace, name, given: None })
}

/// 2.x takes every name apart.
fn in_two_parts(given: &NamedService<'_>, quirks: &Quirks) -> Result<(), Refusal> {
    match quirks.core.model {
        CoreModel::ServiceKeyed => Ok(()),
        CoreModel::ClientKeyed => names::parts_of(&given.name).map(|_| ()),
    }
}

/// The name under which the registry keeps the service: 2.x puts it together from its two parts.
fn as_known<'a>(given: &NamedService<'a>, quirks: &Quirks) -> NamedService<'a> {
    match (quirks.core.model, names::parts_of(&given.name)) {
        (CoreModel::ClientKeyed, Ok((group, service))) => {
            let name = Cow::Owned(format!("{group}{}{service}", names::GROUP_SEPARATOR));
            NamedService {
                namespace: given.namespace.clone(),
                name,
                given: Some(given.name.clone()),
            }
        }
        _ => given.clone(),
    }
}

/// PUT `/cluster`.
#[derive(Debug)]
pub struct ClusterWrite<'a> {
    given: NamedService<'a>,
    known: NamedService<'a>,
    /// The cluster.
    pub cluster: Cow<'a, str>,
    check_port: i32,
    use_instance_port: bool,
    checker: Cow<'a, str>,
    metadata: Cow<'a, str>,
}

impl<'a> ClusterWrite<'a> {
    /// Reads the parameters; a port that is no number is 0.
    ///
    /// # Errors
    /// One is missing.
    pub fn read(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let cluster = params.required("clusterName")?;
        let given = service_name::unchecked(params)?;
        let metadata = params.optional("metadata").unwrap_or_default();
        let checker_first = match quirks.core.model {
            CoreModel::ServiceKeyed => Some(params.required("healthChecker")?),
            CoreModel::ClientKeyed => None,
        };
        let check_port = java::parse_int(&params.required("checkPort")?).unwrap_or_default();
        let use_instance_port = java::to_boolean(&params.required("useInstancePort4Check")?);
        let checker = checker_first.map_or_else(|| params.required("healthChecker"), Ok)?;
        let known = as_known(&given, quirks);
        Ok(Self { given, known, cluster, check_port, use_instance_port, checker, metadata })
    }

    /// The service.
    pub fn service(&self) -> ServiceRef<'_> {
        self.known.as_ref()
    }

    /// Writes into the settings what was given, in the order in which it is read.
    ///
    /// # Errors
    /// Checker or metadata mean nothing, or 2.x finds no two parts in the service's name.
    pub fn set(&self, settings: &mut ClusterSettings, quirks: &Quirks) -> Result<(), Refusal> {
        settings.check_port = self.check_port;
        settings.use_instance_port = self.use_instance_port;
        settings.checker = checker::read(&self.checker, quirks)?;
        let metadata = json::metadata(quirks.metadata.json, &self.metadata)?;
        settings.metadata = metadata.unwrap_or_default();
        in_two_parts(&self.given, quirks)
    }
}

/// GET `/service/list`.
#[derive(Debug)]
pub struct ListedServices<'a> {
    /// `pageNo`, from 1; 0 when it is no number.
    pub page: i32,
    /// `pageSize`; 0 when it is no number.
    pub size: i32,
    /// The namespace.
    pub namespace: Cow<'a, str>,
    /// The group.
    pub group: Cow<'a, str>,
    /// `selector` as given, which 2.x does not look at.
    pub selector: Cow<'a, str>,
}

impl<'a> ListedServices<'a> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// Page number or size are missing.
    pub fn read(params: &'a Params<'_>) -> Result<Self, Refusal> {
        let number = |name| params.required(name).map(|text| to_int(&text));
        Ok(Self {
            page: number("pageNo")?,
            size: number("pageSize")?,
            namespace: params.or("namespaceId", PUBLIC_NAMESPACE),
            group: params.or("groupName", DEFAULT_GROUP),
            selector: params.optional("selector").unwrap_or_default(),
        })
    }
}

/// GET `/service/names`.
#[derive(Debug)]
pub struct SearchedNames {
    /// The namespace; none asks for all.
    pub namespace: Option<String>,
    expression: String,
}

impl SearchedNames {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `responsibleOnly` is no boolean.
    pub fn read(params: &Params<'_>) -> Result<Self, Refusal> {
        let namespace = params.joined("namespaceId").filter(|name| !java::is_blank(name));
        let expression = params.joined("expr").unwrap_or_default();
        // A node that stands alone is responsible for every service.
        request_param::boolean(params, "responsibleOnly")?;
        Ok(Self { namespace, expression })
    }

    /// The pattern that names must match.
    pub fn pattern(&self) -> String {
        format!(".*{}.*", self.expression)
    }
}

/// `NumberUtils.toInt`: 0 when it is no number.
pub fn to_int(text: &str) -> i32 {
    java::parse_int(text).unwrap_or_default()
}

/// GET `/service/subscribers`.
#[derive(Debug)]
pub struct SubscribersOf<'a> {
    /// The service.
    pub service: NamedService<'a>,
    /// `pageNo`, from 1.
    pub page: i32,
    /// `pageSize`.
    pub size: i32,
    /// Whether other members are asked, too.
    pub aggregation: bool,
}

impl<'a> SubscribersOf<'a> {
    /// Reads the parameters; 2.x knows a page for who names none.
    ///
    /// # Errors
    /// The service's name is missing, or on 1.x the page.
    pub fn read(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let number = |name, default| match quirks.core.model {
            CoreModel::ServiceKeyed => params.required(name).map(|text| to_int(&text)),
            CoreModel::ClientKeyed => Ok(to_int(&params.or(name, default))),
        };
        let (page, size) = (number("pageNo", "1")?, number("pageSize", "1000")?);
        let aggregation = params.or("aggregation", "true").eq_ignore_ascii_case("true");
        Ok(Self { service: service_name::unchecked(params)?, page, size, aggregation })
    }
}
