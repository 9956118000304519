//! Quantities as people write them: a number and its unit, such as `5s`. The command line, files
//! and scenarios read them here, so that they are written the same everywhere.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Units of time with their nanoseconds.
const TIME_UNITS: [(&str, u64); 4] =
    [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

/// A span of time: `5s`, `16000ms`, `2m`, `1.5h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A text that is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is a number and a unit ({units}), such as {example}")]
pub struct QuantityError {
    what: &'static str,
    units: String,
    example: &'static str,
}

impl Span {
    /// The span in milliseconds, as far as 64 bits go.
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let refuse = || QuantityError {
            what: "a duration",
            units: TIME_UNITS.map(|(unit, _)| unit).join(", "),
            example: "5s",
        };
        let nanos = scaled(text, &TIME_UNITS).ok_or_else(refuse)?;
        Ok(Self(Duration::from_nanos(nanos)))
    }
}

impl fmt::Display for Span {
    /// The shortest form that reads back as the same span, down to a millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let exact = |(_, size): &&(&str, u64)| nanos > 0 && nanos.is_multiple_of(u128::from(*size));
        match TIME_UNITS.iter().rev().find(exact) {
            Some((unit, size)) => write!(f, "{}{unit}", nanos / u128::from(*size)),
            None => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

/// The number of a text times the size of its unit; `None` without a known unit, and beyond 64
/// bits. Decimal fractions are exact: `1.5s` is 1500 ms, and what is finer than one is cut.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let number_bytes =
        text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = text.split_at(number_bytes);
    let unit = unit.trim_start();
    let size = units.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size)?;
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
    let whole = whole.parse::<u64>().ok()?.checked_mul(size)?;
    whole.checked_add(fraction.map_or(Some(0), |digits| fraction_of(digits, size))?)
}

/// Digits behind the point as a share of `size`; `None` when they are no digits or too many.
fn fraction_of(digits: &str, size: u64) -> Option<u64> {
    let places = u32::try_from(digits.len()).ok()?;
    let share = u128::from(digits.parse::<u64>().ok()?) * u128::from(size);
    u64::try_from(share / 10_u128.checked_pow(places)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u64> {
        text.parse().ok().map(Span::as_millis)
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let examples = [
            ("5s", 5_000),
            ("16000ms", 16_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1.5s", 1_500),
            ("0.25m", 15_000),
            ("0s", 0),
            (" 5 s ", 5_000),
        ];
        for (text, expected) in examples {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let bad = ["", "5", "s", "-5s", "5 sec", "5S", "1e3s", ".5s", "5.s", "1.2.3s", "+1s", "٣s"];
        for text in bad.into_iter().chain(["18446744073709551615s", "99999999999999999999ms"]) {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn the_refusal_lists_the_units() {
        assert_eq!(
            "5".parse::<Span>().unwrap_err().to_string(),
            "a duration is a number and a unit (ms, s, m, h), such as 5s"
        );
    }

    #[test]
    fn a_duration_reads_back_as_itself() {
        for (text, shown) in [("90s", "90s"), ("120s", "2m"), ("1.5s", "1500ms"), ("0m", "0ms")] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string(), shown);
            assert_eq!(shown.parse(), Ok(span));
        }
    }
}
