//! Durations, rates and sizes as people write them: `5s`, `500/s`, `64KiB`.
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::model::Span;

/// Nanoseconds since the run's origin: what pacers, clients and histograms count in.
pub type Nanos = u64;

/// Nanoseconds of a second.
pub const SECOND: Nanos = 1_000_000_000;

/// The nanoseconds of a duration; 584 years are the most that fits.
pub fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// Reads `5s`, `100ms`, `2m` or `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<Span>().map(|span| span.0).map_err(|error| error.to_string())
}

/// The same, but for 0.
pub fn some_time(text: &str) -> Result<Duration, String> {
    let read = duration(text)?;
    if read.is_zero() {
        Err(format!("`{text}` is no time in which anything happens"))
    } else {
        Ok(read)
    }
}

/// Reads `500/s`, `60000/min`, `2k/s`, or a bare number of requests per second.
pub fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("`{text}` is no rate; write 500/s, 2k/s or 60000/min");
    let (amount, per) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match per.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err(wrong()),
    };
    let (number, unit) = split(amount);
    let factor = match unit {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        _ => return Err(wrong()),
    };
    let value = number.ok_or_else(wrong)? * factor / seconds;
    if value > 0.0 && value.is_finite() { Ok(Rate(value)) } else { Err(wrong()) }
}

/// Reads `512`, `512B`, `64KiB`, `2KB` or `1MiB`.
pub fn size(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size; write 512, 2KB or 64KiB");
    let (number, unit) = split(text);
    let factor = match unit {
        "" | "B" => 1.0,
        "KB" => 1e3,
        "KiB" => 1024.0,
        "MB" => 1e6,
        "MiB" => 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let bytes = number.ok_or_else(wrong)? * factor;
    if (0.0..=1e12).contains(&bytes) { Ok(bytes as usize) } else { Err(wrong()) }
}

/// The number in front and the unit behind it.
fn split(text: &str) -> (Option<f64>, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (text[..end].parse().ok(), text[end..].trim())
}

/// For `serde(deserialize_with)`: a duration as text.
pub(super) fn duration_text<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text).map_err(serde::de::Error::custom)
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        rate(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("5 apples").is_err());
        assert_eq!(some_time("5s"), Ok(Duration::from_secs(5)));
        assert!(some_time("0ms").unwrap_err().starts_with("`0ms` is no time"));
    }

    #[test]
    fn rates_are_per_second_or_per_minute() {
        assert_eq!(rate("500/s"), Ok(Rate(500.0)));
        assert_eq!(rate("2k/s"), Ok(Rate(2000.0)));
        assert_eq!(rate("60000/min"), Ok(Rate(1000.0)));
        assert_eq!(rate("7"), Ok(Rate(7.0)));
        for bad in ["0/s", "5/day", "fast", "1x/s"] {
            assert!(rate(bad).unwrap_err().contains("is no rate"), "{bad}");
        }
    }

    #[test]
    fn sizes_are_decimal_or_binary() {
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!(size("2KB"), Ok(2000));
        assert!(size("2 apples").unwrap_err().contains("is no size"));
    }
}
