//! What each SDK of 2.x says and does on its connection, as recorded in
//! `fixtures/transcripts/client-wire` and told in the project's survey of clients.
use std::time::Duration;

use super::super::sdk::{Sdk, Speaks};

/// The bodies and habits of an SDK of 2.x. Names in braces are filled in for each request.
#[derive(Debug, PartialEq, Eq)]
pub struct Grpc {
    /// `ServerCheckRequest`.
    pub check: &'static str,
    /// `ConnectionSetupRequest`.
    pub setup: &'static str,
    /// `HealthCheckRequest`.
    pub health: &'static str,
    /// `InstanceRequest` with `registerInstance`.
    pub register: &'static str,
    /// `InstanceRequest` with `deregisterInstance`.
    pub deregister: &'static str,
    /// `ServiceQueryRequest`.
    pub list: &'static str,
    /// `SubscribeServiceRequest`.
    pub subscribe: &'static str,
    /// The same when it is done again on a new connection.
    pub subscribe_again: &'static str,
    /// The `app` in the headers of an `InstanceRequest`, when there is one.
    pub instance_app: Option<&'static str>,
    /// The `app` in the headers of requests about services, when there is one.
    pub service_app: Option<&'static str>,
    /// An answer to a request of the server, before and behind the number of the request.
    pub ack: [&'static str; 2],
    /// Whether a `ConnectResetRequest` makes it connect anew.
    pub obeys_resets: bool,
    /// When registrations and subscriptions are done again on a new connection.
    pub redo: Redo,
    /// How many poll periods lie between two queries of a subscriber; `None` when it never asks.
    pub poll_every: Option<u32>,
}

/// When something is done again on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redo {
    /// With the connection, once.
    AtOnce,
    /// By something that looks after it this often, until it works.
    Each(Duration),
}

macro_rules! java {
    ($fields:literal) => {
        concat!(
            r#"{"headers":{},"namespace":"{json_namespace}","serviceName":"{json_name}","#,
            r#""groupName":"{json_group}","#,
            $fields,
            r#""module":"naming"}"#
        )
    };
}

macro_rules! java_instance {
    ($type:literal) => {
        concat!(
            r#"{"headers":{},"namespace":"{json_namespace}","serviceName":"{json_name}","#,
            r#""groupName":"{json_group}","type":""#,
            $type,
            r#"","instance":{"ip":"{ip}","port":{port},"weight":1.0,"healthy":true,"#,
            r#""enabled":true,"ephemeral":true,"metadata":{raw_metadata},"#,
            r#""instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"#,
            r#""ipDeleteTimeout":30000},"module":"naming"}"#
        )
    };
}

macro_rules! java_agent {
    ($version:literal, $redo:expr) => {
        Sdk {
            name: concat!("java-", $version),
            speaks: Speaks::Grpc(Grpc {
                check: r#"{"headers":{},"module":"internal"}"#,
                setup: concat!(
                    r#"{"headers":{},"clientVersion":"Nacos-Java-Client:v"#,
                    $version,
                    r#"","labels":{"module":"naming","source":"sdk"},"module":"internal"}"#
                ),
                health: r#"{"headers":{},"module":"internal"}"#,
                register: java_instance!("registerInstance"),
                deregister: java_instance!("deregisterInstance"),
                list: java!(r#""cluster":"","healthyOnly":false,"udpPort":0,"#),
                subscribe: java!(r#""subscribe":true,"clusters":"","#),
                subscribe_again: java!(r#""subscribe":true,"#),
                instance_app: Some("unknown"),
                service_app: Some("unknown"),
                ack: [r#"{"resultCode":200,"errorCode":0,"requestId":""#, r#"","success":true}"#],
                obeys_resets: true,
                redo: $redo,
                poll_every: Some(6),
            }),
        }
    };
}

macro_rules! go {
    ($fields:literal) => {
        concat!(
            r#"{"requestId":"","namespace":"{json_namespace}","serviceName":"{json_name}","#,
            r#""groupName":"{json_group}","module":"naming","#,
            $fields,
            "}"
        )
    };
}

macro_rules! go_instance {
    ($type:literal, $fields:literal, $metadata:literal) => {
        concat!(
            r#"{"requestId":"","namespace":"{json_namespace}","serviceName":"{json_name}","#,
            r#""groupName":"{json_group}","module":"naming","type":""#,
            $type,
            r#"","instance":{"instanceId":"","ip":"{ip}","port":{port},"#,
            $fields,
            r#","ephemeral":true,"clusterName":"","serviceName":"","metadata":"#,
            $metadata,
            r#","instanceHeartBeatInterval":0,"ipDeleteTimeout":0,"#,
            r#""instanceHeartBeatTimeOut":0}}"#
        )
    };
}

macro_rules! python {
    ($headers:literal, $fields:literal) => {
        concat!(
            r#"{"headers": "#,
            $headers,
            r#", "requestId": "", "module": "", "namespace": "{json_namespace}", "#,
            r#""serviceName": "{json_name}", "groupName": "{json_group}", "#,
            $fields,
            "}"
        )
    };
}

macro_rules! python_instance {
    ($type:literal) => {
        concat!(
            r#"{"headers": {}, "requestId": "", "module": "", "namespace": "{json_namespace}", "#,
            r#""serviceName": "{json_name}", "groupName": "{json_group}", "type": ""#,
            $type,
            r#"", "instance": {"instanceId": "", "ip": "{ip}", "port": {port}, "weight": 1.0, "#,
            r#""healthy": true, "enabled": true, "ephemeral": true, "clusterName": "DEFAULT", "#,
            r#""serviceName": "", "metadata": {raw_metadata}}}"#
        )
    };
}

/// The agents that speak gRPC.
pub static AGENTS: [Sdk; 4] = [
    java_agent!("2.0.2", Redo::AtOnce),
    java_agent!("2.0.4", Redo::Each(Duration::from_secs(3))),
    Sdk {
        name: "go-2",
        speaks: Speaks::Grpc(Grpc {
            check: r#"{"requestId":"","module":"internal"}"#,
            setup: concat!(
                r#"{"requestId":"","module":"internal","clientVersion":"Nacos-Go-Client:v2.3.5","#,
                r#""tenant":"","labels":{"module":"naming","source":"sdk"},"#,
                r#""clientAbilities":{}}"#
            ),
            health: r#"{"requestId":"","module":"internal"}"#,
            register: go_instance!(
                "registerInstance",
                r#""weight":1,"healthy":true,"enabled":true"#,
                "{raw_metadata}"
            ),
            deregister: go_instance!(
                "deregisterInstance",
                r#""weight":0,"healthy":false,"enabled":false"#,
                "null"
            ),
            // The order of the fields of this one was not recorded.
            list: go!(r#""cluster":"","healthyOnly":false,"udpPort":0"#),
            subscribe: go!(r#""subscribe":true,"clusters":"""#),
            subscribe_again: go!(r#""subscribe":true,"clusters":"""#),
            instance_app: None,
            service_app: Some(""),
            ack: [
                r#"{"resultCode":200,"errorCode":0,"success":true,"message":"","requestId":""#,
                r#""}"#,
            ],
            obeys_resets: true,
            redo: Redo::AtOnce,
            poll_every: None,
        }),
    },
    Sdk {
        name: "python-2",
        speaks: Speaks::Grpc(Grpc {
            check: r#"{"headers": {}, "requestId": "", "module": ""}"#,
            setup: concat!(
                r#"{"headers": {}, "requestId": "", "module": "", "#,
                r#""clientVersion": "Nacos-Python-Client:v2.0.0", "tenant": "public", "#,
                r#""labels": {"source": "sdk", "module": "naming"}}"#
            ),
            health: r#"{"headers": {}, "requestId": "", "module": ""}"#,
            register: python_instance!("registerInstance"),
            deregister: python_instance!("deregisterInstance"),
            // The order of the fields of this one was not recorded.
            list: python!(r#"{"app": ""}"#, r#""cluster": "", "healthOnly": false, "udpPort": 0"#),
            subscribe: python!(r#"{"app": ""}"#, r#""subscribe": true, "clusters": """#),
            subscribe_again: python!(r#"{"app": ""}"#, r#""subscribe": true, "clusters": """#),
            instance_app: None,
            service_app: Some(""),
            ack: [r#"{"resultCode": 200, "errorCode": 0, "message": "", "requestId": ""#, r#""}"#],
            obeys_resets: false,
            redo: Redo::Each(Duration::from_secs(30)),
            poll_every: None,
        }),
    },
];
