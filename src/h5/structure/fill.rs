//! Fill values with parts of variable length.
//!
//! libhdf5 (2.2) makes room for as many elements as such a part claims to have before it looks for them in the global heap
//! (`H5T__conv_vlen`), already when it is asked how a dataset was made.

use super::datatype::{self, Varlen};
use super::header::{self, SHARED, kind};
use super::look::{Look, Part};
use super::shared;
use crate::ground::error::Result;
use crate::h5::global_heap;

/// Parts of variable length in elements of others nest no deeper.
const MAX_DEPTH: u32 = 32;

/// Bytes of a part of variable length: the number of elements, an address, and an index.
fn size(look: &Look<'_>) -> usize {
    4 + look.sizes.address + 4
}

/// Whether a fill value is long enough to have such a part.
pub(super) fn may_have_varlens(look: &Look<'_>, value: &[u8]) -> bool {
    value.len() >= size(look)
}

/// Checks the fill values of the dataset whose header is at `address`.
pub(super) fn check(look: &Look<'_>, address: u64, values: &[Vec<u8>]) -> Result<()> {
    let part = Part("element type in the object header", address);
    let mut varlens = None;
    // The header was looked at before, and counts once.
    let again = &Look::new(look.file, look.sizes.address, look.sizes.length);
    header::walk(again, address, &mut |message| {
        if message.kind == kind::DATATYPE && varlens.is_none() {
            varlens = Some(match message.flags & SHARED != 0 {
                true => datatype::varlens(again, part, &shared::resolve(again, part, kind::DATATYPE, message.body)?)?,
                false => datatype::varlens(again, part, message.body)?,
            });
        }
        Ok(())
    })?;
    let mut heap = global_heap::Heap::new(look.sizes.length);
    heap.set_budget(look.file.len());
    let (part, varlens) = (Part("fill value in the object header", address), varlens.unwrap_or_default());
    values.iter().try_for_each(|value| check_item(look, &mut heap, part, &varlens, value, 0))
}

fn check_item(
    look: &Look<'_>,
    heap: &mut global_heap::Heap,
    part: Part,
    varlens: &[Varlen],
    item: &[u8],
    depth: u32,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(part.wrong("it nests too deep"));
    }
    for varlen in varlens {
        let start = usize::try_from(varlen.at).ok().and_then(|at| item.get(at..)).unwrap_or_default();
        let mut fields = look.fields(part, start);
        let (count, address, index) = (fields.next(4)?, fields.address()?, fields.next(4)? as u32);
        // libhdf5 takes address 0 for nothing.
        let Some(address) = address.filter(|address| *address > 0 && count > 0) else { continue };
        let len = count.checked_mul(varlen.size).ok_or_else(|| part.wrong("it is longer than can be counted"))?;
        let mut bytes = Vec::new();
        heap.append(&look.file, (address, index), len, &mut bytes)?;
        if !varlen.inside.is_empty() {
            let size = usize::try_from(varlen.size).unwrap_or(usize::MAX).max(1);
            bytes
                .chunks_exact(size)
                .try_for_each(|item| check_item(look, heap, part, &varlen.inside, item, depth + 1))?;
        }
    }
    Ok(())
}
