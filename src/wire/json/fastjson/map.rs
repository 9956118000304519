//! `Map<String, String>` (`MapDeserializer`): a `HashMap`, so keys stand in Java's hash order;
//! values that are no strings become their JSON text.

use super::super::java_order;
use super::super::units::{ascii, utf16};
use super::lexer::{Lexer, Token};
use super::object;
use super::value::Value;
use super::{Thrown, number, parser};
use crate::model::Metadata;

/// Reads a map for `field`; `None` is null.
pub(super) fn deserialize(
    lexer: &mut Lexer,
    field: Option<&str>,
) -> Result<Option<Metadata>, Thrown> {
    if lexer.token == Token::Null {
        lexer.next_token_near(Token::Comma)?;
        return Ok(None);
    }
    if lexer.token != Token::LeftBrace {
        return no_object(lexer, field).map(Some);
    }
    let mut map = Metadata::new();
    while let Some(key) = read_key(lexer)? {
        lexer.literal_len = 0;
        if key == "@type" {
            object::check_type(&lexer.scan_quoted_key(b'"')?)?;
            lexer.next_token_near(Token::Comma)?;
            if lexer.token == Token::RightBrace {
                lexer.next_token_near(Token::Comma)?;
                break;
            }
            continue;
        }
        lexer.next_token()?;
        let value = if lexer.token == Token::Null {
            lexer.next_token()?;
            None
        } else {
            text(lexer).map_err(Thrown::wrapped)?
        };
        map.insert(&key, value.as_deref());
        match lexer.token {
            Token::End | Token::RightBracket => break,
            Token::RightBrace => {
                lexer.next_token()?;
                break;
            }
            // Whatever else follows is passed over as a comma is.
            _ => {}
        }
    }
    Ok(Some(java_order(map)))
}

/// A key and its colon; `None` at the closing brace.
fn read_key(lexer: &mut Lexer) -> Result<Option<String>, Thrown> {
    lexer.skip_blanks()?;
    while lexer.current == u16::from(b',') {
        lexer.advance();
        lexer.skip_blanks()?;
    }
    let (key, bare) = match ascii(lexer.current) {
        Some(quote @ (b'"' | b'\'')) => (Some(lexer.scan_quoted_key(quote)?), false),
        Some(b'}') => {
            lexer.advance();
            lexer.next_token_near(Token::Comma)?;
            return Ok(None);
        }
        _ => (lexer.scan_bare_key()?, true),
    };
    lexer.skip_blanks()?;
    if lexer.current != u16::from(b':') {
        let found =
            if bare { format!(", actual {}", utf16(&[lexer.current])) } else { String::new() };
        return Err(Thrown::json(format!("expect ':' at {}{found}", lexer.token_at)));
    }
    lexer.advance();
    lexer.skip_blanks()?;
    // The bare word null is Java's null here, which prints as the word.
    Ok(Some(key.unwrap_or_else(|| "null".to_owned())))
}

/// `StringCodec`: any value as text; `None` is null.
pub(super) fn text(lexer: &mut Lexer) -> Result<Option<Box<str>>, Thrown> {
    let text = match lexer.token {
        Token::Text => lexer.literal(),
        Token::Int => number::text(lexer),
        _ => {
            return Ok(match parser::parse(lexer)? {
                Value::Null => None,
                value => Some(value.into_text()),
            });
        }
    };
    lexer.next_token_near(Token::Comma)?;
    Ok(Some(text.into()))
}

/// Something else than an object: an array of one object passes for it.
fn no_object(lexer: &mut Lexer, field: Option<&str>) -> Result<Metadata, Thrown> {
    let named = field.map(|field| format!(", fieldName {field}")).unwrap_or_default();
    let found = lexer.token.name();
    let message = format!("syntax error, expect {{, actual {found}{named}, {}", lexer.info()?);
    if lexer.token != Token::Text
        && let Value::Array(items) = parser::parse_array(lexer, field)?
        && let Ok([Value::Object(entries)]) = <[Value; 1]>::try_from(items)
    {
        let texts = entries.into_iter().map(|(key, value)| {
            let value = (value != Value::Null).then(|| value.into_text().into());
            (key.into_text().into(), value)
        });
        return Ok(java_order(texts.collect()));
    }
    Err(Thrown::json(message))
}
