//! Moments as Java prints them, in UTC.

use crate::model::Millis;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment, taken apart.
struct Civil {
    year: u64,
    /// 1 to 12.
    month: usize,
    /// 1 to 31.
    date: u64,
    /// Days since 1970.
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    millis: u64,
}

impl Civil {
    /// Hinnant's algorithm.
    fn of(at: Millis) -> Self {
        let (day, rest) = (at.0 / 86_400_000, at.0 % 86_400_000);
        let z = day + 719_468;
        let (era, doe) = (z / 146_097, z % 146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        Self {
            year: yoe + era * 400 + u64::from(month <= 2),
            month: month as usize,
            date: doy - (153 * mp + 2) / 5 + 1,
            day,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1_000 % 60,
            millis: rest % 1_000,
        }
    }
}

/// `2026-11-22T14:06:41.095` and the offset given.
pub fn iso_millis(at: Millis, offset: &str) -> String {
    let Civil { year, month, date, hour, minute, second, millis, .. } = Civil::of(at);
    format!("{year}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}{offset}")
}

/// `yyyy-MM-dd HH:mm:ss`.
pub fn java_seconds(at: Millis) -> String {
    let Civil { year, month, date, hour, minute, second, .. } = Civil::of(at);
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02}")
}

/// `Date.toString`: `Sun Nov 22 14:06:47 UTC 2026`.
pub fn java_date(at: Millis) -> String {
    let Civil { year, month, date, day, hour, minute, second, .. } = Civil::of(at);
    let (weekday, month) = (DAYS[(day % 7) as usize], MONTHS[month - 1]);
    format!("{weekday} {month} {date:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP headers carry it.
pub fn http_date(at: Millis) -> String {
    let Civil { year, month, date, day, hour, minute, second, .. } = Civil::of(at);
    let (weekday, month) = (DAYS[(day % 7) as usize], MONTHS[month - 1]);
    format!("{weekday}, {date:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_in_java() {
        let at = Millis(1_795_356_407_693);
        assert_eq!(iso_millis(at, "+0000"), "2026-11-22T14:06:47.693+0000");
        assert_eq!(java_seconds(at), "2026-11-22 14:06:47");
        assert_eq!(java_date(at), "Sun Nov 22 14:06:47 UTC 2026");
        assert_eq!(http_date(Millis(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(Millis(1_709_210_096_000)), "Thu, 29 Feb 2024 12:34:56 GMT");
    }
}
