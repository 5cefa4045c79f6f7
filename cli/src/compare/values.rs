//! Whether values are the same.

use std::cell::Cell;

use filebacked::objects::{ElementType, Elements, Scalar, TypeClass};

use super::findings::Change;
use crate::words;

/// How wide a value is shown, in characters.
const WIDTH: usize = 40;
/// How many elements are looked at as bytes before each is looked at by itself.
const RUN: usize = 256;

/// By how much numbers may differ, as numpy's `isclose` has it, but that both sides count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance {
    pub(super) rtol: f64,
    pub(super) atol: f64,
}

impl Tolerance {
    fn is_exact(self) -> bool {
        self.rtol == 0.0 && self.atol == 0.0
    }

    /// The difference of integers is exact.
    fn is_close_integer(self, one: i128, other: i128) -> bool {
        let most = (one as f64).abs().max((other as f64).abs());
        one == other || one.abs_diff(other) as f64 <= self.atol + self.rtol * most
    }

    fn is_close(self, one: f64, other: f64) -> bool {
        // Infinities are the same, or not.
        one == other
            || one.is_nan() && other.is_nan()
            || (one - other).abs() <= self.atol + self.rtol * one.abs().max(other.abs())
                && one.is_finite()
                && other.is_finite()
    }
}

/// What was found in the values of two objects so far.
pub(super) struct Comparison {
    tolerance: Tolerance,
    shown: usize,
    is_scalar: bool,
    total: u64,
    pub(super) differing: u64,
    /// How many were not compared, as something in them cannot be read, nor its bytes be compared.
    pub(super) unread: u64,
    /// Whether something in the values that are compared cannot be read.
    meets_unread: Cell<bool>,
    largest: Option<f64>,
    first: Vec<(Vec<u64>, String, String)>,
}

impl Comparison {
    pub(super) fn new(tolerance: Tolerance, shown: usize, is_scalar: bool) -> Self {
        let (meets_unread, largest, first) = Default::default();
        Self { tolerance, shown, is_scalar, total: 0, differing: 0, unread: 0, meets_unread, largest, first }
    }

    /// Compares a block of values. `index` says where one is.
    pub(super) fn block(&mut self, one: Elements<'_>, other: Elements<'_>, index: &mut dyn FnMut(u64) -> Vec<u64>) {
        let len = one.len().min(other.len());
        self.total += len as u64;
        let types = [one.element_type(), other.element_type()];
        let is_plain = types[0] == types[1] && !types[0].is_variable() && !types[0].has_references();
        if is_plain && one.bytes() == other.bytes() {
            return;
        }
        let mut start = 0;
        while start < len {
            let end = len.min(start + RUN);
            let (ones, others) = (one.range(start..end), other.range(start..end));
            if !is_plain || ones.bytes() != others.bytes() {
                for (number, (one, other)) in ones.iter().zip(others.iter()).enumerate() {
                    self.meets_unread.set(false);
                    let mut is_same = self.is_same(&one, &other);
                    if is_same && self.meets_unread.get() {
                        let bytes = |elements: Elements<'_>| elements.range(number..number + 1).bytes().to_vec();
                        match is_plain {
                            true => is_same = bytes(ones) == bytes(others),
                            // The bytes say where something is, or are of another type.
                            false => self.unread += 1,
                        }
                    }
                    if !is_same {
                        self.note((start + number) as u64, &one, &other, index);
                    }
                }
            }
            start = end;
        }
    }

    fn note(
        &mut self,
        at: u64,
        one: &filebacked::Result<Scalar<'_>>,
        other: &filebacked::Result<Scalar<'_>>,
        index: &mut dyn FnMut(u64) -> Vec<u64>,
    ) {
        self.differing += 1;
        if let (Ok(one), Ok(other)) = (one, other)
            && let Some(difference) = difference(one, other)
            && difference > 0.0
            && difference.is_finite()
        {
            self.largest = Some(self.largest.map_or(difference, |largest| largest.max(difference)));
        }
        if self.first.len() < self.shown.max(usize::from(self.is_scalar)) {
            let (from, to) = both_words(one, other);
            self.first.push((index(at), from, to));
        }
    }

    fn is_same(&self, one: &filebacked::Result<Scalar<'_>>, other: &filebacked::Result<Scalar<'_>>) -> bool {
        match (one, other) {
            (Ok(one), Ok(other)) => self.is_same_scalar(one, other),
            // Both are what their types do not say. Their bytes are compared.
            (Err(one), Err(other)) => {
                self.meets_unread.set(true);
                one.kind() == other.kind()
            }
            _ => false,
        }
    }

    fn is_same_scalar(&self, one: &Scalar<'_>, other: &Scalar<'_>) -> bool {
        let exact = self.tolerance.is_exact();
        match (one, other) {
            (Scalar::Bool(one), Scalar::Bool(other)) => one == other,
            (Scalar::Integer(one), Scalar::Integer(other)) if exact => one == other,
            (Scalar::Unsigned(one), Scalar::Unsigned(other)) if exact => one == other,
            // Also the sign of zero counts, and what is in a NaN.
            (Scalar::F32(one), Scalar::F32(other)) if exact => one.to_bits() == other.to_bits(),
            (Scalar::F64(one), Scalar::F64(other)) if exact => one.to_bits() == other.to_bits(),
            (Scalar::Integer(one), Scalar::Unsigned(other)) | (Scalar::Unsigned(other), Scalar::Integer(one))
                if exact =>
            {
                u128::try_from(*one) == Ok(*other)
            }
            (Scalar::Text(one), Scalar::Text(other)) => one == other,
            (Scalar::Name(one, _), Scalar::Name(other, _)) => one == other,
            (Scalar::Name(_, one), Scalar::Integer(other)) | (Scalar::Integer(other), Scalar::Name(_, one)) => {
                one == other
            }
            (Scalar::Bytes(one), Scalar::Bytes(other)) => one == other,
            (Scalar::Record(one), Scalar::Record(other)) | (Scalar::Complex(one), Scalar::Complex(other)) => {
                one.len() == other.len()
                    && one
                        .fields()
                        .zip(other.fields())
                        .all(|((name, one), (other_name, other))| name == other_name && self.is_same(&one, &other))
            }
            (Scalar::Array(_, one), Scalar::Array(_, other)) | (Scalar::List(one), Scalar::List(other)) => {
                one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| self.is_same(&one, &other))
            }
            (Scalar::Reference(one), Scalar::Reference(other)) => {
                (one.address() == 0) == (other.address() == 0) && one.path() == other.path()
            }
            (Scalar::Unreadable(one), Scalar::Unreadable(other)) => {
                self.meets_unread.set(true);
                one == other
            }
            (one, other) => match ((integer(one), integer(other)), (number(one), number(other))) {
                ((Some(one), Some(other)), _) => self.tolerance.is_close_integer(one, other),
                (_, (Some(one), Some(other))) if exact => one == other || one.is_nan() && other.is_nan(),
                (_, (Some(one), Some(other))) => self.tolerance.is_close(one, other),
                _ => false,
            },
        }
    }

    /// What there is to say of it.
    pub(super) fn change(mut self) -> Option<Change> {
        if self.differing == 0 {
            return None;
        }
        if self.is_scalar {
            let (_, from, to) = self.first.pop()?;
            return Some(Change::Value { from, to });
        }
        let Self { differing, total, largest, first, .. } = self;
        Some(Change::Values { differing, total, largest, first })
    }
}

/// Two values that differ, in words that do, too.
fn both_words(one: &filebacked::Result<Scalar<'_>>, other: &filebacked::Result<Scalar<'_>>) -> (String, String) {
    let short = |value| words::short(value, WIDTH);
    let (from, to) = (short(one), short(other));
    if from != to {
        return (from, to);
    }
    match (one, other) {
        (Ok(Scalar::F64(one)), Ok(Scalar::F64(other))) => {
            (format!("{from} ({:#x})", one.to_bits()), format!("{to} ({:#x})", other.to_bits()))
        }
        (Ok(Scalar::F32(one)), Ok(Scalar::F32(other))) => {
            (format!("{from} ({:#x})", one.to_bits()), format!("{to} ({:#x})", other.to_bits()))
        }
        (Ok(Scalar::Record(one)), Ok(Scalar::Record(other))) => {
            for ((name, one), (_, other)) in one.fields().zip(other.fields()) {
                let (from, to) = both_words(&one, &other);
                if from != to {
                    return (format!("{name}: {from}"), format!("{name}: {to}"));
                }
            }
            (from, to)
        }
        // What differs comes after what is shown.
        _ => apart(&words::short(one, usize::MAX), &words::short(other, usize::MAX)),
    }
}

/// Two texts from shortly before the first difference on.
fn apart(from: &str, to: &str) -> (String, String) {
    let common = from.chars().zip(to.chars()).take_while(|(one, other)| one == other).count();
    let skipped = common.saturating_sub(8);
    let tail = |text: &str| {
        let tail: String = text.chars().skip(skipped).collect();
        format!("{}{}", if skipped > 0 { "..." } else { "" }, words::cut(&tail, WIDTH))
    };
    (tail(from), tail(to))
}

/// How far two numbers are apart.
fn difference(one: &Scalar<'_>, other: &Scalar<'_>) -> Option<f64> {
    if let (Some(one), Some(other)) = (integer(one), integer(other)) {
        return Some(one.abs_diff(other) as f64);
    }
    Some((number(one)? - number(other)?).abs())
}

/// The integer that a value is.
fn integer(value: &Scalar<'_>) -> Option<i128> {
    match value {
        Scalar::Integer(value) => Some(*value),
        Scalar::Unsigned(value) => i128::try_from(*value).ok(),
        _ => None,
    }
}

/// The number that a value is.
fn number(value: &Scalar<'_>) -> Option<f64> {
    match value {
        Scalar::Integer(value) => Some(*value as f64),
        Scalar::Unsigned(value) => Some(*value as f64),
        Scalar::F32(value) => Some((*value).into()),
        Scalar::F64(value) => Some(*value),
        _ => None,
    }
}

/// Whether values of both types can be compared.
pub(super) fn comparable(one: &ElementType, other: &ElementType) -> bool {
    let is_number = |class: &TypeClass| {
        use TypeClass::{Bitfield, Float, Integer, WideFloat, WideInteger};
        matches!(class, Integer { .. } | Float { .. } | Bitfield { .. } | WideFloat | WideInteger { .. })
    };
    if one == other {
        return !matches!(one.class(), TypeClass::Unsupported(_));
    }
    match (one.class(), other.class()) {
        (one, other) if is_number(&one) && is_number(&other) => true,
        (TypeClass::FixedString(_) | TypeClass::String, TypeClass::FixedString(_) | TypeClass::String)
        | (TypeClass::Enum(_), TypeClass::Enum(_))
        | (TypeClass::Reference, TypeClass::Reference) => true,
        (TypeClass::Record(one), TypeClass::Record(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(&other)
                    .all(|((name, one), (other_name, other))| name == other_name && comparable(one, other))
        }
        (TypeClass::Array(dims, one), TypeClass::Array(others, other)) => dims == others && comparable(&one, &other),
        (TypeClass::List(one), TypeClass::List(other)) | (TypeClass::Complex(one), TypeClass::Complex(other)) => {
            comparable(&one, &other)
        }
        _ => false,
    }
}

/// Whether both are strings, or records or lists that differ in nothing but how long strings are.
pub(super) fn are_strings(one: &ElementType, other: &ElementType) -> bool {
    match (one.class(), other.class()) {
        (TypeClass::FixedString(_) | TypeClass::String, TypeClass::FixedString(_) | TypeClass::String) => true,
        (TypeClass::Record(one), TypeClass::Record(other)) => {
            one.len() == other.len()
                && one.iter().zip(&other).all(|((name, one), (other_name, other))| {
                    name == other_name && (one == other || are_strings(one, other))
                })
        }
        (TypeClass::Array(dims, one), TypeClass::Array(others, other)) => dims == others && are_strings(&one, &other),
        (TypeClass::List(one), TypeClass::List(other)) => are_strings(&one, &other),
        _ => false,
    }
}

/// What differs between two types, in words.
pub(super) fn type_change(one: &ElementType, other: &ElementType) -> Option<(String, String)> {
    if one == other {
        return None;
    }
    let (from, to) = (one.to_string(), other.to_string());
    if from != to && from.chars().count().max(to.chars().count()) <= 2 * WIDTH {
        return Some((from, to));
    }
    // Of long records, the first field that differs.
    if let (TypeClass::Record(ones), TypeClass::Record(others)) = (one.class(), other.class()) {
        if ones.len() != others.len() {
            return Some((format!("{} fields", ones.len()), format!("{} fields", others.len())));
        }
        for ((name, one), (other_name, other)) in ones.iter().zip(&others) {
            if name != other_name {
                return Some((format!("field {name}"), format!("field {other_name}")));
            }
            if let Some((from, to)) = type_change(one, other) {
                return Some((format!("{name}: {from}"), format!("{name}: {to}")));
            }
        }
    }
    if let (TypeClass::Enum(ones), TypeClass::Enum(others)) = (one.class(), other.class())
        && let Some((one, other)) = ones.iter().zip(&others).find(|(one, other)| one != other)
    {
        return Some((format!("enum {{{} = {}}}", one.0, one.1), format!("enum {{{} = {}}}", other.0, other.1)));
    }
    if from == to {
        // How strings end, and what is said of their encoding.
        let (from, to) = (format!("{one:#}"), format!("{other:#}"));
        let is_short = from.chars().count().max(to.chars().count()) <= 2 * WIDTH;
        return Some(if is_short { (from, to) } else { apart(&from, &to) });
    }
    Some((words::cut(&from, 2 * WIDTH), words::cut(&to, 2 * WIDTH)))
}
