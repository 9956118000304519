//! fastjson 1.2.58 as servers 1.1.4 and 1.2.1 use it: what it takes, what it makes of it, and the
//! texts of its exceptions.
//!
//! The structure follows the original (`JSONScanner`, `DefaultJSONParser`, `JavaBeanDeserializer`
//! and the class that `ASMDeserializerFactory` writes for `RsInfo`), because which of its several
//! ways a text takes decides what is refused and how.

mod bean;
mod cast;
mod decimal;
mod fields;
mod lexer;
mod literals;
mod map;
mod number;
mod object;
mod parser;
mod strings;
mod value;
mod write;

use super::units::ascii;
use crate::model::{FullBeat, JavaException, Metadata, Refusal};
use crate::wire::json::JsonObject;
use lexer::{Lexer, Token};
use value::Value;

/// An exception of the parser on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Thrown {
    /// `JSONException`, not caused by a number.
    Json(String),
    /// `JSONException` caused by a `NumberFormatException`.
    JsonNumber(String),
    /// A `NumberFormatException` itself.
    Number(String),
    /// An index beyond an array or a string.
    Index(String),
    /// Any other runtime exception.
    Other(String),
    /// The stack of a Java thread would not have held it.
    Overflow,
}

impl Thrown {
    fn json(message: impl Into<String>) -> Self {
        Thrown::Json(message.into())
    }

    /// An array index as Java 17 words it.
    fn index(index: usize, length: usize) -> Self {
        Thrown::Index(format!("Index {index} out of bounds for length {length}"))
    }

    /// `catch (Throwable e) { throw new JSONException(message, e) }`.
    fn within(self, message: String) -> Self {
        match self {
            Thrown::Number(_) => Thrown::JsonNumber(message),
            _ => Thrown::Json(message),
        }
    }

    /// What `parseObject(type)` makes of it: only a `JSONException` leaves as it is.
    fn wrapped(self) -> Self {
        match self {
            Thrown::Json(_) | Thrown::JsonNumber(_) => self,
            Thrown::Number(message) => Thrown::JsonNumber(message),
            Thrown::Index(message) | Thrown::Other(message) => Thrown::Json(message),
            Thrown::Overflow => Thrown::json(""),
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Thrown::Json(message) => Refusal::new(JavaException::FastJson, message),
            Thrown::JsonNumber(message) => Refusal::new(JavaException::FastJsonNumber, message),
            Thrown::Number(message) => Refusal::new(JavaException::NumberFormat, message),
            Thrown::Index(message) => Refusal::new(JavaException::ArrayIndex, message),
            Thrown::Other(message) => Refusal::new(JavaException::Plain, message),
            Thrown::Overflow => Refusal::new(JavaException::FastJson, ""),
        }
    }
}

/// `JSON.parseObject(text, RsInfo.class)`.
pub(super) fn beat(text: &str) -> Result<Option<FullBeat>, Refusal> {
    parse_beat(text).map_err(Thrown::refusal)
}

fn parse_beat(text: &str) -> Result<Option<FullBeat>, Thrown> {
    let mut lexer = start(text)?;
    let beat = if lexer.token == Token::Null {
        lexer.next_token()?;
        None
    } else {
        bean::deserialize(&mut lexer).map_err(Thrown::wrapped)?
    };
    close(&lexer)?;
    Ok(beat)
}

/// `JSON.parseObject(text, Map<String, String>)`; `Err` when it throws whatever exception.
pub(super) fn metadata(text: &str) -> Result<Option<Metadata>, ()> {
    parse_metadata(text).map_err(|_| ())
}

fn parse_metadata(text: &str) -> Result<Option<Metadata>, Thrown> {
    let mut lexer = start(text)?;
    let map = if lexer.token == Token::Null {
        lexer.next_token()?;
        None
    } else {
        map::deserialize(&mut lexer, None).map_err(Thrown::wrapped)?
    };
    close(&lexer)?;
    Ok(map)
}

/// `JSON.parseObject(text)`: an object, or what has no fields.
pub(super) fn object(text: &str) -> Result<JsonObject, Refusal> {
    match parse_any(text).map_err(Thrown::refusal)? {
        Value::Null => Err(Refusal::null_pointer()),
        Value::Object(entries) => {
            let field = |(key, value): (Value, Value)| {
                let text = (value != Value::Null).then(|| value.into_text().into());
                (key.into_text().into(), text)
            };
            Ok(JsonObject::new(entries.into_iter().map(field).collect()))
        }
        _ => Err(Thrown::json("can not cast to JSONObject.").refusal()),
    }
}

/// `JSON.parse(text)`.
fn parse_any(text: &str) -> Result<Value, Thrown> {
    let mut lexer = start(text)?;
    let value = parser::parse(&mut lexer)?;
    close(&lexer)?;
    Ok(value)
}

/// The constructor of `DefaultJSONParser`: it reads the first token.
fn start(text: &str) -> Result<Lexer, Thrown> {
    let mut lexer = Lexer::new(text);
    let token = match ascii(lexer.current) {
        Some(b'{') => Token::LeftBrace,
        Some(b'[') => Token::LeftBracket,
        _ => {
            lexer.next_token()?;
            return Ok(lexer);
        }
    };
    lexer.advance();
    lexer.token = token;
    Ok(lexer)
}

/// `close()`: nothing may follow.
fn close(lexer: &Lexer) -> Result<(), Thrown> {
    if lexer.token == Token::End {
        return Ok(());
    }
    Err(Thrown::json(format!("not close json text, token : {}", lexer.token.name())))
}
