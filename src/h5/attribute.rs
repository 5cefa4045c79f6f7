//! Attributes of groups and datasets.

use std::ffi::{CStr, CString, c_void};
use std::sync::OnceLock;

use hdf5_sys::h5i::hid_t;

use super::dataset::{Contents, Shape, zeroed};
use super::dtype::{Dtype, Order};
use super::global_heap_writer::{self, Texts};
use super::items::{Items, element_bytes};
use super::object_info::keeps_attribute_order;
use super::sys::{AttributeInfo, h5a, h5f, h5i, h5t};
use super::varlen;
use super::{c_name, locked, names, property_lists, removal};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::{Limit, Limits};
use crate::layout::MAX_MESSAGE;

/// Something that carries attributes.
pub(crate) trait Attributes {
    /// The handle of the object.
    fn handle(&self) -> hid_t;

    /// Whether it was opened by its address, or may have been: libhdf5 does not know its path then, and looks for one in the
    /// whole file when it is asked.
    fn is_by_address(&self) -> bool {
        true
    }

    /// The size of the file that it is in; 0 where that is not known.
    fn file_size(&self) -> u64 {
        let what = "look into a file";
        let size = h5i::file_of(what, self.handle()).and_then(|file| h5f::size(what, &file));
        size.unwrap_or(0)
    }

    /// Writes a new attribute; `bytes` holds the items that `shape` says.
    fn write_attribute(&self, name: &str, dtype: &Dtype, shape: &Shape, bytes: &[u8]) -> Result<()> {
        self.write_labelled(&c_name(name)?, dtype, shape, bytes)
    }

    /// The same for a name as the file will have it.
    fn write_labelled(&self, label: &CStr, dtype: &Dtype, shape: &Shape, bytes: &[u8]) -> Result<()> {
        let wanted = shape.count().and_then(|count| count.checked_mul(dtype.size() as u64));
        if wanted != Some(bytes.len() as u64) || dtype.has_addresses() {
            return Err(Error::new(ErrorKind::Hdf5, "the data of an attribute does not fit its shape"));
        }
        let (file_type, memory_type) = (dtype.id(Order::File)?, dtype.id(Order::Memory)?);
        self.write_new(label, file_type.get(), shape, &mut |attribute| {
            let (len, from) = (bytes.len(), bytes.as_ptr().cast());
            // SAFETY: `bytes` holds as many items of the type as the attribute has.
            unsafe { h5a::write("write an attribute", len, attribute, memory_type.get(), from) }
        })
    }

    /// Writes a new attribute of strings: in `text`, each ends with a NUL.
    ///
    /// They are of variable length, since that is how h5py writes `str`, and what it reads as `str`; an attribute of
    /// fixed-length strings it gives out as `bytes`.
    fn write_strings_attribute(&self, name: &str, shape: &Shape, text: &[u8]) -> Result<()> {
        let label = c_name(name)?;
        self.write_strings_as(&label, Dtype::VarString(true).id(Order::File)?.get(), shape, text)
    }

    /// The same for a name as the file will have it, and of a type that is given, of strings of variable length.
    fn write_strings_as(&self, label: &CStr, file_type: hid_t, shape: &Shape, text: &[u8]) -> Result<()> {
        let ends: Vec<usize> = text.iter().zip(1..).filter(|(byte, _)| **byte == 0).map(|(_, end)| end).collect();
        let does_end = ends.last().copied().unwrap_or(0) == text.len();
        let texts = Texts::new(text, &ends).filter(|_| does_end && shape.count() == Some(ends.len() as u64));
        let texts =
            texts.ok_or_else(|| Error::new(ErrorKind::Hdf5, "the strings of an attribute do not fit its shape"))?;
        self.write_new(label, file_type, shape, &mut |attribute| {
            global_heap_writer::write(self.handle(), texts, &mut |memory_type, data| {
                // Where libhdf5 takes addresses of strings itself, it does so for those of the same character set alone.
                let memory_type = if cfg!(hdf5_tokens) { memory_type } else { file_type };
                // SAFETY: at `data` are as many items of the type as there are strings, and as the attribute has.
                unsafe { h5a::write("write an attribute", 0, attribute, memory_type, data) }
            })
        })
    }

    /// Makes a new attribute, and writes its items by `write`, unless it has none.
    fn write_new(
        &self,
        label: &CStr,
        file_type: hid_t,
        shape: &Shape,
        write: &mut dyn FnMut(hid_t) -> Result<()>,
    ) -> Result<()> {
        write_new(self.handle(), label, file_type, shape, write)
    }

    /// Writes a string attribute of fixed length: each file with a variable-length string has a global heap, which takes 4 KiB,
    /// and which libhdf5 cannot read safely where it is damaged.
    fn write_text(&self, name: &str, text: &str) -> Result<()> {
        self.write_attribute(name, &Dtype::string(text.len()), &Shape::Scalar, text.as_bytes())
    }

    /// Writes an attribute that is a count.
    fn write_count(&self, name: &str, count: u64) -> Result<()> {
        self.write_attribute(name, &Dtype::Number(super::Number::U64), &Shape::Scalar, element_bytes(&[count]))
    }

    /// Whether there is an attribute of that name.
    fn has_attribute(&self, name: &str) -> Result<bool> {
        self.has_labelled_attribute(&self.attribute_label(name)?)
    }

    /// Whether there is an attribute that the file calls so.
    fn has_labelled_attribute(&self, label: &CStr) -> Result<bool> {
        has(self.handle(), label)
    }

    /// The name that an attribute has in the file, where it may be none in UTF-8.
    fn attribute_label(&self, name: &str) -> Result<CString> {
        let label = c_name(name)?;
        match names::raw(name) {
            Some(raw) if !has(self.handle(), &label)? && has(self.handle(), &raw)? => Ok(raw),
            _ => Ok(label),
        }
    }

    /// The attribute that one of another object, which is called `label` there, would have to replace: its name as text, and as
    /// the file has it.
    fn same_attribute(&self, label: &CStr) -> Result<Option<(String, CString)>> {
        if has(self.handle(), label)? {
            return Ok(Some((names::shown(label), label.to_owned())));
        }
        let Ok(name) = label.to_str() else { return Ok(None) };
        let label = self.attribute_label(name)?;
        Ok(if has(self.handle(), &label)? { Some((name.to_owned(), label)) } else { None })
    }

    /// Takes away an attribute.
    fn delete_attribute(&self, name: &str) -> Result<()> {
        self.delete_labelled_attribute(&self.attribute_label(name)?)
    }

    /// Takes away the attribute that the file calls so.
    fn delete_labelled_attribute(&self, label: &CStr) -> Result<()> {
        locked(|| {
            removal::check_attribute(self.handle(), label)?;
            h5a::delete("remove an attribute", self.handle(), label)
        })
    }

    /// Reads the attribute `name`, if there is one.
    fn attribute(&self, name: &str) -> Result<Option<Contents>> {
        // Until it is read, it stays as it is, and is not made anew under the same name.
        locked(|| self.attribute_locked(&self.attribute_label(name)?))
    }

    /// The same of the attribute that the file calls so, where the library's lock is held.
    fn attribute_locked(&self, label: &CStr) -> Result<Option<Contents>> {
        if !has(self.handle(), label)? {
            return Ok(None);
        }
        let what = "read an attribute";
        let id = h5a::open(what, self.handle(), label)?;
        let shape = Shape::of_space(&h5a::get_space(what, &id)?)?;
        let stored_type = h5a::get_type(what, &id)?;
        let dtype = Dtype::of_items(&stored_type, self.handle())?;
        let count = if dtype.unsupported().is_some() { 0 } else { shape.count().unwrap_or(u64::MAX) };
        let most = Limits::current().max_unstored / 2;
        if count.saturating_mul(dtype.size() as u64) > most {
            let name = names::shown(label);
            let what = format!("the attribute `{name}` is larger than {most} bytes");
            return Err(Limits::exceeded(what, Limit::Unstored));
        }
        // One that is met again is read again.
        ledger::made(count.saturating_mul(dtype.size() as u64))?;
        if count == 0 {
            return Ok(Some(Contents { shape, dtype, items: Items::default() }));
        }
        let read = |dtype: hid_t, bytes: *mut c_void| {
            // SAFETY: at `bytes` is zeroed room for all items of the attribute, whose count and type were asked of the same handle.
            unsafe { h5a::read(what, &id, dtype, bytes) }
        };
        let items = if dtype.has_addresses() {
            let items = varlen::read(self.handle(), (&dtype, &OnceLock::new()), count, Items::new(), read)?;
            ledger::made(items.variable_size() as u64)?;
            items
        } else {
            let memory_type = dtype.id(Order::Memory)?;
            let mut bytes = zeroed(count, dtype.size())?;
            read(memory_type.get(), bytes.as_mut_ptr().cast())?;
            Items::with_memory(bytes)
        };
        Ok(Some(Contents { shape, dtype, items }))
    }

    /// The text that the attribute `name` is, if it is there, and is a string, or the first of some.
    fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        let Some(contents) = self.attribute(name)? else { return Ok(None) };
        Ok(contents.texts().into_iter().flatten().next())
    }

    /// The count that the attribute `name` holds.
    fn count_of(&self, name: &str) -> Result<u64> {
        let Some(contents) = self.attribute(name)? else {
            return Err(Error::corrupt(format!("the attribute `{name}` is missing")));
        };
        match (&contents.dtype, &contents.shape) {
            (Dtype::Number(number), Shape::Scalar) if number.is_integer() => {
                u64::try_from(super::items::integer(*number, contents.items.bytes())).ok()
            }
            _ => None,
        }
        .ok_or_else(|| Error::corrupt(format!("the attribute `{name}` is no count but {}", contents.words())))
    }

    /// The names of all attributes: in the order they were made where the object keeps that, else sorted.
    fn attribute_names(&self) -> Result<Vec<String>> {
        Ok(named(self.handle())?.into_iter().map(|named| named.name).collect())
    }

    /// The same names as the file has them.
    fn attribute_labels(&self) -> Result<Vec<CString>> {
        named(self.handle())?
            .into_iter()
            .map(|Named { name, label, .. }| label.map_or_else(|| c_name(&name), Ok))
            .collect()
    }
}

/// The names of all attributes of an object, in order.
fn named(object: hid_t) -> Result<Vec<Named>> {
    let mut names: Vec<Named> = Vec::new();
    let mut add = |name: &CStr, info: &AttributeInfo| {
        let (name, label) = names::read(name);
        names.push(Named { order: info.order(), name, label });
    };
    // In the native order for the reason given at `h5l::iterate`.
    // SAFETY: it only adds to the list.
    unsafe { h5a::iterate("list attributes", object, &mut add) }?;
    ledger::attributes(names.len() as u64)?;
    names::set_apart(names.iter_mut().map(|Named { name, label, .. }| (name, label.is_none())));
    // What does not keep an order has numbers all the same, by where the attributes happen to be.
    if names.len() > 1 && names.iter().all(|name| name.order.is_some()) && keeps_attribute_order(object)? {
        names.sort();
    } else {
        names.sort_by(|one, other| one.name.cmp(&other.name));
    }
    Ok(names)
}

fn has(object: hid_t, label: &CStr) -> Result<bool> {
    h5a::exists("look for an attribute", object, label)
}

/// The name of an attribute, and its number, if the object remembers the order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    order: Option<u32>,
    name: String,
    /// It as the file has it, if that is not UTF-8.
    label: Option<CString>,
}

/// Whether so many items of a type do not fit an object's header.
fn is_large(file_type: hid_t, shape: &Shape) -> bool {
    let size = h5t::size(file_type) as u64;
    shape.count().is_none_or(|count| count.saturating_mul(size) > MAX_MESSAGE as u64)
}

fn write_new(
    object: hid_t,
    label: &CStr,
    file_type: hid_t,
    shape: &Shape,
    write: &mut dyn FnMut(hid_t) -> Result<()>,
) -> Result<()> {
    let space = shape.space()?;
    let lists = property_lists()?;
    let of = (file_type, space.get(), lists.attribute.get());
    let id = h5a::create("create an attribute", object, label, of).map_err(|error| match is_large(file_type, shape) {
        true => error.advised(
            "an attribute of 64 KiB or more needs a file whose lower bound of formats is 1.8 or later: h5py's `libver`, or \
             `libver_v18` of `hdf5::FileBuilder`",
        ),
        false => error,
    })?;
    if shape.count() == Some(0) {
        return Ok(());
    }
    let written = write(id.get());
    if written.is_err() {
        // One that has no data is none; where it cannot be removed, there is no better way back.
        h5a::try_delete(object, label);
    }
    written
}
