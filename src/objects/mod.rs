//! What a file has, object by object: groups, links, datasets, attributes and element types, as HDF5 has them.
//!
//! All else in this crate reads values, however they are laid out. This is for programs that look at files themselves: that list
//! what there is, compare files, or show a part of a dataset whose type they learn from the file. All [limits](crate::ReadOptions#limits)
//! hold, for each call by itself; nothing is written.
//!
//! ```
//! use filebacked::objects::{Group, Object, Scalar};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.h5");
//! filebacked::to_file(&path, &std::collections::BTreeMap::from([("weights", [0.5, 0.25, 0.25])]))?;
//! let root = Group::open_file(&path)?;
//! for link in root.links()? {
//!     let Object::Dataset(dataset) = root.open(&link.name)? else { continue };
//!     assert_eq!((dataset.path(), dataset.element_type().to_string().as_str()), ("/weights", "f64"));
//!     assert_eq!(dataset.dims(), Some(&[3][..]));
//!     let items = dataset.read(&[1], &[2])?;
//!     assert!(items.iter().all(|item| matches!(item, Ok(Scalar::F64(0.25)))));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`ReadOptions::objects`](crate::ReadOptions::objects) and [`objects_file`](crate::ReadOptions::objects_file) have other limits.

mod element_type;
mod items;
mod storage;
#[cfg(test)]
mod tests;
mod times;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

pub use element_type::{ElementType, TypeClass};
pub use items::{Elements, Items, Record, Reference, Scalar};
pub(crate) use storage::filter_words;
pub use storage::{Layout, Storage};
pub use times::Times;

use crate::file;
use crate::ground::error::{Error, Result};
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::ground::link_name::unescape;
use crate::ground::read_failure;
use crate::h5::within::{Within, is_root, root_of};
use crate::h5::{self, AsGroup, Attributes, Contents, Identity, LinkTarget, Selection, Shape, hard_links};
use crate::layout::access::Access;
use crate::layout_attributes::LayoutAttributes;

/// The file, and what holds for all calls.
#[derive(Debug)]
struct Home {
    limits: Limits,
    size: u64,
    /// Its path, if it was opened by that.
    name: Option<String>,
    /// It is closed last.
    _file: Option<h5::File>,
}

impl Home {
    /// Makes a call about what is at `path`.
    fn call<R>(&self, path: &str, inside: impl FnOnce() -> Result<R>) -> Result<R> {
        let done = self.limits.during(|| {
            h5::start_call();
            ledger::of_file(self.size);
            inside()
        });
        read_failure::instead_of(done).map_err(|error| {
            let error = error.located_at(path);
            match &self.name {
                Some(name) => error.in_file(name),
                None => error,
            }
        })
    }
}

/// A group, open.
#[derive(Clone, Debug)]
pub struct Group {
    inner: h5::Group,
    path: String,
    home: Arc<Home>,
}

/// A dataset, open.
#[derive(Debug)]
pub struct Dataset {
    inner: h5::Dataset,
    dims: Option<Vec<u64>>,
    element_type: ElementType,
    path: String,
    home: Arc<Home>,
}

/// An element type that is an object of its own, which datasets and attributes may share. It holds no data.
///
/// ```
/// use filebacked::hdf5;
/// use filebacked::objects::{Group, Object};
///
/// # let directory = tempfile::tempdir()?;
/// # let file = hdf5::File::create(directory.path().join("run.h5"))?;
/// file.commit_datatype("energy", &hdf5::Datatype::from_type::<f64>()?)?;
/// let Object::NamedType(energy) = Group::of(&file)?.open("energy")? else { panic!() };
/// assert_eq!((energy.path(), energy.element_type().to_string().as_str()), ("/energy", "f64"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NamedType {
    inner: h5::NamedType,
    element_type: ElementType,
    path: String,
    home: Arc<Home>,
}

/// What a link leads to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Object {
    /// A group.
    Group(Group),
    /// A dataset.
    Dataset(Dataset),
    /// An element type.
    NamedType(NamedType),
}

/// A name in a group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Link {
    /// The name, as [`Group::open`] takes it.
    pub name: String,
    /// What it leads to.
    pub kind: LinkKind,
    /// As the group has it.
    inner: h5::Link,
}

/// What sort of link one is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkKind {
    /// It leads to the object itself.
    Hard,
    /// It leads to a path in the same file.
    Soft(String),
    /// It leads to a path in another file.
    External {
        /// The other file.
        file: String,
        /// The path in it.
        path: String,
    },
    /// A link of a sort that only the program knows which made it.
    Other,
}

/// What tells an object from all others of the files that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId(Identity);

impl ObjectId {
    /// Where the object is in its file: what a [reference](Reference) to it has.
    #[must_use]
    pub fn address(self) -> u64 {
        self.0.address()
    }
}

/// An attribute with all that it holds.
#[derive(Debug)]
pub struct Attribute {
    dims: Option<Vec<u64>>,
    items: Items,
}

impl Attribute {
    fn of(contents: Contents) -> Self {
        let Contents { shape, dtype, items } = contents;
        Self { dims: dims_of(&shape), items: Items::new(items, dtype) }
    }

    /// The sizes of the dimensions, none for a scalar; `None` for a null dataspace.
    #[must_use]
    pub fn dims(&self) -> Option<&[u64]> {
        self.dims.as_deref()
    }

    /// The type of the elements.
    #[must_use]
    pub fn element_type(&self) -> ElementType {
        self.items.element_type()
    }

    /// What it holds: nothing, where the type is one that this crate does not read.
    #[must_use]
    pub fn items(&self) -> &Items {
        &self.items
    }
}

fn dims_of(shape: &Shape) -> Option<Vec<u64>> {
    match shape {
        Shape::Null => None,
        Shape::Scalar => Some(Vec::new()),
        Shape::Simple(dims) => Some(dims.clone()),
    }
}

/// The field or key that the name of a link stands for in this crate's layout, where `/`, `%` and what else a link cannot be called
/// is escaped.
///
/// ```
/// use filebacked::objects::key_of;
///
/// assert_eq!((key_of("m%2Fs"), key_of("mass")), ("m/s".into(), "mass".into()));
/// ```
#[must_use]
pub fn key_of(link: &str) -> Cow<'_, str> {
    unescape(link)
}

fn child_path(parent: &str, name: &str) -> String {
    let parent = parent.trim_end_matches('/');
    format!("{parent}/{name}")
}

macro_rules! object {
    ($($class:ident $of:literal),*) => {
        $(impl $class {
            #[doc = concat!("The path by which the ", $of, " was opened.")]
            #[must_use]
            pub fn path(&self) -> &str {
                &self.path
            }

            #[doc = concat!("What tells the ", $of, " from other objects.")]
            ///
            /// # Errors
            /// If libhdf5 fails.
            pub fn id(&self) -> Result<ObjectId> {
                self.call(|| Ok(ObjectId(self.inner.summary()?.identity)))
            }

            /// How many hard links lead to it.
            ///
            /// # Errors
            /// If libhdf5 fails.
            pub fn link_count(&self) -> Result<usize> {
                self.call(|| hard_links(&self.inner))
            }

            /// The names of its attributes: in the order in which they were made, where that is kept, else sorted. The attributes by
            /// which this crate's layout says what is stored are among them.
            ///
            /// # Errors
            /// If libhdf5 fails, or there are more than the limits allow.
            pub fn attribute_names(&self) -> Result<Vec<String>> {
                if self.has_no_attributes() { Ok(Vec::new()) } else { self.call(|| self.inner.attribute_names()) }
            }

            /// The attribute of that name, if there is one.
            ///
            /// # Errors
            /// If it cannot be read, or is more than the limits allow.
            pub fn attribute(&self, name: &str) -> Result<Option<Attribute>> {
                let read = || self.inner.attribute(name).map_err(|error| error.in_attribute(name));
                Ok(self.call(read)?.map(Attribute::of))
            }

            fn call<R>(&self, inside: impl FnOnce() -> Result<R>) -> Result<R> {
                self.home.call(&self.path, inside)
            }
        })*
    };
}
object!(Group "group", Dataset "dataset", NamedType "type");

macro_rules! encoding {
    ($($class:ident),*) => {
        $(impl $class {
            /// What of this crate's layout it is marked as, such as `columns`: a word of [the format](crate::guide::format).
            ///
            /// # Errors
            /// If the mark cannot be read, or is one of another version.
            pub fn encoding(&self) -> Result<Option<&'static str>> {
                if self.has_no_attributes() {
                    return Ok(None);
                }
                self.call(|| Ok(self.inner.kind()?.map(|kind| kind.as_str())))
            }
        })*
    };
}
encoding!(Group, Dataset);

impl NamedType {
    /// The type: as it is read.
    #[must_use]
    pub fn element_type(&self) -> &ElementType {
        &self.element_type
    }

    /// Whether it is known to have none.
    #[allow(clippy::unused_self, reason = "of a dataset it is known")]
    fn has_no_attributes(&self) -> bool {
        false
    }
}

impl Group {
    /// Whether it is known to have none.
    #[allow(clippy::unused_self, reason = "of a dataset it is known")]
    fn has_no_attributes(&self) -> bool {
        false
    }
}

impl Dataset {
    /// Whether it is known to have none.
    fn has_no_attributes(&self) -> bool {
        self.inner.is_bare()
    }
}

impl Group {
    /// A group that is open already, within the usual limits.
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn of(group: impl AsGroup) -> Result<Self> {
        Self::of_limited(group.as_group(), Limits::default())
    }

    /// The root group of the file at `path`, which is opened for reading, within the usual limits.
    ///
    /// # Errors
    /// If the file cannot be opened, or is no HDF5 file.
    pub fn open_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_file_limited(path.as_ref(), Limits::default(), Access::default())
    }

    pub(crate) fn of_limited(group: &hdf5::Group, limits: Limits) -> Result<Self> {
        let inner = limits.during(|| h5::Group::of(group))?;
        let (path, size) = (inner.path(), inner.file_size());
        Ok(Self { inner, path, home: Home { limits, size, name: None, _file: None }.into() })
    }

    pub(crate) fn open_file_limited(path: &Path, limits: Limits, access: Access) -> Result<Self> {
        let name = path.display().to_string();
        let open = || {
            let file = file::open_streamed(path, access)?;
            let root = file.root()?;
            Ok((file, root))
        };
        let (file, inner) = limits.during(open).map_err(|error: Error| error.in_file(&name))?;
        let size = inner.file_size();
        let home = Home { limits, size, name: Some(name), _file: Some(file) };
        Ok(Self { inner, path: "/".to_owned(), home: home.into() })
    }

    /// Its links: in the order in which they were made where the group keeps that, else by name.
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn links(&self) -> Result<Vec<Link>> {
        self.call(|| {
            let link = |link: h5::Link| {
                let kind = match self.inner.link_target(&link)? {
                    LinkTarget::Hard => LinkKind::Hard,
                    LinkTarget::Soft(path) => LinkKind::Soft(path),
                    LinkTarget::External { file, path } => LinkKind::External { file, path },
                    LinkTarget::Other => LinkKind::Other,
                };
                Ok(Link { name: link.name.clone(), kind, inner: link })
            };
            self.inner.links()?.into_iter().map(link).collect()
        })
    }

    /// Opens what a link of the group leads to.
    ///
    /// # Errors
    /// If there is no such link, if it leads nowhere, or to what cannot be opened or is refused by the limits.
    pub fn open(&self, name: &str) -> Result<Object> {
        let path = child_path(&self.path, name);
        let object = self.home.call(&path, || self.inner.open(name));
        self.object(object, path, || self.inner.open_type(name))
    }

    /// Opens what one of the group's [links](Self::links) leads to: sooner than by its name.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_link(&self, link: &Link) -> Result<Object> {
        let path = child_path(&self.path, &link.name);
        let object = self.home.call(&path, || self.inner.open_link(&link.inner));
        self.object(object, path, || self.inner.open_linked_type(&link.inner))
    }

    /// Opens what is at a path of names: from this group on, or, where it begins with `/`, from the root on. The `/` of a name is
    /// `%2F`, as for [`read`](crate::read).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_path(&self, path: &str) -> Result<Object> {
        if is_root(path) {
            let root = self.call(|| root_of(&self.inner))?;
            return Ok(Object::Group(Self { inner: root, path: "/".to_owned(), home: Arc::clone(&self.home) }));
        }
        let whole = if path.starts_with('/') { path.to_owned() } else { child_path(&self.path, path) };
        let find = || Within::find(&self.inner, path);
        let object = self.home.call(&whole, || find().and_then(|(group, link)| group.open(&link)));
        self.object(object, whole, || find().and_then(|(group, link)| group.open_type(&link)))
    }

    fn object(
        &self,
        object: Result<h5::Object>,
        path: String,
        open_type: impl FnOnce() -> Result<h5::NamedType>,
    ) -> Result<Object> {
        let home = Arc::clone(&self.home);
        match object {
            Err(error) if error.is_no_value() => {
                let inner = home.call(&path, open_type)?;
                let element_type = ElementType::new(inner.dtype().clone());
                Ok(Object::NamedType(NamedType { inner, element_type, path, home }))
            }
            Err(error) => Err(error),
            Ok(object) => Ok(Self::known(object, path, home)),
        }
    }

    fn known(object: h5::Object, path: String, home: Arc<Home>) -> Object {
        match object {
            h5::Object::Group(inner) => Object::Group(Self { inner, path, home }),
            h5::Object::Dataset(inner) => {
                let (dims, element_type) = (dims_of(inner.shape()), ElementType::new(inner.dtype().clone()));
                Object::Dataset(Dataset { inner, dims, element_type, path, home })
            }
        }
    }

    /// How many rows it has, if it is a list of records with a column for each field: of the encoding `columns`.
    ///
    /// # Errors
    /// If the count cannot be read.
    pub fn rows(&self) -> Result<Option<u64>> {
        self.call(|| match self.inner.kind()? {
            Some(crate::layout::Kind::Columns) => self.inner.length().map(Some),
            _ => Ok(None),
        })
    }

    /// The same group of the `hdf5` crate. What is done with it is within no limits.
    #[must_use]
    pub fn hdf5(&self) -> &hdf5::Group {
        self.inner.user()
    }
}

impl Dataset {
    /// The sizes of the dimensions, none for a scalar; `None` for a null dataspace.
    #[must_use]
    pub fn dims(&self) -> Option<&[u64]> {
        self.dims.as_deref()
    }

    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.dims.as_ref().map_or(0, |dims| dims.iter().fold(1, |len, dim| len.saturating_mul(*dim)))
    }

    /// Whether it has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements: as they are read.
    #[must_use]
    pub fn element_type(&self) -> &ElementType {
        &self.element_type
    }

    /// The same dataset, of whose records one field is read: by its name, and further names where that is a record, too.
    ///
    /// # Errors
    /// If there is no such field.
    ///
    /// ```
    /// use filebacked::objects::{Group, Object, Scalar};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "points", &vec![(0.5, 1), (0.25, 2)])?;
    /// let Object::Dataset(points) = Group::of(&file)?.open("points")? else { panic!() };
    /// let items = points.field(&["1"])?.read_all()?;
    /// assert!(items.iter().zip(1..).all(|(item, number)| matches!(item, Ok(Scalar::Integer(found)) if found == number)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn field(&self, names: &[&str]) -> Result<Self> {
        let narrowed = self.call(|| self.inner.dtype().narrowed(names))?;
        let element_type = ElementType::new(narrowed.field_at(names.len()).clone());
        let mut inner = self.call(|| self.inner.again())?;
        inner.read_as(narrowed);
        Ok(Self { inner, dims: self.dims.clone(), element_type, path: self.path.clone(), home: Arc::clone(&self.home) })
    }

    /// Reads the block that begins at `start` and has `count` elements along each dimension. Both are empty for a scalar.
    ///
    /// # Errors
    /// If it does not lie within the dataset, cannot be read, or is more than the limits allow.
    pub fn read(&self, start: &[u64], count: &[u64]) -> Result<Items> {
        self.read_steps(start, &vec![1; start.len()], count)
    }

    /// Reads the elements that are `step` apart along each dimension, from `start` on, `count` of them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_steps(&self, start: &[u64], step: &[u64], count: &[u64]) -> Result<Items> {
        let selection = Selection { start: start.to_vec(), step: step.to_vec(), count: count.to_vec() };
        let items = self.call(|| {
            if !selection.is_within(self.inner.shape()) {
                return Err(Error::new(crate::ErrorKind::OutOfRange, "the part does not lie within the dataset"));
            }
            self.inner.read_selected(&selection)
        })?;
        Ok(self.items(items))
    }

    /// Reads all elements. The caller makes sure that they are few.
    ///
    /// # Errors
    /// If they cannot be read, or are more than the limits allow.
    pub fn read_all(&self) -> Result<Items> {
        let items = self.call(|| {
            ledger::made(self.inner.logical_bytes())?;
            self.inner.read()
        })?;
        Ok(self.items(items))
    }

    fn items(&self, items: h5::Items) -> Items {
        Items::of_field(items, self.inner.dtype().clone(), self.element_type.dtype().clone())
    }

    /// How it is stored.
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn storage(&self) -> Result<Storage> {
        self.call(|| Storage::of(&self.inner))
    }
}

impl Object {
    /// The path by which it was opened.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Group(group) => group.path(),
            Self::Dataset(dataset) => dataset.path(),
            Self::NamedType(named) => named.path(),
        }
    }

    /// What tells it from other objects.
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn id(&self) -> Result<ObjectId> {
        match self {
            Self::Group(group) => group.id(),
            Self::Dataset(dataset) => dataset.id(),
            Self::NamedType(named) => named.id(),
        }
    }

    /// As [`Group::link_count`].
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn link_count(&self) -> Result<usize> {
        match self {
            Self::Group(group) => group.link_count(),
            Self::Dataset(dataset) => dataset.link_count(),
            Self::NamedType(named) => named.link_count(),
        }
    }

    /// As [`Group::attribute_names`].
    ///
    /// # Errors
    /// As there.
    pub fn attribute_names(&self) -> Result<Vec<String>> {
        match self {
            Self::Group(group) => group.attribute_names(),
            Self::Dataset(dataset) => dataset.attribute_names(),
            Self::NamedType(named) => named.attribute_names(),
        }
    }

    /// As [`Group::attribute`].
    ///
    /// # Errors
    /// As there.
    pub fn attribute(&self, name: &str) -> Result<Option<Attribute>> {
        match self {
            Self::Group(group) => group.attribute(name),
            Self::Dataset(dataset) => dataset.attribute(name),
            Self::NamedType(named) => named.attribute(name),
        }
    }
}
