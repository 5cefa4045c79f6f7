//! Times as numbers: which are those of something stored, as the conventions of netCDF say it ("days since 2000-01-01"), and
//! as text.

use std::cell::RefCell;
use std::sync::Arc;

/// The name of the newtype struct that a time, or a list of them, is. What is in it is the number of nanoseconds.
pub(crate) static NAME: &str = "__filebacked_timestamp";

/// Whether a newtype struct of that name is a time.
#[inline(always)]
pub(crate) fn is_time(name: &'static str) -> bool {
    std::ptr::eq(name, NAME) || name == NAME
}

/// The number that stands for a time that is missing, as numpy and pandas have it.
pub(crate) const MISSING: i64 = i64::MIN;

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const DAY: i128 = 86_400 * SECOND;

/// What numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeUnits {
    /// Nanoseconds of one.
    scale: i128,
    /// Where they begin, in nanoseconds since 1970.
    origin: i128,
}

impl Default for TimeUnits {
    fn default() -> Self {
        Self { scale: 1, origin: 0 }
    }
}

impl TimeUnits {
    /// The nanoseconds of a day.
    #[cfg(feature = "arrow")]
    pub(crate) const DAY: i128 = DAY;

    /// The nanoseconds of one, if they begin in 1970.
    #[cfg(feature = "arrow")]
    pub(crate) fn per_unit_since_1970(self) -> Option<i128> {
        (self.origin == 0).then_some(self.scale)
    }

    /// What the attributes `units` and `calendar` say.
    pub(crate) fn parse(units: &str, calendar: Option<&str>) -> Result<Self, String> {
        let wrong = |why: &str| format!("the units {units:?} are none of times: {why}");
        let since = "a unit, `since` and a date are expected, as in \"seconds since 1970-01-01\"";
        let (unit, date) = units.trim().split_once(" since ").ok_or_else(|| wrong(since))?;
        let scale = scale(unit.trim()).ok_or_else(|| {
            wrong("what is read are days, hours, minutes, seconds, milliseconds, microseconds and nanoseconds")
        })?;
        let origin = parse_date(date.trim(), true).map_err(|why| wrong(&why))?;
        let calendar = calendar.map(str::to_ascii_lowercase);
        match calendar.as_deref() {
            Some("proleptic_gregorian") => {}
            // Of what is before, they say another date. Without a name, it is the standard calendar.
            None | Some("standard" | "gregorian") if origin >= days_from_civil(1582, 10, 15) * DAY => {}
            calendar => {
                let calendar = calendar.unwrap_or("standard");
                return Err(format!("dates of the calendar {calendar:?} from {date:?} on are not read"));
            }
        }
        Ok(Self { scale, origin })
    }

    /// What numpy's name of a type of times says: `datetime64[ns]`, `datetime64[10s]`.
    pub(crate) fn of_numpy(name: &str) -> Result<Self, String> {
        let wrong = || format!("a `{name}` is no time, or has no number of nanoseconds");
        let unit = name.strip_prefix("datetime64[").and_then(|rest| rest.strip_suffix(']')).ok_or_else(wrong)?;
        let letters = unit.trim_start_matches(|char: char| char.is_ascii_digit());
        let count = match &unit[..unit.len() - letters.len()] {
            "" => 1,
            digits => digits.parse::<u32>().map_err(|_| wrong())?,
        };
        let scale = match letters {
            "m" => MINUTE,
            "W" => 7 * DAY,
            "D" => DAY,
            // Months and years are of different lengths.
            "ns" | "us" | "ms" | "s" | "h" => scale(letters).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
        Ok(Self { scale: scale * i128::from(count), origin: 0 })
    }

    /// The nanoseconds of one.
    pub(crate) fn scale(self) -> i128 {
        self.scale
    }

    /// Where they begin, in nanoseconds since 1970.
    pub(crate) fn origin(self) -> i128 {
        self.origin
    }

    /// The nanoseconds since 1970 that an integer means.
    pub(crate) fn nanoseconds(self, number: i128) -> Option<i128> {
        number.checked_mul(self.scale)?.checked_add(self.origin)
    }

    /// The same of a float, and whether these are all.
    pub(crate) fn nanoseconds_of_float(self, number: f64) -> Option<(i128, bool)> {
        // A float is an integer of 53 bits, times a power of two.
        let (bits, sign) = (number.to_bits(), if number < 0.0 { -1 } else { 1 });
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        if exponent == 0x7ff {
            return None;
        }
        let mantissa = i128::from(bits & ((1 << 52) - 1)) | if exponent == 0 { 0 } else { 1 << 52 };
        let (exact, shift) = (sign * mantissa * self.scale, exponent.max(1) - 1075);
        let (value, is_exact) = match shift {
            0.. => (exact.checked_mul(1_i128.checked_shl(shift as u32).filter(|power| *power > 0)?)?, true),
            // Less than a half of one, as is all that is shifted out.
            ..=-126 => (0, exact == 0),
            _ => {
                let power = 1_i128 << -shift;
                let (whole, rest) = (exact.div_euclid(power), exact.rem_euclid(power));
                (whole + i128::from(rest >= power / 2), rest == 0)
            }
        };
        Some((value.checked_add(self.origin)?, is_exact))
    }
}

/// Nanoseconds of a unit.
fn scale(unit: &str) -> Option<i128> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "nanoseconds" | "nanosecond" | "nanosec" | "nanosecs" | "ns" => 1,
        "microseconds" | "microsecond" | "microsec" | "microsecs" | "us" | "µs" => 1_000,
        "milliseconds" | "millisecond" | "millisec" | "millisecs" | "msec" | "msecs" | "ms" => 1_000_000,
        "seconds" | "second" | "sec" | "secs" | "s" => SECOND,
        "minutes" | "minute" | "min" | "mins" => MINUTE,
        "hours" | "hour" | "hr" | "hrs" | "h" => 60 * MINUTE,
        "days" | "day" | "d" => DAY,
        _ => return None,
    })
}

/// The days from 1970 to a date of the Gregorian calendar, which is taken to have been in use at all times.
fn days_from_civil(year: i64, month: u32, day: u32) -> i128 {
    // Years begin in March here, so that a leap day is their last.
    let year = i128::from(year) - i128::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * i128::from((month + 9) % 12) + 2) / 5 + i128::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

fn days_of_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The nanoseconds since 1970 of a time as ISO 8601 has it: `2024-02-29T12:30:00.5Z`. One without an offset is UTC.
pub(crate) fn parse_time(text: &str) -> Result<i128, String> {
    parse_date(text.trim(), false).map_err(|why| format!("{text:?} is no time: {why}"))
}

/// The same; where that is `lenient`, as dates in units are written: `1900-1-1 0:0`.
fn parse_date(text: &str, lenient: bool) -> Result<i128, String> {
    const EXPECTED: &str = "a date is expected, as in `2024-02-29T12:30:00Z`";
    let wrong = || EXPECTED.to_owned();
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let number = |text: &str, least: usize, most: usize| -> Option<u32> {
        let is = (if lenient { 1 } else { least }..=most).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is)
    };
    let (date, time) = match rest.find(['T', 't', ' ']) {
        Some(at) => (&rest[..at], rest[at + 1..].trim_start()),
        None => (rest, ""),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let part = |part: Option<&str>, least, most| part.and_then(|part| number(part, least, most)).ok_or_else(wrong);
    let (year, month, day) = (i64::from(part(year, 4, 9)?) * sign, part(month, 2, 2)?, part(day, 2, 2)?);
    if parts.next().is_some() {
        return Err(wrong());
    }
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return Err(format!("there is no day {day} of month {month} in {year}"));
    }
    let midnight = days_from_civil(year, month, day) * DAY;
    let (time, offset) = split_offset(time).ok_or_else(wrong)?;
    if time.is_empty() {
        return Ok(midnight - offset);
    }
    let mut parts = time.split(':');
    let (hour, minute) = (part(parts.next(), 2, 2)?, part(parts.next(), 2, 2)?);
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            let digits = fraction.trim_end_matches('0');
            let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number {
                return Err(wrong());
            }
            if digits.len() > 9 {
                return Err("it has more digits than nanoseconds".to_owned());
            }
            (part(Some(whole), 2, 2)?, format!("{digits:0<9}").parse().map_err(|_| wrong())?)
        }
    };
    if parts.next().is_some() {
        return Err(wrong());
    }
    if second == 60 {
        return Err("a leap second has no number of its own".to_owned());
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(format!("there is no time {time}"));
    }
    Ok(midnight + i128::from(hour) * 60 * MINUTE + i128::from(minute) * MINUTE + i128::from(second) * SECOND + fraction
        - offset)
}

/// What stands before the offset from UTC, and that in nanoseconds.
fn split_offset(time: &str) -> Option<(&str, i128)> {
    let time = time.trim_end();
    for utc in ["Z", "z", "UTC", "GMT"] {
        if let Some(time) = time.strip_suffix(utc) {
            return Some((time.trim_end(), 0));
        }
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (hours, minutes) = match time[at + 1..].split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if time.len() - at == 5 && time.is_ascii() => time[at + 1..].split_at(2),
        None => (&time[at + 1..], "0"),
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = i128::from(hours) * 60 * MINUTE + i128::from(minutes) * MINUTE;
    Some((time[..at].trim_end(), if time.as_bytes()[at] == b'-' { -offset } else { offset }))
}

/// What is known of stored times, beside their numbers.
#[derive(Debug, Default)]
pub(crate) struct StoredTimes {
    /// What the numbers mean, or why that is not known.
    pub(crate) units: Option<Result<TimeUnits, String>>,
    /// The number that stands for one that is missing, beside [`MISSING`].
    pub(crate) fill: Option<i64>,
    /// Whether they are floats, if they are numbers.
    pub(crate) is_float: Option<bool>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<StoredTimes>>> = const { RefCell::new(None) };
    /// What is known of the elements that are being read as times.
    static ELEMENTS: RefCell<Option<Arc<StoredTimes>>> = const { RefCell::new(None) };
}

impl StoredTimes {
    /// Has it be there for the times that are asked for first while something is done.
    pub(crate) fn during<R>(self: &Arc<Self>, inside: impl FnOnce() -> R) -> R {
        struct Restore(Option<Arc<StoredTimes>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _back = Restore(CURRENT.replace(Some(Arc::clone(self))));
        inside()
    }

    /// Reads a list whose elements are times of this kind; with none, of a kind that nothing is known of.
    pub(crate) fn of_elements<R>(times: Option<Arc<Self>>, inside: impl FnOnce() -> R) -> R {
        struct Restore(Option<Arc<StoredTimes>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                ELEMENTS.set(self.0.take());
            }
        }
        let _back = Restore(ELEMENTS.replace(times));
        inside()
    }

    /// What is known of the times in the list that is being read.
    pub(crate) fn of_element() -> Option<Arc<Self>> {
        ELEMENTS.with_borrow(Clone::clone)
    }

    /// What is there for the times that are asked for; nothing, where they are of another format.
    pub(crate) fn take() -> Option<Arc<Self>> {
        CURRENT.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text() {
        for (text, wanted) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.000000001", 1),
            ("1970-01-02T01:00:00+01:00", DAY),
            ("1969-12-31T22:30-0130", 0),
            ("2000-02-29T12:30:15.5Z", 951_827_415_500_000_000),
            ("1600-01-01", -135_140 * DAY),
            ("-0001-12-31", -719_529 * DAY),
            ("+12024-01-01", 3_672_148 * DAY),
            ("2024-03-01 00:00:00 UTC", 19_783 * DAY),
        ] {
            assert_eq!(parse_time(text), Ok(wanted), "{text}");
        }
        for text in [
            "",
            "now",
            "2024",
            "2024-13-01",
            "2023-02-29",
            "2024-1-1",
            "2024-01-01T24:00",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.0000000001",
            "2024-01-01T00:00:00.",
            "2024-01-01T00",
            "2024-01-01T00:00:00+é",
            "2024-01-01T00:00:00+99:00",
            "1-2-3-4",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn units_of_netcdf() {
        let at = |units: &str, number| TimeUnits::parse(units, None).unwrap().nanoseconds(number).unwrap();
        for (units, number, wanted) in [
            ("nanoseconds since 1970-01-01", 7, 7),
            ("microseconds since 1970-01-01T00:00:00", -7, -7000),
            ("ms since 1970-1-1 0:0:0", 7, 7_000_000),
            ("seconds since 1970-01-01 00:00:00.5", 1, SECOND + SECOND / 2),
            ("minutes since 1970-01-01 01:00 +1:00", 2, 2 * MINUTE),
            ("Hours since 2000-01-01", 24, 10_958 * DAY),
            ("days since 1900-01-01 00:00:0.0", 25_567, 0),
        ] {
            assert_eq!(at(units, number), wanted, "{units}");
        }
        for units in ["m", "days", "months since 1970-01-01", "days since then", "days since 1970-02-30", ""] {
            assert!(TimeUnits::parse(units, None).is_err(), "{units}");
        }
        assert!(TimeUnits::parse("days since 1970-01-01", Some("standard")).is_ok());
        assert!(TimeUnits::parse("days since 1-1-1", Some("proleptic_gregorian")).is_ok());
        for (units, calendar) in [("days since 0001-01-01", "standard"), ("days since 1970-01-01", "noleap")] {
            assert!(TimeUnits::parse(units, Some(calendar)).is_err(), "{calendar}");
        }
    }

    #[test]
    fn units_of_numpy() {
        for (name, wanted) in [("[ns]", 1), ("[us]", 1000), ("[10s]", 10 * SECOND), ("[m]", MINUTE), ("[W]", 7 * DAY)] {
            let units = TimeUnits::of_numpy(&format!("datetime64{name}"));
            assert_eq!(units, Ok(TimeUnits { scale: wanted, origin: 0 }), "{name}");
        }
        for name in ["datetime64", "datetime64[M]", "datetime64[ps]", "timedelta64[s]", "datetime64[99999999999s]"] {
            assert!(TimeUnits::of_numpy(name).is_err(), "{name}");
        }
    }

    #[test]
    fn floats_are_exact_or_rounded() {
        let days = TimeUnits::parse("days since 1970-01-01", None).unwrap();
        let seconds = TimeUnits::parse("seconds since 1970-01-01", None).unwrap();
        for (units, number, wanted) in [
            (days, 0.5, Some((DAY / 2, true))),
            (days, -1.25, Some((-DAY - DAY / 4, true))),
            (days, 1e4, Some((10_000 * DAY, true))),
            (days, 0.1, Some((DAY / 10, false))),
            (seconds, 0.3, Some((300_000_000, false))),
            (seconds, -0.3, Some((-300_000_000, false))),
            (seconds, f64::MIN_POSITIVE, Some((0, false))),
            (seconds, 0.0, Some((0, true))),
            (seconds, f64::NAN, None),
            (seconds, f64::INFINITY, None),
            (seconds, f64::MAX, None),
        ] {
            assert_eq!(units.nanoseconds_of_float(number), wanted, "{number}");
        }
    }
}
