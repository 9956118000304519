//! The scanner of fastjson 1.2.58 (`JSONScanner`): one character ahead, tokens on demand.
//!
//! It works on UTF-16 units because positions, columns and overlong tails of messages count them.

use super::super::units::{ascii, utf16};
use super::Thrown;

/// What stands behind the end of the text; also a character that a text may hold.
pub(super) const END: u16 = 0x1A;

/// Kinds of tokens, as `JSONToken` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Start,
    Error,
    Int,
    Float,
    Text,
    True,
    False,
    Null,
    New,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    Identifier,
    End,
    Set,
    TreeSet,
    Undefined,
    Semicolon,
    Dot,
    Hex,
}

impl Token {
    /// `JSONToken.name`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Token::Start => "Unknown",
            Token::Error => "error",
            Token::Int => "int",
            Token::Float => "float",
            Token::Text => "string",
            Token::True => "true",
            Token::False => "false",
            Token::Null => "null",
            Token::New => "new",
            Token::LeftParen => "(",
            Token::RightParen => ")",
            Token::LeftBrace => "{",
            Token::RightBrace => "}",
            Token::LeftBracket => "[",
            Token::RightBracket => "]",
            Token::Comma => ",",
            Token::Colon => ":",
            Token::Identifier => "ident",
            Token::End => "EOF",
            Token::Set => "Set",
            Token::TreeSet => "TreeSet",
            Token::Undefined => "undefined",
            Token::Semicolon => ";",
            Token::Dot => ".",
            Token::Hex => "hex",
        }
    }
}

/// The scanner and its position.
pub(super) struct Lexer {
    /// The whole text.
    pub(super) text: Vec<u16>,
    /// Where [`Lexer::current`] stands.
    pub(super) at: usize,
    /// The character looked at; after some failed scans it lags behind `at`, as in the original.
    pub(super) current: u16,
    /// The token last read.
    pub(super) token: Token,
    /// Where the token last read by [`Lexer::next_token`] begins; messages show it.
    pub(super) token_at: usize,
    /// Where the literal last read begins: at the quote, or at the first digit.
    pub(super) literal_at: isize,
    /// Length of the literal.
    pub(super) literal_len: usize,
    /// The literal when it had escapes.
    pub(super) unescaped: Option<Vec<u16>>,
}

impl Lexer {
    /// A scanner that looks at the first character.
    pub(super) fn new(text: &str) -> Self {
        let mut lexer = Self {
            text: text.encode_utf16().collect(),
            at: 0,
            current: 0,
            token: Token::Start,
            token_at: 0,
            literal_at: 0,
            literal_len: 0,
            unescaped: None,
        };
        lexer.current = lexer.unit(0);
        if lexer.current == 0xFEFF {
            lexer.advance();
        }
        lexer
    }

    /// The unit at `index`; [`END`] behind the text.
    pub(super) fn unit(&self, index: usize) -> u16 {
        self.text.get(index).copied().unwrap_or(END)
    }

    /// Looks at the next character.
    pub(super) fn advance(&mut self) -> u16 {
        self.at += 1;
        self.current = self.unit(self.at);
        self.current
    }

    /// Whether the text has ended.
    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len() || self.current == END && self.at + 1 == self.text.len()
    }

    /// `info()`: position, line and column, and the whole text directly behind them.
    pub(super) fn info(&self) -> Result<String, Thrown> {
        if self.at > self.text.len() {
            let end = self.text.len();
            return Err(Thrown::Other(format!("String index out of range: {end}")));
        }
        let before = &self.text[..self.at];
        let line = 1 + before.iter().filter(|unit| **unit == u16::from(b'\n')).count();
        // The line feed itself counts as the first column of the line that it begins.
        let column = match before.iter().rposition(|unit| *unit == u16::from(b'\n')) {
            Some(feed) => self.at - feed + 1,
            None => self.at + 1,
        };
        let shown = &self.text[..self.text.len().min(65_535)];
        Ok(format!("pos {}, line {line}, column {column}{}", self.at, utf16(shown)))
    }

    /// Whether `expected` stands at the current position.
    pub(super) fn stands(&self, expected: &str) -> bool {
        let mut index = self.at;
        expected.bytes().all(|byte| {
            index += 1;
            self.text.get(index - 1) == Some(&u16::from(byte))
        })
    }

    /// `nextToken()`.
    pub(super) fn next_token(&mut self) -> Result<(), Thrown> {
        self.literal_len = 0;
        loop {
            self.token_at = self.at;
            let Some(c) = ascii(self.current) else { return self.unexpected() };
            match c {
                b'/' => self.skip_comment()?,
                b'"' => return self.scan_text(),
                b'\'' => return self.scan_single_quoted(),
                b'0'..=b'9' | b'-' => return self.scan_number(),
                b'+' => {
                    self.advance();
                    return self.scan_number();
                }
                b' ' | b'\t' | 8 | 12 | b'\n' | b'\r' => {
                    self.advance();
                }
                b't' => return self.scan_word("true", Token::True),
                b'f' => return self.scan_word("false", Token::False),
                b'n' => return self.scan_null_or_new(true),
                b'T' | b'N' | b'S' | b'u' => return self.scan_identifier(),
                b'x' => return self.scan_hex(),
                _ => match punctuation(c) {
                    Some(token) => {
                        self.advance();
                        self.token = token;
                        return Ok(());
                    }
                    None if !self.at_end() && (c <= 31 || c == 127) => {
                        self.advance();
                    }
                    None => return self.unexpected(),
                },
            }
        }
    }

    fn unexpected(&mut self) -> Result<(), Thrown> {
        if self.at_end() {
            if self.token == Token::End {
                return Err(Thrown::json("EOF error"));
            }
            self.token = Token::End;
            self.token_at = self.at;
            return Ok(());
        }
        self.token = Token::Error;
        self.advance();
        Ok(())
    }

    /// `nextToken(expect)`: takes a short way when what is expected stands there.
    pub(super) fn next_token_near(&mut self, expected: Token) -> Result<(), Thrown> {
        self.literal_len = 0;
        loop {
            let c = ascii(self.current).unwrap_or(0);
            let near: &[u8] = match expected {
                Token::LeftBrace | Token::LeftBracket => b"{[",
                Token::Comma => b",}]",
                Token::Int | Token::Text => b"[{",
                Token::RightBracket => b"]",
                _ => b"",
            };
            if c != 0 && near.contains(&c) {
                self.token = punctuation(c).unwrap_or(Token::Error);
                self.advance();
                return Ok(());
            }
            match expected {
                Token::Comma if c == b'n' => return self.scan_null_or_new(false),
                Token::Comma | Token::RightBracket | Token::End if self.current == END => {
                    self.token = Token::End;
                    return Ok(());
                }
                Token::Identifier => return self.next_identifier(),
                _ => {}
            }
            if !is_space(self.current) {
                return self.next_token();
            }
            self.advance();
        }
    }

    fn next_identifier(&mut self) -> Result<(), Thrown> {
        while is_space(self.current) {
            self.advance();
        }
        let first = char::from_u32(self.current.into());
        if first.is_some_and(|c| c == '_' || c == '$' || c.is_alphabetic()) {
            return self.scan_identifier();
        }
        self.next_token()
    }

    /// `nextTokenWithColon`: a colon, then any token.
    pub(super) fn next_token_with_colon(&mut self) -> Result<(), Thrown> {
        self.literal_len = 0;
        while is_space(self.current) {
            self.advance();
        }
        if self.current != u16::from(b':') {
            let found = utf16(&[self.current]);
            return Err(Thrown::json(format!("not match : - {found}, info : {}", self.info()?)));
        }
        self.advance();
        self.next_token()
    }

    /// `skipWhitespace`: blanks and comments.
    pub(super) fn skip_blanks(&mut self) -> Result<(), Thrown> {
        loop {
            if is_space(self.current) {
                self.advance();
            } else if self.current == u16::from(b'/') {
                self.skip_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Thrown> {
        match ascii(self.advance()) {
            Some(b'/') => loop {
                match self.advance() {
                    10 => {
                        self.advance();
                        return Ok(());
                    }
                    END => return Ok(()),
                    _ => {}
                }
            },
            Some(b'*') => {
                self.advance();
                while self.current != END {
                    let star = self.current == u16::from(b'*');
                    self.advance();
                    if star && self.current == u16::from(b'/') {
                        self.advance();
                        break;
                    }
                }
                Ok(())
            }
            _ => Err(Thrown::json("invalid comment")),
        }
    }

    /// The units of the text literal last read, without its quotes.
    pub(super) fn literal_units(&self) -> &[u16] {
        if let Some(unescaped) = &self.unescaped {
            return &unescaped[..self.literal_len.min(unescaped.len())];
        }
        let start = (self.literal_at + 1).max(0) as usize;
        let end = (start + self.literal_len).min(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }

    /// The text literal last read.
    pub(super) fn literal(&self) -> String {
        utf16(self.literal_units())
    }

    /// `isBlankInput`: nothing but blanks before the first [`END`], which then is the token.
    pub(super) fn is_blank(&mut self) -> bool {
        let before = self.text.iter().take_while(|unit| **unit != END);
        let blank = before.into_iter().all(|unit| is_space(*unit));
        if blank {
            self.token = Token::End;
        }
        blank
    }
}

/// `isWhitespace`: blank, tab, line ends, form feed and backspace.
pub(super) fn is_space(unit: u16) -> bool {
    matches!(unit, 8 | 9 | 10 | 12 | 13 | 32)
}

fn punctuation(c: u8) -> Option<Token> {
    Some(match c {
        b',' => Token::Comma,
        b'(' => Token::LeftParen,
        b')' => Token::RightParen,
        b'[' => Token::LeftBracket,
        b']' => Token::RightBracket,
        b'{' => Token::LeftBrace,
        b'}' => Token::RightBrace,
        b':' => Token::Colon,
        b';' => Token::Semicolon,
        b'.' => Token::Dot,
        _ => return None,
    })
}
