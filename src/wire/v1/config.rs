//! Configurations as clients publish and read them (`console/config-basic`): their names and what
//! `ParamUtils` refuses, and the answer to a read.

use crate::model::{Config, ConfigKey, ConfigScope, Millis, Refusal, java};
use crate::profile::{ConfigKind, ConfigNames, Md5Text, PublicTenant, Quirks};
use crate::wire::reply::{JSON_TYPE, ReplyKind};
use crate::wire::text::json::JsonText;
use crate::wire::text::time::http_date;
use crate::wire::v1::result;
use crate::wire::{Params, Reply, ReplyBody};
use bytes::Bytes;

/// The longest content, UTF-16 units.
const MAX_CONTENT: usize = 10 * 1024 * 1024;
const MAX_TENANT: usize = 128;
const MAX_TAG: usize = 16;
/// The longest value of each further field, UTF-16 units.
const MAX_FIELDS: [(&str, usize); 5] =
    [("desc", 128), ("use", 32), ("effect", 32), ("type", 32), ("schema", 32_768)];
/// Said to whoever asks for a beta configuration, too.
const BETA_DONE: Option<&str> = Some("stop beta ok");
const MAX_CONFIG_TAGS: usize = 5;
const MAX_CONFIG_TAG: usize = 64;

/// The name that a GET asks for, and the tag if it asks for one.
///
/// # Errors
/// Part of it is missing or unfit.
pub fn asked(params: &Params<'_>, quirks: &Quirks) -> Result<(ConfigKey, Option<String>), Refusal> {
    let (data_id, group) = (params.joined_required("dataId")?, params.joined_required("group")?);
    let tenant = params.joined("tenant").unwrap_or_default();
    check_tenant(&tenant, quirks)?;
    check_names(&data_id, &group, quirks)?;
    let tag = tag(params, quirks)?;
    Ok((ConfigKey { namespace: read_namespace(tenant, quirks), group, data_id }, tag))
}

/// The name that `beta=true` is said about.
///
/// # Errors
/// Part of it is missing; whether it is fit is not looked at.
pub fn beta_asked(params: &Params<'_>) -> Result<ConfigKey, Refusal> {
    let (data_id, group) = (params.joined_required("dataId")?, params.joined_required("group")?);
    let namespace = params.joined("tenant").unwrap_or_default();
    Ok(ConfigKey { namespace, group, data_id })
}

/// The name that a DELETE means, and of which tag.
///
/// # Errors
/// Part of it is missing or unfit.
pub fn removed(params: &Params<'_>, quirks: &Quirks) -> Result<(ConfigKey, ConfigScope), Refusal> {
    let (data_id, group) = (params.joined_required("dataId")?, params.joined_required("group")?);
    let namespace = params.joined("tenant").unwrap_or_default();
    check_tenant(&namespace, quirks)?;
    check_names(&data_id, &group, quirks)?;
    let scope = tag(params, quirks)?.map_or(ConfigScope::All, ConfigScope::Tag);
    Ok((ConfigKey { namespace, group, data_id }, scope))
}

/// What a POST publishes, and for whom: the addresses of the header `betaIps`, clients of a tag, or
/// everybody.
///
/// # Errors
/// Part of it is missing or unfit.
pub fn published(
    params: &Params<'_>,
    beta_ips: Option<&str>,
    quirks: &Quirks,
    now: Millis,
) -> Result<(ConfigKey, ConfigScope, Config), Refusal> {
    let (data_id, group) = (params.joined_required("dataId")?, params.joined_required("group")?);
    let namespace = params.joined("tenant").unwrap_or_default();
    let content = params.joined_required("content")?;
    check_tenant(&namespace, quirks)?;
    check_names(&data_id, &group, quirks)?;
    check_content(&content, quirks)?;
    let tag = tag(params, quirks)?;
    let mut kind = params.joined("type");
    if quirks.config.kind == ConfigKind::ContentType {
        kind = Some(known_kind(kind.as_deref()).to_owned());
    }
    check_fields(params, kind.as_deref())?;
    let app = params.joined("appName");
    let (scope, beta_ips) = scope_of(beta_ips, tag.as_deref());
    let config = Config { content: content.into(), kind, app, modified: now, beta_ips };
    Ok((ConfigKey { namespace, group, data_id }, scope, config))
}

/// For whom something is published, with the addresses of a beta configuration.
pub fn scope_of(beta_ips: Option<&str>, tag: Option<&str>) -> (ConfigScope, Option<String>) {
    let said = |text: &&str| !java::is_blank(text);
    let tag = tag.filter(said).map(|tag| ConfigScope::Tag(java::trim(tag).to_owned()));
    match beta_ips.filter(said) {
        Some(ips) => (ConfigScope::Beta, Some(ips.to_owned())),
        None => (tag.unwrap_or(ConfigScope::All), None),
    }
}

/// `ParamUtils.checkParam`: whether names and content are fit to be published.
///
/// # Errors
/// One of them is not.
pub fn check(key: &ConfigKey, content: &str, quirks: &Quirks) -> Result<(), Refusal> {
    check_names(&key.data_id, &key.group, quirks)?;
    check_content(content, quirks)
}

/// `NamespaceUtil.processNamespaceParameter`, where a version has it.
fn read_namespace(tenant: String, quirks: &Quirks) -> String {
    let public = ["public", "null"].iter().any(|name| tenant.eq_ignore_ascii_case(name));
    match quirks.config.public_tenant {
        PublicTenant::NoNamespace if public || java::is_blank(&tenant) => String::new(),
        _ => tenant,
    }
}

fn check_names(data_id: &str, group: &str, quirks: &Quirks) -> Result<(), Refusal> {
    if java::is_blank(data_id) || !is_name(java::trim(data_id)) {
        return Err(unfit("invalid dataId", data_id, quirks));
    }
    if java::is_blank(group) || !is_name(group) {
        return Err(unfit("invalid group", group, quirks));
    }
    Ok(())
}

fn check_content(content: &str, quirks: &Quirks) -> Result<(), Refusal> {
    if java::is_blank(content) {
        return Err(unfit("content is blank", content, quirks));
    }
    if content.len() > MAX_CONTENT && units(content) > MAX_CONTENT {
        return Err(Refusal::nacos(400, format!("invalid content, over {MAX_CONTENT}")));
    }
    Ok(())
}

fn check_tenant(tenant: &str, quirks: &Quirks) -> Result<(), Refusal> {
    if quirks.config.names == ConfigNames::Kind || java::is_blank(tenant) {
        return Ok(());
    }
    if !is_name(java::trim(tenant)) {
        return Err(Refusal::illegal("invalid tenant"));
    }
    if units(tenant) > MAX_TENANT {
        return Err(Refusal::illegal("too long tag, over 128"));
    }
    Ok(())
}

/// The parameter `tag`, unless it is blank.
fn tag(params: &Params<'_>, quirks: &Quirks) -> Result<Option<String>, Refusal> {
    let Some(tag) = params.joined("tag") else { return Ok(None) };
    check_tag(&tag, quirks)?;
    Ok(Some(java::trim(&tag).to_owned()).filter(|tag| !tag.is_empty()))
}

/// `ParamUtils.checkParam(tag)`: whether a tag is fit; a blank one is.
///
/// # Errors
/// It is not.
pub fn check_tag(tag: &str, quirks: &Quirks) -> Result<(), Refusal> {
    if !is_name(java::trim(tag)) {
        let named = quirks.config.names == ConfigNames::Value;
        let value = if named { format!(" : {tag}") } else { String::new() };
        return Err(Refusal::illegal(format!("invalid tag{value}")));
    }
    if units(tag) > MAX_TAG && !java::is_blank(tag) {
        return Err(Refusal::illegal("too long tag, over 16"));
    }
    Ok(())
}

fn check_fields(params: &Params<'_>, kind: Option<&str>) -> Result<(), Refusal> {
    if let Some(tags) = params.joined("config_tags") {
        if tags.trim_end_matches(',').split(',').count() > MAX_CONFIG_TAGS {
            return Err(Refusal::nacos(400, "too much config_tags, over 5"));
        }
        if tags.split(',').any(|tag| units(tag) > MAX_CONFIG_TAG) {
            return Err(Refusal::nacos(400, "too long tag, over 64"));
        }
    }
    for (name, most) in MAX_FIELDS {
        let value = if name == "type" { kind.map(str::to_owned) } else { params.joined(name) };
        if value.is_some_and(|value| units(&value) > most) {
            return Err(Refusal::nacos(400, format!("too long {name}, over {most}")));
        }
    }
    Ok(())
}

fn unfit(what: &'static str, value: &str, quirks: &Quirks) -> Refusal {
    match quirks.config.names {
        ConfigNames::Kind => Refusal::nacos(400, what),
        ConfigNames::Value => Refusal::nacos(400, format!("{what} : {value}")),
    }
}

/// `ParamUtils.isValid`: letters and digits of any script and a few marks, no surrogates.
fn is_name(text: &str) -> bool {
    let fits = |c: char| (c.is_alphanumeric() && c <= '\u{ffff}') || "_-.:".contains(c);
    text.chars().all(fits)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// `ConfigType`: what is none of its words is text.
fn known_kind(kind: Option<&str>) -> &str {
    let words = ["properties", "xml", "json", "text", "html", "yaml", "unset"];
    kind.filter(|kind| words.contains(kind)).unwrap_or("text")
}

/// The digest of a configuration as the version writes it.
pub fn md5_text<'a>(md5: &'a str, quirks: &Quirks) -> &'a str {
    match quirks.config.md5 {
        Md5Text::Padded => md5,
        Md5Text::Stripped => {
            let digits = md5.trim_start_matches('0');
            if digits.is_empty() { "0" } else { digits }
        }
    }
}

/// What a GET found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// What is answered.
    pub config: &'a Config,
    /// Its digest.
    pub md5: &'a str,
    /// The type of the configuration for everybody: those for some have none of their own.
    pub kind: Option<&'a str>,
    /// The header that says for whom it is: `isBeta` or `Vipserver-Tag`.
    pub scope: Option<(&'static str, &'a str)>,
}

/// The answer to a GET that found something.
pub fn found(found: Found<'_>, quirks: &Quirks) -> Reply {
    let kind = found.kind.unwrap_or("text");
    let content_type = match quirks.config.kind {
        ConfigKind::Untold | ConfigKind::Header => JSON_TYPE,
        ConfigKind::ContentType => content_type(kind),
    };
    // A shared text would save this copy; nobody reads configurations that often.
    let body = ReplyBody::Bytes(Bytes::copy_from_slice(found.config.content.as_bytes()));
    let mut reply = Reply::new(200, ReplyKind::Streamed(content_type.into()), body);
    if quirks.config.kind != ConfigKind::Untold {
        reply = reply.with("Config-Type", kind.to_owned());
    }
    if let Some((name, value)) = found.scope {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        reply = reply.with(name, value);
    }
    let md5 = md5_text(found.md5, quirks).to_owned();
    uncached(reply.with("Content-MD5", md5)).with("Last-Modified", http_date(found.config.modified))
}

/// GET with `beta=true`: the row of the table of beta configurations.
pub fn beta_row(key: &ConfigKey, row: Option<(i64, &Config)>, quirks: &Quirks) -> Reply {
    let Some((number, config)) = row else { return result::of(200, BETA_DONE, "null") };
    let mut json = JsonText::object();
    if quirks.config.text_ids {
        json.text("id", &number.to_string());
    } else {
        json.number("id", number);
    }
    json.text("dataId", &key.data_id);
    json.text("group", &key.group);
    json.text("content", &config.content);
    // The statement that reads the row leaves it out.
    json.optional_text("md5", None);
    json.text("tenant", &key.namespace);
    json.text("appName", config.app.as_deref().unwrap_or_default());
    if quirks.config.kind != ConfigKind::Untold {
        json.optional_text("type", None);
    }
    json.optional_text("betaIps", config.beta_ips.as_deref());
    result::of(200, BETA_DONE, &json.finish())
}

/// DELETE with `beta=true`, whether or not there was anything.
pub fn beta_stopped() -> Reply {
    result::of(200, BETA_DONE, "true")
}

/// `FileTypeEnum`.
fn content_type(kind: &str) -> &'static str {
    match kind.trim().to_ascii_uppercase().as_str() {
        "JSON" => JSON_TYPE,
        "XML" => "application/xml;charset=UTF-8",
        "HTM" | "HTML" => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    }
}

/// The answer to a GET that found nothing.
pub fn not_found() -> Reply {
    Reply::new(404, ReplyKind::JsonText, ReplyBody::Static("config data not exist\n"))
}

/// Adds the headers by which no proxy keeps an answer.
pub fn uncached(reply: Reply) -> Reply {
    reply
        .with("Pragma", "no-cache")
        .with("Expires", http_date(Millis(0)))
        .with("Cache-Control", "no-cache,no-store")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::wire::BodyForm;

    const VERSIONS: [&str; 3] = ["1.1.4", "1.2.1", "2.0.2"];

    fn params<'a>(query: &'a str, quirks: &Quirks) -> Params<'a> {
        Params::read(Some(query), b"", BodyForm::None, quirks).unwrap()
    }

    fn refused(version: &str, query: &str) -> String {
        let quirks = &Profile::nacos(version).unwrap().quirks;
        let refusal = published(&params(query, quirks), None, quirks, Millis(1)).unwrap_err();
        refusal.message.into_owned()
    }

    #[test]
    fn names_that_do_not_fit_are_refused_in_the_version_s_words() {
        let [kind, also_kind, value] =
            VERSIONS.map(|version| refused(version, "dataId=a+b&group=g&content=c"));
        assert_eq!((kind, also_kind), ("invalid dataId".into(), "invalid dataId".into()));
        assert_eq!(value, "invalid dataId : a b");
        assert_eq!(refused("2.0.2", "dataId=a&group=g/&content=c"), "invalid group : g/");
        assert_eq!(refused("1.1.4", "dataId=a&group=g&content=+"), "content is blank");
        assert_eq!(refused("2.0.2", "dataId=a&group=g&content=c&tenant=a/b"), "invalid tenant");
        let long = format!("dataId=a&group=g&content=c&desc={}", "x".repeat(129));
        assert_eq!(refused("1.2.1", &long), "too long desc, over 128");
    }

    #[test]
    fn reading_public_is_reading_no_namespace_since_1_2() {
        let read = |version: &str| {
            let quirks = &Profile::nacos(version).unwrap().quirks;
            let params = params("dataId=a&group=g&tenant=public", quirks);
            let (asked, removed) =
                (asked(&params, quirks).unwrap(), removed(&params, quirks).unwrap());
            (asked.0.namespace, removed.0.namespace)
        };
        assert_eq!(read("1.1.4"), ("public".to_owned(), "public".to_owned()));
        assert_eq!(read("2.0.2"), (String::new(), "public".to_owned()));
    }

    #[test]
    fn a_digest_loses_its_leading_zeros_in_one_version() {
        let text = |version: &str, md5| {
            let quirks = &Profile::nacos(version).unwrap().quirks;
            md5_text(md5, quirks).to_owned()
        };
        assert_eq!(text("1.2.1", "00ab"), "ab");
        assert_eq!(text("1.1.4", "00ab"), "00ab");
        assert_eq!(text("2.0.2", "00ab"), "00ab");
        assert_eq!(text("1.2.1", "0000"), "0");
    }

    #[test]
    fn the_content_type_follows_the_type_in_2_x() {
        let reply = |version: &str, kind: &str| {
            let quirks = &Profile::nacos(version).unwrap().quirks;
            let query = format!("dataId=a&group=g&content=c&type={kind}");
            let published = published(&params(&query, quirks), None, quirks, Millis(1));
            let (_, _, config) = published.unwrap();
            let kind = config.kind.as_deref();
            found(Found { config: &config, md5: "m", kind, scope: None }, quirks)
        };
        let streamed = |kind: &'static str| ReplyKind::Streamed(kind.into());
        assert_eq!(reply("2.0.2", "xml").kind, streamed("application/xml;charset=UTF-8"));
        assert_eq!(reply("2.0.2", "odd").kind, streamed("text/plain;charset=UTF-8"));
        assert_eq!(reply("1.2.1", "xml").kind, streamed(JSON_TYPE));
        assert_eq!(reply("1.2.1", "odd").headers[0], ("Config-Type", "odd".into()));
        assert_eq!(reply("1.1.4", "xml").headers[0], ("Content-MD5", "m".into()));
    }
}
