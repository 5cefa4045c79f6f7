//! Objects: all structures that belong to one.

use std::borrow::Cow;

use super::filters::Filter;
use super::header::{self, Message, SHARED, kind};
use super::heap::Heap;
use super::layout::Layout;
use super::look::{Look, Part};
use super::mappings::{self, Source};
use super::messages::{Dense, Space};
use super::symbol_table::{self, LocalHeap};
use super::{attribute, chunks, datatype, fill, filters, layout, messages, shared, tree};
use crate::ground::error::Result;
use crate::h5::object_info::Messages;

/// Bytes by which a link is known in its heap.
pub(super) const LINK_ID: u64 = 7;
/// Bytes of the number that the next link gets, and of that for attributes.
pub(super) const LINK_ORDER: usize = 8;
pub(super) const ATTRIBUTE_ORDER: usize = 2;

/// Bytes of a header that it takes some time to look at.
const LARGE: u64 = 4096;

/// What was found of an object that holds together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) messages: Messages,
    /// Bytes of a dataset's items in the file.
    pub(super) stored: Option<u64>,
    /// Whether it has structures beside its header, or a large one: then it is not looked at twice.
    pub(super) has_more: bool,
}

/// What a header says of a dataset.
#[derive(Default)]
struct Dataset {
    dtype: Option<datatype::Type>,
    space: Option<Space>,
    /// Bytes of a fill value, and what all are in which there may be something of variable length.
    fill: Option<u64>,
    long_fills: Vec<Vec<u8>>,
    layout: Option<Layout>,
    filters: Vec<Filter>,
    has_filters: bool,
}

/// Checks the object whose header is at `address`.
pub(super) fn check(look: &Look<'_>, address: u64) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut dataset = Dataset::default();
    let (mut more, left) = (Vec::new(), look.left());
    header::walk(look, address, &mut |message| {
        seen.messages.add(message.kind);
        check_message(look, address, message, &mut dataset, &mut more)
    })?;
    let after_header = look.left();
    for structure in more {
        match structure {
            More::Links(dense) => check_links(look, dense)?,
            More::Attributes(dense) => attribute::check_dense(look, dense)?,
            More::SymbolTable(tree, heap) => {
                symbol_table::check(look, Part("symbol table message of the object header", address), tree, heap)?;
            }
        }
    }
    seen.stored = check_dataset(look, address, &dataset)?;
    if !dataset.long_fills.is_empty() {
        fill::check(look, address, &dataset.long_fills)?;
    }
    seen.has_more = look.left() < after_header || left - after_header > LARGE;
    if seen.has_more {
        let mut common = look.common.borrow_mut();
        common.looked_at = common.looked_at.saturating_add(left - look.left());
    }
    Ok(seen)
}

/// The datasets that a virtual dataset is made of, if the object whose header is at `address`, and which was checked, is one.
pub(super) fn sources(look: &Look<'_>, address: u64) -> Result<Vec<Source>> {
    let mut found = None;
    header::walk(look, address, &mut |message| {
        if message.kind == kind::LAYOUT && found.is_none() {
            found = Some(layout::read(look, Part("layout in the object header", address), message.body)?);
        }
        Ok(())
    })?;
    match found {
        Some(Layout::Virtual(Some(at))) => mappings::read(look, at),
        _ => Ok(Vec::new()),
    }
}

/// Structures beside a header.
enum More {
    Links(Dense),
    Attributes(Dense),
    SymbolTable(Option<u64>, Option<u64>),
}

/// Checks a message of the header at `address`, and takes note of what follows from it.
fn check_message(
    look: &Look<'_>,
    address: u64,
    Message { kind, flags, body }: Message<'_>,
    dataset: &mut Dataset,
    more: &mut Vec<More>,
) -> Result<()> {
    let is_shared = flags & SHARED != 0;
    // What is kept apart.
    let whole = |part: Part| -> Result<Cow<'_, [u8]>> {
        Ok(match is_shared {
            true => Cow::Owned(shared::resolve(look, part, kind, body)?),
            false => Cow::Borrowed(body),
        })
    };
    match kind {
        kind::DATASPACE => {
            let part = Part("dataspace in the object header", address);
            let space = messages::space(look, part, &whole(part)?)?;
            dataset.space.get_or_insert(space);
        }
        kind::DATATYPE => {
            let part = Part("element type in the object header", address);
            let dtype = shared::element_type(look, part, is_shared, body)?;
            dataset.dtype.get_or_insert(dtype);
        }
        // That which is kept apart is refused where it is read.
        kind::OLD_FILL_VALUE | kind::FILL_VALUE => {
            let part = Part("fill value in the object header", address);
            let whole = whole(part)?;
            if let Some(value) = messages::fill_value(look, part, kind == kind::OLD_FILL_VALUE, &whole)? {
                let size = value.len() as u64;
                if dataset.fill.replace(size).is_some_and(|other| other != size) {
                    return Err(part.wrong("there is another, of another size"));
                }
                if fill::may_have_varlens(look, value) {
                    // There may be one of the old kind and one of the new, and libhdf5 looks at either.
                    dataset.long_fills.push(value.to_vec());
                }
            }
        }
        kind::PIPELINE => {
            let part = Part("list of filters in the object header", address);
            let filters = filters::read(look, part, &whole(part)?)?;
            if !dataset.has_filters {
                (dataset.filters, dataset.has_filters) = (filters, true);
            }
        }
        kind::ATTRIBUTE => {
            let part = Part("attribute in the object header", address);
            attribute::check(look, part, &whole(part)?)?;
        }
        kind::LAYOUT => {
            let found = layout::read(look, Part("layout in the object header", address), body)?;
            dataset.layout.get_or_insert(found);
        }
        kind::LINK => {
            messages::link(look, Part("link in the object header", address), body)?;
        }
        kind::LINK_INFO => {
            let part = Part("place of links in the object header", address);
            more.extend(messages::dense(look, part, LINK_ORDER, body)?.map(More::Links));
        }
        kind::ATTRIBUTE_INFO => {
            let part = Part("place of attributes in the object header", address);
            more.extend(messages::dense(look, part, ATTRIBUTE_ORDER, body)?.map(More::Attributes));
        }
        kind::SYMBOL_TABLE => {
            let mut fields = look.fields(Part("symbol table message of the object header", address), body);
            more.push(More::SymbolTable(fields.address()?, fields.address()?));
        }
        kind::GROUP_INFO => {
            messages::group_info(look, Part("information on the group in the object header", address), body)?
        }
        kind::EXTERNAL_FILES => check_external(look, Part("list of other files in the object header", address), body)?,
        _ => {}
    }
    Ok(())
}

/// Checks links in a heap. What each says, libhdf5 looks at itself; but no two of them are at one place: it makes each anew.
fn check_links(look: &Look<'_>, dense: Dense) -> Result<()> {
    let heap = Heap::read(look, dense.heap, LINK_ID)?;
    let room = heap.room();
    let each = |kind: u8, tree: u64, key: usize| {
        let mut links = 0u64;
        tree::walk(look, tree, kind, key as u64 + LINK_ID, &mut |part, record| {
            links = links.saturating_add(heap.len_of(look, record.get(key..).unwrap_or_default())?);
            if links > room { Err(part.wrong("links in it are at one place")) } else { Ok(()) }
        })
    };
    each(tree::LINKS_BY_NAME, dense.by_name, 4)?;
    dense.by_order.map_or(Ok(()), |tree| each(tree::LINKS_BY_ORDER, tree, 8))
}

/// Checks the names of other files that a dataset has its items in.
fn check_external(look: &Look<'_>, part: Part, body: &[u8]) -> Result<()> {
    let mut fields = look.fields(part, body);
    fields.version(1..=1)?;
    fields.skip(3)?;
    let (_slots, used, heap) = (fields.next(2)?, fields.next(2)?, fields.address()?);
    let heap = LocalHeap::read(look, heap.ok_or_else(|| part.wrong("its names are nowhere"))?)?;
    for _ in 0..used {
        heap.check_name(fields.length()?)?;
        fields.skip(2 * look.sizes.length)?;
    }
    Ok(())
}

/// Checks what a header says of a dataset. Returns how many bytes of items there are in the file.
fn check_dataset(look: &Look<'_>, address: u64, dataset: &Dataset) -> Result<Option<u64>> {
    let Some(layout) = &dataset.layout else { return Ok(None) };
    let part = Part("layout in the object header", address);
    let (Some(dtype), Some(space)) = (dataset.dtype, &dataset.space) else {
        return Err(part.wrong("it is of a dataset without a dataspace or an element type"));
    };
    let size = dtype.size();
    if let (Some(fill), Some(size)) = (dataset.fill, size)
        && fill != size
    {
        return Err(Part("fill value in the object header", address).wrong("it is of another size than an item"));
    }
    let all = size.map(|size| space.items().and_then(|items| items.checked_mul(size)).unwrap_or(u64::MAX));
    Ok(match layout {
        Layout::Compact(size) => Some(*size),
        Layout::Contiguous { address: None, .. } => Some(0),
        Layout::Contiguous { address: Some(at), size } => {
            let bytes = size.or(all);
            if let Some(bytes) = bytes {
                look.check_within(part, *at, bytes)?;
            }
            bytes
        }
        Layout::Chunked(chunked) => {
            if size.is_some_and(|size| chunked.dims.last() != Some(&size)) {
                return Err(part.wrong("it has items of another size than the element type"));
            }
            Some(chunks::check(look, part, chunked, space, &dataset.filters)?)
        }
        Layout::Virtual(Some(at)) => {
            mappings::read(look, *at)?;
            None
        }
        Layout::Virtual(None) | Layout::Unknown => None,
    })
}
