//! Times are read from numbers, text, and what serde makes of a `SystemTime`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::types::Instant;
use crate::ground::error::Result;
use crate::ground::limits::Limits;
use crate::ground::time::{MISSING, NAME, StoredTimes, TimeUnits, parse_time};

/// What is known of the times that are read; nothing in other formats.
type Known = Option<Arc<StoredTimes>>;

pub(super) fn deserialize_one<'de, T: Instant, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_newtype_struct(NAME, OneVisitor(PhantomData))
}

pub(super) fn deserialize_list<'de, T: Instant, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_newtype_struct(NAME, ListVisitor(One::<T>::new))
}

pub(super) fn deserialize_options<'de, T: Instant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<T>>, D::Error> {
    deserializer.deserialize_newtype_struct(NAME, ListVisitor(Optional::<T>::new))
}

/// One time.
struct One<T>(Known, PhantomData<T>);

impl<T> One<T> {
    fn new(known: Known) -> Self {
        Self(known, PhantomData)
    }
}

impl<'de, T: Instant> DeserializeSeed<'de> for One<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let found = read_number(&self.0, deserializer)?;
        time(found.ok_or_else(|| D::Error::custom("the time is missing (`NaT`): read an `Option` of it"))?)
    }
}

/// One time, or none.
struct Optional<T>(Known, PhantomData<T>);

impl<T> Optional<T> {
    fn new(known: Known) -> Self {
        Self(known, PhantomData)
    }
}

impl<'de, T: Instant> DeserializeSeed<'de> for Optional<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Instant> Visitor<'de> for Optional<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time, or none")
    }

    fn visit_none<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        read_number(&self.0, deserializer)?.map(time).transpose()
    }
}

/// The time of so many nanoseconds.
fn time<T: Instant, E: serde::de::Error>(nanoseconds: i128) -> Result<T, E> {
    let name = std::any::type_name::<T>();
    T::of_nanoseconds(nanoseconds)
        .ok_or_else(|| E::custom(format_args!("{nanoseconds} ns since 1970 is out of the range of `{name}`")))
}

/// The nanoseconds since 1970 that a time is; `None` if it is missing.
fn read_number<'de, D: Deserializer<'de>>(known: &Known, deserializer: D) -> Result<Option<i128>, D::Error> {
    let (visitor, is_float) = (NumberVisitor(known), known.as_ref().and_then(|known| known.is_float));
    match is_float {
        Some(true) => deserializer.deserialize_f64(visitor),
        Some(false) => deserializer.deserialize_i64(visitor),
        None if deserializer.is_human_readable() => deserializer.deserialize_any(visitor),
        None => deserializer.deserialize_i64(visitor),
    }
}

/// What is in the newtype.
struct OneVisitor<T>(PhantomData<T>);

impl<'de, T: Instant> Visitor<'de> for OneVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        One::new(StoredTimes::take()).deserialize(deserializer)
    }

    /// Some formats have newtype structs as tuples of one.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<T, A::Error> {
        elements.next_element_seed(One::new(None))?.ok_or_else(|| A::Error::invalid_length(0, &self))
    }
}

/// A list in the newtype, whose elements `F` makes the seeds for.
struct ListVisitor<F>(F);

impl<'de, F: Fn(Known) -> Seed, Seed: DeserializeSeed<'de>> Visitor<'de> for ListVisitor<F> {
    type Value = Vec<Seed::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of times")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor(self.0, StoredTimes::take()))
    }
}

/// The elements of such a list.
struct ElementsVisitor<F>(F, Known);

impl<'de, F: Fn(Known) -> Seed, Seed: DeserializeSeed<'de>> Visitor<'de> for ElementsVisitor<F> {
    type Value = Vec<Seed::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of times")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        /// No more memory than this on the word of a file.
        const MAX_FORETOLD: usize = 1 << 16;
        let mut times = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(MAX_FORETOLD));
        while let Some(time) = elements.next_element_seed((self.0)(self.1.clone()))? {
            times.push(time);
        }
        Ok(times)
    }
}

/// A time, whatever it is stored as.
struct NumberVisitor<'a>(&'a Known);

impl NumberVisitor<'_> {
    fn units(&self) -> Result<TimeUnits, String> {
        match self.0.as_ref().and_then(|known| known.units.as_ref()) {
            Some(units) => units.clone(),
            None => Ok(TimeUnits::default()),
        }
    }

    fn integer<E: serde::de::Error>(&self, number: i128) -> Result<Option<i128>, E> {
        let fill = self.0.as_ref().and_then(|known| known.fill);
        if number == MISSING.into() || fill.is_some_and(|fill| number == fill.into()) {
            return Ok(None);
        }
        let nanoseconds = self.units().map_err(E::custom)?.nanoseconds(number);
        nanoseconds.map(Some).ok_or_else(|| E::custom(format_args!("the time {number} is out of range")))
    }
}

impl<'de> Visitor<'de> for NumberVisitor<'_> {
    type Value = Option<i128>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time: a number, or a string such as \"2024-02-29T12:30:00Z\"")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Option<i128>, E> {
        self.integer(number.into())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Option<i128>, E> {
        self.integer(number.into())
    }

    fn visit_f32<E: serde::de::Error>(self, number: f32) -> Result<Option<i128>, E> {
        self.visit_f64(number.into())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Option<i128>, E> {
        if number.is_nan() {
            return Ok(None);
        }
        match self.units().map_err(E::custom)?.nanoseconds_of_float(number) {
            Some((nanoseconds, is_exact)) if is_exact || Limits::rounds() => Ok(Some(nanoseconds)),
            Some(_) => Err(E::custom(format_args!(
                "the time {number:?} is no whole number of nanoseconds; `ReadOptions::allow_rounding` takes the nearest"
            ))),
            None => Err(E::custom(format_args!("the time {number:?} is out of range"))),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<i128>, E> {
        if text == "NaT" {
            return Ok(None);
        }
        parse_time(text).map(Some).map_err(E::custom)
    }

    /// What serde makes of a `SystemTime`.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<i128>, A::Error> {
        const SECONDS: &str = "secs_since_epoch";
        const NANOSECONDS: &str = "nanos_since_epoch";
        let (mut seconds, mut nanoseconds) = (None, None);
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                SECONDS => seconds = Some(fields.next_value::<i64>()?),
                NANOSECONDS => nanoseconds = Some(fields.next_value::<u32>()?),
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        let seconds = seconds.ok_or_else(|| A::Error::missing_field(SECONDS))?;
        let nanoseconds = nanoseconds.ok_or_else(|| A::Error::missing_field(NANOSECONDS))?;
        Ok(Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)))
    }
}
