//! The answers of quirks about servers among others: who is responsible, how members know each
//! other, and what they pass on or ask. As in `choices`.

use super::values::quirk_enum;

quirk_enum! {
    /// Who else is asked for subscribers, and what becomes of the answers.
    Aggregation {
        /// Healthy members, whose answers are read.
        Healthy = "healthy",
        /// Every listed member; an answer that names anybody can not be read, and nobody is shown.
        Unread = "unread",
        /// Every listed member, whose answers are read.
        All = "all",
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
    /// Who carries a forwarded request, and so what its receiver and its client see beside it.
    ForwardClient {
        /// Java's own client, which writes no body and fails at an error without one.
        Reader = "reader",
        /// The same, which fails at writing a body and at PATCH.
        Writer = "writer",
        /// Apache's: sorted headers, the agent replaced, the answer typed JSON.
        Apache = "apache",
    }
}
quirk_enum! {
    /// How members learn of each other.
    MembersProtocol {
        /// Each tells all others every two seconds; who is silent for ten is not healthy.
        Reports = "reports",
        /// Each asks one other in turn every two seconds and judges it by its answer.
        Rounds = "rounds",
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
