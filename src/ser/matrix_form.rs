//! Matrices of `nalgebra` without a wrapper: where the type of a value shows that it is one, it becomes one dataset, as in the
//! wrapper.
//!
//! To serde, a matrix whose size is in its type is a tuple of its elements, column after column; any other is a tuple of a
//! sequence of them and of the numbers of rows and columns, of which one that is in the type is a unit.

use super::any_value::{AnyElements, AnyValue, Contiguous};
use super::array_form::{ItemClass, bytes_of, complex_part, no_array};
use super::column::Column;
use super::element::ElementSerializer;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, SinkOnce};
use super::place::{ElementContext, Place};
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dtype, Number, Shape};
use crate::layout::Kind;
use crate::layout::matrix::{MatrixType, transposed};

/// Writes a value that is such a matrix; returns whether it is. Nothing is there if it is not.
pub(super) fn write_matrix(value: &dyn AnyValue, place: &Place<'_>, depth: Depth) -> Result<bool> {
    let Some(matrix) = MatrixType::of_value(value.type_of()) else { return Ok(false) };
    if place.is_attribute() {
        if matrix.is_fixed() {
            // Without a kind, serde would not find what it was where it keeps what it reads.
            return Ok(false);
        }
        return Err(Error::new(
            ErrorKind::Unsupported,
            "an attribute holds a matrix of `nalgebra` only where its type is known: add `with = \"filebacked::nalgebra\"` to \
             the field",
        ));
    }
    let mut told = Told { matrix, depth: depth.in_sequence()?, dtype: None, elements: Vec::new(), size: [None; 2] };
    if value.write(ValueSerializer::telling(&mut Some(Matrix(&mut told)))).is_err() {
        return Ok(false);
    }
    match told.dataset() {
        Some((dtype, shape, bytes, kind)) => {
            place.rules.note_leaf();
            place.write(dtype, shape, &bytes, kind).map(|()| true)
        }
        None => Ok(false),
    }
}

/// What a matrix has told of itself.
struct Told {
    matrix: MatrixType,
    depth: Depth,
    /// The type of its elements, if there are any.
    dtype: Option<Dtype>,
    /// All of them, column after column.
    elements: Vec<u8>,
    size: [Option<u64>; 2],
}

impl Told {
    /// The dataset that it becomes, if all of it was told.
    fn dataset(self) -> Option<(Dtype, Shape, Vec<u8>, Option<Kind>)> {
        let fixed = [self.matrix.rows, self.matrix.columns].map(|count| count.map(|count| count as u64));
        let ([Some(rows), _], [_, Some(columns)]) = ([fixed[0].or(self.size[0]); 2], [fixed[1].or(self.size[1]); 2])
        else {
            return None;
        };
        // Nothing tells the type of no elements.
        let dtype = self.dtype.unwrap_or(Dtype::Number(Number::F64));
        let len = rows.checked_mul(columns)?.checked_mul(dtype.size() as u64)?;
        if len != self.elements.len() as u64 {
            return None;
        }
        let dims = if self.matrix.is_vector() { vec![rows] } else { vec![rows, columns] };
        let bytes = transposed(&self.elements, dtype.size(), [columns, rows]);
        Some((dtype, Shape::Simple(dims), bytes, self.matrix.kind()))
    }
}

/// Takes what a matrix is to serde.
struct Matrix<'p>(&'p mut Told);

impl<'a, 'p: 'a> SinkOnce<'a> for Matrix<'p> {
    fn event(self, _: Event<'_>) -> Result<()> {
        Err(no_array())
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Tuple(_) if self.0.matrix.is_fixed() => Elements::new(self.0).begin(compound),
            Compound::Tuple(3) => Ok(Box::new(Parts { told: self.0, next: 0 })),
            _ => Err(no_array()),
        }
    }

    fn collect(self, _: &mut dyn AnyElements) -> Result<()> {
        Err(no_array())
    }
}

/// Takes the elements, and the numbers of rows and columns.
struct Parts<'p> {
    told: &'p mut Told,
    next: usize,
}

impl CompoundSink for Parts<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        self.next += 1;
        match self.next {
            1 => value.write(ValueSerializer::telling(&mut Some(Elements::new(self.told)))),
            at @ (2 | 3) => value.write(ValueSerializer::telling(&mut Some(Count(&mut self.told.size[at - 2])))),
            _ => Err(no_array()),
        }
    }

    fn end(self: Box<Self>) -> Result<()> {
        if self.next == 3 { Ok(()) } else { Err(no_array()) }
    }
}

/// Takes the number of rows or columns; it is a unit where it is in the type.
struct Count<'p>(&'p mut Option<u64>);

impl<'a, 'p: 'a> SinkOnce<'a> for Count<'p> {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(NumberOrBool::U64(count)) => *self.0 = Some(count),
            Event::Unit => {}
            _ => return Err(no_array()),
        }
        Ok(())
    }

    fn begin(self, _: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        Err(no_array())
    }

    fn collect(self, _: &mut dyn AnyElements) -> Result<()> {
        Err(no_array())
    }
}

/// Takes the elements.
struct Elements<'p> {
    told: &'p mut Told,
    column: Column,
    class: Option<ItemClass>,
}

impl<'p> Elements<'p> {
    fn new(told: &'p mut Told) -> Self {
        Self { told, column: Column::new(), class: None }
    }
}

impl<'a, 'p: 'a> SinkOnce<'a> for Elements<'p> {
    fn event(self, _: Event<'_>) -> Result<()> {
        Err(no_array())
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Seq(_) | Compound::Tuple(_) => Ok(Box::new(self)),
            _ => Err(no_array()),
        }
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        if let Some(Contiguous::Numbers(slice)) = items.contiguous()
            && slice.width.is_none()
        {
            self.told.dtype = Some(Dtype::Number(slice.number));
            self.told.elements = slice.bytes.to_vec();
            return Ok(());
        }
        let mut elements = self.begin(Compound::Seq(items.exact_len()))?;
        while let Some(item) = items.next() {
            elements.element(item)?;
        }
        elements.end()
    }
}

impl CompoundSink for Elements<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        let element = ElementSerializer {
            column: &mut self.column,
            depth: self.told.depth,
            context: ElementContext::nowhere(),
            exact: false,
            only_numbers: true,
        };
        value.write(ValueSerializer::element(element))?;
        if self.class.is_none() {
            self.class = match (complex_part(value.type_of()), &self.column) {
                (Some(part), _) => Some(ItemClass::Complex(part)),
                (None, Column::Numbers(numbers)) => Some(ItemClass::Number(numbers.number())),
                _ => return Err(no_array()),
            };
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<()> {
        if let Some(class) = self.class {
            self.told.elements = bytes_of(&self.column, class).ok_or_else(no_array)?.to_vec();
            self.told.dtype = Some(class.dtype());
        }
        Ok(())
    }
}
