//! Every quirk, declared once: one difference between versions that a client can see, named for
//! what it sees. The profiles give the values and the evidence.

use super::values::{QuirkValue, quirk_enum};
use crate::model::AgentFamily;

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
    /// What the `pushEnabled` switch stops.
    PushSwitch {
        /// New subscribers only.
        NewSubscribers = "new_subscribers",
        /// All pushes, and with them the refreshing of lists.
        Everything = "everything",
    }
}
quirk_enum! {
    /// What becomes of a form body when a request is forwarded to the responsible server.
    ForwardBody {
        /// Lost, unless there is no query: then its parameters become the query.
        Dropped = "dropped",
        /// All parameters become the query.
        MovedToQuery = "moved_to_query",
        /// All parameters become the query, and a body of another type goes along.
        MovedAndSent = "moved_and_sent",
    }
}
quirk_enum! {
    /// What decides who is responsible.
    ResponsibleTag {
        /// The grouped service name.
        ServiceName = "service_name",
        /// `ip:port` of the instance.
        IpPort = "ip_port",
    }
}

/// Declares the sections of [`Quirks`] and the table that finds a quirk by name.
macro_rules! quirks {
    ($($section:ident : $struct:ident { $($name:ident : $type:ty = $use:ident, $doc:literal;)+ })+) => {
        $(
            #[doc = concat!("Quirks of the section `", stringify!($section), "`.")]
            #[derive(Debug, Clone, PartialEq)]
            pub struct $struct { $(#[doc = $doc] pub $name: $type,)+ }
        )+

        /// How one server behaves where versions differ.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Quirks { $(#[doc = concat!("Section `", stringify!($section), "`.")] pub $section: $struct,)+ }

        /// Every quirk, in the order of profiles.
        pub const QUIRKS: &[QuirkInfo] = &[$($(QuirkInfo {
            name: concat!(stringify!($section), ".", stringify!($name)),
            doc: $doc,
            operator: stringify!($use).len() == "operator".len(),
            valid: <$type as QuirkValue>::valid,
        },)+)+];

        impl Quirks {
            /// Builds all quirks from texts; `read` gives the text of a name.
            pub(super) fn build<E>(
                mut read: impl FnMut(&'static str) -> Result<String, E>,
                bad: impl Fn(&'static str, &str) -> E,
            ) -> Result<Self, E> {
                Ok(Self { $($section: $struct { $($name: {
                    let key = concat!(stringify!($section), ".", stringify!($name));
                    let text = read(key)?;
                    <$type as QuirkValue>::read(&text).ok_or_else(|| bad(key, &text))?
                },)+ },)+ })
            }

            /// The text of a quirk's value; `None` when there is no such quirk.
            pub fn get(&self, name: &str) -> Option<String> {
                match name {
                    $($(concat!(stringify!($section), ".", stringify!($name)) =>
                        Some(self.$section.$name.text()),)+)+
                    _ => None,
                }
            }

            /// Writes a quirk; false when the name or the value is not one.
            pub(super) fn put(&mut self, name: &str, text: &str) -> bool {
                match name {
                    $($(concat!(stringify!($section), ".", stringify!($name)) =>
                        match <$type as QuirkValue>::read(text) {
                            Some(value) => { self.$section.$name = value; true }
                            None => false,
                        },)+)+
                    _ => false,
                }
            }
        }
    };
}

/// What is known about a quirk besides its value.
#[derive(Debug)]
pub struct QuirkInfo {
    /// `section.name`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Kept for operators although no two versions differ in it.
    pub operator: bool,
    /// What may be written.
    pub valid: fn() -> String,
}

quirks! {
    server: ServerQuirks {
        version: String = version, "Version that the server calls itself.";
    }
    core: CoreQuirks {
        model: CoreModel = version, "Which registry answers; chosen at start.";
    }
    errors: ErrorQuirks {
        style: ErrorStyle = version, "How a refusal reads.";
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
        requires_body: bool = version, "Whether a beat without its JSON is refused.";
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
        patch: bool = version, "Whether PATCH /instance exists.";
        metadata_batch: bool = version, "Whether /instance/metadata/batch exists.";
    }
    service: ServiceQuirks {
        delete_needs_empty: bool = version, "Whether a service with instances can not be deleted.";
    }
    api: ApiQuirks {
        legacy: bool = version, "Whether /v1/ns/api exists.";
        operator_alias: bool = version, "Whether /v1/ns/ops stands for /v1/ns/operator.";
    }
    list: ListQuirks {
        shape: ListShape = version, "The body of a list.";
    }
    expiry: ExpiryQuirks {
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
    }
    forward: ForwardQuirks {
        body: ForwardBody = version, "What becomes of a form body that is forwarded.";
    }
    distro: DistroQuirks {
        responsible_tag: ResponsibleTag = version, "What decides which server is responsible.";
    }
}
