//! The names of the classes that the protocol knows. They are compared as they are: a server has no
//! handler for a name in another case (`grpc/bad-payloads`).

/// A request that a server has a handler for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// Registers or deregisters an instance.
    Instance,
    /// Lists a service's instances.
    ServiceQuery,
    /// Lists names of services.
    ServiceList,
    /// Subscribes to a service, or takes that back.
    Subscribe,
    /// Shows that the client lives.
    HealthCheck,
    /// How many connections there are.
    LoaderInfo,
    /// Another server wants this one to have fewer connections.
    Reload,
    /// Reads a configuration.
    ConfigQuery,
    /// Writes one.
    ConfigPublish,
    /// Removes one.
    ConfigRemove,
    /// Listens for changes of some.
    ConfigListen,
    /// A change on another server.
    ConfigSync,
    /// Ephemeral data of another server.
    Distro,
}

/// Name, class and response of each.
const KINDS: [(RequestKind, &str, &str, &str); 13] = {
    use RequestKind::*;
    [
        (Instance, "InstanceRequest", NAMING, "InstanceResponse"),
        (ServiceQuery, "ServiceQueryRequest", NAMING, "QueryServiceResponse"),
        (ServiceList, "ServiceListRequest", NAMING, "ServiceListResponse"),
        (Subscribe, "SubscribeServiceRequest", NAMING, "SubscribeServiceResponse"),
        (HealthCheck, "HealthCheckRequest", REMOTE, "HealthCheckResponse"),
        (LoaderInfo, "ServerLoaderInfoRequest", REMOTE, "ServerLoaderInfoResponse"),
        (Reload, "ServerReloadRequest", REMOTE, "ServerReloadResponse"),
        (ConfigQuery, "ConfigQueryRequest", CONFIG, "ConfigQueryResponse"),
        (ConfigPublish, "ConfigPublishRequest", CONFIG, "ConfigPublishResponse"),
        (ConfigRemove, "ConfigRemoveRequest", CONFIG, "ConfigRemoveResponse"),
        (ConfigListen, "ConfigBatchListenRequest", CONFIG, "ConfigChangeBatchListenResponse"),
        (ConfigSync, "ConfigChangeClusterSyncRequest", SYNC, "ConfigChangeClusterSyncResponse"),
        (Distro, "DistroDataRequest", DISTRO, "DistroDataResponse"),
    ]
};

const NAMING: &str = "com.alibaba.nacos.api.naming.remote.request";
const REMOTE: &str = "com.alibaba.nacos.api.remote.request";
const CONFIG: &str = "com.alibaba.nacos.api.config.remote.request";
const SYNC: &str = "com.alibaba.nacos.api.config.remote.request.cluster";
const DISTRO: &str = "com.alibaba.nacos.naming.cluster.remote.request";

/// Responses that clients send and servers do not.
const CLIENT_RESPONSES: [&str; 7] = [
    "NotifySubscriberResponse",
    "ClientDetectionResponse",
    "ConnectResetResponse",
    "ConfigChangeNotifyResponse",
    "ClientConfigMetricResponse",
    "ServerCheckResponse",
    "ErrorResponse",
];

impl RequestKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, ..)| *known == name).map(|(kind, ..)| *kind)
    }

    fn row(self) -> &'static (RequestKind, &'static str, &'static str, &'static str) {
        &KINDS[self as usize]
    }

    /// The class that its JSON is read as.
    pub fn class(self) -> String {
        let (_, name, package, _) = self.row();
        format!("{package}.{name}")
    }

    /// The name of its response.
    pub fn response(self) -> &'static str {
        self.row().3
    }
}

/// Whether the name is that of a response, as clients send them on streams.
pub fn is_response(name: &str) -> bool {
    CLIENT_RESPONSES.contains(&name) || KINDS.iter().any(|(.., response)| *response == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_in_its_own_row() {
        for (kind, name, _, response) in KINDS {
            assert_eq!(RequestKind::named(name), Some(kind));
            assert_eq!(kind.response(), response);
            assert!(is_response(response) && !is_response(name));
        }
        assert_eq!(RequestKind::named("instanceRequest"), None);
    }
}
