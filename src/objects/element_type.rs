//! Types of elements.

use std::fmt::{self, Display};

use crate::h5::{Dtype, Number};

/// The type of the elements of a dataset or attribute. Its `Display` is in Rust's words: `f64`, `string(16)`,
/// `compound {x: f64, label: string}`. With `{:#}` it has all that tells a type from others: the character set of strings and how
/// they end, the numbers of an enum, tags: `string(16, ASCII, padded with NULs)`.
///
/// Two are equal if elements of both are read as the same: the order of bytes in the file does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementType(Dtype);

/// What sort of type one is, with its parts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TypeClass {
    /// A bool, as h5py has them.
    Bool,
    /// An integer of at most 64 bits.
    Integer {
        /// 8, 16, 32 or 64.
        bits: usize,
        /// Whether it has a sign.
        signed: bool,
    },
    /// `f32` or `f64`.
    Float {
        /// 32 or 64.
        bits: usize,
    },
    /// An integer of more bytes.
    WideInteger {
        /// Whether it has a sign.
        signed: bool,
    },
    /// A float of more bytes than `f64`.
    WideFloat,
    /// Bits.
    Bitfield {
        /// How many.
        bits: usize,
    },
    /// Names for integers.
    Enum(Vec<(String, i128)>),
    /// A string of fixed length in bytes.
    FixedString(usize),
    /// A string of its own length.
    String,
    /// A record: its fields.
    Record(Vec<(String, ElementType)>),
    /// A complex number, of a type of HDF5's own, or a record as h5py has them: the type of its parts.
    Complex(ElementType),
    /// An array of fixed shape.
    Array(Vec<u64>, ElementType),
    /// A list of its own length.
    List(ElementType),
    /// Bytes.
    Opaque(usize),
    /// A time of numpy's, which is an integer: `datetime64[ns]`.
    Time(String),
    /// A reference to an object.
    Reference,
    /// One that this crate does not read, in words.
    Unsupported(String),
}

impl ElementType {
    pub(super) fn new(dtype: Dtype) -> Self {
        Self(dtype)
    }

    pub(super) fn dtype(&self) -> &Dtype {
        &self.0
    }

    /// Bytes of an element in memory, but for what has a length of its own.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Whether strings or lists of their own length are in it.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        self.0.has_addresses()
    }

    /// Whether references are in it.
    #[must_use]
    pub fn has_references(&self) -> bool {
        self.0.has_references()
    }

    /// Whether strings of the type are marked as UTF-8, as against ASCII; `None` for any other type.
    ///
    /// ```
    /// use filebacked::objects::{Group, Object};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "title", "run")?;
    /// let Object::Dataset(title) = Group::of(&file)?.open("title")? else { panic!() };
    /// assert_eq!(title.element_type().is_utf8(), Some(true));
    /// assert_eq!(format!("{:#}", title.element_type()), "string(3, UTF-8, padded with NULs)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_utf8(&self) -> Option<bool> {
        match &self.0 {
            Dtype::FixedString(strings) => Some(strings.utf8),
            Dtype::VarString(utf8) => Some(*utf8),
            _ => None,
        }
    }

    /// The type of the integers that the names of an enum stand for; `None` for any other type.
    ///
    /// ```
    /// use filebacked::objects::{Group, Object, TypeClass};
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// enum State { Off, On }
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "states", &vec![State::Off, State::On])?;
    /// let Object::Dataset(states) = Group::of(&file)?.open("states")? else { panic!() };
    /// let base = states.element_type().enum_base();
    /// assert_eq!(base, Some(TypeClass::Integer { bits: 8, signed: false }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn enum_base(&self) -> Option<TypeClass> {
        match &self.0 {
            Dtype::Enum(enumeration) => Some(Self(Dtype::Number(enumeration.base)).class()),
            _ => None,
        }
    }

    /// What sort of type it is.
    ///
    /// ```
    /// use filebacked::objects::{Group, Object, TypeClass};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "points", &vec![(0.5, 1_u8), (0.25, 2)])?;
    /// let Object::Dataset(points) = Group::of(&file)?.open("points")? else { panic!() };
    /// let TypeClass::Record(fields) = points.element_type().class() else { panic!() };
    /// assert_eq!(fields[0].0, "0");
    /// assert_eq!(fields[1].1.class(), TypeClass::Integer { bits: 8, signed: false });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn class(&self) -> TypeClass {
        match &self.0 {
            Dtype::Number(Number::Bool) => TypeClass::Bool,
            Dtype::Number(number @ (Number::F32 | Number::F64)) => TypeClass::Float { bits: 8 * number.size() },
            Dtype::Number(number) => TypeClass::Integer { bits: 8 * number.size(), signed: number.is_signed() },
            Dtype::Bitfield(number) => TypeClass::Bitfield { bits: 8 * number.size() },
            Dtype::Enum(enumeration) => TypeClass::Enum(enumeration.members.clone()),
            Dtype::FixedString(strings) => TypeClass::FixedString(strings.size),
            Dtype::VarString(_) => TypeClass::String,
            // As h5py has them.
            Dtype::Compound(fields) if self.0.complex().is_some_and(|[re, im]| re.dtype == im.dtype) => {
                TypeClass::Complex(Self(fields[0].dtype.clone()))
            }
            Dtype::Compound(fields) => {
                let field = |field: &crate::h5::Field| (field.name.clone(), Self(field.dtype.clone()));
                TypeClass::Record(fields.iter().map(field).collect())
            }
            Dtype::Complex(fields) => TypeClass::Complex(Self(fields[0].dtype.clone())),
            Dtype::Array(dims, inner) => TypeClass::Array(dims.to_vec(), Self((**inner).clone())),
            Dtype::VarArray(inner) => TypeClass::List(Self((**inner).clone())),
            Dtype::Opaque(opaque) => match opaque.time_type() {
                Some(time) => TypeClass::Time(time.to_owned()),
                None => TypeClass::Opaque(self.size()),
            },
            Dtype::WideInteger(wide) => TypeClass::WideInteger { signed: wide.is_signed() },
            Dtype::WideFloat(_) => TypeClass::WideFloat,
            Dtype::Reference(_) => TypeClass::Reference,
            Dtype::Unsupported(words) => TypeClass::Unsupported(words.clone()),
        }
    }
}

impl Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
