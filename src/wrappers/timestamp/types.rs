//! The types that are times.

use std::time::{Duration, SystemTime};

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::read::{deserialize_list, deserialize_one, deserialize_options};
use super::serialize_numbers;
use crate::ground::error::Result;
use crate::ground::time::MISSING;
use crate::wrappers::field::{Field, OwnedField, Times};

/// A time that has a number.
pub(super) trait Instant: Sized {
    /// The nanoseconds since 1970; or why there are none.
    fn nanoseconds(&self) -> Result<i128, String>;

    /// The time of so many nanoseconds since 1970; `None` for one that the type does not hold.
    fn of_nanoseconds(nanoseconds: i128) -> Option<Self>;
}

const SECOND: i128 = 1_000_000_000;

/// The number that a time is stored as.
fn number(time: &impl Instant) -> Result<i64, String> {
    let nanoseconds = time.nanoseconds()?;
    let number = i64::try_from(nanoseconds).ok().filter(|number| *number != MISSING);
    number.ok_or_else(|| {
        format!(
            "the time {nanoseconds} ns since 1970 is out of range: times from 1677-09-21 to 2262-04-11 have a number of \
             nanoseconds (64 bits)"
        )
    })
}

/// Seconds since 1970, and the nanoseconds after them.
fn parts(nanoseconds: i128) -> Option<(i64, u32)> {
    Some((i64::try_from(nanoseconds.div_euclid(SECOND)).ok()?, nanoseconds.rem_euclid(SECOND) as u32))
}

impl Instant for SystemTime {
    fn nanoseconds(&self) -> Result<i128, String> {
        let nanoseconds =
            |duration: Duration| i128::from(duration.as_secs()) * SECOND + i128::from(duration.subsec_nanos());
        Ok(match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => nanoseconds(after),
            Err(before) => -nanoseconds(before.duration()),
        })
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let (seconds, rest) = parts(nanoseconds)?;
        let whole = match u64::try_from(seconds) {
            Ok(seconds) => Self::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            Err(_) => Self::UNIX_EPOCH.checked_sub(Duration::from_secs(seconds.unsigned_abs())),
        };
        whole?.checked_add(Duration::from_nanos(rest.into()))
    }
}

#[cfg(feature = "chrono")]
impl Instant for chrono::DateTime<chrono::Utc> {
    fn nanoseconds(&self) -> Result<i128, String> {
        let rest = self.timestamp_subsec_nanos();
        // So it has those.
        if i128::from(rest) >= SECOND {
            return Err("a leap second (23:59:60) has no number of nanoseconds since 1970 of its own".to_owned());
        }
        Ok(i128::from(self.timestamp()) * SECOND + i128::from(rest))
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let (seconds, rest) = parts(nanoseconds)?;
        Self::from_timestamp(seconds, rest)
    }
}

#[cfg(feature = "chrono")]
impl Instant for chrono::NaiveDateTime {
    fn nanoseconds(&self) -> Result<i128, String> {
        self.and_utc().nanoseconds()
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        chrono::DateTime::<chrono::Utc>::of_nanoseconds(nanoseconds).map(|time| time.naive_utc())
    }
}

#[cfg(feature = "jiff")]
impl Instant for jiff::Timestamp {
    fn nanoseconds(&self) -> Result<i128, String> {
        Ok(self.as_nanosecond())
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        Self::from_nanosecond(nanoseconds).ok()
    }
}

#[cfg(feature = "jiff")]
impl Instant for jiff::civil::DateTime {
    fn nanoseconds(&self) -> Result<i128, String> {
        let time = jiff::tz::TimeZone::UTC.to_timestamp(*self).map_err(|error| error.to_string())?;
        time.nanoseconds()
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        jiff::Timestamp::of_nanoseconds(nanoseconds).map(|time| jiff::tz::TimeZone::UTC.to_datetime(time))
    }
}

/// What `with` takes of a type. Options of these are in [`field`](crate::wrappers::field).
macro_rules! fields {
    ($($(#[$attribute:meta])* $type:ty;)*) => {
        $(
            $(#[$attribute])*
            impl Field<Times> for $type {
                fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serialize_numbers(number(self), serializer)
                }
            }

            $(#[$attribute])*
            impl Field<Times> for Vec<$type> {
                fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let numbers = self.iter().map(number).collect::<Result<Vec<i64>, _>>();
                    serialize_numbers(numbers, serializer)
                }
            }

            $(#[$attribute])*
            impl Field<Times> for Vec<Option<$type>> {
                fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let numbers = self.iter().map(|time| time.as_ref().map(number).transpose());
                    serialize_numbers(numbers.collect::<Result<Vec<Option<i64>>, _>>(), serializer)
                }
            }

            $(#[$attribute])*
            impl<'de> OwnedField<'de, Times> for $type {
                fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserialize_one(deserializer)
                }
            }

            $(#[$attribute])*
            impl<'de> OwnedField<'de, Times> for Vec<$type> {
                fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserialize_list(deserializer)
                }
            }

            $(#[$attribute])*
            impl<'de> OwnedField<'de, Times> for Vec<Option<$type>> {
                fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserialize_options(deserializer)
                }
            }
        )*
    };
}
fields! {
    SystemTime;
    #[cfg(feature = "chrono")]
    chrono::DateTime<chrono::Utc>;
    #[cfg(feature = "chrono")]
    chrono::NaiveDateTime;
    #[cfg(feature = "jiff")]
    jiff::Timestamp;
    #[cfg(feature = "jiff")]
    jiff::civil::DateTime;
}
