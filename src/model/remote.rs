//! What a 2.x client asks over its connection. Names come as they are: nothing is defaulted, taken
//! apart or checked when it registers (`grpc/names-literal`, `grpc/register-bad`).

use crate::model::names::GROUP_SEPARATOR;
use crate::model::{ConnectionMeta, Refusal, java};

/// A service as a gRPC request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteService<'a> {
    /// `namespace`; absent is not `public`.
    pub namespace: Option<&'a str>,
    /// `groupName`.
    pub group: Option<&'a str>,
    /// `serviceName`, without group.
    pub name: Option<&'a str>,
}

impl RemoteService<'_> {
    /// The grouped name under which the service is kept.
    pub fn grouped(&self) -> String {
        let (group, name) = (self.group.unwrap_or_default(), self.name.unwrap_or_default());
        format!("{group}{GROUP_SEPARATOR}{name}")
    }

    /// `NamingUtils.getGroupedName`: neither part may be blank.
    ///
    /// # Errors
    /// One of them is.
    pub fn check(&self) -> Result<(), Refusal> {
        let blank = |text: Option<&str>| text.is_none_or(java::is_blank);
        if blank(self.name) {
            return Err(Refusal::illegal("Param 'serviceName' is illegal, serviceName is blank"));
        }
        if blank(self.group) {
            return Err(Refusal::illegal("Param 'groupName' is illegal, groupName is blank"));
        }
        Ok(())
    }
}

/// `ServiceQueryRequest`.
#[derive(Debug, Clone, Copy)]
pub struct RemoteQuery<'a> {
    /// The service.
    pub service: RemoteService<'a>,
    /// `cluster`: a comma list, empty for all.
    pub cluster: &'a str,
    /// `healthyOnly`.
    pub healthy_only: bool,
}

/// `SubscribeServiceRequest`, either way.
#[derive(Debug, Clone, Copy)]
pub struct RemoteSubscription<'a> {
    /// Who asks.
    pub by: &'a ConnectionMeta,
    /// The service.
    pub service: RemoteService<'a>,
    /// `clusters`: a comma list; `None` when absent.
    pub clusters: Option<&'a str>,
    /// Header `app`.
    pub app: &'a str,
    /// False takes the subscription back.
    pub subscribe: bool,
}
