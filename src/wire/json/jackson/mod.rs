//! Jackson 2.12 as server 2.0.2 uses it: strict JSON, lenient values, and the texts of its
//! exceptions with their places.
//!
//! The structure follows the original (`ReaderBasedJsonParser`, `BeanDeserializer`,
//! `StdDeserializer`): the place in a text depends on how far which of them had read.

pub(in crate::wire) mod bean;
mod numbers;
pub(in crate::wire) mod scalars;
mod source;
mod strings;
mod tokens;
mod words;

use crate::model::calls::BatchTarget;
use crate::model::{FullBeat, JavaException, Metadata, Refusal, java};
use crate::wire::json::JsonObject;
pub(in crate::wire) use source::Failure;
pub(in crate::wire) use tokens::{Token, Tokens};

/// `JacksonUtils.toObj(text, RsInfo.class)`.
pub(super) fn beat(text: &str) -> Result<Option<FullBeat>, Refusal> {
    let mut tokens = Tokens::new(text);
    read_beat(&mut tokens).map_err(|failure| {
        let message = "errCode: 101, errMsg: Nacos deserialize for class \
                       [com.alibaba.nacos.naming.healthcheck.RsInfo] failed.  ";
        refused(message, failure.text(tokens.source()))
    })
}

fn read_beat(tokens: &mut Tokens) -> Result<Option<FullBeat>, Failure> {
    match first(tokens)? {
        Token::Null => Ok(None),
        _ => bean::beat(tokens).map(Some),
    }
}

/// `JacksonUtils.toObj(text, Map<String, String>)`; `Err` when it throws whatever exception.
pub(super) fn metadata(text: &str) -> Result<Option<Metadata>, ()> {
    read_metadata(&mut Tokens::new(text)).map_err(|_| ())
}

fn read_metadata(tokens: &mut Tokens) -> Result<Option<Metadata>, Failure> {
    match first(tokens)? {
        Token::Null => Ok(None),
        _ => scalars::metadata(tokens, scalars::MAP).map(Some),
    }
}

/// `JacksonUtils.toObj(text, List<Instance>)`; `None` when there is none to be had.
pub(super) fn batch_targets(text: &str) -> Option<Vec<BatchTarget>> {
    let mut tokens = Tokens::new(text);
    match first(&mut tokens).ok()? {
        Token::StartArray => bean::instances(&mut tokens).ok(),
        _ => None,
    }
}

/// `JacksonUtils.toObj(text)` into a tree; something else than an object has no fields.
pub(super) fn object(text: &str) -> Result<JsonObject, Refusal> {
    let mut tokens = Tokens::new(text);
    let fields = read_fields(&mut tokens);
    fields.map(JsonObject::new).map_err(|failure| {
        refused("errCode: 101, errMsg: Nacos deserialize failed.  ", failure.text(tokens.source()))
    })
}

/// `HealthCheckerFactory.deserialize(text)`.
pub(super) fn checker(text: &str) -> Result<JsonObject, Refusal> {
    let mut tokens = Tokens::new(text);
    let fields = read_fields(&mut tokens);
    fields.map(JsonObject::new).map_err(|failure| refused_checker(failure.text(tokens.source())))
}

/// A checker that Jackson does not read, and its words about it.
pub(super) fn refused_checker(cause: String) -> Refusal {
    let message = "errCode: 101, errMsg: Nacos deserialize for class \
                   [com.alibaba.nacos.api.naming.pojo.healthcheck.AbstractHealthChecker] failed.  ";
    refused(message, cause)
}

fn refused(message: &'static str, cause: String) -> Refusal {
    let mut refusal = Refusal::new(JavaException::Deserialization, message);
    refusal.cause = Some(cause);
    refusal
}

/// The fields of the outermost object with what `asText` gives of them: nothing of arrays and
/// objects, the word of a null.
fn read_fields(tokens: &mut Tokens) -> Result<Vec<(String, Option<String>)>, Failure> {
    let mut fields = Vec::new();
    match tokens.next()? {
        Some(Token::StartObject) => {}
        Some(Token::Text) => {
            tokens.text()?;
            return Ok(fields);
        }
        _ => {
            tokens.skip_children()?;
            return Ok(fields);
        }
    }
    while tokens.next_name()? {
        let name = tokens.name().to_owned();
        tokens.next()?;
        let text = match tokens.current() {
            Some(Token::StartObject | Token::StartArray) => {
                tokens.skip_children()?;
                String::new()
            }
            Some(Token::Null) => "null".to_owned(),
            Some(Token::Float) => {
                java::double_text(tokens.number_text().parse().unwrap_or(f64::NAN))
            }
            _ => scalars::text(tokens)?.unwrap_or_default().into(),
        };
        fields.push((name, Some(text)));
    }
    Ok(fields)
}

/// The first token; there must be one.
fn first(tokens: &mut Tokens) -> Result<Token, Failure> {
    match tokens.next()? {
        Some(token) => Ok(token),
        None => Err(tokens.mismatch("No content to map due to end-of-input")),
    }
}
