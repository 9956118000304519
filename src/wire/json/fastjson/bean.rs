//! `RsInfo` as fastjson fills it: first the generated class, which tries its fields in order of
//! their names, then `JavaBeanDeserializer`, which takes any order, blanks and loose syntax.

use super::super::units::ascii;
use super::super::unsaid;
use super::fields::Scan;
use super::lexer::{Lexer, Token};
use super::{Thrown, cast, map, number, object, parser};
use crate::model::{FullBeat, Metadata, java};

/// The fields in the order of their names, as both deserializers keep them.
const FIELDS: [(&str, &str, Kind); 13] = [
    ("ak", "\"ak\":", Kind::Text),
    ("cluster", "\"cluster\":", Kind::Text),
    ("cpu", "\"cpu\":", Kind::Double),
    ("ephemeral", "\"ephemeral\":", Kind::Boolean),
    ("ip", "\"ip\":", Kind::Text),
    ("load", "\"load\":", Kind::Double),
    ("mem", "\"mem\":", Kind::Double),
    ("metadata", "\"metadata\":", Kind::Map),
    ("port", "\"port\":", Kind::Int),
    ("qps", "\"qps\":", Kind::Double),
    ("rt", "\"rt\":", Kind::Double),
    ("serviceName", "\"serviceName\":", Kind::Text),
    ("weight", "\"weight\":", Kind::Double),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Double,
    Boolean,
    Map,
}

/// A field's value; `None` inside where the text said null.
enum Given {
    Text(Option<Box<str>>),
    Int(Option<i32>),
    Double(Option<f64>),
    Boolean(Option<bool>),
    Map(Option<Metadata>),
}

/// The name of the class, which a beat may state as its `@type`.
const CLASS: &str = "com.alibaba.nacos.naming.healthcheck.RsInfo";

/// Sets a field; null leaves a number or boolean as it was.
fn set(beat: &mut FullBeat, name: &str, given: Given) {
    match (name, given) {
        ("cluster", Given::Text(text)) => beat.cluster = text,
        ("ip", Given::Text(text)) => beat.ip = text,
        ("serviceName", Given::Text(text)) => beat.service_name = text,
        ("ephemeral", Given::Boolean(Some(value))) => beat.ephemeral = value,
        ("port", Given::Int(Some(value))) => beat.port = value,
        ("weight", Given::Double(Some(value))) => beat.weight = value,
        ("metadata", Given::Map(map)) => beat.metadata = map,
        _ => {}
    }
}

/// A beat as far as it is filled, and which fields were.
struct Filling {
    beat: FullBeat,
    /// A bit per field: a second one by the slow way is passed over.
    filled: u32,
}

impl Filling {
    fn set(&mut self, index: usize, given: Given) {
        self.filled |= 1 << index;
        set(&mut self.beat, FIELDS[index].0, given);
    }
}

/// The generated class: each field once, in order, as long as nothing is odd.
pub(super) fn deserialize(lexer: &mut Lexer) -> Result<Option<FullBeat>, Thrown> {
    let mut filling = Filling { beat: unsaid(), filled: 0 };
    if lexer.stands("\"@type\":\"") {
        return slowly(lexer, filling);
    }
    for index in 0..FIELDS.len() {
        match quickly(lexer, index)? {
            Scan::OtherName => {}
            Scan::Odd => break,
            Scan::Read(given) => filling.set(index, given),
            Scan::Null => filling.filled |= 1 << index,
            Scan::Last(given) => {
                filling.set(index, given);
                return Ok(Some(filling.beat));
            }
        }
    }
    slowly(lexer, filling)
}

/// One guess at one field.
fn quickly(lexer: &mut Lexer, index: usize) -> Result<Scan<Given>, Thrown> {
    let (name, prefix, kind) = FIELDS[index];
    Ok(match kind {
        Kind::Text => lexer.scan_field_text(prefix)?.map(|text| Given::Text(Some(text.into()))),
        Kind::Int => lexer.scan_field_int(prefix).map(|value| Given::Int(Some(value))),
        Kind::Double => lexer.scan_field_double(prefix)?.map(|value| Given::Double(Some(value))),
        Kind::Boolean => lexer.scan_field_boolean(prefix).map(|value| Given::Boolean(Some(value))),
        Kind::Map if lexer.match_field(prefix)? => {
            Scan::Read(Given::Map(map::deserialize(lexer, Some(name))?))
        }
        Kind::Map => Scan::OtherName,
    })
}

/// `JavaBeanDeserializer.deserialze` for a beat that the generated class may have begun.
fn slowly(lexer: &mut Lexer, mut filling: Filling) -> Result<Option<FullBeat>, Thrown> {
    match lexer.token {
        Token::Null => {
            lexer.next_token_near(Token::Comma)?;
            return Ok(None);
        }
        Token::RightBrace => {
            lexer.next_token_near(Token::Comma)?;
            return Ok(Some(filling.beat));
        }
        Token::LeftBrace | Token::Comma => {}
        _ => return no_object(lexer),
    }
    let mut guesses = 0..FIELDS.len();
    loop {
        // The fields are guessed once more in order; behind the last, each key is looked up.
        let more = match guesses.next().map(|index| (index, quickly(lexer, index))) {
            None => field_by_key(lexer, &mut filling)?,
            Some((_, Err(thrown))) => return Err(thrown),
            Some((_, Ok(Scan::OtherName))) => true,
            Some((_, Ok(Scan::Odd))) => field_by_key(lexer, &mut filling)?,
            Some((index, Ok(Scan::Null))) => {
                filling.filled |= 1 << index;
                goes_on(lexer)?
            }
            Some((index, Ok(Scan::Read(given)))) => {
                let filled = filling.filled;
                filling.set(index, given);
                if FIELDS[index].2 == Kind::Map {
                    // A guessed map is not noted as filled.
                    filling.filled = filled;
                }
                goes_on(lexer)?
            }
            Some((index, Ok(Scan::Last(given)))) => {
                filling.set(index, given);
                false
            }
        };
        if !more {
            return Ok(Some(filling.beat));
        }
    }
}

/// A key of any name, and its value; whether more may come.
fn field_by_key(lexer: &mut Lexer, filling: &mut Filling) -> Result<bool, Thrown> {
    let key = lexer.scan_key()?;
    match (&key, lexer.token) {
        (None, Token::RightBrace) => {
            lexer.next_token_near(Token::Comma)?;
            return Ok(false);
        }
        (None, Token::Comma) => return Ok(true),
        (Some(key), _) if key == "@type" => return read_type(lexer),
        _ => {}
    }
    let field = key.as_deref().and_then(|key| smart_match(key, filling.filled));
    lexer.next_token_with_colon()?;
    let Some(index) = field else {
        parser::parse(lexer)?;
        let closed = lexer.token == Token::RightBrace;
        if closed {
            lexer.next_token()?;
        }
        return Ok(!closed);
    };
    let (name, _, kind) = FIELDS[index];
    filling.set(index, read_field(lexer, name, kind)?);
    if lexer.token == Token::Colon {
        return Err(Thrown::json("syntax error, unexpect token ':'"));
    }
    goes_on(lexer)
}

/// Behind a field: whether more may come.
fn goes_on(lexer: &mut Lexer) -> Result<bool, Thrown> {
    match lexer.token {
        Token::RightBrace => {
            lexer.next_token_near(Token::Comma)?;
            Ok(false)
        }
        token @ (Token::Identifier | Token::Error) => {
            Err(Thrown::json(format!("syntax error, unexpect token {}", token.name())))
        }
        _ => Ok(true),
    }
}

/// `smartMatch`: the field of a key that is not filled yet, by name, or by name without case, `_`
/// and `-`, or that with `is` in front of a boolean.
fn smart_match(key: &str, filled: u32) -> Option<usize> {
    let free = |index: &usize| filled & (1 << index) == 0;
    if let Some(exact) = FIELDS.iter().position(|(name, ..)| *name == key).filter(free) {
        return Some(exact);
    }
    let alike = |key: &str| FIELDS.iter().position(|(name, ..)| folded(name).eq(folded(key)));
    if let Some(index) = alike(key) {
        return Some(index).filter(free);
    }
    let boolean = |index: &usize| FIELDS[*index].2 == Kind::Boolean;
    alike(key.strip_prefix("is")?).filter(free).filter(boolean)
}

/// What `fnv1a_64_lower` looks at of a name.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| *c != '_' && *c != '-').map(|c| c.to_ascii_lowercase())
}

/// A field's value at the current token.
fn read_field(lexer: &mut Lexer, name: &str, kind: Kind) -> Result<Given, Thrown> {
    Ok(match kind {
        Kind::Text => Given::Text(map::text(lexer)?),
        Kind::Map => Given::Map(map::deserialize(lexer, Some(name))?),
        Kind::Int => Given::Int(
            read_int(lexer)
                .map_err(|thrown| thrown.within(format!("parseInt error, field : {name}")))?,
        ),
        Kind::Boolean => Given::Boolean(
            read_boolean(lexer)
                .map_err(|thrown| thrown.within(format!("parseBoolean error, field : {name}")))?,
        ),
        Kind::Double => Given::Double(read_double(lexer, name)?),
    })
}

/// `IntegerCodec`.
fn read_int(lexer: &mut Lexer) -> Result<Option<i32>, Thrown> {
    let value = match lexer.token {
        Token::Null => None,
        Token::Int => Some(number::int(lexer)?),
        Token::Float => Some(number::plain_decimal(lexer)?.int_value()?),
        _ => return cast::to_int(parser::parse(lexer)?),
    };
    lexer.next_token_near(Token::Comma)?;
    Ok(value)
}

/// `BooleanCodec`.
fn read_boolean(lexer: &mut Lexer) -> Result<Option<bool>, Thrown> {
    let value = match lexer.token {
        Token::True => true,
        Token::False => false,
        Token::Int => number::int(lexer)? == 1,
        _ => return cast::to_boolean(parser::parse(lexer)?),
    };
    lexer.next_token_near(Token::Comma)?;
    Ok(Some(value))
}

/// `NumberDeserializer` for a double.
fn read_double(lexer: &mut Lexer, name: &str) -> Result<Option<f64>, Thrown> {
    if let Token::Int | Token::Float = lexer.token {
        let text = number::text(lexer);
        lexer.next_token_near(Token::Comma)?;
        let value = java::parse_double(&text);
        return Ok(Some(value.ok_or_else(|| Thrown::Number(java::double_error(&text)))?));
    }
    let value = parser::parse(lexer)?;
    cast::to_double(value)
        .map_err(|thrown| thrown.within(format!("parseDouble error, field : {name}")))
}

/// `@type` of the beat; false when the object ended with it.
fn read_type(lexer: &mut Lexer) -> Result<bool, Thrown> {
    lexer.next_token_with_colon()?;
    if lexer.token != Token::Text {
        return Err(Thrown::json("syntax error"));
    }
    let name = lexer.literal();
    lexer.next_token_near(Token::Comma)?;
    if name != CLASS {
        object::check_type(&name)?;
        return Err(Thrown::json(format!("type not match. {name} -> {CLASS}")));
    }
    if lexer.token == Token::RightBrace {
        lexer.next_token()?;
        return Ok(false);
    }
    Ok(true)
}

/// Something else than an object: nothing at all, an empty string and `[]` are null.
fn no_object(lexer: &mut Lexer) -> Result<Option<FullBeat>, Thrown> {
    let token = lexer.token;
    if lexer.is_blank() {
        return Ok(None);
    }
    if token == Token::Text && lexer.literal_units().is_empty() {
        lexer.next_token()?;
        return Ok(None);
    }
    if token == Token::LeftBracket && ascii(lexer.current) == Some(b']') {
        lexer.advance();
        lexer.next_token()?;
        return Ok(None);
    }
    let at = lexer.token_at;
    let name = token.name();
    let message =
        format!("syntax error, expect {{, actual {name}, pos {at}, fastjson-version 1.2.58");
    Err(Thrown::json(message))
}
