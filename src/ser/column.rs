//! Columns: the elements of a sequence, kept by type while they are serialized.
//!
//! A column starts out unknown, takes the tightest form for its first element, and widens when an element does not fit:
//! nothing already in it is lost, and what the reader gets never depends on it. Which HDF5 objects it becomes is decided
//! once all elements are in, by [`super::column_layout`].

use std::cell::OnceCell;
use std::sync::Arc;

use super::numbers::{Numbers, Push};
use super::object_list::ObjectList;
use super::place::ElementContext;
use super::record::{RecordColumn, RecordKind};
use super::variants::VariantsColumn;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, LastLook, Number, Slice};

/// The elements of a sequence.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// No element has shown its type yet. So many fillers stand before the first.
    Unknown(usize),
    /// Numbers or bools of one type.
    Numbers(Numbers),
    /// Signed 128-bit integers.
    I128(Vec<i128>),
    /// Unsigned 128-bit integers.
    U128(Vec<u128>),
    /// Strings.
    Text(ByteStrings),
    /// Byte strings.
    Blobs(ByteStrings),
    /// So many units.
    Units(usize),
    /// Tuples of one length, of numbers of one type or of such tuples.
    Array(Box<ArrayColumn>),
    /// Sequences of any length.
    List(Box<ListColumn>),
    /// Structs, tuples, and maps that are much like structs.
    Record(Box<RecordColumn>),
    /// Maps of any keys.
    Maps(Box<MapsColumn>),
    /// Options.
    Nullable(Box<NullableColumn>),
    /// Enums.
    Variants(Box<VariantsColumn>),
    /// Elements of more than one of these forms.
    Mixed(Box<MixedColumn>),
    /// Elements that wrote themselves, to an object each.
    Objects(ObjectList),
    /// Elements of fixed size that are written, and only to be linked; nothing is added to them.
    Stored(Box<WrittenDataset>),
}

/// A dataset that no link leads to yet.
#[derive(Clone, Debug)]
pub(super) struct WrittenDataset {
    pub(super) dataset: Arc<Dataset>,
    pub(super) count: usize,
    /// A column of such elements, without them.
    pub(super) empty: Column,
}

/// Byte strings, one after the other.
#[derive(Clone, Debug)]
pub(super) struct ByteStrings {
    /// Where each starts and, last, where the last ends.
    pub(super) offsets: Vec<u64>,
    pub(super) bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct ArrayColumn {
    /// Items of each tuple.
    pub(super) width: usize,
    /// They are pairs, each of which is a complex number.
    pub(super) is_complex: bool,
    pub(super) count: usize,
    pub(super) inner: Column,
}

#[derive(Clone, Debug)]
pub(super) struct ListColumn {
    /// Where each sequence starts and, last, where the last ends.
    pub(super) offsets: Vec<u64>,
    pub(super) inner: Column,
    /// What sequences were seen to be.
    pub(super) last: LastLook,
}

#[derive(Clone, Debug)]
pub(super) struct MapsColumn {
    pub(super) offsets: Vec<u64>,
    pub(super) keys: Column,
    pub(super) values: Column,
}

#[derive(Clone, Debug)]
pub(super) struct NullableColumn {
    /// True where there is none.
    pub(super) mask: Vec<bool>,
    /// As many elements; a filler where there is none.
    pub(super) inner: Column,
}

#[derive(Clone, Debug)]
pub(super) struct MixedColumn {
    pub(super) parts: Vec<(ElementClass, Column)>,
    /// For each element, the position of its part in `parts`.
    pub(super) tags: Vec<u8>,
    pub(super) ranks: OnceCell<Vec<u32>>,
}

/// What is to come of a sequence: of `total` elements there are `of`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) of: usize,
    pub(super) total: u64,
}

impl Expected {
    /// Makes room in `vec` for as many items as there will be if the rest of the sequence is as what there is of it, and
    /// some more: what is not filled costs no memory, and to move what is filled costs much. Where there is no such room,
    /// the vector grows as it has to.
    pub(super) fn reserve<T>(self, vec: &mut Vec<T>) {
        /// No more bytes than this, whatever there will be.
        const MAX_RESERVED: u64 = 1 << 30;
        let left = self.total.saturating_sub(self.of as u64);
        let more = (vec.len() as u64).saturating_mul(left) / (self.of as u64).max(1);
        let more = (more + more / 8).min(MAX_RESERVED / size_of::<T>().max(1) as u64);
        // Failing is as good as not asking.
        let _ = vec.try_reserve_exact(more as usize);
    }
}

/// The forms that elements of a [`MixedColumn`] are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementClass {
    Number(Number),
    I128,
    U128,
    Text,
    Blob,
    Unit,
    Sequence,
    Tuple,
    Record,
    Option,
    Variant,
    Object,
}

impl ElementClass {
    /// The name of the part on disk.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Number(number) => number.name(),
            Self::I128 => "i128",
            Self::U128 => "u128",
            Self::Text => "string",
            Self::Blob => "bytes",
            Self::Unit => "unit",
            Self::Sequence => "list",
            Self::Tuple => "tuple",
            Self::Record => "map",
            Self::Option => "option",
            Self::Variant => "enum",
            Self::Object => "object",
        }
    }
}

impl ByteStrings {
    fn fillers(count: usize) -> Self {
        Self { offsets: vec![0; count + 1], bytes: Vec::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.offsets.len() - 1
    }

    #[inline]
    pub(super) fn push(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
        self.offsets.push(self.bytes.len() as u64);
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.offsets[index] as usize..self.offsets[index + 1] as usize]
    }
}

impl Column {
    /// A column without elements.
    pub(super) const fn new() -> Self {
        Self::Unknown(0)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Unknown(count) | Self::Units(count) => *count,
            Self::Numbers(numbers) => numbers.len(),
            Self::I128(vec) => vec.len(),
            Self::U128(vec) => vec.len(),
            Self::Text(parts) | Self::Blobs(parts) => parts.count(),
            Self::Array(array) => array.count,
            Self::List(list) => list.offsets.len() - 1,
            Self::Record(record) => record.count,
            Self::Maps(maps) => maps.offsets.len() - 1,
            Self::Nullable(nullable) => nullable.mask.len(),
            Self::Variants(variants) => variants.tags.len(),
            Self::Mixed(mixed) => mixed.tags.len(),
            Self::Objects(objects) => objects.len(),
            Self::Stored(stored) => stored.count,
        }
    }

    #[inline]
    pub(super) fn class(&self) -> Option<ElementClass> {
        Some(match self {
            Self::Unknown(_) | Self::Mixed(_) | Self::Stored(_) => return None,
            Self::Numbers(numbers) => ElementClass::Number(numbers.number()),
            Self::I128(_) => ElementClass::I128,
            Self::U128(_) => ElementClass::U128,
            Self::Text(_) => ElementClass::Text,
            Self::Blobs(_) => ElementClass::Blob,
            Self::Units(_) => ElementClass::Unit,
            Self::Array(_) | Self::List(_) => ElementClass::Sequence,
            Self::Record(record) if record.rows == RecordKind::Tuples => ElementClass::Tuple,
            Self::Record(_) | Self::Maps(_) => ElementClass::Record,
            Self::Nullable(_) => ElementClass::Option,
            Self::Variants(_) => ElementClass::Variant,
            Self::Objects(_) => ElementClass::Object,
        })
    }

    /// The column that an element of `class` is to be pushed to: this one if it is of the class or unknown, else the
    /// part for the class of what this one widens to.
    #[inline]
    pub(super) fn of_class(&mut self, class: ElementClass) -> &mut Self {
        if matches!(self, Self::Unknown(_)) || self.class() == Some(class) { self } else { self.widen(class) }
    }

    fn widen(&mut self, class: ElementClass) -> &mut Self {
        // A bare value among options is one that is there. Only None and unit need telling apart from that.
        if matches!(self, Self::Nullable(_)) && class != ElementClass::Unit {
            let Self::Nullable(nullable) = self else { unreachable!("matched above") };
            nullable.mask.push(false);
            return nullable.inner.of_class(class);
        }
        // And where bare values meet an option, they have been there all along.
        if class == ElementClass::Option && !matches!(self, Self::Units(_) | Self::Mixed(_)) {
            let mask = vec![false; self.len()];
            let inner = std::mem::replace(self, Self::new());
            *self = Self::Nullable(Box::new(NullableColumn { mask, inner }));
            return self;
        }
        if !matches!(self, Self::Mixed(_)) {
            let tags = vec![0; self.len()];
            let parts = self.class().map(|class| (class, std::mem::replace(self, Self::new()))).into_iter().collect();
            *self = Self::Mixed(Box::new(MixedColumn { parts, tags, ranks: OnceCell::new() }));
        }
        let Self::Mixed(mixed) = self else { unreachable!("made above") };
        let tag = mixed.parts.iter().position(|(part, _)| *part == class).unwrap_or_else(|| {
            mixed.parts.push((class, Self::new()));
            mixed.parts.len() - 1
        });
        // There are fewer classes than 256. A part can itself have widened, and takes the class then.
        mixed.tags.push(tag as u8);
        mixed.parts[tag].1.of_class(class)
    }

    /// Takes the elements out of a column of fixed-size ones; their form stays.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Numbers(numbers) => numbers.clear(),
            Self::Array(array) => {
                array.count = 0;
                array.inner.clear();
            }
            Self::List(list) => {
                list.offsets.truncate(1);
                list.inner.clear();
            }
            Self::Record(record) => {
                record.count = 0;
                record.present = 0;
                record.fields.iter_mut().for_each(|field| field.column.clear());
            }
            _ => *self = Self::new(),
        }
    }

    /// Makes room for elements that are to come.
    pub(super) fn reserve(&mut self, expected: Expected) {
        match self {
            Self::Numbers(numbers) => numbers.reserve(expected),
            Self::Text(parts) | Self::Blobs(parts) => {
                expected.reserve(&mut parts.offsets);
                expected.reserve(&mut parts.bytes);
            }
            Self::Array(array) => array.inner.reserve(expected),
            Self::List(list) => {
                expected.reserve(&mut list.offsets);
                list.inner.reserve(expected);
            }
            Self::Record(record) => record.fields.iter_mut().for_each(|field| field.column.reserve(expected)),
            Self::Nullable(nullable) => {
                expected.reserve(&mut nullable.mask);
                nullable.inner.reserve(expected);
            }
            Self::Variants(variants) => {
                expected.reserve(&mut variants.tags);
                variants.variants.iter_mut().filter_map(|variant| variant.payload.as_mut()).for_each(|payload| {
                    payload.reserve(expected);
                });
            }
            _ => {}
        }
    }

    /// Notes that `count` elements were put into the vectors of numbers that a column of fixed-size ones consists of;
    /// `dims` are the lengths of sequences.
    pub(super) fn note_appended(&mut self, count: usize, dims: &[u64]) {
        match self {
            Self::Array(array) => {
                array.count += count;
                array.inner.note_appended(count * array.width, dims.get(1..).unwrap_or_default());
            }
            Self::List(list) => {
                let width = dims.first().copied().unwrap_or(0);
                let last = list.offsets.last().copied().unwrap_or(0);
                list.offsets.extend((1..=count as u64).map(|row| last + row * width));
                list.inner.note_appended(count * width as usize, dims.get(1..).unwrap_or_default());
            }
            Self::Record(record) => {
                record.count += count;
                record.present += count * record.fields.len();
                record.fields.iter_mut().for_each(|field| field.column.note_appended(count, &[]));
            }
            _ => {}
        }
    }

    /// Adds an element that nobody will ask for.
    pub(super) fn push_filler(&mut self) {
        match self {
            Self::Unknown(count) | Self::Units(count) => *count += 1,
            Self::Numbers(numbers) => numbers.push_filler(),
            Self::I128(vec) => vec.push(0),
            Self::U128(vec) => vec.push(0),
            Self::Text(parts) | Self::Blobs(parts) => parts.push(&[]),
            Self::Array(array) => {
                array.count += 1;
                (0..array.width).for_each(|_| array.inner.push_filler());
            }
            Self::List(list) => list.offsets.push(list.inner.len() as u64),
            Self::Record(record) => {
                record.count += 1;
                record.fields.iter_mut().for_each(|field| field.column.push_filler());
            }
            Self::Maps(maps) => maps.offsets.push(maps.keys.len() as u64),
            Self::Nullable(nullable) => {
                nullable.mask.push(true);
                nullable.inner.push_filler();
            }
            Self::Variants(variants) => {
                variants.tags.push(0);
                if let Some(variant) = variants.variants.first_mut() {
                    variant.count += 1;
                    if let Some(payload) = &mut variant.payload {
                        payload.push_filler();
                    }
                }
            }
            Self::Mixed(mixed) => {
                mixed.tags.push(0);
                if let Some((_, part)) = mixed.parts.first_mut() {
                    part.push_filler();
                }
            }
            Self::Objects(objects) => objects.push_filler(),
            Self::Stored(_) => {}
        }
    }

    /// Adds a number or bool. Within a tuple (`exact`), integers of unlike types are not made alike.
    #[inline]
    pub(super) fn push_number<T: Push>(&mut self, value: T, exact: bool) {
        if let Self::Numbers(numbers) = self
            && let Some(vec) = T::vec(numbers)
        {
            vec.push(value);
        } else {
            self.push_other_number(value, exact);
        }
    }

    #[cold]
    fn push_other_number<T: Push>(&mut self, value: T, exact: bool) {
        let column = match self {
            Self::Nullable(nullable) => {
                nullable.mask.push(false);
                return nullable.inner.push_number(value, exact);
            }
            Self::Numbers(numbers) if !exact => {
                if let Some(integer) = value.integer()
                    && numbers.holds(T::NUMBER)
                    && numbers.push_integer(integer)
                {
                    return;
                }
                if let Some(integer) = value.integer()
                    && let Some(mut wide) = numbers.widened(T::NUMBER, integer)
                    && wide.push_integer(integer)
                {
                    *numbers = wide;
                    return;
                }
                self.of_class(ElementClass::Number(T::NUMBER))
            }
            _ => self.of_class(ElementClass::Number(T::NUMBER)),
        };
        if let Self::Unknown(fillers) = column {
            *column = Self::Numbers(T::wrap(vec![T::FILLER; *fillers]));
        }
        if let Self::Numbers(numbers) = column
            && let Some(vec) = T::vec(numbers)
        {
            vec.push(value);
        }
    }

    /// Takes note that the numbers in it, or in its sequences, are times.
    #[inline]
    pub(super) fn mark_times(&mut self) {
        match self {
            Self::Numbers(numbers) => numbers.mark_times(),
            Self::Nullable(nullable) => nullable.inner.mark_times(),
            Self::List(list) => list.inner.mark_times(),
            _ => {}
        }
    }

    /// Whether the numbers in it, or in its sequences, are times.
    pub(super) fn is_times(&self) -> bool {
        match self {
            Self::Numbers(Numbers::Time(_)) => true,
            Self::Nullable(nullable) => nullable.inner.is_times(),
            Self::List(list) => list.inner.is_times(),
            Self::Array(array) => array.inner.is_times(),
            _ => false,
        }
    }

    /// Whether it holds records that have times.
    pub(super) fn has_times_in_records(&self) -> bool {
        matches!(self, Self::Record(record) if record.has_times())
    }

    pub(super) fn push_i128(&mut self, value: i128) {
        let column = self.of_class(ElementClass::I128);
        if let Self::Unknown(fillers) = column {
            *column = Self::I128(vec![0; *fillers]);
        }
        if let Self::I128(vec) = column {
            vec.push(value);
        }
    }

    pub(super) fn push_u128(&mut self, value: u128) {
        let column = self.of_class(ElementClass::U128);
        if let Self::Unknown(fillers) = column {
            *column = Self::U128(vec![0; *fillers]);
        }
        if let Self::U128(vec) = column {
            vec.push(value);
        }
    }

    #[inline]
    pub(super) fn push_str(&mut self, value: &str) {
        match self {
            Self::Text(parts) => parts.push(value.as_bytes()),
            _ => self.push_other_str(value),
        }
    }

    #[inline(never)]
    fn push_other_str(&mut self, value: &str) {
        let column = self.of_class(ElementClass::Text);
        if let Self::Unknown(fillers) = column {
            *column = Self::Text(ByteStrings::fillers(*fillers));
        }
        if let Self::Text(parts) = column {
            parts.push(value.as_bytes());
        }
    }

    pub(super) fn push_bytes(&mut self, value: &[u8]) {
        let column = self.of_class(ElementClass::Blob);
        if let Self::Unknown(fillers) = column {
            *column = Self::Blobs(ByteStrings::fillers(*fillers));
        }
        if let Self::Blobs(parts) = column {
            parts.push(value);
        }
    }

    pub(super) fn push_unit(&mut self) {
        let column = self.of_class(ElementClass::Unit);
        if let Self::Unknown(fillers) = column {
            *column = Self::Units(*fillers);
        }
        if let Self::Units(count) = column {
            *count += 1;
        }
    }

    #[inline]
    fn nullable(&mut self) -> Result<&mut NullableColumn> {
        let column = if matches!(self, Self::Nullable(_)) { self } else { self.make_nullable() };
        match column {
            Self::Nullable(nullable) => Ok(nullable),
            _ => Err(out_of_order()),
        }
    }

    #[inline(never)]
    fn make_nullable(&mut self) -> &mut Self {
        let column = self.of_class(ElementClass::Option);
        if let Self::Unknown(fillers) = column {
            *column = Self::Nullable(Box::new(NullableColumn {
                mask: vec![false; *fillers],
                inner: Self::Unknown(*fillers),
            }));
        }
        column
    }

    #[inline]
    pub(super) fn push_none(&mut self) -> Result<()> {
        let nullable = self.nullable()?;
        nullable.mask.push(true);
        nullable.inner.push_filler();
        Ok(())
    }

    /// Begins a `Some`; the value goes into the column returned.
    #[inline]
    pub(super) fn begin_some(&mut self) -> Result<&mut Self> {
        let nullable = self.nullable()?;
        nullable.mask.push(false);
        Ok(&mut nullable.inner)
    }

    /// Begins a sequence; its elements go into the column of the list returned, and [`ListColumn::end`] ends it.
    #[inline]
    pub(super) fn begin_list(&mut self) -> Result<&mut ListColumn> {
        let column = if matches!(self, Self::List(_)) { self } else { self.make_list() };
        match column {
            Self::List(list) => Ok(list),
            _ => Err(out_of_order()),
        }
    }

    #[inline(never)]
    fn make_list(&mut self) -> &mut Self {
        let column = self.of_class(ElementClass::Sequence);
        match column {
            Self::Unknown(fillers) => {
                let offsets = vec![0; *fillers + 1];
                *column = Self::List(Box::new(ListColumn::new(offsets, Self::new())));
            }
            Self::Array(_) => column.array_to_list(),
            _ => {}
        }
        column
    }

    /// Begins an element that is an object by itself, which goes to those returned.
    pub(super) fn begin_object(&mut self, context: ElementContext<'_>) -> Result<&mut ObjectList> {
        self.objects(|fillers| ObjectList::new(context, fillers))
    }

    pub(super) fn objects(&mut self, make: impl FnOnce(usize) -> Result<ObjectList>) -> Result<&mut ObjectList> {
        let column = self.of_class(ElementClass::Object);
        if let Self::Unknown(fillers) = column {
            *column = Self::Objects(make(*fillers)?);
        }
        match column {
            Self::Objects(objects) => Ok(objects),
            _ => Err(out_of_order()),
        }
    }
}

impl ListColumn {
    pub(super) fn new(offsets: Vec<u64>, inner: Column) -> Self {
        Self { offsets, inner, last: LastLook::default() }
    }

    /// Adds a sequence of numbers, or arrays of numbers, where those before it are of the same type; returns whether that
    /// is so.
    #[inline]
    pub(super) fn extend_from_slice(&mut self, slice: Slice<'_>) -> bool {
        let numbers = match (&mut self.inner, slice.width) {
            (Column::Numbers(numbers), None) if numbers.number() == slice.number => numbers,
            (Column::Array(array), Some(width)) if array.width == width => match &mut array.inner {
                Column::Numbers(numbers) if numbers.number() == slice.number => {
                    array.count += slice.len;
                    numbers
                }
                _ => return false,
            },
            _ => return false,
        };
        numbers.extend_from_bytes(slice.bytes);
        self.end();
        true
    }

    #[inline]
    pub(super) fn end(&mut self) {
        self.offsets.push(self.inner.len() as u64);
    }
}

impl MapsColumn {
    pub(super) fn end(&mut self) {
        self.offsets.push(self.keys.len() as u64);
    }
}

/// A state that no sequence of calls leads to.
#[cold]
pub(super) fn out_of_order() -> Error {
    Error::new(ErrorKind::Custom, "a `Serialize` implementation called the serializer out of order")
}
