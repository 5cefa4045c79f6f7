//! Arrays of `ndarray` without a wrapper: serde's own form of them is known when it comes, and becomes one N-dimensional
//! dataset.
//!
//! The form is a struct [`ARRAY`] of the fields `v`, which is 1, `dim` and `data`. Where something else is in it, or where
//! the elements are no numbers, the struct is written as any other.

use std::any::TypeId;
use std::cell::Cell;
use std::sync::Arc;

use num_complex::Complex;
use serde::ser::{Serialize, SerializeTuple, Serializer};

use super::any_value::{AnyElements, AnyValue, Contiguous, Erased};
use super::column::{Column, out_of_order};
use super::column_layout::is_hollow;
use super::compound::NodeStruct;
use super::element::ElementSerializer;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, SinkOnce};
use super::numbers::Numbers;
use super::place::{ElementContext, Place};
use super::serializer::ValueSerializer;
use super::stream::{MIN_STREAMED, WRITE_BYTES};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{self, Dataset, Dtype, Field, Number, Shape, Writer};
use crate::layout::{ARRAY_DATA, ARRAY_DIM, ARRAY_FIELDS, ARRAY_V, ARRAY_VERSION, COMPLEX, Kind, MAX_RANK};

/// A struct that may be an array.
pub(super) struct NodeArray<'a> {
    place: Place<'a>,
    depth: Depth,
    state: ArrayState,
}

/// What has come of it.
enum ArrayState {
    Start,
    /// The version.
    Version,
    /// That, and the dimensions.
    Dims(Dims),
    /// All of it, which is in the dataset.
    Written,
    /// It is no such array.
    Struct(NodeStruct),
}

impl<'a> NodeArray<'a> {
    /// Whether a struct of that name and number of fields may be an array.
    pub(super) fn may_be(name: &str, len: usize) -> bool {
        name == crate::layout::ARRAY && len == ARRAY_FIELDS.len()
    }

    pub(super) fn new(place: Place<'a>, depth: Depth) -> Result<Self> {
        // An attribute has no kind, by which serde would find what it was where it keeps what it reads.
        if place.is_attribute() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "an attribute holds an array of `ndarray` only where its type is known: add `with = \"filebacked::array\"` to \
                 the field",
            ));
        }
        Ok(Self { place, depth, state: ArrayState::Start })
    }

    /// The same as a struct like any other, with the fields that have come.
    fn as_struct(&mut self) -> Result<&mut NodeStruct> {
        if !matches!(self.state, ArrayState::Struct(_)) {
            let mut fields = NodeStruct::new(&self.place, self.depth, None)?;
            let dims = match &self.state {
                ArrayState::Version => Some(None),
                ArrayState::Dims(dims) => Some(Some(dims)),
                _ => None,
            };
            if let Some(dims) = dims {
                fields.field(ARRAY_V, &Erased(&ARRAY_VERSION))?;
                dims.map_or(Ok(()), |dims| fields.field(ARRAY_DIM, &Erased(dims)))?;
            }
            self.state = ArrayState::Struct(fields);
        }
        match &mut self.state {
            ArrayState::Struct(fields) => Ok(fields),
            _ => Err(out_of_order()),
        }
    }
}

impl CompoundSink for NodeArray<'_> {
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        match &self.state {
            ArrayState::Start if name == ARRAY_V && Probed::of(value).version == Some(ARRAY_VERSION) => {
                self.state = ArrayState::Version;
                return Ok(());
            }
            ArrayState::Version if name == ARRAY_DIM => {
                if let Some(dims) = Probed::of(value).dims() {
                    self.state = ArrayState::Dims(dims);
                    return Ok(());
                }
            }
            ArrayState::Dims(dims) if name == ARRAY_DATA && write_data(value, &dims.dims, &self.place, self.depth)? => {
                self.state = ArrayState::Written;
                return Ok(());
            }
            ArrayState::Written => return Err(out_of_order()),
            _ => {}
        }
        self.as_struct()?.field(name, value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.as_struct()?.skip_field(name)
    }

    fn end(mut self: Box<Self>) -> Result<()> {
        match self.state {
            ArrayState::Written => Ok(()),
            _ => self.as_struct().map(drop),
        }
    }
}

/// The dimensions, and whether a tuple says them, as it does where their number is in the type.
struct Dims {
    dims: Vec<u64>,
    is_tuple: bool,
}

impl Serialize for Dims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_tuple {
            return self.dims.serialize(serializer);
        }
        let mut tuple = serializer.serialize_tuple(self.dims.len())?;
        self.dims.iter().try_for_each(|dim| tuple.serialize_element(dim))?;
        tuple.end()
    }
}

/// What a value turns out to be, if it is a number of 8 bits, or a list of numbers of 64.
#[derive(Default)]
struct Probed {
    version: Option<u8>,
    list: Option<bool>,
    dims: Vec<u64>,
}

impl Probed {
    /// Has the value say what it is.
    fn of(value: &dyn AnyValue) -> Self {
        let mut probed = Self::default();
        let told = value.write(ValueSerializer::telling(&mut Some(Probe(&mut probed))));
        if told.is_ok() { probed } else { Self::default() }
    }

    fn dims(self) -> Option<Dims> {
        let Self { list, dims, .. } = self;
        list.map(|is_tuple| Dims { dims, is_tuple })
    }
}

struct Probe<'p>(&'p mut Probed);

impl<'a, 'p: 'a> SinkOnce<'a> for Probe<'p> {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(NumberOrBool::U8(value)) if self.0.list.is_none() => self.0.version = Some(value),
            Event::Number(NumberOrBool::U64(value)) if self.0.list.is_some() && self.0.dims.len() < MAX_RANK => {
                self.0.dims.push(value);
            }
            _ => return Err(no_array()),
        }
        Ok(())
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Seq(_) | Compound::Tuple(_) if self.0.list.is_none() => {
                self.0.list = Some(matches!(compound, Compound::Tuple(_)));
                Ok(Box::new(self))
            }
            _ => Err(no_array()),
        }
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        let mut parts = self.begin(Compound::Seq(items.exact_len()))?;
        while let Some(item) = items.next() {
            parts.element(item)?;
        }
        parts.end()
    }
}

impl CompoundSink for Probe<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        value.write(ValueSerializer::telling(&mut Some(Probe(&mut *self.0))))
    }

    fn end(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// What a part refuses with that is no part of an array; nobody sees it.
#[cold]
pub(super) fn no_array() -> Error {
    Error::new(ErrorKind::Unsupported, "no part of an array")
}

/// Writes the elements as a dataset of these dimensions; returns whether they are such. Nothing is there if they are not.
fn write_data(value: &dyn AnyValue, dims: &[u64], place: &Place<'_>, depth: Depth) -> Result<bool> {
    let Some(total) = dims.iter().try_fold(1_u64, |count, dim| count.checked_mul(*dim)) else { return Ok(false) };
    if is_hollow(dims) {
        return Ok(false);
    }
    let is_refused = Cell::new(false);
    let (depth, kind) = (depth.in_sequence()?, Some(Kind::Array));
    let data = ArrayData { place, dims, total, kind, depth, is_refused: &is_refused };
    match value.write(ValueSerializer::telling(&mut Some(data))) {
        Err(_) if is_refused.get() => place.clear().map(|()| false),
        result => result.map(|()| true),
    }
}

/// Takes the elements of an array, in the order of the last dimension fastest.
struct ArrayData<'a> {
    place: &'a Place<'a>,
    dims: &'a [u64],
    total: u64,
    kind: Option<Kind>,
    depth: Depth,
    is_refused: &'a Cell<bool>,
}

impl ArrayData<'_> {
    #[cold]
    fn refuse(&self) -> Error {
        self.is_refused.set(true);
        no_array()
    }

    fn shape(&self) -> Shape {
        if self.dims.is_empty() { Shape::Scalar } else { Shape::Simple(self.dims.to_vec()) }
    }

    /// Writes all elements.
    fn write(&self, dtype: Dtype, bytes: &[u8]) -> Result<()> {
        self.place.rules.note_leaf();
        self.place.write(dtype, self.shape(), bytes, self.kind)
    }
}

impl<'a, 'p: 'a> SinkOnce<'a> for ArrayData<'p> {
    fn event(self, _: Event<'_>) -> Result<()> {
        Err(self.refuse())
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Seq(Some(len)) if len as u64 == self.total => Ok(Box::new(ArrayElements::new(self))),
            _ => Err(self.refuse()),
        }
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        if let Some(Contiguous::Numbers(slice)) = items.contiguous()
            && slice.width.is_none()
            && slice.len as u64 == self.total
            && self.total > 0
        {
            return self.write(Dtype::Number(slice.number), slice.bytes);
        }
        let mut elements = self.begin(Compound::Seq(items.exact_len()))?;
        while let Some(item) = items.next() {
            elements.element(item)?;
        }
        elements.end()
    }
}

/// The elements of an array, as they come. Those of large ones are written while they do.
struct ArrayElements<'a> {
    data: ArrayData<'a>,
    /// Those that are not written.
    column: Column,
    /// What they are, once one has come.
    class: Option<ItemClass>,
    count: u64,
    /// How many are written at once, and how many of these one step along the first dimension is.
    flush_at: usize,
    row: usize,
    /// What they are written to, where that is before all are there.
    dataset: Option<Arc<Dataset>>,
    buffer: Vec<u8>,
    writer: Writer,
    written: u64,
}

/// What the elements of an array are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemClass {
    Number(Number),
    /// Complex numbers of that type of part.
    Complex(Number),
}

impl ItemClass {
    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::Number(number) => Dtype::Number(number),
            Self::Complex(part) => complex_type(part),
        }
    }
}

/// The elements of a column that are of a class: as bytes.
pub(super) fn bytes_of(column: &Column, class: ItemClass) -> Option<&[u8]> {
    let (numbers, number): (&Numbers, _) = match (column, class) {
        (Column::Numbers(numbers), ItemClass::Number(number)) => (numbers, number),
        (Column::Array(array), ItemClass::Complex(part)) if array.width == 2 => match &array.inner {
            Column::Numbers(numbers) => (numbers, part),
            _ => return None,
        },
        _ => return None,
    };
    (numbers.number() == number).then(|| numbers.bytes())
}

impl<'a> ArrayElements<'a> {
    fn new(data: ArrayData<'a>) -> Self {
        Self {
            data,
            column: Column::new(),
            class: None,
            count: 0,
            flush_at: usize::MAX,
            row: 0,
            dataset: None,
            buffer: Vec::new(),
            writer: Writer::default(),
            written: 0,
        }
    }

    /// Takes note of what the first element is.
    fn begin(&mut self, value: &dyn AnyValue) -> Result<()> {
        let class = match (complex_part(value.type_of()), &self.column) {
            (Some(part), _) => ItemClass::Complex(part),
            (None, Column::Numbers(numbers)) => ItemClass::Number(numbers.number()),
            _ => return Err(self.data.refuse()),
        };
        self.class = Some(class);
        let size = class.dtype().size();
        let row = self.data.total.checked_div(self.data.dims.first().copied().unwrap_or(0)).unwrap_or(0) as usize;
        let bytes = self.data.total.saturating_mul(size as u64);
        if bytes >= MIN_STREAMED as u64 && row > 0 {
            self.row = row;
            self.flush_at = row.saturating_mul((WRITE_BYTES / row.saturating_mul(size).max(1)).max(1));
            self.writer = Writer::new(bytes);
        }
        Ok(())
    }

    /// Writes the elements that are there, which are whole steps along the first dimension.
    fn flush(&mut self) -> Result<()> {
        let Some(class) = self.class else { return Err(out_of_order()) };
        let Some(bytes) = bytes_of(&self.column, class) else { return Err(self.data.refuse()) };
        let dataset = match &mut self.dataset {
            Some(dataset) => dataset,
            None => {
                self.data.place.rules.note_leaf();
                let made = self.data.place.dataset(class.dtype(), self.data.shape(), self.data.kind)?;
                self.dataset.insert(Arc::new(made))
            }
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(bytes);
        let count = (self.column.len() / self.row) as u64;
        let rows = h5::Rows { dataset: Arc::clone(dataset), start: self.written, count, bytes: 0..self.buffer.len() };
        self.writer.write(&mut self.buffer, vec![rows])?;
        self.written += count;
        self.column.clear();
        Ok(())
    }
}

impl CompoundSink for ArrayElements<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        let element = ElementSerializer {
            column: &mut self.column,
            depth: self.data.depth,
            context: ElementContext::nowhere(),
            exact: false,
            only_numbers: true,
        };
        if value.write(ValueSerializer::element(element)).is_err() {
            return Err(self.data.refuse());
        }
        self.count += 1;
        match self.class {
            None => self.begin(value)?,
            Some(ItemClass::Complex(part)) if complex_part(value.type_of()) != Some(part) => {
                return Err(self.data.refuse());
            }
            Some(_) => {}
        }
        if self.column.len() == self.flush_at { self.flush() } else { Ok(()) }
    }

    fn end(mut self: Box<Self>) -> Result<()> {
        if self.count != self.data.total {
            return Err(self.data.refuse());
        }
        if self.dataset.is_some() {
            if self.column.len() > 0 {
                self.flush()?;
            }
            return self.writer.finish();
        }
        match (&self.column, self.class) {
            // Nothing tells the type of no elements.
            (_, None) => self.data.write(Dtype::Number(Number::F64), &[]),
            (Column::Numbers(numbers), Some(ItemClass::Number(_))) => {
                self.data.write(Dtype::Number(numbers.number()), numbers.bytes())
            }
            (column, Some(class)) => match bytes_of(column, class) {
                Some(bytes) => self.data.write(class.dtype(), bytes),
                None => Err(self.data.refuse()),
            },
        }
    }
}

/// h5py's complex type, of parts of that type.
pub(super) fn complex_type(part: Number) -> Dtype {
    let [re, im] = COMPLEX;
    let field = |name: &str, offset| Field::new(name.to_owned(), offset, Dtype::Number(part));
    Dtype::Compound([field(re, 0), field(im, part.size())].into())
}

/// The type of the parts, if a type is that of complex numbers, or of references to them: to serde, they are pairs.
#[inline]
pub(super) fn complex_part(id: TypeId) -> Option<Number> {
    if id == TypeId::of::<Complex<f64>>() || id == TypeId::of::<&'static Complex<f64>>() {
        Some(Number::F64)
    } else if id == TypeId::of::<Complex<f32>>() || id == TypeId::of::<&'static Complex<f32>>() {
        Some(Number::F32)
    } else {
        None
    }
}

/// Writes complex numbers of parts of that type, in a column each; those of a tuple, if there is a shape.
pub(super) fn write_complex<'c>(
    columns: impl IntoIterator<Item = &'c Column>,
    part: Number,
    shape: Shape,
    place: &Place<'_>,
) -> Result<()> {
    let mut bytes = Vec::new();
    for column in columns {
        bytes.extend_from_slice(bytes_of(column, ItemClass::Complex(part)).ok_or_else(out_of_order)?);
    }
    place.write(complex_type(part), shape, &bytes, None)
}
