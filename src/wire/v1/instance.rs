//! Calls about instances: POST, PUT, PATCH, DELETE and GET `/instance`, the metadata batch, and
//! `/instance/statuses`. Which parameter is looked at first decides which refusal a client sees
//! (`instance/missing-params`, `instance/boolean-forms`, `instance/bad-weight`).

use super::service_name::{self, NamedService};
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{
    BatchMetadata, Deregistration, Instance, InstanceCall, JavaException, Metadata, PatchCall,
    Refusal, Registration, ServiceRef, java,
};
use crate::profile::{InstanceReading, NamesValidation, Quirks};
use crate::wire::{Params, json};
use std::borrow::Cow;

/// POST and PUT `/instance`.
///
/// # Errors
/// A parameter is missing, or is none that the version takes.
pub fn registration(
    params: &Params<'_>,
    quirks: &Quirks,
    ephemeral_by_default: bool,
) -> Result<Instance, Refusal> {
    let address = Address::read(params)?;
    let port = integer(&address.port)?;
    let weight = params.optional("weight");
    let weight = weight.map_or(Ok(1.0), |text| double(&text))?;
    if quirks.instance.reading == InstanceReading::Everything {
        in_range(weight)?;
    }
    let instance = Instance {
        ip: Some(address.ip.as_ref().into()),
        port,
        weight,
        cluster: address.cluster.as_ref().into(),
        healthy: truth(params, "healthy", true),
        enabled: match params.optional("enabled") {
            Some(text) => java::to_boolean(&text),
            None => truth(params, "enable", true),
        },
        ephemeral: truth(params, "ephemeral", ephemeral_by_default),
        metadata: match params.optional("metadata").filter(|text| !text.is_empty()) {
            Some(text) => json::metadata(quirks.metadata.json, &text)?,
            None => Some(Metadata::new()),
        },
        app: params.or("app", "DEFAULT").as_ref().into(),
    };
    validate(&instance, quirks)?;
    Ok(instance)
}

/// The call around an instance.
pub fn registered<'a>(service: &'a NamedService<'_>, instance: Instance) -> Registration<'a> {
    Registration { service: service.as_ref(), named_as: service.given.as_deref(), instance }
}

/// `ip`, `port` and cluster of a request.
struct Address<'a> {
    ip: Cow<'a, str>,
    port: Cow<'a, str>,
    cluster: Cow<'a, str>,
}

impl<'a> Address<'a> {
    fn read(params: &'a Params<'_>) -> Result<Self, Refusal> {
        let ip = params.required("ip")?;
        let port = params.required("port")?;
        let cluster = params.optional("clusterName").or_else(|| params.optional("cluster"));
        Ok(Self { ip, port, cluster: cluster.unwrap_or(Cow::Borrowed(DEFAULT_CLUSTER)) })
    }
}

/// `Instance.validate`: 1.x wants an address of four numbers when it is made of numbers.
fn validate(instance: &Instance, quirks: &Quirks) -> Result<(), Refusal> {
    if quirks.instance.checks_address && !is_address(instance.ip(), instance.port) {
        return Err(Refusal::nacos(
            400,
            "instance format invalid: Your IP address is spelled incorrectly",
        ));
    }
    in_range(instance.weight)
}

/// NaN is neither above nor below and passes.
fn in_range(weight: f64) -> Result<(), Refusal> {
    if weight.is_nan() || (0.0..=10_000.0).contains(&weight) {
        return Ok(());
    }
    Err(Refusal::weight_out_of_range())
}

/// Whether `ip:port` is four numbers of at most three digits and a port of at most five, where the
/// ip is made of digits and dots. Host names pass.
fn is_address(ip: &str, port: i32) -> bool {
    if ip.is_empty() || !ip.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return true;
    }
    let short = |part: &str| (1..=3).contains(&part.len());
    let parts: Vec<&str> = ip.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| short(part)) && (0..100_000).contains(&port)
}

fn truth(params: &Params<'_>, name: &str, default: bool) -> bool {
    params.optional(name).map_or(default, |text| java::to_boolean(&text))
}

/// `Integer.parseInt` of a parameter.
///
/// # Errors
/// The text is no Java int.
pub fn integer(text: &str) -> Result<i32, Refusal> {
    java::parse_int(text).ok_or_else(|| Refusal::not_a_number(text))
}

/// `Double.parseDouble` of a parameter.
///
/// # Errors
/// The text is no Java double.
pub fn double(text: &str) -> Result<f64, Refusal> {
    java::parse_double(text)
        .ok_or_else(|| Refusal::new(JavaException::NumberFormat, java::double_error(text)))
}

/// What DELETE `/instance` takes from the parameters.
#[derive(Debug)]
pub struct Withdrawal<'a> {
    service: NamedService<'a>,
    ip: Cow<'a, str>,
    port: i32,
    cluster: Cow<'a, str>,
    ephemeral: bool,
}

impl<'a> Withdrawal<'a> {
    /// Reads DELETE `/instance`: the address first, the service behind it, or all that a
    /// registration reads.
    ///
    /// # Errors
    /// A parameter is missing, or is no number, or no registration would take it.
    pub fn read(
        params: &'a Params<'_>,
        quirks: &Quirks,
        ephemeral_by_default: bool,
    ) -> Result<Self, Refusal> {
        if quirks.instance.reading == InstanceReading::Everything {
            params.required("serviceName")?;
            registration(params, quirks, ephemeral_by_default)?;
        }
        let address = Address::read(params)?;
        let port = integer(&address.port)?;
        if let Some(weight) = params.optional("weight") {
            double(&weight)?;
        }
        let service = service_name::required(params, quirks)?;
        let ephemeral = truth(params, "ephemeral", ephemeral_by_default);
        let Address { ip, cluster, .. } = address;
        Ok(Self { service, ip, port, cluster, ephemeral })
    }

    /// The call.
    pub fn call(&self) -> Deregistration<'_> {
        Deregistration {
            service: self.service.as_ref(),
            ip: &self.ip,
            port: self.port,
            cluster: &self.cluster,
            ephemeral: self.ephemeral,
        }
    }
}

/// One instance as a request names it.
#[derive(Debug)]
pub struct NamedInstance<'a> {
    /// The service.
    pub service: NamedService<'a>,
    ip: Cow<'a, str>,
    port: i32,
    cluster: Cow<'a, str>,
}

impl<'a> NamedInstance<'a> {
    /// Reads GET `/instance`, which knows no `cluster` alias.
    ///
    /// # Errors
    /// A parameter is missing, or is no number.
    pub fn read(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let service = service_name::required(params, quirks)?;
        let cluster = params.or("clusterName", DEFAULT_CLUSTER);
        let ip = params.required("ip")?;
        let port = integer(&params.required("port")?)?;
        Ok(Self { service, ip, port, cluster })
    }

    /// Reads the target of PATCH `/instance`.
    ///
    /// # Errors
    /// A parameter is missing, or is no number.
    pub fn read_patched(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let service = service_name::required(params, quirks)?;
        let Address { ip, port, cluster } = Address::read(params)?;
        Ok(Self { service, ip, port: integer(&port)?, cluster })
    }

    /// The call.
    pub fn call(&self) -> InstanceCall<'_> {
        InstanceCall {
            service: self.service.as_ref(),
            ip: &self.ip,
            port: self.port,
            cluster: &self.cluster,
        }
    }

    /// PATCH `/instance`: blank parameters stay as they are.
    ///
    /// # Errors
    /// Metadata or weight do not parse.
    pub fn patch<'c>(
        &'c self,
        params: &'c Params<'_>,
        quirks: &Quirks,
        app: Option<&'c str>,
    ) -> Result<PatchCall<'c>, Refusal> {
        let metadata = params.optional("metadata");
        let metadata =
            metadata.map(|text| json::metadata(quirks.metadata.json, &text)).transpose()?;
        let weight = params.optional("weight").map(|text| double(&text)).transpose()?;
        Ok(PatchCall {
            target: self.call(),
            metadata: metadata.map(Option::unwrap_or_default),
            weight,
            enabled: params.optional("enabled").map(|text| java::to_boolean(&text)),
            healthy: params.optional("healthy").map(|text| java::to_boolean(&text)),
            app,
        })
    }
}

/// PUT and DELETE `/instance/metadata/batch`.
///
/// # Errors
/// Service or metadata are missing or malformed.
pub fn batch<'a>(
    params: &Params<'_>,
    service: &'a NamedService<'_>,
    quirks: &Quirks,
    remove: bool,
) -> Result<BatchMetadata<'a>, Refusal> {
    let targets = params.optional("instances").and_then(|text| json::batch_targets(&text));
    let metadata = params.required("metadata")?;
    let metadata = json::metadata(quirks.metadata.json, &metadata)?.unwrap_or_default();
    let persistent = params.optional("consistencyType").is_some_and(|kind| kind == "persist");
    Ok(BatchMetadata { service: service.as_ref(), targets, persistent, metadata, remove })
}

/// The service behind the `key` of `/instance/statuses`: `namespace##name`, or a name in `public`.
///
/// # Errors
/// The key has no name, or 2.x refuses its form.
pub fn statuses_key<'a>(key: &'a str, quirks: &Quirks) -> Result<ServiceRef<'a>, Refusal> {
    let service = if key.contains("##") {
        let parts = java::split(key, "##");
        let part =
            |at: usize| parts.get(at).copied().ok_or_else(|| Refusal::array_index(at, parts.len()));
        ServiceRef { namespace: part(0)?, name: part(1)? }
    } else {
        ServiceRef { namespace: crate::model::names::PUBLIC_NAMESPACE, name: key }
    };
    if quirks.names.validation == NamesValidation::Format {
        service_name::check_format(service.name)?;
    }
    Ok(service)
}
