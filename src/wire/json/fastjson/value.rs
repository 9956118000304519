//! Values of any kind, as `DefaultJSONParser.parse` makes them, and the Java they print as.

use super::decimal::{Decimal, integer_hash};
use super::write;
use crate::model::java;
use std::collections::BTreeSet;

/// A parsed value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// Whole numbers within a long.
    Integer(i64),
    /// Larger whole numbers, with their sign.
    Big(Box<str>),
    Decimal(Decimal),
    /// A number with the suffix `F`.
    Float(f32),
    /// A number with the suffix `D`.
    Double(f64),
    Text(Box<str>),
    /// `new Date(ms)`.
    Date(i64),
    /// `x'…'`.
    Bytes(Box<[u8]>),
    Array(Vec<Value>),
    /// `Set[…]` and `TreeSet[…]`.
    Set(Vec<Value>),
    /// Keys in order of first appearance, each once.
    Object(Vec<(Value, Value)>),
}

impl Value {
    /// `toString()`: a string is itself, arrays and objects are JSON.
    pub(super) fn into_text(self) -> Box<str> {
        match self {
            Value::Text(text) => text,
            Value::Float(value) => write::float_text(value).into(),
            Value::Double(value) => java::double_text(value).into(),
            Value::Date(ms) => write::date_text(ms).into(),
            Value::Set(items) => {
                let texts: Vec<_> = items.into_iter().map(Value::into_text_or_null).collect();
                format!("[{}]", texts.join(", ")).into()
            }
            other => write::json(&other).into(),
        }
    }

    /// A `HashSet`: each item once, in hash order.
    pub(super) fn hash_set(items: Vec<Value>) -> Self {
        let mut items = each_once(items);
        in_hash_order(&mut items, |item| item);
        Value::Set(items)
    }

    /// A `TreeSet`: each item once, in their own order.
    pub(super) fn tree_set(items: Vec<Value>) -> Self {
        let mut items = each_once(items);
        items.sort_by_cached_key(|item| match item {
            Value::Integer(value) => (*value, Vec::new()),
            Value::Text(text) => (0, text.encode_utf16().collect()),
            _ => (0, Vec::new()),
        });
        Value::Set(items)
    }

    /// A text that equal values share and different ones do not.
    pub(super) fn identity(&self) -> String {
        match self {
            Value::Text(text) => format!("\"{text}"),
            Value::Array(_) | Value::Set(_) | Value::Object(_) => write::json(self),
            other => format!("{other:?}"),
        }
    }

    fn into_text_or_null(self) -> Box<str> {
        if self == Value::Null { "null".into() } else { self.into_text() }
    }

    /// `hashCode()`, which decides where an object's keys stand.
    pub(super) fn hash(&self) -> i32 {
        match self {
            Value::Null => 0,
            Value::Bool(true) => 1231,
            Value::Bool(false) => 1237,
            Value::Integer(value) => match i32::try_from(*value) {
                Ok(value) => value,
                Err(_) => fold_long(*value as u64),
            },
            Value::Big(digits) => match digits.strip_prefix('-') {
                Some(digits) => integer_hash(digits).wrapping_neg(),
                None => integer_hash(digits),
            },
            Value::Decimal(decimal) => decimal.hash(),
            Value::Float(value) => value.to_bits() as i32,
            Value::Double(value) => fold_long(value.to_bits()),
            Value::Text(text) => java::string_hash(text),
            Value::Date(ms) => fold_long(*ms as u64),
            Value::Bytes(_) => 0,
            Value::Array(items) => items
                .iter()
                .fold(1i32, |hash, item| hash.wrapping_mul(31).wrapping_add(item.hash())),
            Value::Set(items) => items.iter().fold(0i32, |sum, item| sum.wrapping_add(item.hash())),
            Value::Object(entries) => entries
                .iter()
                .fold(0i32, |sum, (key, value)| sum.wrapping_add(key.hash() ^ value.hash())),
        }
    }
}

fn each_once(mut items: Vec<Value>) -> Vec<Value> {
    let mut known = BTreeSet::new();
    items.retain(|item| known.insert(item.identity()));
    items
}

/// Sorts as a grown `HashMap` or `HashSet` of them iterates.
pub(super) fn in_hash_order<T>(items: &mut [T], key: impl Fn(&T) -> &Value) {
    let buckets = java::grown_buckets(items.len());
    items.sort_by_cached_key(|item| java::spread(key(item).hash()) & (buckets - 1));
}

fn fold_long(value: u64) -> i32 {
    (value ^ (value >> 32)) as i32
}
