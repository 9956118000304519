//! Tokens as `ReaderBasedJsonParser` gives them: a field's name comes with the first of its value,
//! and a string is read to its end only when someone asks for it or goes on.

use super::super::units::utf16;
use super::source::{Failure, Place, described, location};

/// What `nextToken` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    FieldName,
    Text,
    Int,
    Float,
    True,
    False,
    Null,
}

/// An open array or object; the outermost, the root, is neither.
struct Scope {
    array: bool,
    begun: Place,
    /// Whether an entry was read, so that a comma must come next.
    entered: bool,
}

/// The parser.
pub(in crate::wire) struct Tokens {
    text: Vec<u16>,
    /// The next unit to read.
    pub(super) at: usize,
    line: usize,
    line_start: usize,
    token: Option<Token>,
    /// The token of a value whose name was given first.
    pending: Option<Token>,
    /// A string was begun and not read.
    pub(super) unread_text: bool,
    /// Name of the field last read.
    pub(super) name: String,
    /// Units of the number last read.
    pub(super) number: std::ops::Range<usize>,
    scopes: Vec<Scope>,
    token_place: Place,
    name_place: Place,
}

const BEFORE: Place = Place { line: 1, column: 0 };

impl Tokens {
    pub(in crate::wire) fn new(text: &str) -> Self {
        Self {
            text: text.encode_utf16().collect(),
            at: 0,
            line: 1,
            line_start: 0,
            token: None,
            pending: None,
            unread_text: false,
            name: String::new(),
            number: 0..0,
            scopes: Vec::new(),
            token_place: BEFORE,
            name_place: BEFORE,
        }
    }

    /// The whole text.
    pub(super) fn source(&self) -> &[u16] {
        &self.text
    }

    /// The token last read.
    pub(in crate::wire) fn current(&self) -> Option<Token> {
        self.token
    }

    /// The name last read.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The text of the number last read.
    pub(super) fn number_text(&self) -> String {
        utf16(&self.text[self.number.clone()])
    }

    /// A failure where the parser stands (`JsonParseException`).
    pub(super) fn error(&self, message: impl Into<String>) -> Failure {
        let place = Place { line: self.line, column: self.at - self.line_start + 1 };
        Failure { message: message.into(), place, through: Vec::new(), by_parser: true }
    }

    /// A failure of who reads the token (`MismatchedInputException`).
    pub(super) fn mismatch(&self, message: impl Into<String>) -> Failure {
        let place = match self.token {
            Some(Token::FieldName) => self.name_place,
            _ => self.token_place,
        };
        Failure { message: message.into(), place, through: Vec::new(), by_parser: false }
    }

    /// `nextToken`; `None` at the end.
    pub(in crate::wire) fn next(&mut self) -> Result<Option<Token>, Failure> {
        self.next_wanted(false)
    }

    /// `nextFieldName`: whether a name came; otherwise the object closed.
    pub(in crate::wire) fn next_name(&mut self) -> Result<bool, Failure> {
        Ok(self.next_wanted(true)? == Some(Token::FieldName))
    }

    /// The two ways to the next token differ in the text of one error.
    fn next_wanted(&mut self, name: bool) -> Result<Option<Token>, Failure> {
        if self.token == Some(Token::FieldName) {
            self.token = self.pending.take();
            match self.token {
                Some(Token::StartArray) => self.open(true),
                Some(Token::StartObject) => self.open(false),
                _ => {}
            }
            return Ok(self.token);
        }
        if self.unread_text {
            self.read_text(None)?;
        }
        let Some(first) = self.skip_blanks()? else {
            self.end()?;
            self.token = None;
            return Ok(None);
        };
        if first == u16::from(b']') || first == u16::from(b'}') {
            self.close(first)?;
            return Ok(self.token);
        }
        let mut first = first;
        if let Some(scope) = self.scopes.last_mut()
            && std::mem::replace(&mut scope.entered, true)
        {
            first = self.skip_comma(first)?;
        }
        if self.scopes.last().is_some_and(|scope| !scope.array) {
            self.name_place = self.read_place();
            self.read_name(first)?;
            self.token = Some(Token::FieldName);
            let first = self.skip_colon()?;
            self.token_place = self.read_place();
            self.pending = Some(self.value(first, name)?);
            return Ok(self.token);
        }
        self.token_place = self.read_place();
        let token = self.value(first, name)?;
        match token {
            Token::StartArray => self.open(true),
            Token::StartObject => self.open(false),
            _ => {}
        }
        self.token = Some(token);
        Ok(self.token)
    }

    /// `skipChildren`.
    pub(super) fn skip_children(&mut self) -> Result<(), Failure> {
        let mut open = match self.token {
            Some(Token::StartObject | Token::StartArray) => 1usize,
            _ => return Ok(()),
        };
        while open > 0 {
            match self.next()? {
                Some(Token::StartObject | Token::StartArray) => open += 1,
                Some(Token::EndObject | Token::EndArray) => open -= 1,
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// The string at the current token.
    pub(super) fn text(&mut self) -> Result<String, Failure> {
        let mut units = Vec::new();
        self.read_text(Some(&mut units))?;
        Ok(utf16(&units))
    }

    /// Whether the parser is outside of every array and object.
    pub(super) fn in_root(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The unit at `index`, if there is one.
    pub(super) fn unit(&self, index: usize) -> Option<u16> {
        self.text.get(index).copied()
    }

    /// Reads one unit.
    pub(super) fn read(&mut self) -> Option<u16> {
        let unit = self.unit(self.at)?;
        self.at += 1;
        Some(unit)
    }

    /// Where the unit just read stands.
    fn read_place(&self) -> Place {
        Place { line: self.line, column: self.at - self.line_start }
    }

    fn open(&mut self, array: bool) {
        self.scopes.push(Scope { array, begun: self.token_place, entered: false });
    }

    fn close(&mut self, closer: u16) -> Result<(), Failure> {
        self.token_place = self.read_place();
        let array = closer == u16::from(b']');
        match self.scopes.pop() {
            Some(scope) if scope.array == array => {
                self.token = Some(if array { Token::EndArray } else { Token::EndObject });
                Ok(())
            }
            scope => {
                let expected = if array { '}' } else { ']' };
                let (kind, begun) = match &scope {
                    Some(scope) => (kind(Some(scope)), scope.begun),
                    None => ("root", BEFORE),
                };
                let begun = location(&self.text, begun);
                let found = if array { ']' } else { '}' };
                Err(self.error(format!(
                    "Unexpected close marker '{found}': expected '{expected}' (for {kind} starting \
                     at {begun})"
                )))
            }
        }
    }

    /// The text ended: fine outside of every array and object.
    fn end(&self) -> Result<(), Failure> {
        let Some(scope) = self.scopes.last() else { return Ok(()) };
        let begun = location(&self.text, scope.begun);
        Err(self.error(format!(
            "Unexpected end-of-input: expected close marker for {} (start marker at {begun})",
            kind(Some(scope))
        )))
    }

    /// The token that begins with `first`.
    fn value(&mut self, first: u16, name: bool) -> Result<Token, Failure> {
        match u8::try_from(first).unwrap_or(0) {
            b'"' => {
                self.unread_text = true;
                Ok(Token::Text)
            }
            b'[' => Ok(Token::StartArray),
            b'{' => Ok(Token::StartObject),
            b't' => self.word("true", 1).map(|()| Token::True),
            b'f' => self.word("false", 1).map(|()| Token::False),
            b'n' => self.word("null", 1).map(|()| Token::Null),
            b'-' => self.negative_number(),
            b'0'..=b'9' => self.positive_number(),
            b'}' if !name => Err(self.unexpected(first, "expected a value")),
            _ => Err(self.odd_value(first)),
        }
    }

    /// `_reportUnexpectedChar`.
    pub(super) fn unexpected(&self, unit: u16, comment: &str) -> Failure {
        self.error(format!("Unexpected character ({}): {comment}", described(unit)))
    }

    /// The next unit that is no blank; `None` at the end.
    fn skip_blanks(&mut self) -> Result<Option<u16>, Failure> {
        while let Some(unit) = self.read() {
            match unit {
                32 | 9 => {}
                10 | 13 => self.line_end(unit),
                0..32 => {
                    let found = described(unit);
                    return Err(self.error(format!(
                        "Illegal character ({found}): only regular white space (\\r, \\n, \\t) is \
                         allowed between tokens"
                    )));
                }
                0x2f => {
                    return Err(self.unexpected(
                        unit,
                        "maybe a (non-standard) comment? (not recognized as one since Feature \
                         'ALLOW_COMMENTS' not enabled for parser)",
                    ));
                }
                unit => return Ok(Some(unit)),
            }
        }
        Ok(None)
    }

    /// Counts a line that ended with `unit`.
    pub(super) fn line_end(&mut self, unit: u16) {
        if unit == 13 && self.unit(self.at) == Some(10) {
            self.at += 1;
        }
        self.line += 1;
        self.line_start = self.at;
    }

    fn skip_comma(&mut self, first: u16) -> Result<u16, Failure> {
        let inside = kind(self.scopes.last());
        if first != u16::from(b',') {
            let comment = format!("was expecting comma to separate {inside} entries");
            return Err(self.unexpected(first, &comment));
        }
        match self.skip_blanks()? {
            Some(unit) => Ok(unit),
            None => {
                Err(self.error(format!("Unexpected end-of-input within/between {inside} entries")))
            }
        }
    }

    fn skip_colon(&mut self) -> Result<u16, Failure> {
        let ended = |tokens: &Self| {
            let inside = kind(tokens.scopes.last());
            tokens.error(format!("Unexpected end-of-input within/between {inside} entries"))
        };
        let Some(colon) = self.skip_blanks()? else { return Err(ended(self)) };
        if colon != u16::from(b':') {
            let comment = "was expecting a colon to separate field name and value";
            return Err(self.unexpected(colon, comment));
        }
        match self.skip_blanks()? {
            Some(unit) => Ok(unit),
            None => Err(ended(self)),
        }
    }
}

fn kind(scope: Option<&Scope>) -> &'static str {
    match scope {
        None => "root",
        Some(scope) if scope.array => "Array",
        Some(_) => "Object",
    }
}
