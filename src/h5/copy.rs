//! Objects copied as a whole, without a look at what they hold.
//!
//! That is done by `H5Ocopy`. It takes the bytes of datasets from file to file as they are (chunks stay compressed), a
//! buffer at a time, and leaves links within what is copied as they were: what two hard links lead to stays one object,
//! soft and external links keep their words. Only what is of variable length it takes out of heaps, and so that is looked
//! through before.

use std::collections::HashSet;

use super::attribute::Attributes;
use super::dataset::{Dataset, Shape};
use super::dtype::Dtype;
use super::external_access::NoPlugins;
use super::group::{Group, Object};
use super::holes::Holes;
use super::items::Items;
use super::link::Link;
use super::object_info::{Identity, identity_of};
use super::removal::Any;
use super::repack::copy_object;
use super::sys::h5o;
use super::varlen::check_header;
use super::{Id, c_name, locked, property_lists, structure};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limit, Limits};
use crate::layout::SLAB;
use crate::layout::progress_path::ProgressPath;

/// Groups in groups, deeper than which libhdf5 is not sent: it goes down by recursion.
const MAX_LEVELS: usize = 1024;
/// The same of named types that attributes of named types have.
const MAX_TYPES: usize = 16;
/// Groups in groups for which any stack is deep enough, and the stack for more of them.
const FEW_LEVELS: usize = 16;
const STACK: usize = 64 << 20;

impl Object {
    /// Copies it, with all that is in it, to the new link `name` of `group`, which may be in another file.
    pub(crate) fn copy_to(&self, group: &Group, name: &str) -> Result<()> {
        let (label, lists, spot) = (c_name(name)?, property_lists()?, group.spot_of(name));
        let copy = |bytes: usize| {
            h5o::copy("copy an object", bytes, self.handle(), group.handle(), &label, (None, &lists.link))
        };
        // What was looked through stays as it is until it is copied.
        let is_copied = locked(|| {
            let _no_plugins = (!Limits::loads_plugins()).then(NoPlugins::new);
            match look_through(self, &spot)? {
                Size { has_filters: true, .. } => return Ok(false),
                Size { levels: 0..FEW_LEVELS, bytes, .. } => copy(bytes),
                Size { bytes, .. } => stacker::grow(STACK, || copy(bytes)),
            }?;
            Ok::<_, Error>(true)
        })?;
        if !is_copied {
            // Of chunks in its cache, libhdf5 makes no copy that is safe.
            copy_object(self, group, name)?;
        }
        // Nobody is told of anything as long as the lock is held.
        spot.check()
    }
}

/// What a copy takes.
#[derive(Debug, Default)]
struct Size {
    /// How many groups it is deep.
    levels: usize,
    /// The most bytes that its data and what is in heaps take.
    bytes: usize,
    variable: Variable,
    /// Whether chunks of some dataset go through filters.
    has_filters: bool,
}

/// Bytes of variable length that are copied. What is referred to more than once is copied so often, and a file can say that of anything.
#[derive(Debug, Default)]
pub(super) struct Variable(u64);

impl Variable {
    /// Adds those of items that were read.
    pub(super) fn add(&mut self, dataset: &Dataset, items: &Items) -> Result<()> {
        let most = dataset.file_size().saturating_mul(2).saturating_add(Limits::current().max_unstored);
        let dtype = dataset.dtype();
        let is_within =
            items.bytes().chunks_exact(dtype.size().max(1)).all(|item| self.add_item(dtype, item, items, most));
        match is_within {
            true => Ok(()),
            false => Err(Limits::exceeded("a copy has far more strings or lists than are stored", Limit::Unstored)),
        }
    }

    /// Adds those of an item. Returns whether all are no more than `most`.
    fn add_item(&mut self, dtype: &Dtype, item: &[u8], items: &Items, most: u64) -> bool {
        let mut add_all = |dtype: &Dtype, bytes: &[u8]| {
            !dtype.has_addresses()
                || bytes.chunks_exact(dtype.size().max(1)).all(|item| self.add_item(dtype, item, items, most))
        };
        match dtype {
            Dtype::VarString(_) => self.0 = self.0.saturating_add(items.string(item).len() as u64),
            Dtype::VarArray(inner) => {
                let (_, inside) = items.sequence(item, inner.size());
                if !add_all(inner, inside) {
                    return false;
                }
                self.0 = self.0.saturating_add(inside.len() as u64);
            }
            Dtype::Array(_, inner) => return add_all(inner, item),
            Dtype::Compound(fields) => {
                return fields
                    .iter()
                    .all(|field| add_all(&field.dtype, &item[field.offset..field.offset + field.size]));
            }
            _ => {}
        }
        self.0 <= most
    }
}

impl Size {
    fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
    }

    /// Adds items that are in heaps. libhdf5 begins a collection wherever the last has no room for an item.
    fn add_items(&mut self, items: &Items) {
        const HEAD: usize = 32;
        self.add(2 * (items.variable_size() + HEAD * items.parts.len()) as u64);
    }
}

/// What headers, links and an index of chunks take for an object.
const OBJECT: u64 = 4096;

/// Makes sure that libhdf5 can copy an object to that spot, and takes note of what there is.
fn look_through(object: &Object, spot: &ProgressPath) -> Result<Size> {
    let mut met = HashSet::from([object.summary()?.identity]);
    let mut size = Size::default();
    let mut waiting = Vec::new();
    look_at(object, 1, spot, &mut size, (&mut met, &mut waiting))?;
    while let Some((group, link, level)) = waiting.pop() {
        let object = match group.open_link(&link) {
            Ok(object) => object,
            // Something that holds no value, or none that is read.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let object = Any(group.open_any(&link.name)?);
                check_object(&object, &mut met).map_err(|error| error.in_link(&link.name))?;
                continue;
            }
            Err(error) => return Err(error.in_link(&link.name)),
        };
        size.levels = size.levels.max(level);
        let about = object.summary()?;
        // What only one link leads to is met once.
        if about.links > 1 && !met.insert(about.identity) {
            continue;
        }
        look_at(&object, level + 1, spot, &mut size, (&mut met, &mut waiting))
            .map_err(|error| error.in_link(&link.name))?;
    }
    Ok(size)
}

/// Looks at one object. What is in it is added to what is `waiting`, as being of `level`; `met` are the objects
/// that were looked at.
fn look_at(
    object: &Object,
    level: usize,
    spot: &ProgressPath,
    size: &mut Size,
    (met, waiting): (&mut HashSet<Identity>, &mut Vec<(Group, Link, usize)>),
) -> Result<()> {
    check_object(object, met)?;
    look_at_attributes(object, size)?;
    size.add(OBJECT);
    spot.object()?;
    let group = match object {
        Object::Group(group) => group,
        Object::Dataset(dataset) => {
            spot.bytes(dataset.logical_bytes())?;
            size.add(dataset.stored());
            size.has_filters |= dataset.is_filtered()?;
            return look_at_items(dataset, size);
        }
    };
    if level > MAX_LEVELS {
        let message = format!("groups that nest deeper than {MAX_LEVELS} levels are not copied");
        return Err(Error::new(ErrorKind::TooDeep, message));
    }
    let links = group.links()?.into_iter().filter(|link| !link.soft);
    waiting.extend(links.map(|link| (group.clone(), link, level)));
    Ok(())
}

/// Makes sure that libhdf5 can copy the header of an object, and find its attributes and links. It copies along the element
/// types that have names, as the objects that they are, and what belongs to those.
pub(super) fn check_object(object: &impl Attributes, met: &mut HashSet<Identity>) -> Result<()> {
    let mut types = check_one(object)?;
    for _ in 0..MAX_TYPES {
        let mut next = Vec::new();
        for dtype in types {
            if met.insert(identity_of(dtype.get())?) {
                next.extend(check_one(&Any(dtype))?);
            }
        }
        if next.is_empty() {
            return Ok(());
        }
        types = next;
    }
    let message = format!("more than {MAX_TYPES} named types, each in an attribute of the one before, are not copied");
    Err(Error::new(ErrorKind::TooDeep, message))
}

/// Checks one object. Returns the types with names of its items and of its attributes.
fn check_one(object: &impl Attributes) -> Result<Vec<Id>> {
    structure::check(object.handle())?;
    check_header(object.handle())?;
    structure::named_types(object)
}

fn look_at_attributes(object: &Object, size: &mut Size) -> Result<()> {
    for name in object.attribute_names()? {
        match object.attribute(&name) {
            Ok(Some(contents)) => {
                size.add(contents.items.bytes().len() as u64);
                size.add_items(&contents.items);
            }
            Err(error) if error.kind() != ErrorKind::Unsupported => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Bytes that a file may need for a copy of a dataset without its attributes. What is of variable length is looked through.
pub(super) fn size_of(dataset: &Dataset, variable: &mut Variable) -> Result<usize> {
    let mut size = Size { variable: std::mem::take(variable), ..Size::default() };
    size.add(OBJECT);
    size.add(dataset.stored());
    look_at_items(dataset, &mut size)?;
    *variable = size.variable;
    Ok(size.bytes)
}

/// Bytes that an item takes in memory, about: of what is of variable length, as the first say.
pub(super) fn item_size(dataset: &Dataset) -> Result<u64> {
    const LOOKED_AT: u64 = 64;
    let size = (dataset.dtype().size() as u64).max(1);
    let Shape::Simple(dims) = dataset.shape() else { return Ok(size) };
    if !dataset.dtype().has_addresses() || dims.contains(&0) || dataset.dtype().unsupported().is_some() {
        return Ok(size);
    }
    let (start, mut count) = (vec![0; dims.len()], vec![1; dims.len()]);
    if let (Some(last), Some(dim)) = (count.last_mut(), dims.last()) {
        *last = LOOKED_AT.min(*dim);
    }
    let items = dataset.read_block(&start, &count, Items::default())?;
    let read = count.iter().product::<u64>().max(1);
    Ok(size + (items.variable_size() as u64).div_ceil(read) + 2 * std::mem::size_of::<usize>() as u64)
}

/// Reads the items of a dataset that are in heaps, a window at a time, and forgets them.
fn look_at_items(dataset: &Dataset, size: &mut Size) -> Result<()> {
    if !dataset.dtype().has_addresses() || dataset.dtype().unsupported().is_some() {
        return Ok(());
    }
    let Shape::Simple(dims) = dataset.shape() else {
        let items = dataset.read()?;
        size.add_items(&items);
        return size.variable.add(dataset, &items);
    };
    if dims.contains(&0) {
        return Ok(());
    }
    // What was never written is not copied.
    let holes = Holes::of(dataset, dims)?;
    // So many steps along the dimension `level` at a time, and one along those before it.
    let room = (4 * SLAB as u64 / item_size(dataset)?).max(1);
    let (mut level, mut stride) = (dims.len() - 1, 1);
    while level > 0 && dims[level] <= room / stride {
        stride *= dims[level];
        level -= 1;
    }
    let steps = (room / stride).clamp(1, dims[level]);
    let (mut start, mut items) = (vec![0; dims.len()], Items::default());
    loop {
        let mut count = dims.clone();
        count[..level].fill(1);
        count[level] = steps.min(dims[level] - start[level]);
        if holes.as_ref().is_none_or(|holes| holes.has_chunk(dataset, &start, &count)) {
            items = dataset.read_block(&start, &count, items)?;
            size.add_items(&items);
            size.variable.add(dataset, &items)?;
        }
        start[level] += count[level];
        let mut axis = level;
        while start[axis] == dims[axis] {
            let Some(outer) = axis.checked_sub(1) else { return Ok(()) };
            start[axis] = 0;
            axis = outer;
            start[axis] += 1;
        }
    }
}
