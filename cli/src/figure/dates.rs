//! Axes of dates: which times numbers stand for, and marks at round ones.

use chrono::{Datelike, NaiveDate};
use filebacked::objects::Times;

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;
/// Dates that are further from 1970 are not drawn: nobody means them.
const MOST_DAYS: i128 = 366 * 100_000;
/// On a shorter axis, marks do not say their day; on one that is shorter still, nor their hour and minute.
const OF_DAYS: i128 = 4 * DAY;
const OF_MINUTES: i128 = 30 * SECOND;

/// What the numbers along an axis stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dates(Times);

/// From one mark to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Nanoseconds(i128),
    Months(i128),
}

impl Dates {
    pub(crate) fn new(times: Times) -> Self {
        Self(times)
    }

    /// The nanoseconds since 1970 that a number stands for.
    fn nanoseconds(self, value: f64) -> Option<i128> {
        let (unit, origin) = (self.0.unit(), self.0.origin());
        let counted = value * unit as f64;
        let is_date = counted.abs() < (MOST_DAYS * DAY) as f64;
        let nanoseconds = if is_date { origin.checked_add(counted.round() as i128)? } else { return None };
        (nanoseconds.abs() < MOST_DAYS * DAY).then_some(nanoseconds)
    }

    /// The number that stands for so many nanoseconds since 1970.
    fn value(self, nanoseconds: i128) -> f64 {
        let (unit, counted) = (self.0.unit(), nanoseconds - self.0.origin());
        // Whole units are exact, and the rest is less than one.
        counted.div_euclid(unit) as f64 + counted.rem_euclid(unit) as f64 / unit as f64
    }

    /// Marks at round times, at most about as many as are asked for; none where the numbers are no dates that anybody means.
    pub(crate) fn ticks(self, low: f64, high: f64, most: usize) -> Option<Vec<(f64, String)>> {
        let (low, high) = (self.nanoseconds(low)?, self.nanoseconds(high)?);
        let most = most.max(2) as i128;
        let step = steps().find(|step| (high - low) / step.length() <= most)?;
        let ticks: Vec<i128> = match step {
            Step::Nanoseconds(step) => {
                // Weeks begin on Mondays.
                let offset = if step % (7 * DAY) == 0 { 4 * DAY } else { 0 };
                let first = (low - offset + step - 1).div_euclid(step) * step + offset;
                (0..).map(|number| first + number * step).take_while(|tick| *tick <= high).collect()
            }
            Step::Months(step) => {
                let (year, month, _) = date(low.div_euclid(DAY));
                let first = (i128::from(year) * 12 + i128::from(month) - 1).div_euclid(step) * step;
                let months = (0..).map(|number| month_start(first + number * step));
                months.skip_while(|tick| *tick < low).take_while(|tick| *tick <= high).collect()
            }
        };
        Some(ticks.into_iter().map(|tick| (self.value(tick), label(tick, step))).collect())
    }

    /// What marks between two values do not say: the day, or the minute, that they are of.
    pub(crate) fn place(self, low: f64, high: f64) -> Option<String> {
        let (low, high) = (self.nanoseconds(low)?, self.nanoseconds(high)?);
        match high - low {
            ..OF_MINUTES => Some(minute_words(low)),
            OF_MINUTES..OF_DAYS if low.div_euclid(DAY) == high.div_euclid(DAY) => Some(day_words(low)),
            OF_MINUTES..OF_DAYS => Some(format!("{} to {}", day_words(low), day_words(high))),
            _ => None,
        }
    }

    /// A value as a time.
    pub(crate) fn words(self, value: f64) -> Option<String> {
        let nanoseconds = self.nanoseconds(value)?;
        let of_day = nanoseconds.rem_euclid(DAY);
        let day = day_words(nanoseconds);
        Some(match (of_day, of_day % SECOND) {
            (0, _) => day,
            (_, 0) => format!("{day} {}", time_words(of_day)),
            (_, rest) => format!("{day} {}.{}", time_words(of_day), format!("{rest:09}").trim_end_matches('0')),
        })
    }
}

impl Step {
    /// About how long it is.
    fn length(self) -> i128 {
        match self {
            Self::Nanoseconds(step) => step,
            Self::Months(months) => months * 30 * DAY,
        }
    }
}

/// All steps, from the shortest on.
fn steps() -> impl Iterator<Item = Step> {
    let fractions = (0..9).flat_map(|exponent| [1, 2, 5].map(|factor| factor * 10_i128.pow(exponent)));
    let seconds = [1, 2, 5, 10, 15, 30].map(|count| count * SECOND);
    let minutes = [1, 2, 5, 10, 15, 30].map(|count| count * MINUTE);
    let hours = [1, 2, 3, 6, 12].map(|count| count * HOUR);
    let days = [1, 2, 7, 14].map(|count| count * DAY);
    let years = (0..5).flat_map(|exponent| [1, 2, 5].map(|factor| 12 * factor * 10_i128.pow(exponent)));
    let short = fractions.chain(seconds).chain(minutes).chain(hours).chain(days).map(Step::Nanoseconds);
    short.chain([1, 2, 3, 6].into_iter().chain(years).map(Step::Months))
}

/// What stands at a mark: as much as tells it from the others.
fn label(tick: i128, step: Step) -> String {
    let of_day = tick.rem_euclid(DAY);
    match step {
        Step::Months(months) if months % 12 == 0 => year_words(date(tick.div_euclid(DAY)).0),
        Step::Months(_) => {
            let (year, month, _) = date(tick.div_euclid(DAY));
            format!("{}-{month:02}", year_words(year))
        }
        Step::Nanoseconds(step) if step % DAY == 0 => day_words(tick),
        Step::Nanoseconds(step) if step < SECOND => {
            let digits = (9 - step.ilog10()) as usize;
            let (seconds, rest) = (of_day / SECOND % 60, of_day % SECOND);
            format!("{seconds:02}.{}", &format!("{rest:09}")[..digits])
        }
        // Where a day begins.
        Step::Nanoseconds(_) if of_day == 0 => {
            let (_, month, day) = date(tick.div_euclid(DAY));
            format!("{month:02}-{day:02}")
        }
        Step::Nanoseconds(step) if step % MINUTE == 0 => time_words(of_day)[..5].to_owned(),
        Step::Nanoseconds(_) => time_words(of_day),
    }
}

fn time_words(of_day: i128) -> String {
    format!("{:02}:{:02}:{:02}", of_day / HOUR, of_day / MINUTE % 60, of_day / SECOND % 60)
}

fn day_words(nanoseconds: i128) -> String {
    let (year, month, day) = date(nanoseconds.div_euclid(DAY));
    format!("{}-{month:02}-{day:02}", year_words(year))
}

fn minute_words(nanoseconds: i128) -> String {
    format!("{} {}", day_words(nanoseconds), &time_words(nanoseconds.rem_euclid(DAY))[..5])
}

fn year_words(year: i64) -> String {
    if year < 0 { format!("-{:04}", -year) } else { format!("{year:04}") }
}

/// The date so many days after 1970 began, in the Gregorian calendar. The years of those that are shown have five digits at most.
fn date(days: i128) -> (i64, u32, u32) {
    let date = i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default();
    (date.year().into(), date.month(), date.day())
}

/// The nanoseconds since 1970 at which a month begins; they are counted from the year 0.
fn month_start(months: i128) -> i128 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month as u32, 1));
    i128::from(date.unwrap_or_default().to_epoch_days()) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(units: &str) -> Dates {
        Dates(Times::parse(units, None).unwrap())
    }

    #[test]
    fn marks_are_round_times() {
        for (units, low, high, most, expected) in [
            ("seconds since 1970-01-01", 0.0, 10.0, 5, "01-01 00:00:02 00:00:04 00:00:06 00:00:08 00:00:10"),
            ("days since 2024-01-15", 0.0, 120.0, 5, "2024-02 2024-03 2024-04 2024-05"),
            ("days since 1900-01-01", 0.0, 36_524.0, 5, "1900 1920 1940 1960 1980 2000"),
            ("hours since 2024-02-28 18:00", 0.0, 48.0, 4, "02-29 12:00 03-01 12:00"),
            ("ms since 2024-03-05 12:30:00", 0.0, 1000.0, 4, "00.0 00.5 01.0"),
            (
                "ns since 2024-03-05 12:30:59.999999998",
                0.0,
                3.0,
                4,
                "59.999999998 59.999999999 00.000000000 00.000000001",
            ),
            ("days since 0001-01-01", -400.0, 400.0, 3, "0000 0001 0002"),
            ("days since 2024-01-01", 0.0, 30.0, 5, "2024-01-01 2024-01-08 2024-01-15 2024-01-22 2024-01-29"),
        ] {
            let dates = Dates(Times::parse(units, Some("proleptic_gregorian")).unwrap());
            let ticks = dates.ticks(low, high, most).unwrap();
            let labels: Vec<&str> = ticks.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels.join(" "), expected, "{units}");
        }
    }

    /// Whatever is along an axis, marks are few, in order, and on it.
    #[test]
    fn marks_are_sound() {
        for units in ["ns since 1970-01-01", "seconds since 2000-02-29", "days since 1800-01-01 06:00"] {
            let dates = dates(units);
            for low in [0.0, -1e3, 1.7e9, 1e18, -3e5] {
                for span in [1e-3, 1.0, 7.0, 1e3, 86_400.0, 1e7, 1e12, 1e17] {
                    for most in [2, 5, 12] {
                        let Some(ticks) = dates.ticks(low, low + span, most) else { continue };
                        assert!(ticks.len() <= most + 2, "{units} {low} {span} {ticks:?}");
                        assert!(ticks.is_sorted_by(|one, two| one.0 <= two.0), "{ticks:?}");
                        let on = |value: f64| value >= low - span * 1e-6 - 1e3 * low.abs() * f64::EPSILON;
                        assert!(ticks.iter().all(|(value, _)| on(*value)), "{units} {low} {span} {ticks:?}");
                    }
                }
            }
        }
        assert!(dates("days since 1970-01-01").ticks(0.0, 1e300, 5).is_none());
        assert!(dates("days since 1970-01-01").ticks(f64::NAN, 1.0, 5).is_none());
    }

    #[test]
    fn times_in_words() {
        let seconds = dates("seconds since 1970-01-01");
        for (value, expected) in [
            (0.0, "1970-01-01"),
            (951_827_415.5, "2000-02-29 12:30:15.5"),
            (-1.0, "1969-12-31 23:59:59"),
            (1_709_251_199.0, "2024-02-29 23:59:59"),
        ] {
            assert_eq!(seconds.words(value).as_deref(), Some(expected));
        }
        for (low, high, expected) in [
            (0.0, 10.0, Some("1970-01-01 00:00")),
            (0.0, 3600.0, Some("1970-01-01")),
            (80_000.0, 90_000.0, Some("1970-01-01 to 1970-01-02")),
            (0.0, 1e7, None),
        ] {
            assert_eq!(seconds.place(low, high).as_deref(), expected);
        }
        // Each day of some centuries is the one after that before it.
        let mut last = date(-200_000);
        for days in -199_999..200_000 {
            let next = date(days);
            let follows =
                next.2 == last.2 + 1 && next.1 == last.1 || next.2 == 1 && (next.1 == last.1 + 1 || next.1 == 1);
            assert!(follows, "{last:?} {next:?}");
            if next.2 == 1 {
                assert_eq!(month_start(i128::from(next.0) * 12 + i128::from(next.1) - 1), days * DAY);
            }
            last = next;
        }
    }
}
