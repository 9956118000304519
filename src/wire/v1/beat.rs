//! PUT `/instance/beat`: where its JSON may stand, in which order its parameters are looked at, and
//! its answer (`instance/beat-forms`, `instance/beat-bad-json`).

use super::service_name::{self, NamedService};
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{BeatCall, BeatReply, FullBeat, JavaException, Refusal, java};
use crate::profile::{
    BeatLight, BeatNull, BeatOrder, BeatSource, CoreModel, Quirks, ReplyCode, UnknownLight,
};
use crate::wire::params::Source;
use crate::wire::text::json::JsonText;
use crate::wire::{Params, json};
use std::borrow::Cow;

/// Where the JSON of a beat stood, as the journal tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stood {
    /// In the query.
    Query,
    /// In the form body.
    Body,
    /// Nowhere.
    Absent,
    /// Somewhere, and it did not read as a beat.
    Undecodable,
}

/// A beat as the parameters give it.
#[derive(Debug)]
pub struct Beat<'a> {
    /// The service.
    pub service: NamedService<'a>,
    ip: Cow<'a, str>,
    port: i32,
    cluster: Cow<'a, str>,
    beat: Option<FullBeat>,
}

/// Leaves out what the quirk `beat.source` does not look at.
pub fn restrict_source(params: &mut Params<'_>, quirks: &Quirks) {
    match quirks.beat.source {
        BeatSource::QueryOrForm => {}
        BeatSource::Query => params.drop_from("beat", Source::Body),
        BeatSource::Form => params.drop_from("beat", Source::Query),
    }
}

/// What decides on 2.x which server a request belongs to: the address that the parameters name,
/// else that of the beat.
pub fn client_tag(params: &Params<'_>, quirks: &Quirks) -> String {
    let blank = |text: &&str| java::is_blank(text);
    let ip = params.single("ip").filter(|ip| !blank(ip));
    let port = params.single("port").filter(|port| !blank(port)).unwrap_or("0");
    let named = |ip: &str, port: &str| format!("{}:{}", java::trim(ip), java::trim(port));
    if let Some(ip) = ip {
        return named(ip, port);
    }
    let text = params.single("beat").unwrap_or_default();
    let beat = json::object(quirks.beat.json, text).ok();
    match beat.as_ref().and_then(|beat| beat.get("ip")) {
        Some(ip) => named(ip, beat.as_ref().and_then(|beat| beat.get("port")).unwrap_or("0")),
        None => named("null", port),
    }
}

/// Where the JSON stands, before anybody has read it.
pub fn stood(params: &Params<'_>) -> Stood {
    match params.optional("beat").and_then(|_| params.source("beat")) {
        None => Stood::Absent,
        Some(Source::Query) => Stood::Query,
        Some(Source::Body) => Stood::Body,
    }
}

impl<'a> Beat<'a> {
    /// Reads a beat; `stood` is told when the JSON does not decode.
    ///
    /// # Errors
    /// A parameter is missing or malformed.
    pub fn read(
        params: &'a Params<'_>,
        quirks: &Quirks,
        stood: &mut Stood,
    ) -> Result<Self, Refusal> {
        if quirks.beat.checked_first == BeatOrder::Beat {
            let beat = full_beat(params, quirks, stood)?;
            let (cluster, ip, port) = light_address(params)?;
            let service = service_name::required(params, quirks)?;
            return Ok(Self { service, ip, port, cluster, beat });
        }
        let service = service_name::required(params, quirks)?;
        if quirks.beat.requires_body {
            params.required("beat")?;
            let beat = full_beat(params, quirks, stood)?;
            let (ip, cluster) = (Cow::Borrowed(""), Cow::Borrowed(DEFAULT_CLUSTER));
            return Ok(Self { service, ip, port: 0, cluster, beat });
        }
        let (cluster, ip, port) = light_address(params)?;
        let beat = full_beat(params, quirks, stood)?;
        Ok(Self { service, ip, port, cluster, beat })
    }

    /// The call; the JSON goes with it.
    pub fn call(&mut self) -> BeatCall<'_> {
        let beat = self.beat.take();
        let Beat { service, ip, port, cluster, .. } = self;
        BeatCall { service: service.as_ref(), ip, port: *port, cluster, beat }
    }

    /// Address and port that the beat is about.
    pub fn address(&self) -> (&str, i32) {
        match &self.beat {
            Some(beat) => (beat.ip.as_deref().unwrap_or(""), beat.port),
            None => (&self.ip, self.port),
        }
    }
}

fn light_address<'a>(params: &'a Params<'_>) -> Result<(Cow<'a, str>, Cow<'a, str>, i32), Refusal> {
    let cluster = params.or("clusterName", DEFAULT_CLUSTER);
    let ip = params.optional("ip").unwrap_or_default();
    let port = params.optional("port").map_or(Ok(0), |text| super::instance::integer(&text))?;
    Ok((cluster, ip, port))
}

/// The JSON of the beat; `None` is a light beat.
fn full_beat(
    params: &Params<'_>,
    quirks: &Quirks,
    stood: &mut Stood,
) -> Result<Option<FullBeat>, Refusal> {
    let text = params.optional("beat").unwrap_or_default();
    let null = quirks.beat.null_is;
    if text.is_empty() {
        // Only where a beat is required can a blank one come this far.
        return if null == BeatNull::Error && quirks.beat.requires_body {
            Err(Refusal::null_pointer())
        } else {
            Ok(None)
        };
    }
    let read = json::beat(quirks.beat.json, &text);
    if !matches!(read, Ok(Some(_))) {
        *stood = Stood::Undecodable;
    }
    match (read?, null) {
        (Some(beat), _) => Ok(Some(beat)),
        (None, BeatNull::Absent) => Ok(None),
        (None, BeatNull::Error) => Err(Refusal::null_pointer()),
        (None, BeatNull::FilterError) => {
            Err(Refusal::new(JavaException::SendError(500), "Server failed,"))
        }
    }
}

/// The answer to a beat.
pub fn answer(reply: &BeatReply, quirks: &Quirks) -> String {
    let shown = &quirks.beat;
    let code = (shown.reply_code == ReplyCode::Present || !reply.known).then_some(if reply.known {
        10_200
    } else {
        20_404
    });
    let light = match shown.light {
        _ if !reply.known && shown.unknown_light == UnknownLight::NotFound => None,
        BeatLight::Absent => None,
        BeatLight::Disabled => Some(false),
        BeatLight::Enabled => Some(reply.light_beat_enabled),
    };
    let mut json = JsonText::object();
    let write_code = |json: &mut JsonText| {
        if let Some(code) = code {
            json.number("code", code);
        }
    };
    // 1.x writes a hash map, 2.x in the order in which the keys were put.
    if quirks.core.model == CoreModel::ClientKeyed {
        json.number("clientBeatInterval", reply.interval_ms);
        write_code(&mut json);
        if let Some(light) = light {
            json.boolean("lightBeatEnabled", light);
        }
    } else {
        write_code(&mut json);
        if let Some(light) = light {
            json.boolean("lightBeatEnabled", light);
        }
        json.number("clientBeatInterval", reply.interval_ms);
    }
    json.finish()
}
