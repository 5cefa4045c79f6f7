//! Which of Arrow's types are stored as what: the table is in the docs of the [module](super).

use arrow_schema::{DataType, TimeUnit};

use crate::de::Marks;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::time::TimeUnits;
use crate::h5::Number;
use crate::layout::{GREGORIAN, NANOSECONDS};

pub(super) use crate::de::{SINCE, TIMEZONE};
pub(super) use crate::layout::{CALENDAR, UNITS};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;
/// What times of a day are counted from.
pub(super) const MIDNIGHT: &str = "midnight";
/// What times are counted from, behind what counts them.
const EPOCH: &str = " since 1970-01-01";
/// The attributes of dates.
pub(super) const DATE_MARKS: [(&str, &str); 2] = [(UNITS, "days since 1970-01-01"), CALENDAR_MARK];
/// The calendar of all dates.
pub(super) const CALENDAR_MARK: (&str, &str) = (CALENDAR, GREGORIAN);

/// How long a unit of times of a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeOfDay {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl TimeOfDay {
    /// That of one of Arrow's types, if it has such a type.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Time32(TimeUnit::Second) => Some(Self::Seconds),
            DataType::Time32(TimeUnit::Millisecond) => Some(Self::Milliseconds),
            DataType::Time64(TimeUnit::Microsecond) => Some(Self::Microseconds),
            DataType::Time64(TimeUnit::Nanosecond) => Some(Self::Nanoseconds),
            _ => None,
        }
    }
}

/// What numbers stand for beside themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Number,
    Half,
    Days,
    Timestamp(TimeUnit, Option<String>),
    Duration(TimeUnit),
    TimeOfDay(TimeOfDay),
}

impl Meaning {
    /// What attributes say of such numbers. What they say that Arrow has no type for says nothing.
    pub(super) fn of(number: Number, marks: Marks) -> Self {
        let Marks { units, calendar, since, timezone, is_half } = marks;
        if is_half {
            return Self::Half;
        }
        let Some(units) = units else { return Self::Number };
        if units.contains(" since ") {
            let Ok(units) = TimeUnits::parse(&units, calendar.as_deref()) else { return Self::Number };
            return match (units.per_unit_since_1970(), number) {
                (Some(TimeUnits::DAY), _) => Self::Days,
                (Some(1_000_000_000), Number::I64) => Self::Timestamp(TimeUnit::Second, timezone),
                (Some(1_000_000), Number::I64) => Self::Timestamp(TimeUnit::Millisecond, timezone),
                (Some(1_000), Number::I64) => Self::Timestamp(TimeUnit::Microsecond, timezone),
                (Some(1), Number::I64) => Self::Timestamp(TimeUnit::Nanosecond, timezone),
                _ => Self::Number,
            };
        }
        let is_of_day = since.as_deref() == Some(MIDNIGHT);
        match (unit_of(&units), number, is_of_day) {
            (Some(TimeUnit::Second), Number::I32, true) => Self::TimeOfDay(TimeOfDay::Seconds),
            (Some(TimeUnit::Millisecond), Number::I32, true) => Self::TimeOfDay(TimeOfDay::Milliseconds),
            (Some(TimeUnit::Microsecond), Number::I64, true) => Self::TimeOfDay(TimeOfDay::Microseconds),
            (Some(TimeUnit::Nanosecond), Number::I64, true) => Self::TimeOfDay(TimeOfDay::Nanoseconds),
            (Some(unit), Number::I64, false) => Self::Duration(unit),
            _ => Self::Number,
        }
    }
}

/// The unit of a duration.
fn unit_of(word: &str) -> Option<TimeUnit> {
    match word {
        "seconds" => Some(TimeUnit::Second),
        "milliseconds" => Some(TimeUnit::Millisecond),
        "microseconds" => Some(TimeUnit::Microsecond),
        "nanoseconds" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

pub(super) fn units_of_duration(unit: TimeUnit) -> &'static str {
    units_of_timestamp(unit).trim_end_matches(EPOCH)
}

pub(super) fn units_of_timestamp(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds since 1970-01-01",
        TimeUnit::Millisecond => "milliseconds since 1970-01-01",
        TimeUnit::Microsecond => "microseconds since 1970-01-01",
        TimeUnit::Nanosecond => NANOSECONDS,
    }
}

/// What numpy calls a time, as one of Arrow's types; `None` where Arrow has none, as for weeks.
pub(super) fn type_of_time(name: &str) -> Option<DataType> {
    let (sort, unit) = name.strip_suffix(']')?.split_once('[')?;
    let unit = match unit {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    };
    match sort {
        "datetime64" => Some(DataType::Timestamp(unit, None)),
        "timedelta64" => Some(DataType::Duration(unit)),
        _ => None,
    }
}

/// The type of number that elements of a type are in memory, if they are plain numbers.
pub(super) fn plain_number(data_type: &DataType) -> Option<Number> {
    Some(match data_type {
        DataType::Boolean => Number::Bool,
        DataType::Int8 => Number::I8,
        DataType::Int16 => Number::I16,
        DataType::Int32 => Number::I32,
        DataType::Int64 => Number::I64,
        DataType::UInt8 => Number::U8,
        DataType::UInt16 => Number::U16,
        DataType::UInt32 => Number::U32,
        DataType::UInt64 => Number::U64,
        DataType::Float32 => Number::F32,
        DataType::Float64 => Number::F64,
        _ => return None,
    })
}

/// The type of number that elements of a type are stored as, if they are stored as numbers.
pub(super) fn stored_number(data_type: &DataType) -> Option<Number> {
    match data_type {
        DataType::Float16 => Some(Number::F32),
        DataType::Date32 | DataType::Time32(_) => Some(Number::I32),
        DataType::Date64 | DataType::Time64(_) | DataType::Timestamp(..) | DataType::Duration(_) => Some(Number::I64),
        data_type => plain_number(data_type),
    }
}

/// The type of the codes of a dictionary whose keys are of that type: one that has negative numbers, if some are of none.
pub(super) fn code_number(keys: &DataType, has_none: bool) -> Number {
    match (plain_number(keys).unwrap_or(Number::I64), has_none) {
        (Number::U8, true) => Number::I16,
        (Number::U16, true) => Number::I32,
        (Number::U32 | Number::U64, true) => Number::I64,
        (number, _) => number,
    }
}

/// Whether there are fields in what is stored for a type.
pub(super) fn has_fields(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(_) => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            has_fields(item.data_type())
        }
        _ => false,
    }
}

/// Refuses types that are not stored.
pub(super) fn check(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => check(item.data_type()),
        DataType::Struct(fields) => {
            fields.iter().try_for_each(|field| check(field.data_type()).map_err(|error| error.in_field(field.name())))
        }
        DataType::Dictionary(_, values) => match &**values {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(()),
            values if plain_number(values).is_some_and(|number| number != Number::Bool) => Ok(()),
            _ => Err(not_stored(data_type)),
        },
        DataType::Null
        | DataType::Float16
        | DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Duration(_)
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View => Ok(()),
        DataType::Time32(_) | DataType::Time64(_) if TimeOfDay::of(data_type).is_some() => Ok(()),
        data_type if plain_number(data_type).is_some() => Ok(()),
        data_type => Err(not_stored(data_type)),
    }
}

/// The error for a type that is not stored.
#[cold]
pub(super) fn not_stored(data_type: &DataType) -> Error {
    let message = format!("a column of the type `{data_type}` is not stored");
    let advice = match data_type {
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            "cast it to a string, or to a float"
        }
        DataType::Map(..) => "cast it to a list of structs",
        DataType::ListView(_) | DataType::LargeListView(_) => "cast it to a list",
        DataType::RunEndEncoded(..) => "cast it to its values",
        DataType::Dictionary(..) => {
            "dictionaries have strings, integers or floats as their values: cast it to its values"
        }
        DataType::Interval(_) => "cast it to a duration",
        _ => "leave it out of the batch",
    };
    Error::new(ErrorKind::Unsupported, message).advised(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_times() {
        let zone = || Some("Europe/Paris".to_owned());
        for (units, since, number, expected) in [
            ("days since 1970-01-01", None, Number::I32, Meaning::Days),
            ("nanoseconds since 1970-01-01", None, Number::I64, Meaning::Timestamp(TimeUnit::Nanosecond, zone())),
            ("seconds since 1970-01-01 00:00:00", None, Number::I64, Meaning::Timestamp(TimeUnit::Second, zone())),
            ("seconds since 1970-01-01T00:00:00.000Z", None, Number::I64, Meaning::Timestamp(TimeUnit::Second, zone())),
            (
                "seconds since 1970-01-01 00:00:00 +00:00",
                None,
                Number::I64,
                Meaning::Timestamp(TimeUnit::Second, zone()),
            ),
            ("seconds since 1970-01-01", None, Number::I32, Meaning::Number),
            ("seconds since 1970-01-02", None, Number::I64, Meaning::Number),
            ("seconds since 1970-01-01 01:00:00", None, Number::I64, Meaning::Number),
            ("hours since 1970-01-01", None, Number::I64, Meaning::Number),
            ("seconds", None, Number::I64, Meaning::Duration(TimeUnit::Second)),
            ("seconds", None, Number::I32, Meaning::Number),
            ("seconds", Some(MIDNIGHT), Number::I32, Meaning::TimeOfDay(TimeOfDay::Seconds)),
            ("nanoseconds", Some(MIDNIGHT), Number::I64, Meaning::TimeOfDay(TimeOfDay::Nanoseconds)),
            ("seconds", Some(MIDNIGHT), Number::I64, Meaning::Number),
            ("metres", None, Number::I64, Meaning::Number),
            ("ns since 1970-1-1", None, Number::I64, Meaning::Timestamp(TimeUnit::Nanosecond, zone())),
            ("seconds since then", None, Number::I64, Meaning::Number),
        ] {
            let (units, since) = (Some(units.to_owned()), since.map(str::to_owned));
            let marks = Marks { units: units.clone(), since, timezone: zone(), ..Marks::default() };
            assert_eq!(Meaning::of(number, marks.clone()), expected, "{units:?} of {number:?}");
            // Days of another calendar are other days.
            if units.is_some_and(|units| units.contains(" since ")) {
                let marks = Marks { calendar: Some("noleap".to_owned()), ..marks };
                assert_eq!(Meaning::of(number, marks), Meaning::Number);
            }
        }
    }
}
