//! Items of datasets, taken apart into columns a window at a time.

use super::{Charge, ColumnData, Marks, SharedColumn, is_long, no_column};
use crate::de::item::{Item, Scalar, trimmed};
use crate::de::tags::Members;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dtype, EnumType, Items, Number, Opaque, Strings, Words};

/// Items in memory, `count` of them: each is `stride` bytes behind the one before, and `offset` bytes into that.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) stride: usize,
    pub(super) offset: usize,
    pub(super) count: usize,
    /// Where their parts of variable length are.
    pub(super) items: &'a Items,
}

impl<'a> Window<'a> {
    /// The bytes of each item.
    fn places(self, size: usize) -> Result<impl Iterator<Item = &'a [u8]>> {
        let Self { bytes, stride, offset, count, .. } = self;
        let end = count.saturating_sub(1).saturating_mul(stride).saturating_add(offset).saturating_add(size);
        if count > 0 && end > bytes.len() {
            return Err(Error::corrupt("items that are not all there"));
        }
        Ok((0..count).map(move |index| &bytes[index * stride + offset..index * stride + offset + size]))
    }
}

/// A column that items of one type are added to.
pub(super) struct ItemColumn<'d> {
    size: usize,
    /// Bytes of items to come that were taken note of.
    reserved: u64,
    form: Form<'d>,
}

enum Form<'d> {
    Numbers { number: Number, len: u64, dims: Vec<u64>, values: Words },
    Logicals(&'d EnumType, Vec<Option<bool>>),
    Names { names: &'d EnumType, members: Members<'d>, key: Number, codes: Words },
    Times(&'d Opaque, Vec<i64>),
    WideFloats(&'d Dtype, Words),
    FixedBytes(Vec<u8>),
    Text { strings: Option<Strings>, is_long: bool, offsets: Vec<u64>, bytes: Vec<u8> },
    Lists { offsets: Vec<u64>, inner: usize, values: Box<ItemColumn<'d>> },
    Arrays { dims: Vec<u64>, width: usize, inner: usize, len: u64, values: Box<ItemColumn<'d>> },
    Records { len: u64, fields: Vec<(&'d str, usize, ItemColumn<'d>)> },
}

impl<'d> ItemColumn<'d> {
    /// A column of items of that type; `total` is about how many there will be in all parts of the table.
    pub(super) fn new(dtype: &'d Dtype, total: u64) -> Result<Self> {
        let text = |strings: Option<Strings>| {
            let longest = strings.map_or(0, |strings| total.saturating_mul(strings.size as u64));
            Form::Text { strings, is_long: is_long(longest), offsets: vec![0], bytes: Vec::new() }
        };
        let form = match dtype {
            Dtype::Number(number) | Dtype::Bitfield(number) => {
                Form::Numbers { number: *number, len: 0, dims: Vec::new(), values: Words::default() }
            }
            Dtype::Enum(names) if dtype.is_logical() => Form::Logicals(names, Vec::new()),
            Dtype::Enum(names) => {
                let last = names.members.len().saturating_sub(1);
                let key = match names.base {
                    Number::I8 | Number::U8 if last <= 0x7f => names.base,
                    Number::I16 | Number::U16 if last <= 0x7fff => names.base,
                    Number::U8 if last <= 0xff => Number::U8,
                    Number::U16 if last <= 0xffff => Number::U16,
                    Number::U32 => Number::U32,
                    _ => Number::I32,
                };
                Form::Names { names, members: Members::of(names), key, codes: Words::default() }
            }
            Dtype::FixedString(strings) => text(Some(*strings)),
            Dtype::VarString(_) => text(None),
            Dtype::Opaque(opaque) if opaque.time_type().is_some() => Form::Times(opaque, Vec::new()),
            Dtype::Opaque(_) => Form::FixedBytes(Vec::new()),
            Dtype::WideFloat(_) => Form::WideFloats(dtype, Words::default()),
            Dtype::Compound(fields) | Dtype::Complex(fields) => {
                let column = |field: &'d crate::h5::Field| {
                    let column = Self::new(&field.dtype, total).map_err(|error| error.in_field(&field.name))?;
                    Ok((field.name.as_str(), field.offset, column))
                };
                Form::Records { len: 0, fields: fields.iter().map(column).collect::<Result<_>>()? }
            }
            Dtype::Array(dims, inner) => {
                return Self::arrays(dims, inner, total);
            }
            Dtype::VarArray(inner) => {
                let values = Box::new(Self::new(inner, 0)?);
                Form::Lists { offsets: vec![0], inner: inner.size(), values }
            }
            Dtype::WideInteger(_) | Dtype::Reference(_) => return Err(no_column(&format!("a `{dtype}`"))),
            Dtype::Unsupported(words) => {
                return Err(Error::new(ErrorKind::Unsupported, format!("a `{words}` cannot be read")));
            }
        };
        Ok(Self { size: dtype.size(), reserved: 0, form })
    }

    /// A column of arrays of those dimensions, of items of that type.
    pub(super) fn arrays(dims: &[u64], inner: &'d Dtype, total: u64) -> Result<Self> {
        let absurd = || Error::corrupt("an array of absurd shape");
        let width = dims.iter().try_fold(1u64, |width, dim| width.checked_mul(*dim)).ok_or_else(absurd)?;
        let values = Self::new(inner, total.saturating_mul(width))?;
        let width = usize::try_from(width).map_err(|_| absurd())?;
        let size = width.checked_mul(values.size).ok_or_else(absurd)?;
        let (inner, dims) = (values.size, dims.to_vec());
        let form = match values.form {
            Form::Numbers { number, len, dims: within, values } => {
                Form::Numbers { number, len, dims: dims.into_iter().chain(within).collect(), values }
            }
            form => {
                let values = Box::new(Self { size: inner, reserved: 0, form });
                Form::Arrays { dims, width, inner, len: 0, values }
            }
        };
        Ok(Self { size, reserved: 0, form })
    }

    /// The same with room for `count` items.
    pub(super) fn with_room(dtype: &'d Dtype, total: u64, count: u64, charge: &mut Charge) -> Result<Self> {
        let mut column = Self::new(dtype, total)?;
        column.reserve(count, charge)?;
        Ok(column)
    }

    /// Makes room for so many items.
    pub(super) fn reserve(&mut self, count: u64, charge: &mut Charge) -> Result<()> {
        if let Form::Numbers { values, .. } = &mut self.form {
            let bytes = count.saturating_mul(self.size as u64);
            charge.take(bytes)?;
            self.reserved = bytes;
            values.reserve(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        }
        if let Form::Records { fields, .. } = &mut self.form {
            fields.iter_mut().try_for_each(|(_, _, field)| field.reserve(count, charge))?;
        }
        Ok(())
    }

    /// Adds the items of a window.
    pub(super) fn push(&mut self, window: Window<'_>, charge: &mut Charge) -> Result<()> {
        let (size, count) = (self.size, window.count);
        if count == 0 {
            return Ok(());
        }
        // What is behind them is counted on its own.
        let own = match &self.form {
            Form::Records { .. } => 0,
            Form::Text { .. } | Form::Lists { .. } => size.max(8),
            Form::Arrays { .. } => 0,
            _ => size,
        };
        let bytes = (count as u64).saturating_mul(own as u64);
        let left = self.reserved.saturating_sub(bytes);
        charge.take(bytes - (self.reserved - left))?;
        self.reserved = left;
        match &mut self.form {
            Form::Numbers { len, values, .. } => {
                copy_items(window, size, values.grow(count * size)?)?;
                *len += count as u64;
            }
            Form::Logicals(names, values) => {
                for place in window.places(size)? {
                    let value = crate::h5::integer(names.base, place);
                    values.push(names.logical(value).ok_or_else(|| no_name(value))?);
                }
            }
            Form::Names { members, key, codes, .. } => {
                let width = key.size();
                let added = codes.grow(count * width)?;
                for (place, code) in window.places(size)?.zip(added.chunks_exact_mut(width)) {
                    let position = members.position(place)?.to_le_bytes();
                    code.copy_from_slice(&position[..width]);
                    if cfg!(target_endian = "big") {
                        code.reverse();
                    }
                }
            }
            Form::Times(opaque, values) => {
                for place in window.places(size)? {
                    values.push(opaque.time(place).ok_or_else(|| Error::corrupt("a time of another size"))?);
                }
            }
            Form::WideFloats(..) | Form::FixedBytes(_) | Form::Text { .. } | Form::Lists { .. } => {
                self.push_each(window, charge)?;
            }
            Form::Arrays { width, inner, len, values, .. } => {
                let (width, stride) = (*width, *inner);
                for bytes in window.places(size)? {
                    values.push(Window { bytes, stride, offset: 0, count: width, items: window.items }, charge)?;
                }
                *len += count as u64;
            }
            Form::Records { len, fields } => {
                for (name, offset, field) in fields {
                    let part = Window { offset: window.offset + *offset, ..window };
                    field.push(part, charge).map_err(|error| error.in_field(name))?;
                }
                *len += count as u64;
            }
        }
        Ok(())
    }

    /// Adds items that are looked at one by one.
    fn push_each(&mut self, window: Window<'_>, charge: &mut Charge) -> Result<()> {
        let places = window.places(self.size)?;
        match &mut self.form {
            Form::WideFloats(dtype, values) => {
                for bytes in places {
                    let value = match (Item { dtype, bytes, items: window.items }).scalar()? {
                        Scalar::F64(value) => value,
                        Scalar::Unreadable(words) => return Err(Error::new(ErrorKind::Unsupported, words)),
                        _ => return Err(Error::corrupt("a float that is none")),
                    };
                    values.grow(size_of::<f64>())?.copy_from_slice(&value.to_ne_bytes());
                }
            }
            Form::FixedBytes(bytes) => places.for_each(|place| bytes.extend_from_slice(place)),
            Form::Text { strings: Some(strings), offsets, bytes, .. } => {
                for place in places {
                    bytes.extend_from_slice(trimmed(*strings, place));
                    offsets.push(bytes.len() as u64);
                }
            }
            Form::Text { strings: None, offsets, bytes, .. } => {
                for place in places {
                    let text = window.items.string(place);
                    charge.elsewhere(|charge| charge.take(text.len() as u64))?;
                    bytes.extend_from_slice(text);
                    offsets.push(bytes.len() as u64);
                }
            }
            Form::Lists { offsets, inner, values } => {
                let (stride, mut end) = (*inner, offsets.last().copied().unwrap_or(0));
                for place in places {
                    let (count, bytes) = window.items.sequence(place, stride);
                    let part = Window { bytes, stride, offset: 0, count, items: window.items };
                    charge.elsewhere(|charge| values.push(part, charge))?;
                    end += count as u64;
                    offsets.push(end);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What was added.
    pub(super) fn finish(self) -> ColumnData {
        match self.form {
            Form::Numbers { number, len, dims, values } => {
                ColumnData::Numbers { number, len, dims, values, marks: Marks::default() }
            }
            Form::Logicals(_, values) => ColumnData::Logicals(values),
            Form::Names { names, key, codes, .. } => {
                let (mut offsets, mut bytes) = (vec![0], Vec::new());
                for (name, _) in &names.members {
                    bytes.extend_from_slice(name.as_bytes());
                    offsets.push(bytes.len() as u64);
                }
                let names = ColumnData::Parts { is_text: true, is_long: false, offsets, bytes };
                let categories = SharedColumn::new(names);
                ColumnData::Categorical { number: key, codes, categories }
            }
            Form::Times(opaque, values) => {
                ColumnData::Times { name: opaque.time_type().unwrap_or_default().to_owned(), values }
            }
            Form::WideFloats(_, values) => {
                let len = (values.bytes().len() / size_of::<f64>()) as u64;
                ColumnData::Numbers { number: Number::F64, len, dims: Vec::new(), values, marks: Marks::default() }
            }
            Form::FixedBytes(bytes) => ColumnData::FixedBytes { size: self.size, bytes },
            Form::Text { is_long, offsets, bytes, .. } => ColumnData::Parts { is_text: true, is_long, offsets, bytes },
            Form::Lists { offsets, values, .. } => {
                ColumnData::Lists { is_long: false, offsets, values: Box::new(values.finish()) }
            }
            Form::Arrays { dims, len, values, .. } => {
                ColumnData::Arrays { dims, len, values: Box::new(values.finish()) }
            }
            Form::Records { len, fields } => {
                let field = |(name, _, column): (&str, usize, ItemColumn<'_>)| (name.to_owned(), column.finish());
                ColumnData::Records { len, fields: fields.into_iter().map(field).collect() }
            }
        }
    }
}

#[cold]
fn no_name(value: i128) -> Error {
    Error::corrupt(format!("the value {value} of an enum has no name"))
}

/// Copies items of `size` bytes out of a window, one behind the other.
fn copy_items(window: Window<'_>, size: usize, to: &mut [u8]) -> Result<()> {
    /// Items of a size that is known when this is compiled are moved in one instruction.
    fn of_size<'a, const SIZE: usize>(places: impl Iterator<Item = &'a [u8]>, to: &mut [u8]) {
        for (place, to) in places.zip(to.as_chunks_mut::<SIZE>().0) {
            if let Some(item) = place.first_chunk() {
                *to = *item;
            }
        }
    }
    if window.stride == size && window.offset == 0 {
        to.copy_from_slice(&window.bytes[..to.len()]);
        return Ok(());
    }
    let places = window.places(size)?;
    match size {
        0 => {}
        1 => of_size::<1>(places, to),
        2 => of_size::<2>(places, to),
        4 => of_size::<4>(places, to),
        8 => of_size::<8>(places, to),
        _ => places.zip(to.chunks_exact_mut(size)).for_each(|(place, to)| to.copy_from_slice(place)),
    }
    Ok(())
}
