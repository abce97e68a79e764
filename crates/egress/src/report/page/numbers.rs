//! Numbers as people read them.

use bson::DateTime;

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 item`, `2 items`.
pub(super) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `1.2 MiB`; small numbers in bytes.
#[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return of(number, "byte", "bytes");
    }
    let mut value = number as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"");
    for next in units {
        // What would be shown as 1024 is one of the next unit.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let digits = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{} {unit}", digits.trim_end_matches(".0"))
}

/// A part of a whole, rounded towards the unpleasant: 100 % is everything, 0 % is nothing.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    let hundredths = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(0);
    match hundredths {
        _ if part == 0 => "0 %".to_owned(),
        0 => "< 0.01 %".to_owned(),
        _ => format!("{}.{:02} %", hundredths / 100, hundredths % 100).replace(".00 %", " %"),
    }
}

/// A moment in UTC, from seconds since 1970.
pub(super) fn moment(seconds: u64) -> String {
    let milliseconds = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000));
    let text = milliseconds.and_then(|milliseconds| DateTime::from_millis(milliseconds).try_to_rfc3339_string().ok());
    text.map_or_else(|| format!("{seconds} s after 1970"), |text| text.replace('T', " ").replace('Z', " UTC"))
}

/// `4.2 s`, `3 min 20 s`, `2 h 5 min`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration in whole seconds")]
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.clamp(0.0, 1e15) as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", count(whole / 3600), whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let sizes = [1, 1023, 1024, 10 << 10, (1 << 20) - 1, 1 << 20, 5 << 40, u64::MAX].map(bytes);
        assert_eq!(sizes, ["1 byte", "1,023 bytes", "1 KiB", "10 KiB", "1 MiB", "1 MiB", "5 TiB", "16 EiB"]);
        assert_eq!([0.04, 59.0, 200.0, 7500.0].map(duration), ["0.0 s", "59.0 s", "3 min 20 s", "2 h 5 min"]);
        assert_eq!(moment(1_795_300_000), "2026-11-21 22:26:40 UTC");
        assert_eq!(moment(u64::MAX), "18446744073709551615 s after 1970");
    }

    #[test]
    fn a_part_is_never_shown_as_the_whole_and_something_never_as_nothing() {
        assert_eq!(percent(999_999, 1_000_000), "99.99 %");
        assert_eq!(percent(1, 1_000_000), "< 0.01 %");
        assert_eq!(
            [(3, 4), (1, 2), (0, 4), (4, 4), (0, 0)].map(|(part, whole)| percent(part, whole)),
            ["75 %", "50 %", "0 %", "100 %", "100 %"]
        );
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99.99 %");
    }
}
