//! Attributes as a file has them, of whatever type, to be written to another.
//!
//! What has no parts elsewhere is kept in the bytes that the file has, of the type that it has them in. What has (strings and
//! sequences of variable length), and references, are kept as items in memory. A reference is an address in its file, which
//! means nothing in another: whoever writes it says where it leads there, and where it leads to nothing, it is null.

use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::sync::OnceLock;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5t::H5T_class_t;

use super::attribute::Attributes;
use super::dataset::{Shape, zeroed};
use super::dtype::{Dtype, Number, Order, is_equal};
use super::items::{Items, WORD, integer};
use super::object_info::identity_of;
use super::sys::{h5a, h5t};
use super::{Group, Id, Identity, Object, c_name, locked, make_room, names, varlen};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::{Limit, Limits};
use crate::layout::COMPLEX;

/// A reference to an object: its address, which is 0 for one to nothing.
pub(crate) type Address = u64;

/// An attribute as a file has it.
#[derive(Debug)]
pub(crate) struct StoredAttribute {
    /// The type in the file, as libhdf5 writes it down.
    code: Vec<u8>,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Shape,
    data: Data,
    /// Whether an attribute that is written of such a value has another type.
    pub(crate) is_unusual: bool,
}

#[derive(Debug)]
enum Data {
    /// As the file has it.
    Bytes(Vec<u8>),
    /// As it is in memory.
    Items(Items),
}

impl StoredAttribute {
    /// The attribute `name` of an object, if there is one.
    ///
    /// # Errors
    /// Also if it is of a type that cannot be kept: of references that can be of any sort, or of sequences of what is not read.
    pub(crate) fn of(object: &impl Attributes, name: &str) -> Result<Option<Self>> {
        // Until it is read, it stays as it is, and is not made anew under the same name.
        locked(|| Self::of_locked(object, &object.attribute_label(name)?, false))
    }

    /// The same of the attribute that the file calls `label`.
    pub(crate) fn labelled(object: &impl Attributes, label: &CStr) -> Result<Option<Self>> {
        locked(|| Self::of_locked(object, label, false))
    }

    /// The same of the type that the file has it in, also where only later formats have that.
    pub(super) fn exactly(object: &impl Attributes, label: &CStr) -> Result<Option<Self>> {
        locked(|| Self::of_locked(object, label, true))
    }

    fn of_locked(object: &impl Attributes, label: &CStr, is_exact: bool) -> Result<Option<Self>> {
        if !object.has_labelled_attribute(label)? {
            return Ok(None);
        }
        let (what, name) = ("read an attribute", names::shown(label));
        let id = h5a::open(what, object.handle(), label)?;
        let shape = Shape::of_space(&h5a::get_space(what, &id)?)?;
        let stored = h5a::get_type(what, &id)?;
        let dtype = Dtype::of_type(&stored)?;
        let size = h5t::size(stored.get());
        let (count, most) = (shape.count().unwrap_or(u64::MAX), Limits::current().max_unstored / 2);
        if count.saturating_mul(size.max(dtype.size()) as u64) > most {
            let what = format!("the attribute `{name}` is larger than {most} bytes");
            return Err(Limits::exceeded(what, Limit::Unstored));
        }
        ledger::made(count.saturating_mul(size.max(dtype.size()) as u64))?;
        let is_elsewhere = dtype.has_addresses() || dtype.has_references() || dtype.regions().0;
        let is_kept = if is_elsewhere { dtype.regions().1 } else { is_here(&dtype, &stored)? };
        if !is_kept {
            let message =
                format!("the attribute `{name}` is of the type `{dtype}`, which cannot be written to another file");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        // Of the others, the bytes are taken as they are.
        let dtype = if is_elsewhere && dtype.unsupported().is_none() { dtype.with_own_floats(&stored)? } else { dtype };
        let read = |dtype: hid_t, bytes: *mut c_void| {
            // SAFETY: at `bytes` is zeroed room for all items of the attribute, whose count and type were asked of the same handle.
            unsafe { h5a::read(what, &id, dtype, bytes) }
        };
        let data = if count == 0 || dtype.unsupported().is_some() && is_elsewhere {
            // Of region references alone, all are null.
            Data::Bytes(zeroed(count, size)?)
        } else if !is_elsewhere {
            let mut bytes = zeroed(count, size)?;
            read(stored.get(), bytes.as_mut_ptr().cast())?;
            Data::Bytes(bytes)
        } else if dtype.has_addresses() {
            Data::Items(varlen::read(object.handle(), (&dtype, &OnceLock::new()), count, Items::new(), read)?)
        } else {
            let memory_type = dtype.id(Order::Memory)?;
            let mut bytes = zeroed(count, dtype.size())?;
            read(memory_type.get(), bytes.as_mut_ptr().cast())?;
            Data::Items(Items::with_memory(bytes))
        };
        let is_unusual = !is_usual(&dtype, &shape, &stored)?;
        // Complex types of HDF5's own are of no version that files are written in if nothing else is asked for.
        let (stored, dtype) = match compounds_for_complex(what, &stored, &dtype)? {
            Some(compounds) if !is_exact => {
                let dtype = Dtype::of_type(&compounds)?.with_own_floats(&compounds)?;
                (compounds, dtype)
            }
            _ => (stored, dtype),
        };
        Ok(Some(Self { code: h5t::encode("write down an element type", &stored)?, dtype, shape, data, is_unusual }))
    }

    /// Gives `target` a copy of the attribute of `source` that the file calls `label`, in whose file it is if references are in the attribute.
    pub(crate) fn copy(source: &impl Attributes, label: &CStr, target: &impl Attributes) -> Result<()> {
        let kept = Self::labelled(source, label)?.ok_or_else(|| Error::corrupt("an attribute went away"))?;
        kept.put_back(source, label, target)
    }

    /// As [`StoredAttribute::copy`], of an attribute that the call wrote: what is null in it, it knows.
    pub(crate) fn copy_written(source: &impl Attributes, label: &CStr, target: &impl Attributes) -> Result<()> {
        let kept = Self::labelled(source, label)?.ok_or_else(|| Error::corrupt("an attribute went away"))?;
        kept.write_labelled(target, label, false, &|address| address)
    }

    /// Writes it to an object as it was in another, in the same file if references are in it.
    pub(crate) fn put_back(&self, source: &impl Attributes, label: &CStr, target: &impl Attributes) -> Result<()> {
        let leads_elsewhere = || {
            let files = (identity_of(source.handle())?.file(), identity_of(target.handle())?.file());
            Ok::<_, Error>(files.0 != files.1)
        };
        if self.has_lost() || self.dtype.has_references() && leads_elsewhere()? {
            let name = names::shown(label);
            let message = format!("the attribute `{name}` has references, which would lead elsewhere in a copy of it");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.write_labelled(target, label, false, &|address| address)
    }

    /// Whether there is something in it that is null wherever it is written: references to parts of datasets.
    pub(crate) fn has_lost(&self) -> bool {
        self.dtype.regions().0
    }

    /// The references in it, one for each place that has one.
    pub(crate) fn references(&self) -> Vec<Address> {
        let mut found = Vec::new();
        if let Data::Items(items) = &self.data
            && self.dtype.has_references()
        {
            items
                .bytes()
                .chunks_exact(self.dtype.size())
                .for_each(|item| references(&self.dtype, item, items, &mut found));
        }
        found
    }

    /// The integers that are the field `name` of the records that it is.
    pub(crate) fn integers(&self, name: &str) -> Vec<Option<i128>> {
        let (Data::Items(items), Dtype::Compound(fields)) = (&self.data, &self.dtype) else { return Vec::new() };
        let field = fields.iter().find(|field| field.name == name);
        let integer = |item: &[u8]| match field?.dtype {
            Dtype::Number(number) if number.is_integer() => {
                let field = field?;
                Some(integer(number, &item[field.offset..field.offset + field.size]))
            }
            _ => None,
        };
        items.bytes().chunks_exact(self.dtype.size()).map(integer).collect()
    }

    /// The strings of variable length that it is, each with a NUL at its end, if it is such.
    fn texts(&self) -> Option<Vec<u8>> {
        let (Data::Items(items), Dtype::VarString(_)) = (&self.data, &self.dtype) else { return None };
        let mut text = Vec::new();
        for place in items.bytes().chunks_exact(self.dtype.size()) {
            text.extend_from_slice(items.string(place));
            text.push(0);
        }
        Some(text)
    }

    /// Writes it as a new attribute of another object, in which references lead to where `target` says.
    ///
    /// With `is_scales`, they are those between HDF5's dimension scales: where there is no other end, there is none of it.
    pub(crate) fn write(
        &self,
        object: &impl Attributes,
        name: &str,
        is_scales: bool,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<()> {
        self.write_labelled(object, &c_name(name)?, is_scales, target)
    }

    pub(super) fn write_labelled(
        &self,
        object: &impl Attributes,
        label: &CStr,
        is_scales: bool,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<()> {
        // SAFETY: the code that the library gave.
        let file_type = unsafe { h5t::decode("look into an element type", &self.code) }?;
        self.write_typed(object, label, &file_type, is_scales, target)
    }

    /// Writes it as an attribute of that type in the file, which is the one that it has, or that with a name.
    pub(super) fn write_typed(
        &self,
        object: &impl Attributes,
        label: &CStr,
        file_type: &Id,
        is_scales: bool,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<()> {
        if let Some(text) = self.texts().filter(|text| !text.is_empty()) {
            return object.write_strings_as(label, file_type.get(), &self.shape, &text);
        }
        let items = match &self.data {
            Data::Items(items) => items,
            Data::Bytes(bytes) => {
                return object.write_new(label, file_type.get(), &self.shape, &mut |attribute| {
                    let (len, from) = (bytes.len(), bytes.as_ptr().cast());
                    // SAFETY: `bytes` holds as many items of the type as the attribute has.
                    unsafe { h5a::write("write an attribute", len, attribute, file_type.get(), from) }
                });
            }
        };
        let lowered = Lowered::of(&self.dtype, items, is_scales, target)?;
        let shape = match &self.shape {
            Shape::Simple(dims) if is_scales && dims.len() == 1 => Shape::Simple(vec![lowered.count as u64]),
            shape => shape.clone(),
        };
        if shape.count() != Some(lowered.count as u64) {
            return Err(Error::new(ErrorKind::Hdf5, "the data of an attribute does not fit its shape"));
        }
        if lowered.count == 0 && is_scales {
            return Ok(());
        }
        object.write_new(label, file_type.get(), &shape, &mut |attribute| lowered.write(attribute, &self.dtype))
    }

    /// Writes it as [`StoredAttribute::write`] does, where it was written before with references that are null.
    pub(crate) fn write_again(
        &self,
        object: &impl Attributes,
        name: &str,
        is_scales: bool,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<()> {
        let Data::Items(items) = &self.data else { return Ok(()) };
        let lowered = Lowered::of(&self.dtype, items, is_scales, target)?;
        if self.shape.count() != Some(lowered.count as u64) {
            object.delete_attribute(name)?;
            return self.write(object, name, is_scales, target);
        }
        lowered.write_again(object, &object.attribute_label(name)?, &self.dtype)
    }

    /// The same of the attribute that the file calls `label`, where each reference has a place.
    pub(super) fn settle(
        &self,
        object: &impl Attributes,
        label: &CStr,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<()> {
        let Data::Items(items) = &self.data else { return Ok(()) };
        let lowered = Lowered::of(&self.dtype, items, false, target)?;
        // What was read now may be another attribute than the one that was read to make this.
        locked(|| {
            let id = h5a::open("open an attribute", object.handle(), label)?;
            let shape = Shape::of_space(&h5a::get_space("open an attribute", &id)?)?;
            let dtype = Dtype::of_type(&h5a::get_type("open an attribute", &id)?)?;
            if shape.count() != Some(lowered.count as u64) || dtype != self.dtype {
                return Err(Error::corrupt("an attribute is not what it was a moment ago"));
            }
            lowered.write(id.get(), &self.dtype)
        })
    }
}

/// Room for a collection of libhdf5's heap.
const HEAP: usize = 1 << 16;

/// Whether all bytes of the items are in them: also of what is not read.
fn is_here(dtype: &Dtype, stored: &Id) -> Result<bool> {
    if !dtype.has_unsupported() {
        return Ok(true);
    }
    for class in [H5T_class_t::H5T_VLEN, H5T_class_t::H5T_REFERENCE, H5T_class_t::H5T_STRING] {
        if h5t::has_class("look into an element type", stored, class)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an attribute of such a value is written of that type, and shape.
fn is_usual(dtype: &Dtype, shape: &Shape, stored: &Id) -> Result<bool> {
    let is_such = match dtype {
        Dtype::Number(number) => *shape != Shape::Null || *number == Number::F64,
        // Of strings, serde's types have lists alone.
        Dtype::VarString(true) => shape.count() != Some(0) && !matches!(shape, Shape::Simple(dims) if dims.len() > 1),
        Dtype::Compound(fields) => match &fields[..] {
            [re, im] => {
                [&*re.name, &im.name] == COMPLEX
                    && re.dtype == im.dtype
                    && matches!(re.dtype, Dtype::Number(Number::F32 | Number::F64))
                    && matches!(shape, Shape::Simple(_))
            }
            _ => false,
        },
        Dtype::Complex(fields) => {
            matches!(fields[0].dtype, Dtype::Number(Number::F32 | Number::F64)) && matches!(shape, Shape::Simple(_))
        }
        _ => false,
    };
    Ok(is_such && is_equal(stored.get(), dtype.id(Order::File)?.get())?)
}

/// The type with compounds of `r` and `i` in the place of complex types of HDF5's own, if it has some: the bytes are the same.
fn compounds_for_complex(what: &str, stored: &Id, dtype: &Dtype) -> Result<Option<Id>> {
    fn has_some(dtype: &Dtype) -> bool {
        match dtype {
            Dtype::Complex(_) => true,
            Dtype::Array(_, inner) | Dtype::VarArray(inner) => has_some(inner),
            Dtype::Compound(fields) => fields.iter().any(|field| has_some(&field.dtype)),
            _ => false,
        }
    }

    match dtype {
        _ if !has_some(dtype) => Ok(None),
        Dtype::Complex(_) => {
            let part = h5t::super_type(what, stored.get())?;
            let size = h5t::size(part.get());
            let compound = h5t::create(what, H5T_class_t::H5T_COMPOUND, 2 * size)?;
            for (name, offset) in COMPLEX.into_iter().zip([0, size]) {
                h5t::insert(what, &compound, &c_name(name)?, offset, part.get())?;
            }
            Ok(Some(compound))
        }
        Dtype::Array(dims, inner) => {
            let item = compounds_for_complex(what, &h5t::super_type(what, stored.get())?, inner)?;
            item.map(|item| h5t::create_array(what, item.get(), dims)).transpose()
        }
        Dtype::VarArray(inner) => {
            let item = compounds_for_complex(what, &h5t::super_type(what, stored.get())?, inner)?;
            item.map(|item| h5t::create_vlen(what, item.get())).transpose()
        }
        Dtype::Compound(fields) => {
            let compound = h5t::create(what, H5T_class_t::H5T_COMPOUND, h5t::size(stored.get()))?;
            for (index, field) in (0..).zip(fields.iter()) {
                let member = h5t::member_type(what, stored.get(), index)?;
                let changed = compounds_for_complex(what, &member, &field.dtype)?;
                let name = h5t::member_name(what, stored.get(), index)?;
                let offset = h5t::member_offset(stored.get(), index);
                h5t::insert(what, &compound, &name, offset, changed.as_ref().unwrap_or(&member).get())?;
            }
            Ok(Some(compound))
        }
        _ => Ok(None),
    }
}

fn references(dtype: &Dtype, item: &[u8], items: &Items, found: &mut Vec<Address>) {
    match dtype {
        Dtype::Reference(_) => found.push(item.first_chunk().map_or(0, |bytes| Address::from_ne_bytes(*bytes))),
        Dtype::Array(_, inner) if inner.has_references() => {
            item.chunks_exact(inner.size().max(1)).for_each(|item| references(inner, item, items, found));
        }
        Dtype::VarArray(inner) if inner.has_references() => {
            let (_, inside) = items.sequence(item, inner.size());
            inside.chunks_exact(inner.size().max(1)).for_each(|item| references(inner, item, items, found));
        }
        Dtype::Compound(fields) => fields.iter().for_each(|field| {
            references(&field.dtype, &item[field.offset..field.offset + field.size], items, found);
        }),
        _ => {}
    }
}

/// Items as libhdf5 has them in memory.
pub(super) struct Lowered {
    bytes: Vec<u8>,
    count: usize,
    /// What addresses in them lead to.
    elsewhere: Vec<Vec<u8>>,
    /// Bytes of that.
    variable: usize,
}

/// How references are written.
#[derive(Clone, Copy)]
struct Targets<'a> {
    /// Those that are null are left out of sequences.
    is_scales: bool,
    target: &'a dyn Fn(Address) -> Address,
}

impl Lowered {
    pub(super) fn of(
        dtype: &Dtype,
        items: &Items,
        is_scales: bool,
        target: &dyn Fn(Address) -> Address,
    ) -> Result<Self> {
        let (size, targets) = (dtype.size(), Targets { is_scales, target });
        let mut lowered = Self { bytes: Vec::new(), count: 0, elsewhere: Vec::new(), variable: 0 };
        for item in items.bytes().chunks_exact(size.max(1)) {
            let start = lowered.bytes.len();
            if let Some(bytes) = lowered.lower(dtype, item, items, targets)? {
                lowered.bytes.extend(bytes);
                lowered.bytes.resize(start + size, 0);
                lowered.count += 1;
            }
        }
        Ok(lowered)
    }

    /// An item; `None` for one that is left out, where it can be.
    fn lower(&mut self, dtype: &Dtype, item: &[u8], items: &Items, targets: Targets<'_>) -> Result<Option<Vec<u8>>> {
        Ok(Some(match dtype {
            Dtype::Reference(_) => {
                let address = item.first_chunk().map_or(0, |bytes| Address::from_ne_bytes(*bytes));
                let target = (targets.target)(address);
                if target == 0 && targets.is_scales {
                    return Ok(None);
                }
                target.to_ne_bytes().to_vec()
            }
            Dtype::VarString(_) => {
                if item.iter().all(|byte| *byte == 0) {
                    return Ok(Some(item.to_vec()));
                }
                let mut text = items.string(item).to_vec();
                text.push(0);
                self.keep(text).to_vec()
            }
            Dtype::VarArray(inner) => {
                let size = inner.size();
                let (_, inside) = items.sequence(item, size);
                let (mut bytes, mut count) = (Vec::with_capacity(inside.len()), 0usize);
                for element in inside.chunks_exact(size.max(1)) {
                    if let Some(element) = self.lower(inner, element, items, targets)? {
                        bytes.extend(element);
                        count += 1;
                    }
                }
                let address = if count == 0 { [0; WORD] } else { self.keep(bytes) };
                [count.to_ne_bytes(), address].concat()
            }
            Dtype::Array(_, inner) if inner.has_addresses() || inner.has_references() => {
                let mut bytes = Vec::with_capacity(item.len());
                for element in item.chunks_exact(inner.size().max(1)) {
                    // An array has a place for each.
                    let targets = Targets { is_scales: false, ..targets };
                    bytes.extend(self.lower(inner, element, items, targets)?.unwrap_or_default());
                }
                bytes
            }
            Dtype::Compound(fields) => {
                let mut bytes = item.to_vec();
                for field in fields.iter().filter(|field| field.dtype.has_addresses() || field.dtype.has_references()) {
                    let place = field.offset..field.offset + field.size;
                    match self.lower(&field.dtype, &item[place.clone()], items, targets)? {
                        Some(field) => bytes[place].copy_from_slice(&field),
                        None => return Ok(None),
                    }
                }
                bytes
            }
            _ => item.to_vec(),
        }))
    }

    /// Writes the items, which are of that type, to an attribute that has room for them.
    fn write(&self, attribute: hid_t, dtype: &Dtype) -> Result<()> {
        let memory_type = dtype.id(Order::Memory)?;
        self.make_room()?;
        let (len, from) = (self.bytes.len(), self.bytes.as_ptr().cast());
        // SAFETY: as many items of the type as the attribute has. What their addresses lead to is kept as long as this is.
        unsafe { h5a::write("write an attribute", len, attribute, memory_type.get(), from) }
    }

    fn write_again(&self, object: &impl Attributes, label: &CStr, dtype: &Dtype) -> Result<()> {
        self.write(h5a::open("open an attribute", object.handle(), label)?.get(), dtype)
    }

    /// Makes room for what goes to libhdf5's heap. It must not fail midway: it would free memory that is ours.
    pub(super) fn make_room(&self) -> Result<()> {
        make_room(2 * self.variable + HEAP)
    }

    /// The items one after the other. What addresses in them lead to is kept as long as this is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Keeps bytes; returns their address.
    fn keep(&mut self, bytes: Vec<u8>) -> [u8; WORD] {
        self.variable += bytes.len() + 32;
        let address = bytes.as_ptr() as usize;
        self.elsewhere.push(bytes);
        address.to_ne_bytes()
    }
}

/// The objects of a file, by what tells them from others, and the names on the way to each from a group.
pub(crate) fn paths(root: &Group) -> Result<Vec<(Identity, Vec<String>)>> {
    let root = root.clone().unwatched();
    let mut seen = HashSet::from([root.summary()?.identity]);
    let mut all = vec![(root.summary()?.identity, Vec::new())];
    let mut waiting = vec![(root, Vec::new())];
    while let Some((group, path)) = waiting.pop() {
        for link in group.links()?.into_iter().filter(|link| !link.soft) {
            let (identity, group) = match group.open_link(&link) {
                Ok(Object::Group(group)) => (group.summary()?.identity, Some(group)),
                Ok(Object::Dataset(dataset)) => (dataset.summary()?.identity, None),
                Err(error) if error.is_no_value() => match group.open_linked_type(&link) {
                    Ok(named) => (named.summary()?.identity, None),
                    Err(_) => continue,
                },
                // Nothing that can be read leads there.
                Err(_) => continue,
            };
            let path = [path.as_slice(), &[link.name]].concat();
            if seen.insert(identity) {
                all.push((identity, path.clone()));
                waiting.extend(group.map(|group| (group, path)));
            }
        }
    }
    Ok(all)
}
