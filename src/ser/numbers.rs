//! Typed vectors of numbers: what most data is made of.

use super::column::Expected;
use crate::h5::{Element, Number, element_bytes};

/// A vector of numbers of one type.
#[derive(Debug, Clone)]
pub(super) enum Numbers {
    Bool(Vec<bool>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Times, as nanoseconds since 1970.
    Time(Vec<i64>),
}

/// Does the same for the vector of whichever type.
macro_rules! each {
    ($numbers:expr, $vec:ident => $body:expr) => {
        match $numbers {
            Numbers::Bool($vec) => $body,
            Numbers::I8($vec) => $body,
            Numbers::I16($vec) => $body,
            Numbers::I32($vec) => $body,
            Numbers::I64($vec) => $body,
            Numbers::U8($vec) => $body,
            Numbers::U16($vec) => $body,
            Numbers::U32($vec) => $body,
            Numbers::U64($vec) => $body,
            Numbers::F32($vec) => $body,
            Numbers::F64($vec) => $body,
            Numbers::Time($vec) => $body,
        }
    };
}

/// A number that goes into a vector of its own type.
pub(super) trait Push: Element {
    /// What stands where there is no number: numpy's and pandas' NaN, 0 or false.
    const FILLER: Self;
    /// The vector, if it is of this type.
    fn vec(numbers: &mut Numbers) -> Option<&mut Vec<Self>>;
    /// The vector as one of numbers.
    fn wrap(vec: Vec<Self>) -> Numbers;
    /// The number as the widest integer; `None` for one that is no integer.
    fn integer(self) -> Option<i128>;
}

macro_rules! push {
    ($($type:ty = $variant:ident $(+ $other:ident)? $filler:expr, $self:ident $integer:expr;)*) => {
        $(impl Push for $type {
            const FILLER: Self = $filler;

            #[inline]
            fn vec(numbers: &mut Numbers) -> Option<&mut Vec<Self>> {
                match numbers {
                    Numbers::$variant(vec) => Some(vec),
                    $(Numbers::$other(vec) => Some(vec),)?
                    _ => None,
                }
            }

            fn wrap(vec: Vec<Self>) -> Numbers {
                Numbers::$variant(vec)
            }

            fn integer($self) -> Option<i128> {
                $integer
            }
        })*
    };
}
push! {
    bool = Bool false, self None;
    i8 = I8 0, self Some(i128::from(self));
    i16 = I16 0, self Some(i128::from(self));
    i32 = I32 0, self Some(i128::from(self));
    i64 = I64 + Time 0, self Some(i128::from(self));
    u8 = U8 0, self Some(i128::from(self));
    u16 = U16 0, self Some(i128::from(self));
    u32 = U32 0, self Some(i128::from(self));
    u64 = U64 0, self Some(i128::from(self));
    f32 = F32 f32::NAN, self None;
    f64 = F64 f64::NAN, self None;
}

impl Numbers {
    #[inline]
    pub(super) fn len(&self) -> usize {
        each!(self, vec => vec.len())
    }

    #[inline]
    pub(super) fn number(&self) -> Number {
        fn of<T: Element>(_: &[T]) -> Number {
            T::NUMBER
        }
        each!(self, vec => of(vec))
    }

    /// The numbers as they are in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        each!(self, vec => element_bytes(vec))
    }

    /// Takes note that they are times.
    #[inline]
    pub(super) fn mark_times(&mut self) {
        if let Self::I64(vec) = self {
            *self = Self::Time(std::mem::take(vec));
        }
    }

    /// Takes all numbers out; the memory stays.
    pub(super) fn clear(&mut self) {
        each!(self, vec => vec.clear());
    }

    /// Makes room for numbers that are to come.
    pub(super) fn reserve(&mut self, expected: Expected) {
        each!(self, vec => expected.reserve(vec));
    }

    /// Adds the numbers that `bytes` are.
    pub(super) fn extend_from_bytes(&mut self, bytes: &[u8]) {
        each!(self, vec => Element::extend_from_bytes(vec, bytes));
    }

    /// Adds what stands where there is no number.
    pub(super) fn push_filler(&mut self) {
        each!(self, vec => vec.push(Push::FILLER));
    }

    /// Adds the number at `index` of `source`, which is of the same type; returns whether it is.
    pub(super) fn push_from(&mut self, source: &Self, index: usize) -> bool {
        macro_rules! same {
            ($($variant:ident)*) => {
                match (self, source) {
                    (Self::I64(vec) | Self::Time(vec), Self::I64(source) | Self::Time(source)) => vec.push(source[index]),
                    $((Self::$variant(vec), Self::$variant(source)) => vec.push(source[index]),)*
                    _ => return false,
                }
            };
        }
        same!(Bool I8 I16 I32 U8 U16 U32 U64 F32 F64);
        true
    }

    /// Whether these are integers of a type that stands for those of `other`, too.
    pub(super) fn holds(&self, other: Number) -> bool {
        common(self.number(), other) == Some(self.number())
    }

    /// The integers in the smallest integer type that holds them and `more` of type `other`; `None` where there is no
    /// such type, or where these are no integers.
    pub(super) fn widened(&self, other: Number, more: i128) -> Option<Self> {
        let target = common(self.number(), other)?;
        macro_rules! convert {
            ($type:ty, $variant:ident) => {{
                <$type>::try_from(more).ok()?;
                let mut wide = Vec::with_capacity(self.len() + 1);
                each!(self, vec => for number in vec {
                    wide.push(<$type>::try_from(number.integer()?).ok()?);
                });
                Some(Self::$variant(wide))
            }};
        }
        match target {
            Number::I16 => convert!(i16, I16),
            Number::I32 => convert!(i32, I32),
            Number::I64 => convert!(i64, I64),
            Number::U16 => convert!(u16, U16),
            Number::U32 => convert!(u32, U32),
            Number::U64 => convert!(u64, U64),
            _ => None,
        }
    }

    /// Adds an integer that is known to fit; returns whether it does.
    pub(super) fn push_integer(&mut self, value: i128) -> bool {
        macro_rules! fit {
            ($($variant:ident)*) => {
                match self {
                    $(Self::$variant(vec) => value.try_into().map(|value| vec.push(value)).is_ok(),)*
                    Self::Bool(_) | Self::F32(_) | Self::F64(_) => false,
                }
            };
        }
        fit!(I8 I16 I32 I64 U8 U16 U32 U64 Time)
    }
}

/// The smallest integer type for the values of both; 64 bits hold what does not exceed them.
fn common(one: Number, other: Number) -> Option<Number> {
    let signed = |number| match number {
        Number::I8 | Number::I16 | Number::I32 | Number::I64 => Some(true),
        Number::U8 | Number::U16 | Number::U32 | Number::U64 => Some(false),
        _ => None,
    };
    let (one_signed, other_signed) = (signed(one)?, signed(other)?);
    // A sign takes room beside an unsigned number.
    let room = |number: Number, alone: bool| if alone { number.size() } else { 2 * number.size() };
    let any_signed = one_signed || other_signed;
    let size = room(one, one_signed == any_signed).max(room(other, other_signed == any_signed)).min(8);
    Some(match (size, any_signed) {
        (1, true) => Number::I8,
        (2, true) => Number::I16,
        (4, true) => Number::I32,
        (8, true) => Number::I64,
        (1, false) => Number::U8,
        (2, false) => Number::U16,
        (4, false) => Number::U32,
        _ => Number::U64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_meet_in_the_smallest_type_for_both() {
        for (one, other, both) in [
            (Number::U8, Number::U16, Some(Number::U16)),
            (Number::U8, Number::I8, Some(Number::I16)),
            (Number::I64, Number::U64, Some(Number::I64)),
            (Number::U32, Number::I8, Some(Number::I64)),
            (Number::I8, Number::I32, Some(Number::I32)),
            (Number::U64, Number::F64, None),
            (Number::Bool, Number::U8, None),
        ] {
            assert_eq!(common(one, other), both);
            assert_eq!(common(other, one), both);
        }
    }
}
