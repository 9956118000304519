//! Jackson 2.12 as server 2.0.2 uses it: strict JSON, lenient values, and the texts of its
//! exceptions with their places.
//!
//! The structure follows the original (`ReaderBasedJsonParser`, `BeanDeserializer`,
//! `StdDeserializer`): the place in a text depends on how far which of them had read.

mod bean;
mod numbers;
mod scalars;
mod source;
mod tokens;

use crate::model::calls::BatchTarget;
use crate::model::{FullBeat, JavaException, Metadata, Refusal};
use source::Failure;
use tokens::{Token, Tokens};

/// `JacksonUtils.toObj(text, RsInfo.class)`.
pub(super) fn beat(text: &str) -> Result<Option<FullBeat>, Refusal> {
    let mut tokens = Tokens::new(text);
    read_beat(&mut tokens).map_err(|failure| {
        let message = "errCode: 101, errMsg: Nacos deserialize for class \
                       [com.alibaba.nacos.naming.healthcheck.RsInfo] failed.  ";
        let mut refusal = Refusal::new(JavaException::Deserialization, message);
        refusal.cause = Some(failure.text(tokens.source()));
        refusal
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

/// The first token; there must be one.
fn first(tokens: &mut Tokens) -> Result<Token, Failure> {
    match tokens.next()? {
        Some(token) => Ok(token),
        None => Err(tokens.mismatch("No content to map due to end-of-input")),
    }
}
