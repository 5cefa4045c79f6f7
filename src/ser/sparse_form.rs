//! Compressed matrices of `sprs` without a wrapper: the struct that they are to serde, with the attributes by which scipy's
//! readers, and the wrapper, know a matrix.

use super::any_value::{AnyElements, AnyValue};
use super::column::out_of_order;
use super::compound::NodeStruct;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, SinkOnce};
use super::serializer::ValueSerializer;
use crate::ground::error::Result;
use crate::h5::{Attributes, Dtype, Group, Number, Shape, element_bytes};
use crate::layout::sparse::{
    COLUMNS, COMPRESSED, COMPRESSED_FIELDS, FORMAT, MATRIX_VERSION, NCOLS, NROWS, ROWS, SHAPE, STORAGE, SparseFormat,
};
use crate::layout::{ENCODING_TYPE, ENCODING_VERSION};

/// Gives a group the attributes of a matrix.
pub(crate) fn write_attributes(group: &Group, format: SparseFormat, dims: [u64; 2]) -> Result<()> {
    // numpy's integers have a sign; of these, none is beyond them but where there is no other way.
    let number = if dims.iter().all(|dim| i64::try_from(*dim).is_ok()) { Number::I64 } else { Number::U64 };
    let dtype = Dtype::Number(number);
    // FileBacked looks for a `str`, which for h5py is a string of variable length.
    let word = format!("{}\0", format.as_str());
    group.write_strings_attribute(FORMAT, &Shape::Scalar, word.as_bytes())?;
    group.write_attribute(ROWS, &dtype, &Shape::Scalar, element_bytes(&dims[..1]))?;
    group.write_attribute(COLUMNS, &dtype, &Shape::Scalar, element_bytes(&dims[1..]))?;
    if format != SparseFormat::Coo {
        group.write_text(ENCODING_TYPE, &format.encoding())?;
        group.write_text(ENCODING_VERSION, MATRIX_VERSION)?;
        group.write_attribute(SHAPE, &dtype, &Shape::Simple(vec![2]), element_bytes(&dims))?;
    }
    Ok(())
}

/// A struct that may be a matrix.
pub(super) struct NodeSparse {
    fields: NodeStruct,
    format: Option<SparseFormat>,
    dims: [Option<u64>; 2],
    count: usize,
}

impl NodeSparse {
    /// Whether a struct of that name and number of fields may be a matrix.
    pub(super) fn may_be(name: &str, len: usize) -> bool {
        name == COMPRESSED && len == COMPRESSED_FIELDS.len()
    }

    pub(super) fn new(fields: NodeStruct) -> Self {
        Self { fields, format: None, dims: [None; 2], count: 0 }
    }
}

impl CompoundSink for NodeSparse {
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        let is_its_turn = COMPRESSED_FIELDS.get(self.count) == Some(&name);
        self.count += usize::from(is_its_turn);
        let mut part = Part::default();
        if is_its_turn && [STORAGE, NROWS, NCOLS].contains(&name) {
            // What is none of these is no matrix, and is told below.
            let _ = value.write(ValueSerializer::telling(&mut Some(PartOf(&mut part))));
        }
        match (name, part) {
            (STORAGE, Part::Variant("CSR")) => self.format = Some(SparseFormat::Csr),
            (STORAGE, Part::Variant("CSC")) => self.format = Some(SparseFormat::Csc),
            (NROWS, Part::Count(count)) => self.dims[0] = Some(count),
            (NCOLS, Part::Count(count)) => self.dims[1] = Some(count),
            _ => {}
        }
        self.fields.field(name, value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.fields.skip_field(name)
    }

    fn end(self: Box<Self>) -> Result<()> {
        if let (Some(format), [Some(rows), Some(columns)], true) =
            (self.format, self.dims, self.count == COMPRESSED_FIELDS.len())
        {
            write_attributes(self.fields.group(), format, [rows, columns])?;
        }
        Box::new(self.fields).end()
    }
}

/// What a field turns out to be.
#[derive(Clone, Copy, Default)]
enum Part {
    #[default]
    Other,
    Variant(&'static str),
    Count(u64),
}

struct PartOf<'p>(&'p mut Part);

impl<'a, 'p: 'a> SinkOnce<'a> for PartOf<'p> {
    fn event(self, event: Event<'_>) -> Result<()> {
        *self.0 = match event {
            Event::UnitVariant(_, name) => Part::Variant(name),
            Event::Number(NumberOrBool::U64(count)) => Part::Count(count),
            _ => Part::Other,
        };
        Ok(())
    }

    fn begin(self, _: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        Err(out_of_order())
    }

    fn collect(self, _: &mut dyn AnyElements) -> Result<()> {
        Err(out_of_order())
    }
}
