//! The links of a group, wherever it has them.

use super::header::{self, SHARED, kind};
use super::heap::Heap;
use super::look::{Look, Part};
use super::messages::ShowLink;
use super::symbol_table::{self, LocalHeap};
use super::{messages, object, tree};
use crate::ground::error::Result;

/// Shows the links of the group whose header is at `address`.
pub(super) fn each(look: &Look<'_>, address: u64, show: &mut ShowLink<'_>) -> Result<()> {
    let (mut old, mut dense) = (None, None);
    header::walk(look, address, &mut |message| {
        let part = Part("link in the object header", address);
        match message.kind {
            kind::LINK if message.flags & SHARED == 0 => {
                let (name, target) = messages::link(look, part, message.body)?;
                show(name, target)?;
            }
            kind::LINK_INFO => dense = messages::dense(look, part, object::LINK_ORDER, message.body)?,
            kind::SYMBOL_TABLE => {
                let mut fields = look.fields(part, message.body);
                old = fields.address()?.zip(fields.address()?);
            }
            _ => {}
        }
        Ok(())
    })?;
    if let Some((tree, heap)) = old {
        let heap = LocalHeap::read(look, heap)?;
        symbol_table::each(look, tree, &heap, show)?;
    }
    let Some(dense) = dense else { return Ok(()) };
    let heap = Heap::read(look, dense.heap, object::LINK_ID)?;
    tree::walk(look, dense.by_name, tree::LINKS_BY_NAME, 4 + object::LINK_ID, &mut |part, record| {
        let Some(link) = heap.object(look, record.get(4..).unwrap_or_default())? else { return Ok(()) };
        let (name, target) = messages::link(look, part, &link)?;
        show(name, target)
    })
}
