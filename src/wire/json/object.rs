//! A JSON object of which a controller asks for single texts: a service's selector, the checker of
//! a cluster, the report of a peer.

use super::{fastjson, jackson};
use crate::model::{JavaException, Refusal};
use crate::profile::JsonDialect;

/// The fields of an object as texts: what fastjson's `getString` and Jackson's `asText` give.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonObject {
    fields: Vec<(String, Option<String>)>,
}

impl JsonObject {
    /// An object of these fields, in order; the last of equal names counts.
    pub(super) fn new(fields: Vec<(String, Option<String>)>) -> Self {
        Self { fields }
    }

    /// A field that must be there and be something: anything else is a NullPointerException.
    ///
    /// # Errors
    /// The field is missing, or fastjson's null.
    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(Refusal::null_pointer)
    }

    /// Every field with its text, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.fields.iter().map(|(name, text)| (name.as_str(), text.as_deref()))
    }

    /// A field's text; `None` when it is missing or fastjson's null.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter().rev();
        fields.find(|(known, _)| known == name)?.1.as_deref()
    }
}

/// A checker: fastjson reads an object, Jackson a class with a name of its own in messages.
///
/// # Errors
/// As [`object`].
pub fn checker(dialect: JsonDialect, text: &str) -> Result<JsonObject, Refusal> {
    match dialect {
        JsonDialect::Fastjson => fastjson::object(text),
        JsonDialect::Jackson => jackson::checker(text),
    }
}

/// A checker's number that is none.
pub fn no_int(dialect: JsonDialect, text: &str) -> Refusal {
    match dialect {
        JsonDialect::Fastjson => Refusal::new(
            JavaException::FastJsonNumber,
            "parseInt error, field : expectedResponseCode",
        ),
        JsonDialect::Jackson => jackson::refused_checker(format!(
            "Cannot deserialize value of type `int` from String \"{text}\": not a valid `int` value"
        )),
    }
}

/// `JSON.parseObject(text)` and `JacksonUtils.toObj(text)`.
///
/// # Errors
/// The text is no JSON. What is JSON but no object fails when a field is asked for, and where
/// fastjson casts it.
pub fn object(dialect: JsonDialect, text: &str) -> Result<JsonObject, Refusal> {
    match dialect {
        JsonDialect::Fastjson => fastjson::object(text),
        JsonDialect::Jackson => jackson::object(text),
    }
}
