//! Who may be pushed to by UDP: a family that the version serves, in a version that the operator's
//! `push*Version` switch allows (`push/agents-served`, `push/agents-refused`,
//! `push/agent-versions`).

use crate::model::{Agent, AgentFamily, AgentVersion, Refusal};
use crate::registry::scope::Scope;

/// Whether the agent may subscribe; a version of one part is a NullPointerException, as on the
/// real server.
pub fn may_subscribe(scope: &Scope<'_>, agent: &Agent) -> Result<bool, Refusal> {
    let switches = scope.switches;
    let oldest = match agent.family {
        AgentFamily::Java => &switches.push_java_version,
        AgentFamily::Dns => &switches.push_python_version,
        AgentFamily::C => &switches.push_c_version,
        AgentFamily::GoSdk | AgentFamily::GoClient => &switches.push_go_version,
        AgentFamily::CSharp => &switches.push_csharp_version,
        AgentFamily::JavaSdk
        | AgentFamily::Server
        | AgentFamily::Tengine
        | AgentFamily::Unknown => return Ok(false),
    };
    if !scope.quirks.push.agents.contains(&agent.family) {
        return Ok(false);
    }
    agent.version.at_least(AgentVersion::parse(oldest)).ok_or_else(Refusal::null_pointer)
}
