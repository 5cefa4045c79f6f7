//! Values of which no type is known: what any file holds, in memory.
//!
//! [`Value`] is read from whatever is stored, and written back as it was stored: numbers keep their widths, arrays their
//! shapes, maps their order, groups and datasets their attributes.
//!
//! ```
//! use filebacked::{NdArray, Value};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Patch { label: Option<String>, nodes: NdArray<f64, ndarray::Ix2> }
//!
//! #[derive(Serialize)]
//! struct Model {
//!     #[serde(rename = "@version")]
//!     version: u32,
//!     title: String,
//!     patches: Vec<Patch>,
//!     steps: Vec<(u32, f64)>,
//! }
//!
//! # let model = Model {
//! #     version: 3,
//! #     title: "plate".to_owned(),
//! #     patches: vec![Patch { label: None, nodes: NdArray(ndarray::Array2::zeros((4, 3))) }],
//! #     steps: vec![(1, 0.5), (2, 0.25)],
//! # };
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("model.h5");
//! # filebacked::to_file(&path, &model)?;
//! let value: Value = filebacked::from_file(&path)?;
//! assert_eq!(value["title"], "plate".into());
//! assert_eq!(value["steps"][1][1].as_f64(), Some(0.25));
//! assert_eq!(value["patches"][0]["nodes"].as_array().map(|nodes| nodes.shape()), Some(&[4, 3][..]));
//! assert_eq!(value.attr("version").and_then(Value::as_u64), Some(3));
//!
//! // It is written as it was read.
//! # let copy = directory.path().join("copy.h5");
//! filebacked::to_file(&copy, &value)?;
//! assert_eq!(filebacked::from_file::<Value>(&copy)?, value);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What becomes of what is stored
//!
//! | stored | value |
//! |---|---|
//! | a group | [`Map`](Value::Map), in the order of the links |
//! | a scalar, but for complex numbers | [`Bool`](Value::Bool), [`Number`](Value::Number), [`String`](Value::String) |
//! | a dataset of numbers, bools or complex numbers, and one of a single complex number | [`Array`](Value::Array) |
//! | a dataset of records, without references and lists of strings | [`Table`](Value::Table), which is as the list of its records |
//! | any other dataset or sequence: strings, lists of differing length, records in columns | [`List`](Value::List) of its elements |
//! | a record | [`Map`](Value::Map), in the order of the fields |
//! | an enum's name, in a list | [`Variant`](Value::Variant) |
//! | h5py's `Empty` | [`Null`](Value::Null) |
//! | what has attributes | [`WithAttrs`](Value::WithAttrs) of one of these |
//! | what cannot be read: of a type that the crate does not read, text in another encoding than UTF-8, a link or a reference that leads nowhere, back, or to another file, data that is damaged | [`Unreadable`](Value::Unreadable), which cannot be written |
//!
//! # What is written
//!
//! The encoding that it was read from, by the rules of the layout for what is the same value: with these exceptions.
//! Strings get the form that suits them (fixed or variable length), numbers the byte order of the crate's files, and datasets
//! the storage that the options say. A scalar enum becomes its name, and the names of an enum that occur get the codes 0, 1, ...,
//! in the order of their codes. A list of maps that all have the same keys becomes a table like one of structs.
//!
//! Attributes are written in their order, and those that were read keep their types ([`Typed`]): the references in them lead to
//! what is written of the objects that they led to, or nowhere. In records among new ones, strings get a fixed length.
//!
//! serde wants the names of fields and variants to last as long as the program. Those in lists of records are kept that
//! long, up to a MiB in all; records whose names come after that are written as maps are.

mod array;
mod attribute;
mod display;
mod names;
mod number;
mod read;
mod table;
mod typed;
mod write;

use std::fmt;

use indexmap::IndexMap;
use serde_bytes::{ByteBuf, Bytes};

pub use array::{Array, ArrayElement};
pub use number::Number;
pub use table::Table;
pub use typed::Typed;

use crate::ground::stack::with_room;
use crate::wrappers::attrs::WithAttrs;

/// Values by their names: what a group or a record holds, in its order, or the attributes of something: in their order where
/// the object keeps that, else by name.
pub type Map = IndexMap<String, Value>;

/// Any value: see the [module](self).
///
/// The methods that ask for something look through what is only said about a value: [`Some`](Self::Some),
/// [`WithAttrs`](Self::WithAttrs), and [`Typed`](Self::Typed). Indexed by what is not there, it is [`Null`](Self::Null), as `serde_json::Value` is.
///
/// ```
/// use filebacked::Value;
///
/// let value = Value::from_iter([("title", Value::from("plate")), ("weights", ndarray::array![0.5, 0.25].into())]);
/// assert_eq!(value["title"].as_str(), Some("plate"));
/// assert_eq!(value["weights"].as_array().unwrap().to_f64()?, ndarray::array![0.5, 0.25].into_dyn());
/// assert!(value["nothing"]["of"]["that"].is_null());
/// assert_eq!(value.to_string(), "\
/// ├─ title: \"plate\"
/// └─ weights: f64 (2,) 0.5, 0.25
/// ");
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Default)]
#[non_exhaustive]
pub enum Value {
    /// `None`: a null dataspace, h5py's `Empty`.
    #[default]
    Null,
    /// `()`.
    Unit,
    /// A bool.
    Bool(bool),
    /// A number of any width.
    Number(Number),
    /// A string.
    String(String),
    /// A byte string.
    Bytes(Vec<u8>),
    /// An N-dimensional dataset of numbers, bools or complex numbers.
    Array(Array),
    /// A dataset of records. It is equal to the list of its records.
    Table(Table),
    /// Any other sequence.
    List(Vec<Self>),
    /// A tuple: a group with a child for each element; in a sequence, also an array of fixed length.
    Tuple(Vec<Self>),
    /// A group, or a record.
    Map(Map),
    /// A map whose keys are no strings.
    Pairs(Vec<(Self, Self)>),
    /// A variant of an enum.
    Variant(Variant),
    /// An option that is there, where that shows in what is stored.
    Some(Box<Self>),
    /// A group or dataset that has attributes.
    WithAttrs(Box<WithAttrs<Self, Map>>),
    /// An attribute that keeps the type that a file has it in.
    Typed(Box<Typed>),
    /// Something that this crate does not read; why, in words. It cannot be written.
    Unreadable(String),
}

/// A variant of an enum. [`new`](Self::new) makes one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Its number, by which the variants of a list are ordered: the code that is stored, if that is a number for serde.
    pub number: u32,
    /// What it carries.
    pub payload: Option<Box<Value>>,
}

impl Variant {
    /// A variant of that name and number: its place in the enum, by which those of a list are ordered.
    ///
    /// ```
    /// use filebacked::value::{Value, Variant};
    ///
    /// let shapes = Value::List(vec![
    ///     Value::Variant(Variant::new("Circle", 0, Some(Value::from(1.5)))),
    ///     Value::Variant(Variant::new("Empty", 1, None)),
    /// ]);
    /// let image = filebacked::to_vec(&shapes)?;
    /// assert_eq!(filebacked::from_slice::<Value>(&image)?, shapes);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn new(name: impl Into<String>, number: u32, payload: Option<Value>) -> Self {
        Self { name: name.into(), number, payload: payload.map(Box::new) }
    }
}

static NULL: Value = Value::Null;

/// Each level makes sure of its stack: a value may nest as deep as the limit of whoever read it says.
impl Clone for Value {
    fn clone(&self) -> Self {
        with_room(|| match self {
            Self::Null => Self::Null,
            Self::Unit => Self::Unit,
            Self::Bool(value) => Self::Bool(*value),
            Self::Number(number) => Self::Number(*number),
            Self::String(text) => Self::String(text.clone()),
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Array(array) => Self::Array(array.clone()),
            Self::Table(table) => Self::Table(table.clone()),
            Self::List(list) => Self::List(list.clone()),
            Self::Tuple(list) => Self::Tuple(list.clone()),
            Self::Map(map) => Self::Map(map.clone()),
            Self::Pairs(pairs) => Self::Pairs(pairs.clone()),
            Self::Variant(variant) => Self::Variant(variant.clone()),
            Self::Some(inner) => Self::Some(inner.clone()),
            Self::WithAttrs(both) => Self::WithAttrs(both.clone()),
            Self::Typed(typed) => Self::Typed(typed.clone()),
            Self::Unreadable(why) => Self::Unreadable(why.clone()),
        })
    }
}

/// As [`Clone`] does.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        with_room(|| match (self, other) {
            // The type of an attribute does not count.
            (Self::Typed(own), other) => own.value() == other,
            (own, Self::Typed(other)) => own == other.value(),
            (Self::Null, Self::Null) | (Self::Unit, Self::Unit) => true,
            (Self::Bool(own), Self::Bool(other)) => own == other,
            (Self::Number(own), Self::Number(other)) => own == other,
            (Self::String(own), Self::String(other)) | (Self::Unreadable(own), Self::Unreadable(other)) => own == other,
            (Self::Bytes(own), Self::Bytes(other)) => own == other,
            (Self::Array(own), Self::Array(other)) => own == other,
            (Self::List(own), Self::List(other)) | (Self::Tuple(own), Self::Tuple(other)) => own == other,
            (Self::Table(own), Self::Table(other)) => own == other,
            (Self::Table(own), Self::List(other)) | (Self::List(other), Self::Table(own)) => *own == **other,
            (Self::Map(own), Self::Map(other)) => own == other,
            (Self::Pairs(own), Self::Pairs(other)) => own == other,
            (Self::Variant(own), Self::Variant(other)) => own == other,
            (Self::Some(own), Self::Some(other)) => own == other,
            (Self::WithAttrs(own), Self::WithAttrs(other)) => own == other,
            _ => false,
        })
    }
}

/// As [`Clone`] does.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = |name: &str, inner: &dyn fmt::Debug| with_room(|| f.debug_tuple(name).field(inner).finish());
        match self {
            Self::Null => f.write_str("Null"),
            Self::Unit => f.write_str("Unit"),
            Self::Bool(value) => tuple("Bool", value),
            Self::Number(number) => tuple("Number", number),
            Self::String(text) => tuple("String", text),
            Self::Bytes(bytes) => tuple("Bytes", bytes),
            Self::Array(array) => tuple("Array", array),
            Self::Table(table) => tuple("Table", table),
            Self::List(list) => tuple("List", list),
            Self::Tuple(list) => tuple("Tuple", list),
            Self::Map(map) => tuple("Map", map),
            Self::Pairs(pairs) => tuple("Pairs", pairs),
            Self::Variant(variant) => tuple("Variant", variant),
            Self::Some(inner) => tuple("Some", inner),
            Self::WithAttrs(both) => tuple("WithAttrs", both),
            Self::Typed(typed) => typed.fmt(f),
            Self::Unreadable(why) => tuple("Unreadable", why),
        }
    }
}

impl Value {
    /// The value itself, without what is only said about it.
    #[must_use]
    pub fn inner(&self) -> &Self {
        let mut value = self;
        loop {
            value = match value {
                Self::Some(inner) => inner,
                Self::WithAttrs(both) => &both.value,
                Self::Typed(typed) => typed.value(),
                other => return other,
            };
        }
    }

    /// The same, to be changed. An attribute that keeps its type does not keep it then, and a table becomes the list of its
    /// records.
    ///
    /// ```
    /// use filebacked::{Value, from_slice, to_vec};
    ///
    /// let mut value: Value = from_slice(&to_vec(&serde_json::json!({"title": "plate", "steps": 10}))?)?;
    /// *value.as_map_mut().unwrap()["steps"].inner_mut() = Value::from(20);
    /// assert_eq!(value["steps"].as_i64(), Some(20));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn inner_mut(&mut self) -> &mut Self {
        let mut value = self;
        loop {
            if let Self::Typed(typed) = value {
                *value = typed.value().clone();
            }
            if let Self::Table(table) = value {
                *value = Self::List(table.records().collect());
            }
            value = match value {
                Self::Some(inner) => inner,
                Self::WithAttrs(both) => &mut both.value,
                other => return other,
            };
        }
    }

    /// Its attributes, if it has any.
    ///
    /// ```
    /// use filebacked::Value;
    ///
    /// let pressure = Value::from(1013.2).with_attr("unit", "hPa").with_attr("gain", 0.5);
    /// assert!(pressure.attrs().unwrap().keys().eq(["unit", "gain"]));
    /// assert_eq!(pressure.attr("gain").and_then(Value::as_f64), Some(0.5));
    /// assert_eq!(pressure.as_f64(), Some(1013.2)); // whatever is said about it
    /// ```
    #[must_use]
    pub fn attrs(&self) -> Option<&Map> {
        let mut value = self;
        loop {
            value = match value {
                Self::Some(inner) => inner,
                Self::WithAttrs(both) => return Some(&both.attrs),
                _ => return None,
            };
        }
    }

    /// The attribute of that name.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&Self> {
        self.attrs()?.get(name)
    }

    /// The same value with an attribute more, or with another in its place.
    ///
    /// ```
    /// use filebacked::Value;
    ///
    /// let pressure = Value::from(ndarray::array![1013.2, 1012.9]).with_attr("unit", "hPa");
    /// assert_eq!(pressure.attr("unit").and_then(Value::as_str), Some("hPa"));
    /// ```
    #[must_use]
    pub fn with_attr(self, name: impl Into<String>, attr: impl Into<Self>) -> Self {
        let mut both = match self {
            Self::WithAttrs(both) => both,
            value => Box::new(WithAttrs { value, attrs: Map::new() }),
        };
        both.attrs.insert(name.into(), attr.into());
        Self::WithAttrs(both)
    }

    /// Whether it is nothing: `None`, or unit.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.inner(), Self::Null | Self::Unit)
    }

    /// The bool that it is.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.inner() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number that it is.
    ///
    /// ```
    /// use filebacked::Value;
    /// use filebacked::value::Number;
    ///
    /// let value = Value::from(3_u8);
    /// assert_eq!(value.as_number(), Some(Number::U8(3)));
    /// assert_eq!((value.as_i64(), value.as_u64(), value.as_f64()), (Some(3), Some(3), Some(3.0)));
    /// assert_eq!((value.as_str(), value.as_bool(), value.is_null()), (None, None, false));
    /// ```
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        match self.inner() {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number that it is, if that is an integer which fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.to_i128().and_then(|value| value.try_into().ok())
    }

    /// The number that it is, if that is an integer which fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.to_i128().and_then(|value| value.try_into().ok())
    }

    /// The number that it is, if `f64` holds it exactly.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.to_f64()
    }

    /// The string that it is, or the name of a variant without a payload.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.inner() {
            Self::String(text) | Self::Variant(Variant { name: text, payload: None, .. }) => Some(text),
            _ => None,
        }
    }

    /// The byte string that it is.
    ///
    /// ```
    /// use filebacked::{Value, serde_bytes::ByteBuf};
    ///
    /// let value = Value::from(ByteBuf::from([1, 2, 3]));
    /// assert_eq!(value.as_bytes(), Some(&[1, 2, 3][..]));
    /// assert_eq!(filebacked::from_slice::<ByteBuf>(&filebacked::to_vec(&value)?)?, [1, 2, 3]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.inner() {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The array that it is.
    #[must_use]
    pub fn as_array(&self) -> Option<&Array> {
        match self.inner() {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The table that it is.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        match self.inner() {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The elements of the list or tuple that it is; also those of a table, all of which are made and kept then.
    ///
    /// ```
    /// use filebacked::{Value, from_slice, to_vec};
    ///
    /// let value: Value = from_slice(&to_vec(&vec![("a", 1), ("b", 2)])?)?;
    /// let names: Vec<_> = value.as_list().unwrap().iter().map(|pair| pair[0].as_str()).collect();
    /// assert_eq!(names, [Some("a"), Some("b")]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.inner() {
            Self::Table(table) => Some(table.all()),
            Self::List(list) | Self::Tuple(list) => Some(list),
            _ => None,
        }
    }

    /// The map that it is.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self.inner() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map that it is, to be changed.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self.inner_mut() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entry of that name of a map, or the payload of the variant of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self.inner() {
            Self::Map(map) => map.get(name),
            Self::Variant(Variant { name: variant, payload: Some(payload), .. }) if variant == name => Some(payload),
            _ => None,
        }
    }

    /// The element at a position.
    fn element(&self, position: usize) -> Option<&Self> {
        match self.inner() {
            Self::Table(table) => table.get(position),
            _ => self.as_list()?.get(position),
        }
    }

    /// What is at a path of names and positions, such as `patches/0/nodes`.
    ///
    /// ```
    /// use filebacked::Value;
    ///
    /// let value = Value::from_iter([("list", Value::from(vec![Value::from("a"), Value::from("b")]))]);
    /// assert_eq!(value.at("list/1").and_then(Value::as_str), Some("b"));
    /// assert_eq!(value.at("list/2"), None);
    /// ```
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(self, |value, name| match value.inner() {
            Self::List(_) | Self::Tuple(_) | Self::Table(_) => value.element(name.parse().ok()?),
            _ => value.get(name),
        })
    }
}

impl std::ops::Index<&str> for Value {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

/// Of lists, tuples and tables. An element of an array is no value by itself: see [`Array::get`].
impl std::ops::Index<usize> for Value {
    type Output = Self;

    fn index(&self, position: usize) -> &Self {
        self.element(position).unwrap_or(&NULL)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<ByteBuf> for Value {
    fn from(bytes: ByteBuf) -> Self {
        Self::Bytes(bytes.into_vec())
    }
}

impl From<&Bytes> for Value {
    fn from(bytes: &Bytes) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<Self>> for Value {
    fn from(list: Vec<Self>) -> Self {
        Self::List(list)
    }
}

/// Numbers, bools or complex numbers: an array of one dimension.
///
/// ```
/// use filebacked::Value;
///
/// let weights = Value::from(vec![0.25, 0.75]);
/// assert_eq!(weights, Value::from(filebacked::ndarray::array![0.25, 0.75]));
/// ```
impl<T: ArrayElement> From<Vec<T>> for Value {
    fn from(numbers: Vec<T>) -> Self {
        ndarray::Array1::from(numbers).into()
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl<T: ArrayElement, D: ndarray::Dimension> From<ndarray::Array<T, D>> for Value {
    fn from(array: ndarray::Array<T, D>) -> Self {
        Self::Array(array.into())
    }
}

/// `None` is [`Null`](Value::Null), and what is there is the value itself.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

/// A list.
impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(elements: I) -> Self {
        Self::List(elements.into_iter().collect())
    }
}

/// A map.
impl<K: Into<String>> FromIterator<(K, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, Self)>>(entries: I) -> Self {
        Self::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}
