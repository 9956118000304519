//! POST `/service/status`: the checksums of a member's services (`service/status-sync`).

use crate::model::{Refusal, java};
use crate::profile::{JsonDialect, Quirks};
use crate::wire::{json, url_decode};

/// What a member reports.
#[derive(Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The member, as it names itself.
    pub sender: String,
    /// Whether there are checksums, right or wrong.
    pub says_something: bool,
}

impl StatusReport {
    /// Reads the body, which is decoded as if it were a form. A body that the container took for a
    /// form is empty by now.
    ///
    /// # Errors
    /// It is no JSON object, or says nothing of the member.
    pub fn read(body: &[u8], is_form: bool, quirks: &Quirks) -> Result<Self, Refusal> {
        let text = if is_form { "".into() } else { String::from_utf8_lossy(body) };
        let report = json::object(quirks.metadata.json, &url_decode(&text)?)?;
        match quirks.metadata.json {
            JsonDialect::Fastjson => {
                let statuses = report.get("statuses").unwrap_or_default();
                Ok(Self {
                    sender: report.get("clientIP").unwrap_or("null").to_owned(),
                    says_something: !java::is_blank(statuses) && java::trim(statuses) != "null",
                })
            }
            JsonDialect::Jackson => {
                let says_something = java::trim(report.required("statuses")?) != "null";
                Ok(Self { sender: report.required("clientIP")?.to_owned(), says_something })
            }
        }
    }
}
