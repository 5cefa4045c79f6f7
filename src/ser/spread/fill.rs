//! This rank's part of each dataset.

use super::plan::{Leaf, Node, NodeKind};
use crate::ground::error::Result;
use crate::h5::{Dtype, Number, element_bytes};
use crate::layout::SLAB;
use crate::ser::column::{ByteStrings, Column, out_of_order};
use crate::ser::column_layout::{pack_rows, regular_bytes, slabs};
use crate::ser::numbers::Push;

/// Takes bytes of a dataset: which one it is, the first of the items, and the bytes.
pub(super) type Out<'a> = &'a mut dyn FnMut(&Leaf, u64, &[u8]) -> Result<()>;

/// Hands out this rank's part of all that the elements become.
pub(super) fn fill(column: &Column, node: &Node, rank: usize, out: Out<'_>) -> Result<()> {
    let unknown = Column::new();
    match (&node.kind, column) {
        (NodeKind::Fixed(leaf), column) => fixed(column, leaf, rank, out),
        (NodeKind::Ragged { offsets, inner }, Column::List(list)) => {
            put_offsets(&list.offsets, inner.counts[..rank].iter().sum(), offsets, rank, out)?;
            fill(&list.inner, inner, rank, out)
        }
        (NodeKind::Ragged { offsets, inner }, Column::Unknown(0)) => {
            put_offsets(&[0], inner.counts[..rank].iter().sum(), offsets, rank, out)?;
            fill(&unknown, inner, rank, out)
        }
        (NodeKind::FixedText(leaf), column) => fixed_text(column, leaf, rank, out),
        (NodeKind::PackedText { offsets, bytes }, column) => with_text(column, &mut |parts| {
            put_offsets(&parts.offsets, bytes.start(rank), offsets, rank, out)?;
            out(bytes, bytes.start(rank), &parts.bytes)
        }),
        // Rank 0 gets the lengths, and then the bytes.
        (NodeKind::VariableText(leaf), column) => with_text(column, &mut |parts| {
            let lens: Vec<u64> = parts.offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
            out(leaf, leaf.start(rank), element_bytes(&lens))?;
            out(leaf, leaf.start(rank), &parts.bytes)
        }),
        (NodeKind::Nullable { inner, mask, .. }, Column::Nullable(nullable)) => {
            fill(&nullable.inner, inner, rank, out)?;
            out(mask, mask.start(rank), element_bytes(&nullable.mask))
        }
        (NodeKind::Nullable { inner, .. }, Column::Unknown(0)) => fill(&unknown, inner, rank, out),
        (NodeKind::Columns(fields), Column::Record(record)) => {
            let columns = record.fields.iter().map(|field| &field.column);
            fields.iter().zip(columns).try_for_each(|((_, node), column)| fill(column, node, rank, &mut *out))
        }
        (NodeKind::Columns(fields), Column::Unknown(0)) => {
            fields.iter().try_for_each(|(_, node)| fill(&unknown, node, rank, &mut *out))
        }
        _ => Err(out_of_order()),
    }
}

fn fixed(column: &Column, leaf: &Leaf, rank: usize, out: Out<'_>) -> Result<()> {
    let start = leaf.start(rank);
    if let Column::Unknown(count) = column {
        let Dtype::Number(number) = leaf.dtype else { return if *count == 0 { Ok(()) } else { Err(out_of_order()) } };
        return out(leaf, start, &fillers(number, *count));
    }
    if let Some(bytes) = regular_bytes(column) {
        return out(leaf, start, bytes);
    }
    let size = leaf.dtype.size();
    let mut records = Vec::new();
    slabs(column.len(), size, |first, len| {
        records.clear();
        records.resize(len * size, 0);
        pack_rows(column, &leaf.dtype, first, &mut records);
        out(leaf, start + first as u64, &records)
    })
}

/// So many fillers, which stand where there is no number.
fn fillers(number: Number, count: usize) -> Vec<u8> {
    macro_rules! fillers {
        ($($variant:ident: $type:ty),*) => {
            match number {
                $(Number::$variant => element_bytes(&vec![<$type as Push>::FILLER; count]).to_vec(),)*
            }
        };
    }
    fillers!(
        Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64, F32: f32, F64: f64
    )
}

/// Hands out where each part begins and, on the last rank, where the last ends; those of other ranks have `before` before them.
fn put_offsets(offsets: &[u64], before: u64, leaf: &Leaf, rank: usize, out: Out<'_>) -> Result<()> {
    let is_last = rank + 1 == leaf.counts.len();
    let count = leaf.counts[rank] as usize + usize::from(is_last);
    let offsets = offsets.get(..count).ok_or_else(out_of_order)?;
    if before == 0 {
        return out(leaf, leaf.start(rank), element_bytes(offsets));
    }
    let step = SLAB / size_of::<u64>();
    for (number, part) in offsets.chunks(step).enumerate() {
        let moved: Vec<u64> = part.iter().map(|offset| offset + before).collect();
        out(leaf, leaf.start(rank) + (number * step) as u64, element_bytes(&moved))?;
    }
    Ok(())
}

fn with_text(column: &Column, work: &mut dyn FnMut(&ByteStrings) -> Result<()>) -> Result<()> {
    match column {
        Column::Text(parts) => work(parts),
        Column::Unknown(count) => work(&ByteStrings { offsets: vec![0; count + 1], bytes: Vec::new() }),
        _ => Err(out_of_order()),
    }
}

fn fixed_text(column: &Column, leaf: &Leaf, rank: usize, out: Out<'_>) -> Result<()> {
    let (size, start) = (leaf.dtype.size(), leaf.start(rank));
    with_text(column, &mut |parts| {
        let mut places = Vec::new();
        slabs(parts.count(), size, |first, len| {
            places.clear();
            places.resize(len * size, 0);
            for (index, place) in (first..first + len).zip(places.chunks_exact_mut(size)) {
                let part = parts.get(index);
                place.get_mut(..part.len()).ok_or_else(out_of_order)?.copy_from_slice(part);
            }
            out(leaf, start + first as u64, &places)
        })
    })
}
