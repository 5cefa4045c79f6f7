//! Attributes, in a header or in a heap.
//!
//! HDF5 File Format Specification, section IV.A.2.m.

use std::borrow::Cow;
use std::collections::HashSet;

use super::header::{SHARED, kind};
use super::heap::Heap;
use super::look::{Look, Part};
use super::messages::Dense;
use super::{messages, shared, tree};
use crate::ground::error::Result;

/// Bytes by which an attribute is known in its heap.
const ID: usize = 8;

/// Checks an attribute.
pub(super) fn check(look: &Look<'_>, part: Part, body: &[u8]) -> Result<()> {
    const SHARED_TYPE: u8 = 1;
    const SHARED_SPACE: u8 = 2;
    let mut fields = look.fields(part, body);
    let version = fields.version(1..=3)?;
    let flags = fields.byte()?;
    let flags = if version == 1 { 0 } else { flags };
    let (name, dtype, space) = (fields.next(2)? as usize, fields.next(2)? as usize, fields.next(2)? as usize);
    if version == 3 {
        fields.skip(1)?;
    }
    // Version 1 fills each of them up.
    let padded = |len: usize| if version == 1 { len.next_multiple_of(8) } else { len };
    if fields.take(padded(name))?.first().is_none_or(|first| *first == 0) {
        return Err(part.wrong("it has no name"));
    }
    let (dtype, space) = (&fields.take(padded(dtype))?[..dtype], &fields.take(padded(space))?[..space]);
    let dtype = shared::element_type(look, part, flags & SHARED_TYPE != 0, dtype)?;
    let space = match flags & SHARED_SPACE != 0 {
        true => Cow::Owned(shared::resolve(look, part, kind::DATASPACE, space)?),
        false => Cow::Borrowed(space),
    };
    let items = messages::space(look, part, &space)?.items();
    let bytes = dtype.size().map(|size| items.and_then(|items| items.checked_mul(size)));
    match bytes {
        Some(bytes) if bytes.is_none_or(|bytes| bytes > fields.rest().len() as u64) => {
            Err(part.wrong("it has fewer bytes than its items"))
        }
        _ => Ok(()),
    }
}

/// Checks attributes in a heap.
pub(super) fn check_dense(look: &Look<'_>, dense: Dense) -> Result<()> {
    let heap = Heap::read(look, dense.heap, ID as u64)?;
    let mut met = HashSet::new();
    let mut record = |part: Part, record: &[u8]| {
        let (id, rest) = record.split_at_checked(ID).unwrap_or_default();
        let id: [u8; ID] = id.try_into().map_err(|_| part.wrong("it has short records"))?;
        let is_shared = rest.first().is_some_and(|flags| flags & SHARED != 0);
        // The trees have the same attributes.
        if !met.insert((is_shared, id)) {
            return Ok(());
        }
        let object = match is_shared {
            true => shared::heap_of(look, part, kind::ATTRIBUTE)?.object(look, &id)?,
            false => heap.object(look, &id)?,
        };
        object.map_or(Ok(()), |object| check(look, Part("attribute in the fractal heap", dense.heap), &object))
    };
    tree::walk(look, dense.by_name, tree::ATTRIBUTES_BY_NAME, 8 + 1 + 4 + 4, &mut record)?;
    match dense.by_order {
        Some(tree) => tree::walk(look, tree, tree::ATTRIBUTES_BY_ORDER, 8 + 1 + 4, &mut record),
        None => Ok(()),
    }
}
