//! Sparse matrices in other formats: as `sprs` has compressed ones, and triplets after that. What serde keeps in memory
//! until it knows what for (`flatten`, `untagged`) is a map of what is in a file; that is read, too.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use sprs::{CompressedStorage, CsMatI, SpIndex, TriMatI, TriMatViewI};

use super::layout::{Claims, not_compressed};
use super::{format_of, structure};
use crate::ground::error::{Error, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::layout::ENCODING_TYPE;
use crate::layout::sparse::{
    COL, COLUMNS, COMPRESSED, COMPRESSED_FIELDS, DATA, FORMAT, INDICES, INDPTR, OLD_FORMAT, OLD_SHAPE, ROW, ROWS,
    SHAPE, STORAGE, SparseFormat,
};

/// The names that `sprs` would have for triplets.
const TRIPLETS: &str = "TriMatBase";
const TRIPLET_FIELDS: &[&str] = &["rows", "cols", "row_inds", "col_inds", DATA];

/// Serializes triplets as a struct of what `sprs` calls their parts.
pub(crate) fn serialize_triplets<T, I, S>(matrix: &TriMatViewI<'_, T, I>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize,
    I: SpIndex + Serialize,
    S: Serializer,
{
    let mut fields = serializer.serialize_struct(TRIPLETS, TRIPLET_FIELDS.len())?;
    fields.serialize_field("rows", &matrix.rows())?;
    fields.serialize_field("cols", &matrix.cols())?;
    fields.serialize_field("row_inds", matrix.row_inds())?;
    fields.serialize_field("col_inds", matrix.col_inds())?;
    fields.serialize_field(DATA, matrix.data())?;
    fields.end()
}

/// Deserializes a compressed matrix.
pub(crate) fn deserialize_compressed<'de, T, I, Iptr, D>(deserializer: D) -> Result<CsMatI<T, I, Iptr>, D::Error>
where
    T: Deserialize<'de> + 'static,
    I: SpIndex + Deserialize<'de>,
    Iptr: SpIndex + Deserialize<'de>,
    D: Deserializer<'de>,
{
    if deserializer.is_human_readable() {
        deserializer.deserialize_struct(COMPRESSED, COMPRESSED_FIELDS, CompressedVisitor(PhantomData))
    } else {
        CsMatI::deserialize(deserializer)
    }
}

/// Deserializes triplets.
pub(crate) fn deserialize_triplets<'de, T, I, D>(deserializer: D) -> Result<TriMatI<T, I>, D::Error>
where
    T: Deserialize<'de>,
    I: SpIndex + Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_struct(TRIPLETS, TRIPLET_FIELDS, TripletsVisitor(PhantomData))
}

/// The parts of a matrix, by whichever names.
struct MatrixParts<T> {
    claims: Claims,
    indptr: Option<Vec<usize>>,
    indices: Option<Vec<usize>>,
    row: Option<Vec<usize>>,
    col: Option<Vec<usize>>,
    data: Option<Vec<T>>,
}

impl<'de, T: Deserialize<'de>> MatrixParts<T> {
    fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut parts =
            Self { claims: Claims::default(), indptr: None, indices: None, row: None, col: None, data: None };
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let claims = &mut parts.claims;
            let claimed = match (key.strip_prefix(ATTRIBUTE_PREFIX), &*key) {
                (Some(FORMAT), _) => claims.add_word(FORMAT, &map.next_value::<Cow<'_, str>>()?),
                (Some(ENCODING_TYPE), _) => claims.add_word(ENCODING_TYPE, &map.next_value::<Cow<'_, str>>()?),
                (Some(OLD_FORMAT), _) => claims.add_word(OLD_FORMAT, &map.next_value::<Cow<'_, str>>()?),
                (Some(SHAPE), _) => claims.add_shape(SHAPE, map.next_value()?),
                (Some(OLD_SHAPE), _) => claims.add_shape(OLD_SHAPE, map.next_value()?),
                (Some(ROWS), _) => claims.add_rows(ROWS, map.next_value()?),
                (Some(COLUMNS), _) => claims.add_cols(COLUMNS, map.next_value()?),
                (None, SHAPE) => claims.add_dataset(map.next_value()?),
                (None, STORAGE) => claims.add_format(STORAGE, format_of(map.next_value()?)),
                (None, "nrows" | "rows") => claims.add_rows("rows", map.next_value()?),
                (None, "ncols" | "cols") => claims.add_cols("cols", map.next_value()?),
                (None, INDPTR) => {
                    parts.indptr = Some(map.next_value()?);
                    Ok(())
                }
                (None, INDICES) => {
                    parts.indices = Some(map.next_value()?);
                    Ok(())
                }
                (None, ROW | "row_inds") => {
                    parts.row = Some(map.next_value()?);
                    claims.add_format(ROW, SparseFormat::Coo)
                }
                (None, COL | "col_inds") => {
                    parts.col = Some(map.next_value()?);
                    Ok(())
                }
                (None, DATA) => {
                    parts.data = Some(map.next_value()?);
                    Ok(())
                }
                _ => map.next_value::<IgnoredAny>().map(|_| Ok(()))?,
            };
            claimed.map_err(A::Error::custom)?;
        }
        Ok(parts)
    }

    fn compressed<I: SpIndex, Iptr: SpIndex>(self) -> Result<CsMatI<T, I, Iptr>>
    where
        T: 'static,
    {
        let layout = self.claims.layout()?;
        let storage = layout.storage().ok_or_else(|| not_compressed(layout.format))?;
        let (indptr, indices) = (there(self.indptr, INDPTR)?, there(self.indices, INDICES)?);
        let data = there(self.data, DATA)?;
        structure::check_lengths(&layout, indptr.len() as u64, indices.len() as u64, data.len() as u64)?;
        structure::check_index_types::<I, Iptr>(&layout, data.len())?;
        structure::compressed(storage, layout, converted(INDPTR, indptr)?, converted(INDICES, indices)?, data)
    }

    fn triplets<I: SpIndex>(self) -> Result<TriMatI<T, I>> {
        let layout = self.claims.layout()?;
        structure::check_triplet_index::<I>(&layout)?;
        let data = there(self.data, DATA)?;
        let Some(storage) = layout.storage() else {
            let (row, col) = (there(self.row, ROW)?, there(self.col, COL)?);
            structure::check_triplet_lengths(row.len() as u64, col.len() as u64, data.len() as u64)?;
            return structure::triplets(layout, converted(ROW, row)?, converted(COL, col)?, data);
        };
        let (indptr, indices) = (there(self.indptr, INDPTR)?, there(self.indices, INDICES)?);
        structure::check_lengths(&layout, indptr.len() as u64, indices.len() as u64, data.len() as u64)?;
        let (inner, outer) = (converted(INDICES, indices)?, structure::expanded(INDPTR, &indptr, data.len())?);
        let (rows, cols) = match storage {
            CompressedStorage::CSR => (outer, inner),
            CompressedStorage::CSC => (inner, outer),
        };
        structure::triplets(layout, rows, cols, data)
    }
}

fn there<P>(part: Option<P>, name: &'static str) -> Result<P> {
    part.ok_or_else(|| Error::missing_field(name))
}

/// Indices of another type. One that is beyond it is beyond the matrix.
fn converted<I: SpIndex>(name: &str, indices: Vec<usize>) -> Result<Vec<I>> {
    let convert = |(at, index)| {
        I::try_from_usize(index)
            .ok_or_else(|| Error::corrupt(format!("`{name}[{at}]` is {index}, which is beyond the matrix")))
    };
    indices.into_iter().enumerate().map(convert).collect()
}

struct CompressedVisitor<M>(PhantomData<M>);

impl<'de, T, I, Iptr> Visitor<'de> for CompressedVisitor<CsMatI<T, I, Iptr>>
where
    T: Deserialize<'de> + 'static,
    I: SpIndex + Deserialize<'de>,
    Iptr: SpIndex + Deserialize<'de>,
{
    type Value = CsMatI<T, I, Iptr>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sparse matrix")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        MatrixParts::of_map(map)?.compressed().map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        CsMatI::deserialize(SeqAccessDeserializer::new(elements))
    }
}

struct TripletsVisitor<M>(PhantomData<M>);

impl<'de, T, I> Visitor<'de> for TripletsVisitor<TriMatI<T, I>>
where
    T: Deserialize<'de>,
    I: SpIndex + Deserialize<'de>,
{
    type Value = TriMatI<T, I>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the triplets of a sparse matrix")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        MatrixParts::of_map(map)?.triplets().map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        macro_rules! next {
            ($index:literal) => {
                elements.next_element()?.ok_or_else(|| A::Error::invalid_length($index, &self))?
            };
        }
        let (rows, cols): (u64, u64) = (next!(0), next!(1));
        let (row, col, data): (Vec<I>, Vec<I>, Vec<T>) = (next!(2), next!(3), next!(4));
        let make = || {
            let mut claims = Claims::default();
            claims.add_format(TRIPLETS, SparseFormat::Coo)?;
            claims.add_shape(TRIPLETS, [rows, cols])?;
            let layout = claims.layout()?;
            structure::check_triplet_lengths(row.len() as u64, col.len() as u64, data.len() as u64)?;
            structure::triplets(layout, row, col, data)
        };
        make().map_err(A::Error::custom)
    }
}
