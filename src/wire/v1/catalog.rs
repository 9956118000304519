//! Calls of the catalog (`catalog/*`).

use super::service_name::NamedService;
use crate::model::names::{GROUP_SEPARATOR, PUBLIC_NAMESPACE};
use crate::model::{Refusal, java, names};
use crate::profile::{CoreModel, ListShape, Quirks};
use crate::wire::{Params, request_param};
use std::borrow::Cow;
use std::ops::Range;

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
            format!("{group}{GROUP_SEPARATOR}{service}")
        }
    };
    Ok(NamedService { namespace, name: Cow::Owned(name), given: None })
}

/// GET `/catalog/instances`.
#[derive(Debug)]
pub struct ClusterPage<'a> {
    /// The service.
    pub service: NamedService<'a>,
    /// The cluster.
    pub cluster: String,
    /// `pageNo`, from 1.
    pub page: i32,
    /// `pageSize`.
    pub size: i32,
}

impl ClusterPage<'_> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// One is missing, or is no number, or 2.x finds no two parts in the name.
    pub fn read(params: &Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        params.joined_required("serviceName")?;
        let cluster = params.joined_required("clusterName")?;
        let page = request_param::int(params, "pageNo")?;
        let size = request_param::int(params, "pageSize")?;
        Ok(Self { service: service(params, quirks)?, cluster, page, size })
    }
}

/// GET `/catalog/services`.
#[derive(Debug)]
pub struct ServicesPage {
    /// `withInstances`.
    pub with_instances: bool,
    /// The namespace.
    pub namespace: String,
    page: i32,
    size: i32,
    name: String,
    group: String,
    /// `instance`: an address that a service must have (1.x).
    pub address: String,
    /// `hasIpCount`: only services with instances.
    pub with_ips_only: bool,
}

impl ServicesPage {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A page number is missing, or something is no number or boolean.
    pub fn read(params: &Params<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            with_instances: request_param::boolean(params, "withInstances")?,
            namespace: params.joined_or("namespaceId", PUBLIC_NAMESPACE),
            page: request_param::optional_int(params, "pageNo")?,
            size: request_param::optional_int(params, "pageSize")?,
            name: params.joined("serviceNameParam").unwrap_or_default(),
            group: params.joined("groupNameParam").unwrap_or_default(),
            address: params.joined("instance").unwrap_or_default(),
            with_ips_only: request_param::boolean(params, "hasIpCount")?,
        })
    }

    /// The pattern that names must match; none without a filter. 1.x forgets which part was blank
    /// when it is the name (`catalog/services`).
    pub fn pattern(&self, quirks: &Quirks) -> Option<String> {
        if java::is_blank(&self.name) && java::is_blank(&self.group) {
            return None;
        }
        let around = |part: &str| {
            if java::is_blank(part) { ".*".to_owned() } else { format!(".*{part}.*") }
        };
        if quirks.list.shape == ListShape::ServiceInfo {
            let (group, name) = (around(&self.group), around(&self.name));
            return Some(format!("{group}{GROUP_SEPARATOR}{name}"));
        }
        let grouped = format!("{}{GROUP_SEPARATOR}{}", self.group, self.name);
        let parts = java::split(&grouped, GROUP_SEPARATOR);
        let parts: Vec<String> = parts.into_iter().map(around).collect();
        Some(parts.join(GROUP_SEPARATOR))
    }

    /// Which of so many services are on the page: all of them when they fit on one, whatever its
    /// number; 1.x counts pages with instances from 0.
    pub fn pick(&self, count: usize, quirks: &Quirks) -> Range<usize> {
        let one_x = quirks.list.shape == ListShape::Dom;
        let size = usize::try_from(self.size).unwrap_or_default();
        let fits = if one_x { size >= count } else { count < size };
        if fits {
            return 0..count;
        }
        let first_is_zero = one_x && self.with_instances;
        let page = if first_is_zero { self.page } else { self.page.wrapping_sub(1) };
        let start = usize::try_from(page.wrapping_mul(self.size)).unwrap_or_default().min(count);
        // A page takes one service before it looks whether it is full.
        start..start.saturating_add(size.max(1)).min(count)
    }
}
