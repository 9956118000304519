//! Every quirk, declared once: one difference between versions that a client can see, named for
//! what it sees. The profiles give the values and the evidence.
//!
//! A line is `name: type = version, "sentence";`, or `= operator` for what no two versions differ
//! in but an operator or a test wants to turn. A new quirk is a line here, a line in the complete
//! profile and a line in each profile that changes it.

use super::choices::*;
use super::choices_among::*;
use super::declare::{quirks, reason};
use super::error::ProfileError;
use super::info::{QuirkInfo, Reason};
use super::values::QuirkValue;
use crate::model::AgentFamily;

quirks! {
    server: ServerQuirks {
        version: String = version, "Version that the server calls itself.";
    }
    core: CoreQuirks {
        model: CoreModel = version, "Which registry answers; chosen at start.";
    }
    errors: ErrorQuirks {
        style: ErrorStyle = version, "How a refusal reads.";
        null_pointer: NullPointerText = operator, "Whether a NullPointerException says what was null.";
        send_error: SendErrorStyle = version, "What becomes of a filter's sendError.";
    }
    http: HttpQuirks {
        cors: Cors = version, "Cross-origin headers.";
        keep_alive_header: KeepAliveHeader = version, "Answer to a client that asks for keep-alive.";
        trailing_slash: bool = version, "Whether a path may end in a slash.";
        firewall: Firewall = version, "Answer to a path that is not normalised.";
        error_page: ErrorPage = version, "Look of the container's own error pages.";
        unacceptable: Unacceptable = version, "Answer to an Accept header that does not parse.";
    }
    params: ParamQuirks {
        repeated: Repeated = version, "Which value of a repeated parameter counts.";
        dom_alias: bool = version, "Whether `dom` stands in for `serviceName`.";
        trim_service_name: bool = version, "Whether blanks around serviceName are cut before grouping.";
    }
    names: NameQuirks {
        validation: NamesValidation = version, "Which names of services and clusters are refused.";
    }
    namespace: NamespaceQuirks {
        check: NamespaceCheck = version, "What becomes of a namespace with `..` or `/`.";
    }
    beat: BeatQuirks {
        source: BeatSource = operator, "Where a beat is looked for.";
        needs_cluster: bool = version, "Whether a full beat that names no cluster is answered and not counted.";
        makes_id: bool = version, "Whether an instance that a beat registered has an instanceId.";
        requires_body: bool = version, "Whether a beat without its JSON is refused.";
        checked_first: BeatOrder = version, "Which part of a beat is looked at first, and so refused first.";
        light: BeatLight = version, "The lightBeatEnabled key of the answer.";
        reply_code: ReplyCode = version, "The code key of the answer.";
        unknown_light: UnknownLight = version, "Answer to a light beat for something unknown.";
        persistent_ignored: bool = version, "With defaultInstanceEphemeral off, a beat that says ephemeral=false is answered and not looked at.";
        json: JsonDialect = version, "The parser of the beat.";
        null_is: BeatNull = version, "What a beat of null or blanks is taken for.";
    }
    metadata: MetadataQuirks {
        json: JsonDialect = version, "The parser of metadata.";
    }
    instance: InstanceQuirks {
        reading: InstanceReading = version, "In which order the parameters of an instance are looked at.";
        checks_address: bool = version, "Whether an ip of digits and dots must be four numbers.";
        patch: bool = version, "Whether PATCH /instance exists.";
        metadata_batch: bool = version, "Whether /instance/metadata/batch exists.";
    }
    service: ServiceQuirks {
        auto_clean: bool = version, "Whether services that stay empty can be cleaned up.";
        delete_needs_empty: bool = version, "Whether a service with instances can not be deleted.";
        threshold_default: bool = version, "Whether a new service may leave its protectThreshold out.";
        list_count: ListCount = version, "What the count beside a page of services counts.";
        past_end_all: bool = version, "Whether a page past the last one of services shows all, grouped names.";
        kinds: ServiceKinds = version, "Whether a service has ephemeral and persistent instances at once.";
        unknown_refused: bool = version, "Whether GET and DELETE refuse a service that does not exist.";
        selector: SelectorShape = version, "How selectors are read and shown.";
        subscribers: SubscriberMatch = version, "Which subscribers /service/subscribers shows.";
        aggregation: Aggregation = version, "Whom /service/subscribers asks besides, and whether it can read the answers.";
    }
    catalog: CatalogQuirks {
        full_details: bool = version, "Whether services with their instances show the keys of every detail.";
    }
    health: HealthQuirks {
        checkers: bool = version, "Whether /health/checkers exists.";
    }
    api: ApiQuirks {
        v2: bool = version, "Whether /v2/ns/instance/list exists.";
        legacy: bool = version, "Whether /v1/ns/api exists.";
        core: bool = version, "Whether /v1/core and /v2/core exist.";
        operator_alias: bool = version, "Whether /v1/ns/ops stands for /v1/ns/operator.";
        upgrade_ops: bool = version, "Whether /v1/ns/upgrade/ops exists.";
    }
    operator: OperatorQuirks {
        metrics: MetricsShape = version, "The body of /operator/metrics.";
        servers: ServersShape = version, "How /operator/servers and the pages beside it show servers.";
        push_state: PushStateShape = version, "What /operator/push/state counts.";
        distro_server: DistroServer = version, "Whom /operator/distro/server asks about a service.";
    }
    raft: RaftQuirks {
        old_protocol: OldRaft = version, "Whether /v1/ns/raft answers.";
        service_datum: ServiceDatumShape = version, "The keys of a service's datum.";
    }
    list: ListQuirks {
        shape: ListShape = version, "The body of a list.";
    }
    grpc: GrpcQuirks {
        port: bool = version, "Whether gRPC is served, a thousand above the HTTP port; chosen at start.";
        names_app: bool = version, "Whether subscribers over gRPC are shown with the application they name.";
        subscribe_protects: bool = version, "Whether subscribing to all clusters answers by the protect threshold.";
        publish_code: bool = version, "Whether what can not be published over gRPC is told with an error code.";
    }
    upgrade: UpgradeQuirks {
        converts: bool = version, "Whether double write can turn instances of 1.x into those of 2.x and back (2.0.x).";
        gates_grpc: bool = version, "Whether naming over gRPC is refused while the core of 1.x answers (2.0.x).";
    }
    expiry: ExpiryQuirks {
        ends_record: bool = version, "Whether an operator's record begins to expire when beats stop.";
        obeys_health_check_switch: bool = version, "Whether healthCheckEnabled=false stops the expiry of beats.";
        pauses_at_start: bool = version, "Whether a cold start checks no health for a minute.";
    }
    push: PushQuirks {
        delay_ms: u64 = version, "From a change to its push, ms.";
        agents: Vec<AgentFamily> = version, "Families of clients that are pushed to by UDP.";
        obeys_switch: PushSwitch = version, "What pushEnabled=false stops.";
    }
    switches: SwitchQuirks {
        auto_health_check: bool = version, "Whether the switch autoChangeHealthCheckEnabled exists.";
        light_beat: bool = version, "Whether the switch lightBeatEnabled exists.";
        double_write: bool = version, "Whether the switch doubleWriteEnabled exists.";
        csharp: bool = version, "Whether the switch pushCSharpVersion exists.";
        json: JsonDialect = version, "The parser of the entry batch.";
        debug_edits_stored: bool = version, "Whether a debug change of one entry is part of the next stored change.";
        not_up: NotUpText = version, "What a request reads that the server's status refuses.";
    }
    members: MemberQuirks {
        protocol: MembersProtocol = version, "How members learn of each other.";
        list_period_ms: u64 = version, "How often the file of members is looked at, ms.";
    }
    forward: ForwardQuirks {
        body: ForwardBody = version, "What becomes of a form body that is forwarded.";
        client: ForwardClient = version, "Who carries a forwarded request.";
    }
    distro: DistroQuirks {
        content: DistroContent = version, "How the answers of /v1/ns/distro are typed.";
        responsible_tag: ResponsibleTag = version, "What decides which server is responsible.";
        load_retry_ms: u64 = version, "How long after a failed load at start it is tried again, ms; 0 gives up (1.x).";
        reports_empty: bool = version, "Whether members are told how services without instances look (1.x).";
    }
    console: ConsoleQuirks {
        namespace_ids: NamespaceIds = version, "Ids of new namespaces.";
        result_text: ResultText = version, "Where the words of a done deed stand.";
        actuator: Actuator = version, "Pages of the actuator.";
    }
    config: ConfigQuirks {
        md5: Md5Text = version, "Digests of configurations.";
        kind: ConfigKind = version, "What a configuration that is read says of its type.";
        names: ConfigNames = version, "How a bad name is refused.";
        public_tenant: PublicTenant = version, "Which configurations tenant=public reads.";
        text_ids: bool = version, "Whether the number of a row is a text.";
        health: ConfigHealth = version, "Answer of /v1/cs/health.";
    }
    auth: AuthQuirks {
        guard: Guard = version, "What stands before the pages that are not for everybody.";
        login: LoginAnswer = version, "Answer to a login.";
        accounts: Accounts = version, "The API of users, roles and permissions.";
        peers: Peers = version, "Who passes for another server.";
        resource: ResourceParts = version, "How a resource is named when parts are missing.";
        nameless: bool = version, "Whether PUT /cluster and /health name no resource and are refused to everybody.";
        metrics: bool = version, "Whether GET /operator/metrics is secured.";
        caching: bool = version, "Whether accounts are read anew only every 15 seconds.";
    }
}
