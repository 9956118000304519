//! `java.math.BigDecimal` as far as a client sees it: parsed, printed, cut to an int, hashed.

use super::Thrown;
use std::fmt::Write as _;

/// A decimal number: `digits` × 10^-`scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Digits of the unscaled value, without leading zeros; `0` for zero.
    digits: Box<str>,
    scale: i64,
}

impl Decimal {
    /// `new BigDecimal(text)` for a text of the scanner's grammar, where any part may be empty.
    pub(super) fn parse(text: &str) -> Result<Self, Thrown> {
        let refuse = |message: &str| Err(Thrown::Number(message.to_owned()));
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return refuse("No digits found.");
        }
        let scale = fraction.len() as i64 - exponent;
        if i32::try_from(scale).is_err() {
            return refuse("Scale out of range.");
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Ok(Self { negative: negative && digits != "0", digits: digits.into(), scale })
    }

    /// `TypeUtils.intValue`: cut and wrapped, but exact when the scale is beyond ±100.
    pub(super) fn int_value(&self) -> Result<i32, Thrown> {
        let arithmetic = |message: &str| Err(Thrown::Other(message.to_owned()));
        let exact = self.scale.abs() > 100;
        let digits = self.digits.len() as i64;
        if &*self.digits == "0" {
            return Ok(0);
        }
        if exact && digits - self.scale > 19 {
            return arithmetic("Overflow");
        }
        let kept = (digits - self.scale).max(0);
        let fraction = &self.digits[kept.min(digits) as usize..];
        if exact && fraction.bytes().any(|digit| digit != b'0') {
            return arithmetic("Rounding necessary");
        }
        let digits = self.digits.bytes().chain(std::iter::repeat(b'0'));
        let wide = digits
            .take(kept as usize)
            .fold(0i128, |value, digit| (value * 10 + i128::from(digit - b'0')) % (1 << 96));
        let value = if self.negative { -wide } else { wide };
        if exact && i32::try_from(value).is_err() {
            return arithmetic("Overflow");
        }
        Ok(value as i32)
    }

    /// `doubleValue`.
    pub(super) fn double_value(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, -self.scale).parse().unwrap_or(f64::NAN)
    }

    /// `hashCode`: of the unscaled value and the scale.
    pub(super) fn hash(&self) -> i32 {
        // A value that fits a long is hashed by its halves, as the words of a large one are.
        let magnitude = integer_hash(&self.digits);
        let unscaled = if self.negative { magnitude.wrapping_neg() } else { magnitude };
        unscaled.wrapping_mul(31).wrapping_add(self.scale as i32)
    }
}

impl std::fmt::Display for Decimal {
    /// `toString`: plain while the exponent is small, else scientific.
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            to.write_char('-')?;
        }
        let digits = &*self.digits;
        let adjusted = digits.len() as i64 - 1 - self.scale;
        if self.scale == 0 {
            return to.write_str(digits);
        }
        if self.scale > 0 && adjusted >= -6 {
            let whole = digits.len() as i64 - self.scale;
            if whole > 0 {
                let (whole, fraction) = digits.split_at(whole as usize);
                return write!(to, "{whole}.{fraction}");
            }
            return write!(to, "0.{}{digits}", "0".repeat(-whole as usize));
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(to, "{first}{point}{rest}")?;
        match adjusted {
            0 => Ok(()),
            _ => write!(to, "E{adjusted:+}"),
        }
    }
}

/// The exponent behind the `e`: at most ten digits that count.
fn exponent(text: &str) -> Result<i64, Thrown> {
    let refuse = |message: &str| Err(Thrown::Number(message.to_owned()));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() {
        return refuse("No exponent digits.");
    }
    let significant = digits.trim_start_matches('0');
    if significant.len() > 10 {
        return refuse("Too many nonzero exponent digits.");
    }
    let value = significant.parse::<i64>().unwrap_or(0);
    let value = if negative { -value } else { value };
    if i32::try_from(value).is_err() {
        return refuse("Exponent overflow.");
    }
    Ok(value)
}

/// Digits that count for a hash: more would take quadratic time, for nobody.
const HASHED_DIGITS: usize = 2_000;

/// `BigInteger.hashCode` of a non-negative number: over its 32-bit words, the highest first.
pub(super) fn integer_hash(digits: &str) -> i32 {
    let mut words: Vec<u32> = Vec::new();
    for digit in digits.bytes().take(HASHED_DIGITS) {
        let mut carry = u64::from(digit - b'0');
        for word in &mut words {
            let value = u64::from(*word) * 10 + carry;
            *word = value as u32;
            carry = value >> 32;
        }
        if carry != 0 {
            words.push(carry as u32);
        }
    }
    words.iter().rev().fold(0i32, |hash, word| hash.wrapping_mul(31).wrapping_add(*word as i32))
}
