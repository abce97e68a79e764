//! Moments as people write and read them: RFC 3339, in UTC. Counted in seconds since 1970.

use bson::DateTime;
use std::str::FromStr;
use std::time::SystemTime;

const MILLISECONDS: i64 = 1000;
/// The last second that RFC 3339 can write: the end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A moment that was given on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Seconds since 1970.
    pub(crate) fn seconds(self) -> u64 {
        self.0
    }

    pub(crate) fn now() -> Self {
        Self(SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs()))
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(seconds) = text.parse()
        {
            return Ok(Self(seconds));
        }
        let midnight = || DateTime::parse_rfc3339_str(format!("{text}T00:00:00Z"));
        let moment = DateTime::parse_rfc3339_str(text).or_else(|_| midnight());
        let seconds =
            moment.ok().and_then(|moment| u64::try_from(moment.timestamp_millis().div_euclid(MILLISECONDS)).ok());
        seconds.map(Self).ok_or("a moment is written as 2026-11-22, as 2026-11-22T08:30:00Z, or in seconds since 1970")
    }
}

/// A moment as it is shown: in RFC 3339, or in seconds where that ends.
pub(crate) fn shown(seconds: u64) -> String {
    let written = Some(seconds).filter(|&seconds| seconds <= LAST);
    let milliseconds = written.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(MILLISECONDS));
    let text = milliseconds.and_then(|milliseconds| DateTime::from_millis(milliseconds).try_to_rfc3339_string().ok());
    text.unwrap_or_else(|| format!("{seconds} s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_shown() {
        for text in ["1795300000", "2026-11-21T22:26:40Z", "2026-11-21T23:26:40+01:00", "2026-11-21T22:26:40.9Z"] {
            assert_eq!(text.parse(), Ok(Moment(1_795_300_000)), "{text}");
        }
        assert_eq!("1970-01-02".parse(), Ok(Moment(86_400)));
        for text in ["", "-1", "+5", "1969-12-31", "1969-12-31T23:59:59.5Z", "tomorrow", "2026-13-01", "1.5"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
        assert_eq!(shown(1_795_300_000), "2026-11-21T22:26:40Z");
        assert_eq!(shown(u64::MAX), "18446744073709551615 s");
        assert_eq!(shown((1 << 53) - 1), "9007199254740991 s");
    }
}
