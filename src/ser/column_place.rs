//! Where sequences are written whose elements are in memory as columns already, as those of Arrow are.
//!
//! What is written is what [`column_layout`](super::column_layout) makes of such a sequence, from the caller's own memory.

use hdf5::H5Type;
use ndarray::{ArrayView, Dimension};

use super::column_layout::{check_count, write_encoding_of};
use super::destination::Destination;
use super::place::{Place, write_marks};
use super::strings::{self, StringList};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Attributes, Dtype, ElementType, Group, Number, Opaque, Shape, element_bytes};
use crate::layout::foreign::{CATEGORICAL, CATEGORICAL_VERSION, CATEGORIES, CODES, ORDERED};
use crate::layout::path_rules::Keep;
use crate::layout::{ENCODING_TYPE, ENCODING_VERSION, Kind, MASK, OFFSETS, VALUES};
use crate::layout_attributes::LayoutAttributes;

/// Where a sequence is written that is in memory as columns already.
#[derive(Debug)]
pub(crate) struct ColumnPlace<'a>(Place<'a>);

/// What writes a part of a sequence.
pub(crate) type WritePart<'w> = &'w mut dyn FnMut(&ColumnPlace<'_>) -> Result<()>;

impl Destination {
    /// The place of a sequence there that is in memory as columns.
    pub(crate) fn columns(&self) -> Result<ColumnPlace<'static>> {
        if self.place.is_python() {
            let message = "a table has no form in the layout of the Python package: write a `Vec` of structs";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(ColumnPlace(self.place.clone().of_elements()))
    }
}

impl ColumnPlace<'_> {
    /// Makes the group of `rows` records, which have so many fields.
    pub(crate) fn records(&self, rows: usize, fields: usize) -> Result<Group> {
        if fields == 0 {
            check_count(rows as u64)?;
        }
        let group = self.0.group(Some(Kind::Columns))?;
        group.write_length(rows as u64)?;
        Ok(group)
    }

    /// Writes the field `name` of records whose group was made, unless the options leave it out; `has_fields` says whether
    /// there are fields in it.
    pub(crate) fn field(&self, group: &Group, name: &str, has_fields: bool, write: WritePart<'_>) -> Result<()> {
        let rules = self.0.rules.field(name);
        let is_kept = rules.is_nowhere()
            || match rules.keep() {
                Keep::Yes => true,
                Keep::No => false,
                Keep::OnTheWay => has_fields,
            };
        if !is_kept {
            return Ok(());
        }
        write(&ColumnPlace(Place::named(group, name, rules))).map_err(|error| error.in_field(name).in_link(name))
    }

    /// Writes numbers, or arrays of numbers.
    pub(crate) fn numbers(&self, number: Number, dims: Vec<u64>, bytes: &[u8]) -> Result<()> {
        self.0.write(Dtype::Number(number), Shape::Simple(dims), bytes, None)
    }

    /// Writes numbers whose dataset has attributes that are strings.
    pub(crate) fn marked_numbers(&self, number: Number, bytes: &[u8], marks: &[(&str, &str)]) -> Result<()> {
        let place = Place { keeps_order: true, ..self.0.clone() };
        let shape = Shape::Simple(vec![(bytes.len() / number.size()) as u64]);
        let dataset = place.dataset(Dtype::Number(number), shape, None)?;
        if !bytes.is_empty() {
            dataset.write(bytes)?;
        }
        write_marks(&dataset, marks)
    }

    /// Writes an array of elements that the `hdf5` crate knows.
    #[cfg_attr(not(feature = "f16"), expect(dead_code, reason = "only floats of 16 bits are written so"))]
    pub(crate) fn array<T: H5Type, D: Dimension>(&self, array: &ArrayView<'_, T, D>) -> Result<()> {
        self.0.write_array(&ElementType::new()?, array)
    }

    /// Writes strings.
    pub(crate) fn strings(&self, strings: &dyn StringList) -> Result<()> {
        if strings.count() == 0 {
            let shape = Shape::Simple(vec![0]);
            return self.0.write(Dtype::string(1), shape, &[], None);
        }
        strings::write(strings, &self.0)
    }

    /// Writes byte strings, one after the other.
    pub(crate) fn blobs(&self, offsets: &[u64], bytes: &[u8]) -> Result<()> {
        let group = self.0.group(Some(Kind::Blobs))?;
        self.write_offsets(&group, offsets)?;
        let shape = Shape::Simple(vec![bytes.len() as u64]);
        self.0.part(&group, VALUES).write(Dtype::Number(Number::U8), shape, bytes, None)
    }

    /// Writes byte strings of `size` bytes each, which is not zero.
    pub(crate) fn opaque(&self, size: usize, bytes: &[u8]) -> Result<()> {
        let shape = Shape::Simple(vec![(bytes.len() / size) as u64]);
        self.0.write(Dtype::Opaque(Opaque::new(size).into()), shape, bytes, None)
    }

    /// Writes so many units.
    pub(crate) fn units(&self, count: usize) -> Result<()> {
        check_count(count as u64)?;
        let bytes = [count as u64];
        self.0.write(Dtype::Number(Number::U64), Shape::Scalar, element_bytes(&bytes), Some(Kind::Units))
    }

    /// Writes options: `number` is what the values are, if they are numbers.
    pub(crate) fn nullable(&self, number: Option<Number>, mask: &[bool], write: WritePart<'_>) -> Result<()> {
        let group = self.0.group(Some(Kind::Nullable))?;
        write_encoding_of(number, &group)?;
        write(&ColumnPlace(self.0.part(&group, VALUES))).map_err(|error| error.in_link(VALUES))?;
        let shape = Shape::Simple(vec![mask.len() as u64]);
        self.0.part(&group, MASK).write(Dtype::Number(Number::Bool), shape, element_bytes(mask), None)
    }

    /// Writes sequences, whose elements are one after the other.
    pub(crate) fn ragged(&self, offsets: &[u64], write: WritePart<'_>) -> Result<()> {
        let group = self.0.group(Some(Kind::Ragged))?;
        self.write_offsets(&group, offsets)?;
        let values = Place::child(&group, VALUES, self.0.rules.element());
        write(&ColumnPlace(values)).map_err(|error| error.in_link(VALUES))
    }

    /// Writes values by their positions among those that there are, as AnnData does.
    pub(crate) fn categorical(
        &self,
        number: Number,
        codes: &[u8],
        is_ordered: bool,
        write: WritePart<'_>,
    ) -> Result<()> {
        let group = self.0.group(None)?;
        group.write_text(ENCODING_TYPE, CATEGORICAL)?;
        group.write_text(ENCODING_VERSION, CATEGORICAL_VERSION)?;
        group.write_attribute(ORDERED, &Dtype::Number(Number::Bool), &Shape::Scalar, element_bytes(&[is_ordered]))?;
        write(&ColumnPlace(self.0.part(&group, CATEGORIES))).map_err(|error| error.in_link(CATEGORIES))?;
        let shape = Shape::Simple(vec![(codes.len() / number.size()) as u64]);
        self.0.part(&group, CODES).write(Dtype::Number(number), shape, codes, None)
    }

    fn write_offsets(&self, group: &Group, offsets: &[u64]) -> Result<()> {
        let shape = Shape::Simple(vec![offsets.len() as u64]);
        self.0.part(group, OFFSETS).write(Dtype::Number(Number::U64), shape, element_bytes(offsets), None)
    }
}
