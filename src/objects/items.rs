//! Elements that were read.

use super::ElementType;
use crate::de::item::{self, Item};
use crate::ground::error::{Error, Result};
use crate::ground::limits::Limits;
use crate::h5::{self, Dtype, Field, ReferencedFile};

/// Elements that were read, in the order of the dataset: the last dimension runs fastest.
#[derive(Debug)]
pub struct Items {
    items: h5::Items,
    /// The type that was read, and of which an element is, or a field of a record of one field.
    dtype: Dtype,
    element: Dtype,
}

/// Elements in memory: those that were read, or those of an array or list in one of them.
#[derive(Clone, Copy)]
pub struct Elements<'a> {
    dtype: &'a Dtype,
    bytes: &'a [u8],
    items: &'a h5::Items,
}

/// The fields of a record, or the two parts of a complex number.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    record: item::Record<'a>,
}

/// An element.
#[non_exhaustive]
pub enum Scalar<'a> {
    /// A bool.
    Bool(bool),
    /// An integer, also one of more than 64 bits.
    Integer(i128),
    /// An integer of 128 bits without sign.
    Unsigned(u128),
    /// A float of 32 bits.
    F32(f32),
    /// A float of 64 bits, or a wider one that is exactly that.
    F64(f64),
    /// A string.
    Text(&'a str),
    /// A value of an enum: its name, and its number.
    Name(&'a str, i128),
    /// Bytes that HDF5 does not look into, or a string that is no UTF-8.
    Bytes(&'a [u8]),
    /// A record.
    Record(Record<'a>),
    /// A complex number: the real part, and the imaginary one.
    Complex(Record<'a>),
    /// An array of fixed shape.
    Array(&'a [u64], Elements<'a>),
    /// A list of its own length.
    List(Elements<'a>),
    /// A reference to an object.
    Reference(Reference<'a>),
    /// What this crate does not read, in words.
    Unreadable(String),
}

/// A reference to an object of the file.
#[derive(Clone, Copy)]
pub struct Reference<'a> {
    file: &'a ReferencedFile,
    bytes: &'a [u8],
}

impl Reference<'_> {
    /// The [address](super::ObjectId::address) of the object; 0 for a reference to none.
    #[must_use]
    pub fn address(self) -> u64 {
        self.bytes.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
    }

    /// The path of the object, if it has one; of several, one of them. The whole file is looked through: once for all references of a
    /// dataset or attribute, unless somebody writes to the file.
    #[must_use]
    pub fn path(self) -> Option<String> {
        Limits::while_reading(|| self.file.find_path_of(self.bytes))
    }
}

impl Items {
    pub(super) fn new(items: h5::Items, dtype: Dtype) -> Self {
        Self { items, element: dtype.clone(), dtype }
    }

    /// Those of which one field was read.
    pub(super) fn of_field(items: h5::Items, dtype: Dtype, element: Dtype) -> Self {
        Self { items, dtype, element }
    }

    /// The type of the elements.
    #[must_use]
    pub fn element_type(&self) -> ElementType {
        ElementType::new(self.element.clone())
    }

    /// The elements.
    #[must_use]
    pub fn elements(&self) -> Elements<'_> {
        // A record of one field is as large as that.
        debug_assert_eq!(self.dtype.size(), self.element.size());
        Elements { dtype: &self.element, bytes: self.items.bytes(), items: &self.items }
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that they take in memory, with what has a length of its own.
    ///
    /// ```
    /// use filebacked::objects::{Group, Object};
    /// use filebacked::{Strings, WriteOptions, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// WriteOptions::new().strings(Strings::Variable).write(&file, "names", &vec!["a".repeat(1000), "b".to_owned()])?;
    /// let Object::Dataset(names) = Group::of(&file)?.open("names")? else { panic!() };
    /// let items = names.read_all()?;
    /// assert!(items.elements().bytes().len() < 100 && items.memory() > 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn memory(&self) -> usize {
        self.items.bytes().len() + self.items.variable_size()
    }

    /// The elements, one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<Scalar<'_>>> {
        self.elements().iter()
    }
}

impl<'a> Elements<'a> {
    /// The type of the elements.
    #[must_use]
    pub fn element_type(&self) -> ElementType {
        ElementType::new(self.dtype.clone())
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size().max(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their memory: numbers as this machine has them, and records without gaps. What has a length of its own is not in it.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Some of them.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn range(&self, range: std::ops::Range<usize>) -> Self {
        let size = self.dtype.size();
        Self { bytes: &self.bytes[range.start * size..range.end * size], ..*self }
    }

    /// The element at a position.
    ///
    /// # Errors
    /// If there is none, or the file has something there that its type does not say.
    pub fn get(&self, position: usize) -> Result<Scalar<'a>> {
        let size = self.dtype.size();
        let bytes = position.checked_mul(size).and_then(|start| self.bytes.get(start..)?.get(..size));
        let bytes = bytes.ok_or_else(|| Error::new(crate::ErrorKind::NotFound, "there is no such element"))?;
        scalar(Item { dtype: self.dtype, bytes, items: self.items })
    }

    /// The elements, one after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<Scalar<'a>>> {
        let Self { dtype, bytes, items } = self;
        bytes.chunks_exact(dtype.size().max(1)).map(move |bytes| scalar(Item { dtype, bytes, items }))
    }
}

impl<'a> Record<'a> {
    /// How many fields it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.record.fields.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.record.fields.is_empty()
    }

    /// The names and values of its fields.
    pub fn fields(self) -> impl ExactSizeIterator<Item = (&'a str, Result<Scalar<'a>>)> {
        let item::Record { fields, bytes, items } = self.record;
        fields.iter().map(move |field: &Field| {
            let bytes = &bytes[field.offset..field.offset + field.size];
            (field.name.as_str(), scalar(Item { dtype: &field.dtype, bytes, items }))
        })
    }

    /// The value of a field.
    ///
    /// # Errors
    /// If there is none, or the file has something there that its type does not say.
    pub fn get(&self, position: usize) -> Result<Scalar<'a>> {
        let value = self.fields().nth(position).map(|(_, value)| value);
        value.unwrap_or_else(|| Err(Error::new(crate::ErrorKind::NotFound, "there is no such field")))
    }
}

fn scalar(item: Item<'_>) -> Result<Scalar<'_>> {
    let Item { dtype, bytes, items } = item;
    match dtype {
        Dtype::Array(dims, inner) => return Ok(Scalar::Array(dims, Elements { dtype: inner, bytes, items })),
        Dtype::VarArray(inner) => {
            let (_, bytes) = items.sequence(bytes, inner.size());
            return Ok(Scalar::List(Elements { dtype: inner, bytes, items }));
        }
        Dtype::Reference(file) => return Ok(Scalar::Reference(Reference { file, bytes })),
        Dtype::FixedString(_) | Dtype::VarString(_) => {
            if let Some(bytes) = item.bytes_of_no_text() {
                return Ok(Scalar::Bytes(bytes));
            }
        }
        _ => {}
    }
    Ok(match item.scalar()? {
        item::Scalar::Bool(value) => Scalar::Bool(value),
        item::Scalar::Integer(_, value) | item::Scalar::Wide(Ok(value)) => Scalar::Integer(value),
        item::Scalar::Wide(Err(value)) => Scalar::Unsigned(value),
        item::Scalar::F32(value) => Scalar::F32(value),
        item::Scalar::F64(value) => Scalar::F64(value),
        item::Scalar::Text(text) => Scalar::Text(text),
        item::Scalar::Name(name, value) => Scalar::Name(name, value),
        item::Scalar::Opaque(bytes) => Scalar::Bytes(bytes),
        item::Scalar::Record(record) if dtype.complex().is_some() => Scalar::Complex(Record { record }),
        item::Scalar::Record(record) => Scalar::Record(Record { record }),
        item::Scalar::Unreadable(why) => Scalar::Unreadable(why),
        item::Scalar::Sequence(_) => return Err(Error::corrupt("an array of another type than it is")),
    })
}
