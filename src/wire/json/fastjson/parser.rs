//! Values of any kind (`DefaultJSONParser.parse`): where a key is unknown, or where a field is
//! given something else than it wants.
//!
//! The original recurses; this keeps its open arrays and objects in a list, and gives up where the
//! stack of a Java thread would have ended (measured with a stack of 1 MB).

use super::lexer::{Lexer, Token};
use super::object::{self, OpenObject};
use super::value::Value;
use super::{Thrown, number};
use std::mem;

/// What an open array and an open object cost, and how much there is.
const ARRAY_COST: usize = 2;
const OBJECT_COST: usize = 5;
const STACK: usize = 5_800;

/// An array or object that is not closed yet.
pub(super) enum Open {
    /// `[`, or `Set[` and `TreeSet[`.
    Array { items: Vec<Value>, kind: ArrayKind },
    /// `{`.
    Object(OpenObject),
}

/// The word in front of a bracket.
#[derive(Clone, Copy)]
pub(super) enum ArrayKind {
    Plain,
    Set,
    TreeSet,
}

/// What reading on came to.
pub(super) enum Next {
    /// A value is complete.
    Value(Value),
    /// An array or object begins inside.
    Open(Open),
}

/// `parse()`: the value that begins at the current token.
pub(super) fn parse(lexer: &mut Lexer) -> Result<Value, Thrown> {
    match begin(lexer)? {
        Next::Value(value) => Ok(value),
        Next::Open(open) => run(lexer, open),
    }
}

/// `parseArray(array, fieldName)`.
pub(super) fn parse_array(lexer: &mut Lexer, field: Option<&str>) -> Result<Value, Thrown> {
    let open = open_array(lexer, ArrayKind::Plain, field)?;
    run(lexer, open)
}

/// Reads until the outermost array or object closes.
fn run(lexer: &mut Lexer, outermost: Open) -> Result<Value, Thrown> {
    let mut around: Vec<Open> = Vec::new();
    let mut current = outermost;
    let mut used = 0;
    loop {
        let next = match &mut current {
            Open::Array { items, kind } => continue_array(lexer, items, *kind)?,
            Open::Object(open) => object::proceed(lexer, open)?,
        };
        let mut done = match next {
            Next::Open(inner) => {
                used += cost(&current);
                if used > STACK {
                    return Err(Thrown::Overflow);
                }
                around.push(mem::replace(&mut current, inner));
                continue;
            }
            Next::Value(done) => done,
        };
        loop {
            let Some(parent) = around.pop() else { return Ok(done) };
            current = parent;
            used -= cost(&current);
            let closed = match &mut current {
                Open::Array { items, .. } => {
                    add(lexer, items, done)?;
                    None
                }
                Open::Object(open) => object::accept(lexer, open, done)?,
            };
            match closed {
                Some(closed) => done = closed,
                None => break,
            }
        }
    }
}

fn cost(open: &Open) -> usize {
    match open {
        Open::Array { .. } => ARRAY_COST,
        Open::Object(_) => OBJECT_COST,
    }
}

/// The value at the current token, or the array or object that it opens.
pub(super) fn begin(lexer: &mut Lexer) -> Result<Next, Thrown> {
    let token = lexer.token;
    let value = match token {
        token @ (Token::Set | Token::TreeSet) => {
            lexer.next_token()?;
            let kind = if token == Token::Set { ArrayKind::Set } else { ArrayKind::TreeSet };
            return open_array(lexer, kind, None).map(Next::Open);
        }
        Token::LeftBracket => {
            return open_array(lexer, ArrayKind::Plain, None).map(Next::Open);
        }
        Token::LeftBrace => return Ok(Next::Open(Open::Object(OpenObject::default()))),
        Token::Int => number::integer(lexer)?,
        Token::Float => number::decimal(lexer)?,
        Token::Text => {
            let text = Value::Text(lexer.literal().into());
            lexer.next_token_near(Token::Comma)?;
            return Ok(Next::Value(text));
        }
        Token::Null | Token::Undefined => Value::Null,
        Token::True => Value::Bool(true),
        Token::False => Value::Bool(false),
        Token::New => return date(lexer).map(Next::Value),
        Token::End if lexer.is_blank() => return Ok(Next::Value(Value::Null)),
        Token::End => {
            return Err(Thrown::json(format!("unterminated json string, {}", lexer.info()?)));
        }
        Token::Hex => number::bytes(lexer)?,
        Token::Identifier if lexer.literal() == "NaN" => Value::Null,
        _ => return Err(Thrown::json(format!("syntax error, {}", lexer.info()?))),
    };
    lexer.next_token()?;
    Ok(Next::Value(value))
}

/// `new Date(5)`, whatever the word between is.
fn date(lexer: &mut Lexer) -> Result<Value, Thrown> {
    lexer.next_token_near(Token::Identifier)?;
    if lexer.token != Token::Identifier {
        return Err(Thrown::json("syntax error"));
    }
    lexer.next_token_near(Token::LeftParen)?;
    expect(lexer, Token::LeftParen)?;
    let ms = match lexer.token {
        Token::Int => number::integer(lexer)?,
        _ => Value::Null,
    };
    expect(lexer, Token::Int)?;
    expect(lexer, Token::RightParen)?;
    Ok(match ms {
        Value::Integer(ms) => Value::Date(ms),
        _ => Value::Date(0),
    })
}

fn expect(lexer: &mut Lexer, token: Token) -> Result<(), Thrown> {
    if lexer.token != token {
        let (wanted, found) = (token.name(), lexer.token.name());
        return Err(Thrown::json(format!("syntax error, expect {wanted}, actual {found}")));
    }
    lexer.next_token()
}

fn open_array(lexer: &mut Lexer, kind: ArrayKind, field: Option<&str>) -> Result<Open, Thrown> {
    if matches!(lexer.token, Token::Set | Token::TreeSet) {
        lexer.next_token()?;
    }
    if lexer.token != Token::LeftBracket {
        return Err(Thrown::json(format!(
            "syntax error, expect [, actual {}, pos {}, fieldName {}",
            lexer.token.name(),
            lexer.token_at,
            field.unwrap_or("null")
        )));
    }
    lexer.next_token_near(Token::Text)?;
    Ok(Open::Array { items: Vec::new(), kind })
}

fn continue_array(
    lexer: &mut Lexer,
    items: &mut Vec<Value>,
    kind: ArrayKind,
) -> Result<Next, Thrown> {
    loop {
        while lexer.token == Token::Comma {
            lexer.next_token()?;
        }
        let (value, near) = match lexer.token {
            Token::Int => (number::integer(lexer)?, Token::Comma),
            Token::Float => (number::decimal(lexer)?, Token::Comma),
            Token::Text => (Value::Text(lexer.literal().into()), Token::Comma),
            Token::True => (Value::Bool(true), Token::Comma),
            Token::False => (Value::Bool(false), Token::Comma),
            Token::Null | Token::Undefined => (Value::Null, Token::Text),
            Token::RightBracket => {
                lexer.next_token_near(Token::Comma)?;
                let items = mem::take(items);
                return Ok(Next::Value(match kind {
                    ArrayKind::Plain => Value::Array(items),
                    ArrayKind::Set => Value::hash_set(items),
                    ArrayKind::TreeSet => Value::tree_set(items),
                }));
            }
            Token::End => return Err(Thrown::json("unclosed jsonArray")),
            _ => match begin(lexer)? {
                Next::Value(value) => {
                    add(lexer, items, value)?;
                    continue;
                }
                open => return Ok(open),
            },
        };
        lexer.next_token_near(near)?;
        add(lexer, items, value)?;
    }
}

/// Adds an item; what follows it need not be a comma.
fn add(lexer: &mut Lexer, items: &mut Vec<Value>, value: Value) -> Result<(), Thrown> {
    items.push(value);
    if lexer.token == Token::Comma {
        lexer.next_token_near(Token::Text)?;
    }
    Ok(())
}
