//! The answers that a quirk may have where yes, no and a number do not do. Each answer is named for
//! what a client sees of it, and its sentence is shown by `facos profiles`.

use super::values::quirk_enum;

quirk_enum! {
    /// Which registry answers.
    CoreModel {
        /// 1.x: services own their instances.
        ServiceKeyed = "service_keyed",
        /// 2.x: clients own what they publish.
        ClientKeyed = "client_keyed",
    }
}
quirk_enum! {
    /// How a refusal reads.
    ErrorStyle {
        /// The exception's message and a newline, with the exception's own status.
        MessageLine = "message_line",
        /// `java.lang.X: message`; a NacosException is 500 `ErrCode:404, ErrMsg:...`.
        ExceptionText = "exception_text",
        /// `caused: message;`.
        CausedChain = "caused_chain",
    }
}
quirk_enum! {
    /// A NullPointerException.
    NullPointerText {
        /// Nothing but its class, as Java 8 words it.
        Bare = "bare",
        /// What was null, as Java 17 words it.
        Told = "told",
        /// As the servers of the transcripts ran: bare alone, told in a deployment.
        AsRecorded = "as_recorded",
    }
}
quirk_enum! {
    /// What becomes of a filter's `sendError`.
    SendErrorStyle {
        /// 401 without a body: the error page itself is protected.
        UnauthorizedEmpty = "unauthorized_empty",
        /// Spring Boot's JSON or HTML, times with `+0000`.
        BootJsonPlainOffset = "boot_json_plain_offset",
        /// The same, times with `+00:00`.
        BootJsonColonOffset = "boot_json_colon_offset",
    }
}
quirk_enum! {
    /// Cross-origin headers.
    Cors {
        /// None.
        Absent = "absent",
        /// Every origin is allowed.
        AnyOrigin = "any_origin",
    }
}
quirk_enum! {
    /// Answer to `Connection: keep-alive` on HTTP/1.1.
    KeepAliveHeader {
        /// No header.
        Absent = "absent",
        /// `Connection: keep-alive` and `Keep-Alive: timeout=60`.
        Timeout60 = "timeout_60",
    }
}
quirk_enum! {
    /// Look of the servlet container's own error pages.
    ErrorPage {
        /// Tomcat 9.0.13.
        Tomcat9013 = "tomcat_9_0_13",
        /// Tomcat 9.0.46.
        Tomcat9046 = "tomcat_9_0_46",
    }
}
quirk_enum! {
    /// A path with `//`, `;`, `/./` or `/../`.
    Firewall {
        /// 401 without a body.
        Unauthorized = "unauthorized",
        /// 500, Spring Boot's JSON.
        ServerError = "server_error",
    }
}
quirk_enum! {
    /// An `Accept` header that does not parse.
    Unacceptable {
        /// 401 without a body, typed JSON.
        Unauthorized = "unauthorized",
        /// 406 without a body, typed JSON.
        NotAcceptableJson = "not_acceptable_json",
        /// 406 without body and type.
        NotAcceptableBare = "not_acceptable_bare",
    }
}
quirk_enum! {
    /// Which value counts when a parameter comes several times.
    Repeated {
        /// The first, query before form.
        FirstValue = "first_value",
        /// The first of a Java hash set of the values.
        HashSet = "hash_set",
    }
}
quirk_enum! {
    /// Characters of names.
    NamesValidation {
        /// Only some characters; checked when a service or cluster is created.
        CharacterSet = "character_set",
        /// Exactly a group and a name; any characters; checked on every call.
        Format = "format",
    }
}
quirk_enum! {
    /// A namespace with `..` or `/`.
    NamespaceCheck {
        /// Refused by a filter's `sendError`.
        Refused = "refused",
        /// Taken like any other.
        Accepted = "accepted",
    }
}
quirk_enum! {
    /// Where a beat is looked for.
    BeatSource {
        /// Query and form body alike.
        QueryOrForm = "query_or_form",
        /// Only the query.
        Query = "query",
        /// Only the form body.
        Form = "form",
    }
}
quirk_enum! {
    /// The part of a beat that is looked at first.
    BeatOrder {
        /// The service's name.
        ServiceName = "service_name",
        /// The beat's JSON.
        Beat = "beat",
    }
}
quirk_enum! {
    /// The `lightBeatEnabled` key of a beat's answer.
    BeatLight {
        /// Not sent.
        Absent = "absent",
        /// Always false.
        Disabled = "disabled",
        /// The value of the switch of that name.
        Enabled = "enabled",
    }
}
quirk_enum! {
    /// The `code` key of a beat's answer.
    ReplyCode {
        /// Not sent.
        Absent = "absent",
        /// 10200 or 20404.
        Present = "present",
    }
}
quirk_enum! {
    /// A light beat for something unknown.
    UnknownLight {
        /// `code` 20404 and the interval.
        NotFound = "not_found",
        /// The same with `lightBeatEnabled`.
        NotFoundWithLight = "not_found_with_light",
    }
}
quirk_enum! {
    /// The parser of beats and metadata.
    JsonDialect {
        /// fastjson 1.2.58: lenient.
        Fastjson = "fastjson",
        /// Jackson 2: strict.
        Jackson = "jackson",
    }
}
quirk_enum! {
    /// A beat that is JSON `null`, or nothing but blanks.
    BeatNull {
        /// A NullPointerException.
        Error = "error",
        /// As if it were absent.
        Absent = "absent",
        /// Blank is absent, `null` fails in a filter.
        FilterError = "filter_error",
    }
}
quirk_enum! {
    /// The body of a list.
    ListShape {
        /// `dom`, `hosts[].valid`, `useSpecifiedURL`.
        Dom = "dom",
        /// `groupName`, `reachProtectionThreshold`.
        ServiceInfo = "service_info",
    }
}
quirk_enum! {
    /// The `count` of `/service/list`.
    ListCount {
        /// All services of the group that were asked for.
        All = "all",
        /// Those on the page.
        Page = "page",
    }
}
quirk_enum! {
    /// The kinds of a service's instances.
    ServiceKinds {
        /// Both.
        Mixed = "mixed",
        /// The first registration or the service's creation decides; the other kind is refused.
        One = "one",
    }
}
quirk_enum! {
    /// Selectors of services.
    SelectorShape {
        /// `type`, and what belongs to it.
        Plain = "plain",
        /// `contextType` beside them; what can not be read is refused in other words.
        WithContext = "with_context",
    }
}
quirk_enum! {
    /// The order in which POST, PUT and DELETE `/instance` look at parameters.
    InstanceReading {
        /// Metadata before the range of the weight; DELETE looks at the address, then the service.
        Address = "address",
        /// The range of the weight before metadata; DELETE reads everything, the service first.
        Everything = "everything",
    }
}
quirk_enum! {
    /// Whose subscribers `/service/subscribers` shows.
    SubscriberMatch {
        /// The service's own.
        Same = "same",
        /// Those of every service with the name in its own, in namespaces that begin alike.
        SimilarName = "similar_name",
        /// Those of the namespace's services with the name in their own.
        SimilarInNamespace = "similar_in_namespace",
    }
}
quirk_enum! {
    /// What the `pushEnabled` switch stops.
    PushSwitch {
        /// New subscribers only.
        NewSubscribers = "new_subscribers",
        /// All pushes, and with them the refreshing of lists.
        Everything = "everything",
    }
}
quirk_enum! {
    /// What a request reads that the server's status refuses.
    NotUpText {
        /// `server is DOWN now, please try again later!`.
        Spaced = "spaced",
        /// `server is DOWNnow, please try again later!`.
        Joined = "joined",
    }
}
quirk_enum! {
    /// The body of `/operator/metrics`.
    MetricsShape {
        /// Always everything, in the order of a hash map.
        Everything = "everything",
        /// The status first; the rest when `onlyStatus=false`.
        StatusFirst = "status_first",
        /// The same with numbers of clients.
        WithClients = "with_clients",
    }
}
quirk_enum! {
    /// How the operator's pages show servers.
    ServersShape {
        /// `servePort`, `site`, `alive`; `/distro/status` and `/cluster/states` exist.
        Servers = "servers",
        /// `port`, `state`, `extendInfo`; `/distro/client` exists.
        Members = "members",
    }
}
quirk_enum! {
    /// What `/operator/push/state` counts.
    PushStateShape {
        /// Datagrams sent; those that wait for an ack count as failed.
        Sent = "sent",
        /// Acks that came; only what was given up counts as failed.
        Acked = "acked",
    }
}
quirk_enum! {
    /// Whom `/operator/distro/server` asks about a service.
    DistroServer {
        /// The registry.
        Registry = "registry",
        /// The registry of 1.x inside a 2.x node, which stays empty when the node stands alone.
        OldRegistry = "old_registry",
    }
}
quirk_enum! {
    /// Whether the raft of 1.x answers.
    OldRaft {
        /// It does.
        Runs = "runs",
        /// 500 from five seconds after the start on.
        Stops = "stops",
    }
}
quirk_enum! {
    /// The keys of a service's datum.
    ServiceDatumShape {
        /// Those of its fields.
        Fields = "fields",
        /// `empty` and `finalizeCount` beside them.
        FieldsAndCounts = "fields_and_counts",
    }
}
quirk_enum! {
    /// How the answers of `/v1/ns/distro` are typed.
    DistroContent {
        /// As text.
        Text = "text",
        /// As octets.
        Octets = "octets",
    }
}
quirk_enum! {
    /// What stands before the pages that are not for everybody.
    Guard {
        /// A login before namespaces, accounts and unknown paths; nothing before the APIs.
        ConsoleLogin = "console_login",
        /// Nothing, until authentication is switched on; then every secured call.
        Switch = "switch",
    }
}
quirk_enum! {
    /// Answer to a login.
    LoginAnswer {
        /// `code`, `message`, `data` with status 200, also when it fails.
        Result = "result",
        /// `accessToken`, `tokenTtl`, `globalAdmin`; 403 when it fails.
        Token = "token",
        /// The same with `username`.
        TokenAndName = "token_and_name",
    }
}
quirk_enum! {
    /// The API of users, roles and permissions.
    Accounts {
        /// There is none.
        Absent = "absent",
        /// Lists, additions and removals; a role or permission given twice is an error.
        Plain = "plain",
        /// The same with searches; users change their own password; given twice is as good as once.
        Searchable = "searchable",
    }
}
quirk_enum! {
    /// Who passes for another server of the cluster.
    Peers {
        /// Whoever calls itself `Nacos-Server`.
        UserAgent = "user_agent",
        /// Whoever sends the identity header with its secret value.
        Identity = "identity",
    }
}
quirk_enum! {
    /// How the resource of a call is named when parts of its name are missing.
    ResourceParts {
        /// Without a service or dataId the group does not count either; namespaces as sent.
        Together = "together",
        /// Each part for itself; the namespace `public` is the empty one.
        Apart = "apart",
    }
}
quirk_enum! {
    /// Where the words of a done deed stand in its answer.
    ResultText {
        /// In `message`.
        Message = "message",
        /// In `data`.
        Data = "data",
    }
}
quirk_enum! {
    /// Ids of new namespaces.
    NamespaceIds {
        /// Always a random UUID.
        Random = "random",
        /// The `customNamespaceId`, a UUID when that is blank.
        Chosen = "chosen",
    }
}
quirk_enum! {
    /// Pages of the actuator.
    Actuator {
        /// Health and info.
        HealthAndInfo = "health_and_info",
        /// Also prometheus and the others.
        Everything = "everything",
    }
}
quirk_enum! {
    /// Digests of configurations.
    Md5Text {
        /// 32 digits.
        Padded = "padded",
        /// Without leading zeros.
        Stripped = "stripped",
    }
}
quirk_enum! {
    /// What a configuration that is read says of its type.
    ConfigKind {
        /// Nothing; it is called JSON.
        Untold = "untold",
        /// A `Config-Type` header; it is called JSON all the same.
        Header = "header",
        /// The header, and a content type that fits.
        ContentType = "content_type",
    }
}
quirk_enum! {
    /// Which configurations `tenant=public` reads.
    PublicTenant {
        /// Those of a namespace of that name.
        OwnNamespace = "own_namespace",
        /// Those without a namespace.
        NoNamespace = "no_namespace",
    }
}
quirk_enum! {
    /// How a bad name of a configuration is refused.
    ConfigNames {
        /// By its kind alone; namespaces are not looked at.
        Kind = "kind",
        /// With the name itself; namespaces are looked at.
        Value = "value",
    }
}
quirk_enum! {
    /// Health of the configuration centre on a node that stands alone.
    ConfigHealth {
        /// `UP`.
        Up = "up",
        /// `DOWN`, because there is no address server.
        NoAddressServer = "no_address_server",
    }
}
