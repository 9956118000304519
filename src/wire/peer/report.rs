//! What a member of 2.x says of itself: POST `/v1/core/cluster/report` with its own page of
//! `/core/cluster/self` (`peer-wire/2.0.2`), and what a receiver reads of it.

use crate::model::MemberId;
use crate::model::peer::MemberCard;
use crate::wire::text::json::push_text;
use crate::wire::v1::member::{MemberView, RaftGroups, push_member};
use serde::Deserialize;

/// The body of a report.
pub(super) fn body(card: &MemberCard, version: &str) -> String {
    let mut out = String::new();
    let groups = RaftGroups::of(&card.members);
    push_member(
        &mut out,
        &MemberView {
            address: &card.id,
            state: "UP",
            version: Some(version),
            ready: card.ready,
            refreshed: Some(card.refreshed),
            failures: 0,
            groups: Some(&groups),
            weight: None,
        },
    );
    out
}

/// The body that says who left.
pub(super) fn leave(gone: &[MemberId]) -> String {
    let mut out = String::from("[");
    for (number, member) in gone.iter().enumerate() {
        out.push_str(if number == 0 { "" } else { "," });
        push_text(&mut out, member);
    }
    out.push(']');
    out
}

/// What a receiver reads of a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reported {
    /// Address.
    pub ip: Option<String>,
    /// HTTP port.
    pub port: Option<i32>,
    /// `ip:port`.
    pub address: Option<String>,
    /// What it says of its abilities.
    #[serde(rename = "extendInfo")]
    pub extended: Extended,
}

/// What a member says beside its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Extended {
    /// What it calls its version.
    pub version: Option<String>,
    /// Whether it is ready for the protocols of 2.x.
    #[serde(rename = "readyToUpgrade")]
    pub ready: Option<bool>,
}

impl Reported {
    /// Whether it says where it is.
    pub fn is_whole(&self) -> bool {
        let named = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| !crate::model::java::is_blank(text))
        };
        named(&self.ip) && named(&self.address) && self.port.is_some_and(|port| port != -1)
    }
}
