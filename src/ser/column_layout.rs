//! Column to HDF5: which objects a sequence becomes, decided when all of its elements are known.

use std::borrow::Cow;

use super::array_form::complex_type;
use super::column::{
    ArrayColumn, ByteStrings, Column, ElementClass, ListColumn, MapsColumn, MixedColumn, NullableColumn,
};
use super::numbers::Numbers;
use super::place::Place;
use super::record::{RecordColumn, RecordField, RecordKind};
use super::strings;
use super::variants::VariantsColumn;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::MAX_COUNT;
use crate::ground::stack::with_room;
use crate::ground::time::MISSING;
use crate::h5::{Attributes, Dtype, EnumType, Field, Group, Number, Shape, element_bytes};
use crate::layout::dataset_options::Records;
use crate::layout::path_rules::RulePosition;
use crate::layout::{
    ENCODING_TYPE, ENCODING_VERSION, FILL_VALUE, HI, KEYS, Kind, LO, MASK, MAX_MESSAGE, MAX_RANK, NULLABLE_BOOLEAN,
    NULLABLE_INTEGER, NULLABLE_VERSION, OFFSETS, SLAB, TAG, VALUES, are_positions, escape_variant,
};
use crate::layout_attributes::LayoutAttributes;

/// Writes the elements of a sequence.
pub(super) fn write(column: Column, place: &Place<'_>) -> Result<()> {
    with_room(|| write_level(column, place))
}

fn write_level(column: Column, place: &Place<'_>) -> Result<()> {
    let len = column.len() as u64;
    match column {
        Column::Unknown(count) => {
            let fillers = vec![f64::NAN; count];
            let number = if place.is_times && count == 0 { Number::I64 } else { Number::F64 };
            place.write(Dtype::Number(number), Shape::Simple(vec![len]), element_bytes(&fillers), None)
        }
        Column::Numbers(numbers) => write_numbers(&numbers, vec![len], place),
        Column::I128(values) => {
            let halves = values.iter().map(|value| ((value >> 64) as u64, *value as u64));
            write_halves(halves, Shape::Simple(vec![len]), Kind::I128, place)
        }
        Column::U128(values) => {
            let halves = values.iter().map(|value| ((value >> 64) as u64, *value as u64));
            write_halves(halves, Shape::Simple(vec![len]), Kind::U128, place)
        }
        Column::Text(parts) => strings::write(&parts, place),
        Column::Blobs(parts) => {
            let group = place.group(Some(Kind::Blobs))?;
            write_parts(&parts, &group, VALUES, &place.rules)
        }
        Column::Units(count) => {
            check_count(len)?;
            let count = [count as u64];
            place.write(Dtype::Number(Number::U64), Shape::Scalar, element_bytes(&count), Some(Kind::Units))
        }
        Column::Array(array) => write_array(*array, place),
        Column::List(list) => write_list(*list, place),
        Column::Record(record) => write_record(*record, place),
        Column::Maps(maps) => write_maps(*maps, place),
        Column::Nullable(nullable) => write_nullable(*nullable, place),
        Column::Variants(variants) => write_variants(*variants, place),
        Column::Mixed(mixed) => write_mixed(*mixed, place),
        Column::Stored(stored) => place.link(&stored.dataset),
        Column::Objects(objects) => objects.link(place),
    }
}

/// Refuses more elements without contents than a reader takes on the word of their count.
pub(super) fn check_count(count: u64) -> Result<()> {
    if count <= MAX_COUNT {
        return Ok(());
    }
    let message = format!("a sequence of {count} elements that hold nothing: at most {MAX_COUNT} can be read back");
    Err(Error::new(ErrorKind::Limit, message))
}

fn write_numbers(numbers: &Numbers, dims: Vec<u64>, place: &Place<'_>) -> Result<()> {
    let write =
        |place: &Place<'_>| place.write(Dtype::Number(numbers.number()), Shape::Simple(dims), numbers.bytes(), None);
    if matches!(numbers, Numbers::Time(_)) && !place.is_times { write(&place.of_times()) } else { write(place) }
}

/// The compound type of 128-bit integers.
pub(super) fn halves(kind: Kind) -> Dtype {
    let hi = if kind == Kind::I128 { Number::I64 } else { Number::U64 };
    let field = |name: &str, offset, number| Field::new(name.to_owned(), offset, Dtype::Number(number));
    Dtype::Compound([field(HI, 0, hi), field(LO, 8, Number::U64)].into())
}

/// Writes 128-bit integers, given as upper and lower halves.
pub(super) fn write_halves(
    values: impl Iterator<Item = (u64, u64)>,
    shape: Shape,
    kind: Kind,
    place: &Place<'_>,
) -> Result<()> {
    let words: Vec<u64> = values.flat_map(|(hi, lo)| [hi, lo]).collect();
    place.write(halves(kind), shape, element_bytes(&words), Some(kind))
}

fn write_offsets(offsets: &[u64], group: &Group, rules: &RulePosition) -> Result<()> {
    let shape = Shape::Simple(vec![offsets.len() as u64]);
    Place::child(group, OFFSETS, rules).write(Dtype::Number(Number::U64), shape, element_bytes(offsets), None)
}

fn write_mask(mask: &[bool], group: &Group, rules: &RulePosition) -> Result<()> {
    let shape = Shape::Simple(vec![mask.len() as u64]);
    Place::child(group, MASK, rules).write(Dtype::Number(Number::Bool), shape, element_bytes(mask), None)
}

pub(super) fn write_parts(parts: &ByteStrings, group: &Group, name: &str, rules: &RulePosition) -> Result<()> {
    write_offsets(&parts.offsets, group, rules)?;
    let shape = Shape::Simple(vec![parts.bytes.len() as u64]);
    Place::child(group, name, rules).write(Dtype::Number(Number::U8), shape, &parts.bytes, None)
}

/// Calls `write(start, len)` for slabs of about 256 KiB of `count` items of `size` bytes.
pub(super) fn slabs(count: usize, size: usize, mut write: impl FnMut(usize, usize) -> Result<()>) -> Result<()> {
    let step = (SLAB / size.max(1)).max(1);
    (0..count).step_by(step).try_for_each(|start| write(start, step.min(count - start)))
}

/// The numbers in sequences of equal lengths, and their dimensions; `None` where lengths differ or there are no numbers.
enum Regular<'a> {
    /// Also whether each two are a complex number.
    Numbers(&'a Numbers, bool),
    /// No number has shown its type; the dimensions hold so many fillers.
    Unknown(usize),
}

fn regular<'a>(column: &'a Column, dims: &mut Vec<u64>) -> Option<Regular<'a>> {
    match column {
        Column::Numbers(numbers) => Some(Regular::Numbers(numbers, false)),
        Column::Unknown(count) => Some(Regular::Unknown(*count)),
        Column::Array(array) => match &array.inner {
            Column::Numbers(numbers) if array.is_complex => Some(Regular::Numbers(numbers, true)),
            inner => {
                dims.push(array.width as u64);
                regular(inner, dims)
            }
        },
        Column::List(list) => {
            let width = list.offsets.get(1)?;
            if list.offsets.iter().zip(0..).any(|(offset, row)| *offset != row * width) {
                return None;
            }
            dims.push(*width);
            regular(&list.inner, dims)
        }
        _ => None,
    }
    .filter(|_| dims.len() <= MAX_RANK)
}

/// The type of numbers, or of complex numbers that each two of them are.
fn number_type(numbers: &Numbers, is_complex: bool) -> Dtype {
    if is_complex { complex_type(numbers.number()) } else { Dtype::Number(numbers.number()) }
}

/// Whether a dataset of that shape has more elements without contents than a reader takes on the word of their count.
pub(super) fn is_hollow(dims: &[u64]) -> bool {
    let outer = dims.iter().take_while(|dim| **dim > 0);
    dims.contains(&0) && outer.fold(1u64, |count, dim| count.saturating_mul(*dim)) > MAX_COUNT
}

fn write_regular(column: &Column, place: &Place<'_>) -> Option<Result<()>> {
    let mut dims = vec![column.len() as u64];
    let numbers = regular(column, &mut dims)?;
    if is_hollow(&dims) {
        return None;
    }
    Some(match numbers {
        Regular::Numbers(numbers, true) => {
            place.write(number_type(numbers, true), Shape::Simple(dims), numbers.bytes(), None)
        }
        Regular::Numbers(numbers, false) => write_numbers(numbers, dims, place),
        Regular::Unknown(count) => {
            let fillers = vec![f64::NAN; count];
            place.write(Dtype::Number(Number::F64), Shape::Simple(dims), element_bytes(&fillers), None)
        }
    })
}

fn write_array(array: ArrayColumn, place: &Place<'_>) -> Result<()> {
    let mut column = Column::Array(Box::new(array));
    if let Some(result) = write_regular(&column, place) {
        return result;
    }
    // Beyond HDF5's 32 dimensions, tuples are written as sequences are.
    column.array_to_list();
    write(column, place)
}

fn write_list(list: ListColumn, place: &Place<'_>) -> Result<()> {
    let column = Column::List(Box::new(list));
    if let Some(result) = write_regular(&column, place) {
        return result;
    }
    let Column::List(list) = column else { unreachable!("made above") };
    let group = place.group(Some(Kind::Ragged))?;
    write_offsets(&list.offsets, &group, &place.rules)?;
    write(list.inner, &Place::child(&group, VALUES, place.rules.element()))
}

fn write_maps(maps: MapsColumn, place: &Place<'_>) -> Result<()> {
    let group = place.group(Some(Kind::Maps))?;
    write_offsets(&maps.offsets, &group, &place.rules)?;
    write(maps.keys, &place.part(&group, KEYS))?;
    write(maps.values, &Place::child(&group, VALUES, place.rules.element()))
}

/// Times some of which are missing: numpy and pandas have a number for those. `None` where these are no times.
fn missing_times(nullable: &NullableColumn) -> Option<Vec<i64>> {
    let mut times = match &nullable.inner {
        Column::Numbers(Numbers::I64(times) | Numbers::Time(times)) => times.clone(),
        Column::Unknown(count) => vec![MISSING; *count],
        _ => return None,
    };
    times.iter_mut().zip(&nullable.mask).filter(|(_, missing)| **missing).for_each(|(time, _)| *time = MISSING);
    Some(times)
}

fn write_missing_times(times: &[i64], place: &Place<'_>) -> Result<()> {
    let dataset = place.dataset(Dtype::Number(Number::I64), Shape::Simple(vec![times.len() as u64]), None)?;
    dataset.write_attribute(FILL_VALUE, &Dtype::Number(Number::I64), &Shape::Scalar, element_bytes(&[MISSING]))?;
    if times.is_empty() { Ok(()) } else { dataset.write(element_bytes(times)) }
}

fn write_nullable(nullable: NullableColumn, place: &Place<'_>) -> Result<()> {
    if place.is_times
        && let Some(times) = missing_times(&nullable)
    {
        return write_missing_times(&times, place);
    }
    let group = place.group(Some(Kind::Nullable))?;
    write_encoding(&nullable.inner, &group)?;
    write(nullable.inner, &place.part(&group, VALUES))?;
    write_mask(&nullable.mask, &group, &place.rules)
}

/// Says of `values` beside a mask what AnnData calls them, so that pandas users get a nullable column.
pub(super) fn write_encoding(values: &Column, group: &Group) -> Result<()> {
    let values = if let Column::Stored(stored) = values { &stored.empty } else { values };
    let number = if let Column::Numbers(numbers) = values { Some(numbers.number()) } else { None };
    write_encoding_of(number, group)
}

/// The same of values that are such numbers, if they are numbers.
pub(super) fn write_encoding_of(number: Option<Number>, group: &Group) -> Result<()> {
    let encoding = match number {
        None | Some(Number::F32 | Number::F64) => None,
        Some(Number::Bool) => Some(NULLABLE_BOOLEAN),
        _ => Some(NULLABLE_INTEGER),
    };
    if let Some(encoding) = encoding {
        group.write_text(ENCODING_TYPE, encoding)?;
        group.write_text(ENCODING_VERSION, NULLABLE_VERSION)?;
    }
    Ok(())
}

fn write_mixed(mixed: MixedColumn, place: &Place<'_>) -> Result<()> {
    let Some((values, mask)) = mixed.without_units()? else { return write_parts_of(mixed, place) };
    let group = place.group(Some(Kind::Nulls))?;
    write_encoding(&values, &group)?;
    write(values, &place.part(&group, VALUES))?;
    write_mask(&mask, &group, &place.rules)
}

fn write_parts_of(mixed: MixedColumn, place: &Place<'_>) -> Result<()> {
    let group = place.group(Some(Kind::Mixed))?;
    let members = mixed.parts.iter().zip(0..).map(|((class, _), tag)| (class.name().to_owned(), tag)).collect();
    let dtype = Dtype::Enum(EnumType::new(Number::U8, members).into());
    let shape = Shape::Simple(vec![mixed.tags.len() as u64]);
    place.part(&group, TAG).write(dtype, shape, &mixed.tags, None)?;
    for (class, part) in mixed.parts {
        // Units are told by their tag alone.
        if class != ElementClass::Unit {
            write(part, &place.part(&group, class.name()))?;
        }
    }
    Ok(())
}

impl VariantsColumn {
    /// The value of each variant in an HDF5 enum: its index in Rust's enum, where these are distinct.
    fn codes(&self) -> Vec<u32> {
        let mut codes: Vec<u32> = self.variants.iter().map(|variant| variant.index).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            codes = (0..).take(self.variants.len()).collect();
        }
        codes
    }

    /// The HDF5 enum of the variants; `None` where HDF5 cannot hold it.
    fn dtype(&self) -> Option<Dtype> {
        let codes = self.codes();
        let mut members: Vec<_> =
            self.variants.iter().map(|v| v.name.to_owned()).zip(codes.iter().map(|c| i128::from(*c))).collect();
        members.sort_by_key(|(_, code)| *code);
        let base = match codes.iter().max()? {
            0..=0xff => Number::U8,
            0..=0xffff => Number::U16,
            _ => Number::U32,
        };
        // The one enum that means something else.
        let bools = members.len() == 2 && members[0] == ("FALSE".to_owned(), 0) && members[1] == ("TRUE".to_owned(), 1);
        let nameable = members.iter().all(|(name, _)| !name.is_empty() && !name.contains('\0'));
        let dtype = Dtype::Enum(EnumType::new(base, members).into());
        (nameable && !bools && dtype.message_size() <= MAX_MESSAGE).then_some(dtype)
    }

    fn write_tags(&self, place: &Place<'_>) -> Result<()> {
        let count = self.tags.len();
        match self.dtype() {
            Some(dtype) => {
                let size = dtype.size();
                let mut bytes = vec![0; count * size];
                self.pack(0, &mut bytes, size, 0, size);
                place.write(dtype, Shape::Simple(vec![count as u64]), &bytes, None)
            }
            // An enum of thousands of names fits no HDF5 type; the names are written out.
            None => {
                let mut names = Column::Unknown(0);
                for tag in &self.tags {
                    names.push_str(self.variants.get(*tag as usize).map_or("", |variant| variant.name));
                }
                write(names, place)
            }
        }
    }

    /// Puts the values of elements from `start` on into records of `stride` bytes, at `offset`.
    fn pack(&self, start: usize, records: &mut [u8], stride: usize, offset: usize, size: usize) {
        let codes: Vec<[u8; 4]> = self.codes().iter().map(|code| code.to_le_bytes()).collect();
        for (record, tag) in records.chunks_exact_mut(stride).zip(&self.tags[start..]) {
            let code = u32::from_le_bytes(codes.get(*tag as usize).copied().unwrap_or_default());
            let place = &mut record[offset..offset + size];
            match size {
                1 => place.copy_from_slice(&(code as u8).to_ne_bytes()),
                2 => place.copy_from_slice(&(code as u16).to_ne_bytes()),
                _ => place.copy_from_slice(&code.to_ne_bytes()),
            }
        }
    }
}

fn write_variants(variants: VariantsColumn, place: &Place<'_>) -> Result<()> {
    if variants.variants.iter().all(|variant| variant.payload.is_none()) && !variants.variants.is_empty() {
        return variants.write_tags(place);
    }
    let group = place.group(Some(Kind::Variants))?;
    variants.write_tags(&place.part(&group, TAG))?;
    for variant in variants.variants {
        if let Some(payload) = variant.payload {
            let name = escape_variant(variant.name);
            write(payload, &Place::child(&group, &name, place.rules.field(variant.name)))?;
        }
    }
    Ok(())
}

/// The type of records of `column`, if all of its parts have a fixed size.
fn fixed(column: &Column) -> Option<Dtype> {
    cell(column, false)
}

/// As [`fixed`]; with `texts`, strings have the size of the longest, if none contains NUL.
fn cell(column: &Column, texts: bool) -> Option<Dtype> {
    match column {
        Column::Text(parts) if texts && !parts.bytes.contains(&0) => {
            let longest = (0..parts.count()).map(|index| parts.get(index).len()).max();
            Some(Dtype::string(longest.unwrap_or(0).max(1)))
        }
        Column::Numbers(numbers) => Some(Dtype::Number(numbers.number())),
        Column::Variants(variants) if variants.variants.iter().all(|variant| variant.payload.is_none()) => {
            variants.dtype()
        }
        Column::Array(array) => {
            if let Column::Numbers(numbers) = &array.inner
                && array.is_complex
            {
                return Some(complex_type(numbers.number()));
            }
            let mut dims = vec![array.width as u64];
            match regular(&array.inner, &mut dims)? {
                Regular::Numbers(numbers, is_complex) if array_only(&array.inner) && array.width > 0 => {
                    Some(Dtype::Array(dims.into(), number_type(numbers, is_complex).into()))
                }
                _ => None,
            }
        }
        Column::Record(record) => record_cell(record, texts),
        _ => None,
    }
}

/// Whether there is nothing but tuples, of some width, around the numbers.
fn array_only(column: &Column) -> bool {
    match column {
        Column::Numbers(_) => true,
        Column::Array(array) => array.width > 0 && array_only(&array.inner),
        _ => false,
    }
}

fn record_cell(record: &RecordColumn, texts: bool) -> Option<Dtype> {
    if record.rows == RecordKind::Maps || record.fields.is_empty() {
        return None;
    }
    let mut fields = Vec::with_capacity(record.fields.len());
    let mut offset = 0usize;
    for field in &record.fields {
        if field.is_masked() || field.name.is_empty() || field.name.contains('\0') {
            return None;
        }
        let dtype = cell(&field.column, texts)?;
        let size = dtype.size();
        fields.push(Field::new(field.name.to_string(), offset, dtype));
        offset = offset.checked_add(size)?;
    }
    let dtype = Dtype::Compound(fields.into());
    (dtype.message_size() <= MAX_MESSAGE).then_some(dtype)
}

/// The type and shape of the elements of `column`, if all have the same fixed size and no later one can change that of
/// those before.
pub(super) fn items(column: &Column) -> Option<(Dtype, Vec<u64>)> {
    /// An enum gets its names as they are met.
    fn has_enum(dtype: &Dtype) -> bool {
        match dtype {
            Dtype::Enum(_) => true,
            Dtype::Compound(fields) => fields.iter().any(|field| has_enum(&field.dtype)),
            _ => false,
        }
    }
    if let Column::Record(record) = column {
        return record_cell(record, false).filter(|dtype| !has_enum(dtype)).map(|dtype| (dtype, Vec::new()));
    }
    let mut dims = Vec::new();
    match regular(column, &mut dims)? {
        Regular::Numbers(numbers, is_complex) if numbers.len() > 0 => Some((number_type(numbers, is_complex), dims)),
        _ => None,
    }
}

/// Puts the elements of a column that [`items`] has a type for, of `size` bytes each, into `bytes` as a file has them.
pub(super) fn pack_items(column: &Column, size: usize, bytes: &mut [u8]) {
    if let Some(Regular::Numbers(numbers, _)) = regular(column, &mut Vec::new()) {
        bytes.copy_from_slice(numbers.bytes());
    } else {
        pack(column, None, 0, bytes, (size, 0));
    }
}

/// The numbers of a column, if it is of numbers, tuples of them, or sequences of one length.
pub(super) fn regular_bytes(column: &Column) -> Option<&[u8]> {
    match regular(column, &mut Vec::new())? {
        Regular::Numbers(numbers, _) => Some(numbers.bytes()),
        Regular::Unknown(_) => None,
    }
}

/// Puts elements from `start` on into records of a table of that type.
pub(super) fn pack_rows(column: &Column, dtype: &Dtype, start: usize, records: &mut [u8]) {
    pack(column, Some(dtype), start, records, (dtype.size(), 0));
}

/// Adds elements of `size` bytes to the column that they came from; `dims` is the shape of one.
pub(super) fn unpack_items(column: &mut Column, elements: &[u8], size: usize, dims: &[u64]) {
    unpack(column, elements, size, 0, size);
    column.note_appended(elements.len() / size, dims);
}

/// Adds what is in `elements`, of `stride` bytes each, at `offset`, `len` bytes long, to the vectors of numbers.
fn unpack(column: &mut Column, elements: &[u8], stride: usize, offset: usize, len: usize) {
    match column {
        Column::Numbers(numbers) => {
            for element in elements.chunks_exact(stride) {
                numbers.extend_from_bytes(&element[offset..offset + len]);
            }
        }
        Column::Array(array) => unpack(&mut array.inner, elements, stride, offset, len),
        Column::List(list) => unpack(&mut list.inner, elements, stride, offset, len),
        Column::Record(record) => {
            let mut offset = offset;
            for field in &mut record.fields {
                let len = fixed(&field.column).map_or(0, |dtype| dtype.size());
                unpack(&mut field.column, elements, stride, offset, len);
                offset += len;
            }
        }
        _ => {}
    }
}

/// Puts the elements of `column`, which are of the type given if one is, from `start` on into records of `stride` bytes, at
/// `offset`.
fn pack(column: &Column, dtype: Option<&Dtype>, start: usize, records: &mut [u8], (stride, offset): (usize, usize)) {
    match column {
        Column::Numbers(numbers) => {
            pack_bytes(numbers.bytes(), numbers.number().size(), start, records, stride, offset)
        }
        Column::Variants(variants) => {
            let size = variants.dtype().map_or(0, |dtype| dtype.size());
            variants.pack(start, records, stride, offset, size);
        }
        Column::Text(parts) => {
            for (record, index) in records.chunks_exact_mut(stride).zip(start..) {
                let text = parts.get(index);
                record[offset..offset + text.len()].copy_from_slice(text);
            }
        }
        Column::Array(array) => {
            let mut dims = vec![array.width as u64];
            if let Some(Regular::Numbers(numbers, is_complex)) = regular(&array.inner, &mut dims) {
                let each = number_type(numbers, is_complex).size();
                let size = dims.iter().fold(each, |size, dim| size * *dim as usize);
                pack_bytes(numbers.bytes(), size, start, records, stride, offset);
            }
        }
        Column::Record(record) => {
            let mut offset = offset;
            for (number, field) in record.fields.iter().enumerate() {
                let dtype = match dtype {
                    Some(Dtype::Compound(fields)) => fields.get(number).map(|field| Cow::Borrowed(&field.dtype)),
                    _ => fixed(&field.column).map(Cow::Owned),
                };
                pack(&field.column, dtype.as_deref(), start, records, (stride, offset));
                offset += dtype.map_or(0, |dtype| dtype.size());
            }
        }
        _ => {}
    }
}

fn pack_bytes(bytes: &[u8], size: usize, start: usize, records: &mut [u8], stride: usize, offset: usize) {
    /// Numbers of a size that is known when this is compiled are moved in one instruction.
    fn of_size<const SIZE: usize>(bytes: &[u8], records: &mut [u8], stride: usize, offset: usize) {
        for (record, value) in records.chunks_exact_mut(stride).zip(bytes.as_chunks::<SIZE>().0) {
            record[offset..offset + SIZE].copy_from_slice(value);
        }
    }
    let bytes = &bytes[start * size..];
    match size {
        1 => of_size::<1>(bytes, records, stride, offset),
        2 => of_size::<2>(bytes, records, stride, offset),
        4 => of_size::<4>(bytes, records, stride, offset),
        8 => of_size::<8>(bytes, records, stride, offset),
        _ => {
            for (record, value) in records.chunks_exact_mut(stride).zip(bytes.chunks_exact(size)) {
                record[offset..offset + size].copy_from_slice(value);
            }
        }
    }
}

fn write_record(mut record: RecordColumn, place: &Place<'_>) -> Result<()> {
    // Positions as names are those of tuples; maps with such keys are kept as maps.
    let positional =
        record.rows == RecordKind::Maps && are_positions(record.fields.iter().map(|field| field.name.as_ref()));
    if positional {
        record.begin();
        let mut column = Column::Record(Box::new(record));
        column.record_to_maps()?;
        return write(column, place);
    }
    let count = record.count;
    let table = match place.rules.dataset_options().records {
        Some(Records::Columns) => None,
        // A field of a table has no attributes to say that it holds times.
        None if record.has_times() => None,
        how => record_cell(&record, how == Some(Records::Table)),
    };
    if let Some(dtype) = table {
        let size = dtype.size();
        let dataset = place.dataset(dtype.clone(), Shape::Simple(vec![count as u64]), None)?;
        let column = Column::Record(Box::new(record));
        let mut records = Vec::new();
        return slabs(count, size, |start, len| {
            records.clear();
            records.resize(len * size, 0);
            pack(&column, Some(&dtype), start, &mut records, (size, 0));
            dataset.write_rows(start as u64, len as u64, &records)
        });
    }
    if record.fields.is_empty() {
        check_count(count as u64)?;
    }
    let group = place.group(Some(Kind::Columns))?;
    group.write_length(count as u64)?;
    for field in record.fields {
        let name = field.name.clone();
        write_field(field, count, &group, &place.rules).map_err(|error: Error| error.in_link(&name))?;
    }
    Ok(())
}

fn write_field(mut field: RecordField, rows: usize, group: &Group, rules: &RulePosition) -> Result<()> {
    let place = Place::named(group, &field.name, rules.field(&field.name));
    if !field.is_masked() {
        return write(field.column, &place);
    }
    field.absent.resize(rows, false);
    let masked = place.group(Some(Kind::Masked))?;
    write(field.column, &place.part(&masked, VALUES))?;
    write_mask(&field.absent, &masked, &place.rules)
}

/// The dimensions of the one element of `column`, which is a number or a tuple of numbers.
pub(super) fn element_dims(column: &Column) -> Vec<u64> {
    let mut dims = Vec::new();
    let mut column = column;
    while let Column::Array(array) = column {
        dims.push(array.width as u64);
        column = &array.inner;
    }
    dims
}

fn leaf(column: &Column) -> Option<&Numbers> {
    match column {
        Column::Numbers(numbers) => Some(numbers),
        Column::Array(array) => leaf(&array.inner),
        _ => None,
    }
}

/// Whether the innermost tuples of `column` are complex numbers.
fn is_of_complex(column: &Column) -> bool {
    match column {
        Column::Array(array) if array.is_complex => matches!(array.inner, Column::Numbers(_)),
        Column::Array(array) => is_of_complex(&array.inner),
        _ => false,
    }
}

/// Writes numbers of these dimensions, of which the last may be the parts of complex numbers.
fn write_joined_numbers(
    number: Number,
    mut dims: Vec<u64>,
    is_complex: bool,
    bytes: &[u8],
    place: &Place<'_>,
) -> Result<()> {
    let dtype = if is_complex { complex_type(number) } else { Dtype::Number(number) };
    if is_complex {
        dims.pop();
    }
    let shape = if dims.is_empty() { Shape::Scalar } else { Shape::Simple(dims) };
    place.write(dtype, shape, bytes, None)
}

/// Writes the one element of `column`, which is a number or a tuple of numbers, as itself.
pub(super) fn write_single(column: Column, place: &Place<'_>) -> Result<()> {
    let dims = element_dims(&column);
    match leaf(&column) {
        Some(numbers) => write_joined_numbers(numbers.number(), dims, is_of_complex(&column), numbers.bytes(), place),
        None => write_joined_numbers(Number::F64, dims, false, &[], place),
    }
}

/// Writes a tuple, given as columns of one element each, all numbers of one type or tuples of such, in one shape.
pub(super) fn write_joined(elements: Vec<Column>, place: &Place<'_>) -> Result<()> {
    let mut dims = vec![elements.len() as u64];
    dims.extend(elements.first().map(element_dims).unwrap_or_default());
    let bytes: Vec<u8> = elements.iter().filter_map(leaf).flat_map(|numbers| numbers.bytes().iter().copied()).collect();
    let number = elements.first().and_then(leaf).map_or(Number::F64, Numbers::number);
    write_joined_numbers(number, dims, !elements.is_empty() && elements.iter().all(is_of_complex), &bytes, place)
}
