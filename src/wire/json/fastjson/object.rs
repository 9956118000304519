//! An object of any kind (`DefaultJSONParser.parseObject(Map)`): keys may be bare, numbers, arrays
//! or objects; `@type` and `$ref` are not plain keys.

use super::super::units::{ascii, is_digit, utf16};
use super::lexer::{END, Lexer, Token};
use super::parser::{self, Next, Open};
use super::value::Value;
use super::{Thrown, number, write};
use std::collections::BTreeMap;
use std::mem;

/// An object whose brace is open.
#[derive(Default)]
pub(super) struct OpenObject {
    entries: Vec<(Value, Value)>,
    /// Where each key stands in `entries`, by kind and text.
    places: BTreeMap<String, usize>,
    state: State,
}

/// What is being read inside the object.
#[derive(Default)]
enum State {
    #[default]
    Key,
    /// An array or object that is itself a key.
    NestedKey,
    /// Such a key was read, and its colon with it.
    AfterNestedKey(Value),
    /// A value inside, and how it was begun: that decides the text of an error behind it.
    Nested(Value, Begun),
}

#[derive(Clone, Copy)]
enum Begun {
    AsArray,
    AsObject,
    Otherwise,
}

/// A key, or what stood there instead.
enum Key {
    Read(Value),
    Open(Open),
    Closed,
}

impl OpenObject {
    fn put(&mut self, key: Value, value: Value) {
        let name = key.identity();
        match self.places.get(&name) {
            Some(place) => self.entries[*place].1 = value,
            None => {
                self.places.insert(name, self.entries.len());
                self.entries.push((key, value));
            }
        }
    }

    fn close(&mut self) -> Value {
        Value::Object(mem::take(&mut self.entries))
    }
}

/// Reads on until something opens inside, or the object closes.
pub(super) fn proceed(lexer: &mut Lexer, open: &mut OpenObject) -> Result<Next, Thrown> {
    loop {
        let key = match mem::take(&mut open.state) {
            State::AfterNestedKey(key) => key,
            _ => match read_key(lexer)? {
                Key::Read(key) => {
                    lexer.advance();
                    lexer.skip_blanks()?;
                    key
                }
                Key::Open(inner) => {
                    open.state = State::NestedKey;
                    return Ok(Next::Open(inner));
                }
                Key::Closed => return Ok(Next::Value(open.close())),
            },
        };
        lexer.literal_len = 0;
        if let Value::Text(name) = &key {
            if **name == *"@type" {
                if read_type(lexer, open)? {
                    return Ok(Next::Value(open.close()));
                }
                continue;
            }
            if **name == *"$ref" {
                match read_reference(lexer)? {
                    Some(plain) => {
                        open.put(key, plain);
                        continue;
                    }
                    None => return Ok(Next::Value(Value::Null)),
                }
            }
        }
        let done = match read_value(lexer, open, key)? {
            Some(Next::Open(inner)) => return Ok(Next::Open(inner)),
            Some(Next::Value(value)) => accept(lexer, open, value)?,
            None => None,
        };
        if let Some(done) = done {
            return Ok(Next::Value(done));
        }
    }
}

/// Takes a value that was read inside; the object itself when it closes with it.
pub(super) fn accept(
    lexer: &mut Lexer,
    open: &mut OpenObject,
    value: Value,
) -> Result<Option<Value>, Thrown> {
    let State::Nested(key, begun) = mem::take(&mut open.state) else {
        open.state = State::AfterNestedKey(value);
        return Ok(None);
    };
    let shown = match begun {
        Begun::Otherwise => Some(key_text(&key)),
        _ => None,
    };
    open.put(key, value);
    match (lexer.token, begun) {
        (Token::RightBrace, _) => {
            lexer.next_token()?;
            Ok(Some(open.close()))
        }
        (Token::Comma, _) => Ok(None),
        (_, Begun::AsArray) => Err(Thrown::json("syntax error")),
        (token, Begun::AsObject) => Err(Thrown::json(format!("syntax error, {}", token.name()))),
        (_, Begun::Otherwise) => Err(misplaced(lexer, &shown.unwrap_or_default())),
    }
}

fn misplaced(lexer: &Lexer, key: &str) -> Thrown {
    Thrown::json(format!("syntax error, position at {}, name {key}", lexer.token_at))
}

/// A key's `toString`.
fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) => text.to_string(),
        other => write::json(other),
    }
}

fn read_key(lexer: &mut Lexer) -> Result<Key, Thrown> {
    lexer.skip_blanks()?;
    while lexer.current == u16::from(b',') {
        lexer.advance();
        lexer.skip_blanks()?;
    }
    let current = lexer.current;
    let key = match ascii(current) {
        Some(quote @ (b'"' | b'\'')) => {
            let key = lexer.scan_quoted_key(quote)?;
            lexer.skip_blanks()?;
            if lexer.current != u16::from(b':') {
                let named = if quote == b'"' { format!(", name {key}") } else { String::new() };
                return Err(Thrown::json(format!("expect ':' at {}{named}", lexer.token_at)));
            }
            Value::Text(key.into())
        }
        Some(b'}') => {
            lexer.advance();
            lexer.next_token()?;
            return Ok(Key::Closed);
        }
        Some(b'{' | b'[') => {
            lexer.next_token()?;
            return match parser::begin(lexer)? {
                Next::Open(inner) => Ok(Key::Open(inner)),
                Next::Value(key) => Ok(Key::Read(key)),
            };
        }
        _ if current == END => return Err(Thrown::json("syntax error")),
        _ if is_digit(current) || current == u16::from(b'-') => number_key(lexer)?,
        _ => {
            let key = lexer.scan_bare_key()?;
            lexer.skip_blanks()?;
            if lexer.current != u16::from(b':') {
                let found = utf16(&[lexer.current]);
                let at = lexer.token_at;
                return Err(Thrown::json(format!("expect ':' at {at}, actual {found}")));
            }
            Value::Text(key.unwrap_or_else(|| "null".to_owned()).into())
        }
    };
    Ok(Key::Read(key))
}

fn number_key(lexer: &mut Lexer) -> Result<Value, Thrown> {
    lexer.literal_len = 0;
    lexer.scan_number()?;
    let key = match lexer.token {
        Token::Int => number::integer(lexer),
        _ => number::decimal(lexer),
    };
    let wrong = |lexer: &Lexer| -> Result<Thrown, Thrown> {
        Ok(Thrown::json(format!("parse number key error{}", lexer.info()?)))
    };
    let key = match key {
        Err(Thrown::Number(_)) => return Err(wrong(lexer)?),
        other => other?,
    };
    if lexer.current != u16::from(b':') {
        return Err(wrong(lexer)?);
    }
    Ok(key)
}

/// Reads a leaf into the object, or begins a value inside it.
fn read_value(
    lexer: &mut Lexer,
    open: &mut OpenObject,
    key: Value,
) -> Result<Option<Next>, Thrown> {
    let value = match ascii(lexer.current) {
        Some(b'"') => {
            lexer.scan_text()?;
            Value::Text(lexer.literal().into())
        }
        Some(b'0'..=b'9' | b'-') => {
            lexer.scan_number()?;
            if lexer.token == Token::Int {
                number::integer(lexer)?
            } else {
                number::decimal(lexer)?
            }
        }
        first => {
            let begun = match first {
                Some(b'[') => Begun::AsArray,
                Some(b'{') => Begun::AsObject,
                _ => Begun::Otherwise,
            };
            lexer.next_token()?;
            open.state = State::Nested(key, begun);
            return parser::begin(lexer).map(Some);
        }
    };
    lexer.skip_blanks()?;
    match ascii(lexer.current) {
        Some(b',') => {
            lexer.advance();
            open.put(key, value);
            Ok(None)
        }
        Some(b'}') => {
            // The token is read as if the value had been a nested one.
            lexer.token = Token::RightBrace;
            lexer.advance();
            open.state = State::Nested(key, Begun::Otherwise);
            Ok(Some(Next::Value(value)))
        }
        _ => Err(misplaced(lexer, &key_text(&key))),
    }
}

/// `@type`: classes that fastjson would make are refused, maps are what this is anyway. Whether
/// the object ended with it.
fn read_type(lexer: &mut Lexer, open: &mut OpenObject) -> Result<bool, Thrown> {
    let name = lexer.scan_quoted_key(b'"')?;
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        open.put(Value::Text("@type".into()), Value::Text(name.into()));
        return Ok(false);
    }
    check_type(&name)?;
    lexer.next_token_near(Token::Comma)?;
    let closed = lexer.token == Token::RightBrace;
    if closed {
        lexer.next_token_near(Token::Comma)?;
    }
    Ok(closed)
}

/// `checkAutoType` as configured by default.
pub(super) fn check_type(name: &str) -> Result<(), Thrown> {
    const MAPS: [&str; 6] = [
        "com.alibaba.fastjson.JSONObject",
        "java.util.HashMap",
        "java.util.Hashtable",
        "java.util.LinkedHashMap",
        "java.util.TreeMap",
        "java.util.concurrent.ConcurrentHashMap",
    ];
    if MAPS.contains(&name) {
        return Ok(());
    }
    Err(Thrown::json(format!("autoType is not support. {name}")))
}

/// `$ref`: a reference alone in its object stands for nothing that a beat could use; beside other
/// keys it is a plain string.
fn read_reference(lexer: &mut Lexer) -> Result<Option<Value>, Thrown> {
    lexer.next_token_near(Token::Text)?;
    if lexer.token != Token::Text {
        return Err(Thrown::json(format!("illegal ref, {}", lexer.token.name())));
    }
    let reference = Value::Text(lexer.literal().into());
    lexer.next_token_near(Token::RightBrace)?;
    match lexer.token {
        Token::Comma => Ok(Some(reference)),
        Token::RightBrace => {
            lexer.next_token_near(Token::Comma)?;
            Ok(None)
        }
        _ => Err(Thrown::json(format!("syntax error, {}", lexer.info()?))),
    }
}
