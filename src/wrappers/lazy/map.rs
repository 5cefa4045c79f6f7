//! Maps whose values are read when they are asked for.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::{Lazy, Origin, copy, name, not_copied};
use crate::de::{self, Deferred, Make, Source, ValueDeserializer, made};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::ground::link_name::unescape;
use crate::h5::within::Within;
use crate::h5::{AsGroup, Group, Object, OpenFile};
use crate::layout::dataset_options::Maps;
use crate::layout::path_rules::RulePosition;
use crate::ser::{self, AnyValue, Changes, Destination, Erased, link_name, link_names};
use crate::wrappers::bridge::{self, Read, Write};

/// A map on top of what is stored: its keys are read at once, each value when it is first asked for.
///
/// It is what `FileBackedDict` is in the Python package of this name. The keys are strings or integers (or chars, bools or
/// unit variants): whatever makes a map a group with a child per key. They come in stored order, which is that in which the
/// children were made, or, in a group of others that does not remember this, that of their names. No value is opened for
/// them, however many there are. Maps that are [stored as keys and values](#maps-in-columns) are read so, too.
///
/// ```
/// use std::collections::BTreeMap;
/// use filebacked::{LazyMap, hdf5};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("cases.h5");
/// let file = hdf5::File::create(&path)?;
/// filebacked::write(&file, "cases", &BTreeMap::from([(1, vec![0.5; 1000]), (2, vec![1.5; 1000])]))?;
///
/// let mut cases: LazyMap<u32, Vec<f64>> = filebacked::read(&file, "cases")?;
/// assert_eq!(cases.keys().copied().collect::<Vec<_>>(), [1, 2]);
/// assert_eq!(cases.get(&2)?.unwrap()[0], 1.5);
/// cases.insert(3, vec![2.5; 10]);
/// cases.remove(&1);
/// cases.save()?;
/// assert_eq!(file.group("cases")?.member_names()?, ["2", "3"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Names with `/`
///
/// A map is at a path, as any other value: [`open`](Self::open) takes one, and so do [`read`](crate::read) and
/// [`write`](crate::write()). Keys are no paths: the `/` of a key is a part of it, and is `%2F` in the name of the child, for
/// this map as for any other. So `"a/b"` is the key of one child, and `""` is a key, too.
///
/// # Writing
///
/// [`save`](Self::save) writes what changed to the group that the map was read from, and leaves all else in it alone.
///
/// Written elsewhere, as a value or a part of one, a map is written as a whole. Values that are in memory are written, and
/// all others copied as the objects that they are (see [`Lazy`]). The group keeps its attributes.
///
/// # Maps in columns
///
/// A map that is stored as keys and values ([`Maps::Columns`](crate::Maps::Columns), and maps with other keys) is read in the
/// same way: all keys at once, and of the values those that are asked for. What is near them is read with them, and kept for
/// the next.
///
/// Such a map is not changed in its place: [`save`](Self::save) is an error where something changed. Write the map as a
/// whole, with [`overwrite`](crate::WriteOptions::overwrite). Written, it is keys and values again, unless the options say
/// [`Maps::Groups`](crate::Maps::Groups), or its values are not of one type any more.
///
/// ```
/// use filebacked::{LazyMap, Maps, WriteOptions, hdf5};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("series.h5");
/// let file = hdf5::File::create(&path)?;
/// let series: std::collections::BTreeMap<String, Vec<f64>> = (0..1000).map(|n| (n.to_string(), vec![0.5; n])).collect();
/// WriteOptions::new().maps(Maps::Columns).write(&file, "series", &series)?;
///
/// let mut series: LazyMap<String, Vec<f64>> = filebacked::read(&file, "series")?;
/// assert_eq!(series.get("17")?, Some(&vec![0.5; 17]));
/// series.insert("new".to_owned(), vec![1.5]);
/// WriteOptions::new().overwrite(true).write(&file, "series", &series)?;
/// assert_eq!(file.group("series")?.member_names()?, ["keys", "values"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Maps whose values are objects beside keys that no link can have, and parts of datasets, are read at once, but for values
/// that are objects. They are written as a whole, and cannot be saved. In other formats a `LazyMap` is a map.
///
/// # Values that change by themselves
///
/// A value counts as changed that was given out by [`get_mut`](Self::get_mut). A `Mutex` in it, locked through
/// [`get`](Self::get), does not make it one.
pub struct LazyMap<K, V> {
    entries: IndexMap<K, LazyEntry<V>>,
    home: Option<SavedGroup<V>>,
    /// Where it is to be, if there was nothing when it was opened.
    site: Option<UnsavedPath<V>>,
    /// The children of the group, by their links, that are to go, or to be replaced.
    removed: BTreeSet<String>,
}

/// The group that a map was read from, and how its values are read.
struct SavedGroup<V> {
    deferred: Arc<Deferred>,
    read: fn(&Deferred) -> Result<V>,
    /// Whether it holds keys and values, and not a child per key.
    is_columns: bool,
}

/// The path at which a map is to be made, and how its values are read then.
struct UnsavedPath<V> {
    group: Group,
    path: String,
    read: fn(&Deferred) -> Result<V>,
    /// Keeps the file open, and is closed last.
    _file: OpenFile,
}

struct LazyEntry<V> {
    value: Lazy<V>,
    /// The link to the value as it is, in the group that the map was read from; or its position, where that holds keys and
    /// values.
    saved: Option<String>,
}

impl<V> From<Lazy<V>> for LazyEntry<V> {
    fn from(value: Lazy<V>) -> Self {
        Self { value, saved: None }
    }
}

impl<V> LazyEntry<V> {
    /// The value, which will not be at the link any more: it is opened before, for those who still have it.
    fn into_value(self, removed: &mut BTreeSet<String>) -> Lazy<V> {
        if let Some(link) = self.saved {
            if let Some(origin) = self.value.unloaded() {
                // If that fails, so will reading it.
                drop(origin.deferred.object());
            }
            removed.insert(link);
        }
        self.value
    }
}

impl<K, V> LazyMap<K, V> {
    /// A map without entries, that was not read from anywhere.
    ///
    /// ```
    /// let mut cases = filebacked::LazyMap::<u32, f64>::new();
    /// cases.insert(1, 0.5);
    /// let image = filebacked::to_vec(&cases)?;
    /// assert_eq!(filebacked::from_slice::<std::collections::BTreeMap<u32, f64>>(&image)?[&1], 0.5);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { entries: IndexMap::new(), home: None, site: None, removed: BTreeSet::new() }
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys, in order. What was inserted comes last.
    ///
    /// ```
    /// let image = filebacked::to_vec(&std::collections::BTreeMap::from([("a", 1), ("b", 2)]))?;
    /// let map: filebacked::LazyMap<String, i32> = filebacked::from_slice(&image)?;
    /// assert!(map.keys().eq(["a", "b"])); // no value was read
    /// assert!(map.contains_key("a") && map.len() == 2);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> + DoubleEndedIterator {
        self.entries.keys()
    }

    /// The entries, in order. Each value is read when its turn comes, and is in memory then; see [`lazies`](Self::lazies)
    /// for how not to keep them.
    ///
    /// ```
    /// # use filebacked::LazyMap;
    /// let map = LazyMap::from_iter([("one", 1), ("two", 2)]);
    /// let mut sum = 0;
    /// for entry in map.iter() {
    ///     let (_, value) = entry?;
    ///     sum += value;
    /// }
    /// assert_eq!(sum, 3);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<(&K, &V)>> + DoubleEndedIterator {
        self.entries.iter().map(|(key, entry)| entry.value.get().map(|value| (key, value)))
    }

    /// The entries as they are, in order; no value is read.
    ///
    /// ```
    /// # use filebacked::LazyMap;
    /// # let image = filebacked::to_vec(&std::collections::BTreeMap::from([("a", [0.5; 9]), ("b", [1.5; 9])]))?;
    /// let map: LazyMap<String, Vec<f64>> = filebacked::from_slice(&image)?;
    /// let mut longest = 0;
    /// for (_, value) in map.lazies() {
    ///     longest = longest.max(value.load()?.len()); // one at a time in memory
    /// }
    /// assert_eq!(longest, 9);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn lazies(&self) -> impl ExactSizeIterator<Item = (&K, &Lazy<V>)> + DoubleEndedIterator {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// Whether there is something to be [saved](Self::save).
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.site.is_some() || !self.removed.is_empty() || self.entries.values().any(|entry| entry.saved.is_none())
    }
}

impl<K: Hash + Eq, V> LazyMap<K, V> {
    /// Whether there is an entry of that key.
    #[must_use]
    pub fn contains_key<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.entries.contains_key(key)
    }

    /// The value of that key, which is read if it is not in memory, and is in memory then.
    ///
    /// # Errors
    /// As [`Lazy::load`].
    ///
    /// ```
    /// let image = filebacked::to_vec(&std::collections::BTreeMap::from([("a", vec![0.5]), ("b", vec![1.5])]))?;
    /// let map: filebacked::LazyMap<String, Vec<f64>> = filebacked::from_slice(&image)?;
    /// assert_eq!(map.get("b")?, Some(&vec![1.5])); // reads this one
    /// assert_eq!(map.get("c")?, None);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Result<Option<&V>>
    where
        K: Borrow<Q>,
    {
        self.lazy(key).map(Lazy::get).transpose()
    }

    /// The value of that key as it is: for one that is not to be kept in memory, and for parts of arrays.
    ///
    /// ```
    /// use filebacked::{LazyMap, NdArray};
    /// use ndarray::{Array2, Ix2, s};
    ///
    /// let grids = std::collections::BTreeMap::from([("p", NdArray(Array2::<f64>::eye(100)))]);
    /// let map: LazyMap<String, NdArray<f64, Ix2>> = filebacked::from_slice(&filebacked::to_vec(&grids)?)?;
    /// let row = map.lazy("p").unwrap().slice(s![7, ..])?; // reads a row
    /// assert_eq!(row.sum(), 1.0);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn lazy<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&Lazy<V>>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value of that key, to be changed.
    ///
    /// # Errors
    /// As [`Lazy::load`].
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "cases", &std::collections::BTreeMap::from([("a", 1), ("b", 2)]))?;
    /// let mut map: filebacked::LazyMap<String, i32> = filebacked::read(&file, "cases")?;
    /// if let Some(value) = map.get_mut("b")? {
    ///     *value += 10;
    /// }
    /// map.insert("c".to_owned(), 3);
    /// map.remove("a");
    /// assert!(map.is_changed());
    /// map.save()?; // writes `b` and `c`
    /// let saved: std::collections::BTreeMap<String, i32> = filebacked::read(&file, "cases")?;
    /// assert!(saved.into_iter().eq([("b".to_owned(), 12), ("c".to_owned(), 3)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_mut<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Result<Option<&mut V>>
    where
        K: Borrow<Q>,
    {
        let Some(entry) = self.entries.get_mut(key) else { return Ok(None) };
        let value = entry.value.get_mut()?;
        self.removed.extend(entry.saved.take());
        Ok(Some(value))
    }

    /// Gives the key a value; returns that which it had, not read. A key that is there keeps its place.
    pub fn insert(&mut self, key: K, value: impl Into<Lazy<V>>) -> Option<Lazy<V>> {
        let before = self.entries.insert(key, LazyEntry::from(value.into()))?;
        Some(before.into_value(&mut self.removed))
    }

    /// Takes an entry out; returns its value, not read. All others keep their order.
    pub fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<Lazy<V>>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.shift_remove(key)?;
        Some(entry.into_value(&mut self.removed))
    }

    /// The map at `name` in `group`, which may be a path as in [`write`](crate::write()). Where there is nothing, it is a map without
    /// entries, that [`save`](Self::save) makes there, with the groups on the way that are missing.
    ///
    /// # Errors
    /// As [`read`](crate::read), but for a name that is free in a file that is open for writing.
    ///
    /// ```
    /// use filebacked::{LazyMap, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("runs.h5"))?;
    /// let mut cases = LazyMap::<String, Vec<f64>>::open(&file, "runs/first/cases")?;
    /// cases.insert("left/right".to_owned(), vec![0.5, 1.5]);
    /// cases.save()?;
    /// assert_eq!(file.group("runs/first/cases")?.member_names()?, ["left%2Fright"]);
    ///
    /// let cases = LazyMap::<String, Vec<f64>>::open(&file, "runs/first/cases")?;
    /// assert_eq!(cases.get("left/right")?, Some(&vec![0.5, 1.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(group: impl AsGroup, name: &str) -> Result<Self>
    where
        K: DeserializeOwned,
        V: DeserializeOwned,
    {
        Self::open_in(Group::of(group.as_group())?, name)
    }

    fn open_in(group: Group, name: &str) -> Result<Self>
    where
        K: DeserializeOwned,
        V: DeserializeOwned,
    {
        let file = OpenFile::of(&group)?;
        if Within::follow(&group, name)?.is_there()? || !file.is_writable()? {
            return made(|map| Limits::while_reading(|| de::read_named(&group, name, RulePosition::nowhere(), map)));
        }
        let site = UnsavedPath { group, path: name.to_owned(), read: Deferred::read::<V>, _file: file };
        Ok(Self { site: Some(site), ..Self::new() })
    }

    /// Makes the map where there was nothing.
    fn make(&mut self) -> Result<()>
    where
        K: Serialize,
        V: Serialize,
    {
        let Some(UnsavedPath { group, path, read, .. }) = &self.site else { return Ok(()) };
        let keys: Vec<_> = self.entries.keys().map(Erased).collect();
        let names = link_names(&mut keys.iter().map(|key| key as &dyn AnyValue))?;
        Limits::while_writing(|| {
            ser::write_named(&Erased(&LazyEntries(self)), group, path, RulePosition::nowhere(), false)
        })?;
        let open =
            |map: &mut dyn Make| Limits::while_reading(|| de::read_named(group, path, RulePosition::nowhere(), map));
        let Lazy { origin, .. } = made::<Lazy<()>>(open)?;
        let Some(Origin { deferred, .. }) = origin else { return Err(Error::corrupt("a map that is nowhere")) };
        let child = |(index, name): (usize, String)| Ok((index, deferred.child(&name)?, name));
        let saved = names.into_iter().enumerate().map(child).collect::<Result<_>>()?;
        self.home = Some(SavedGroup { deferred: Arc::clone(&deferred), read: *read, is_columns: false });
        self.site = None;
        self.settle(saved, &deferred);
        deferred.file().flush()
    }

    /// Writes what changed to the group that the map was read from: entries that were inserted, replaced, [given out to be
    /// changed](Self::get_mut) or removed. All else in the group stays as it is.
    ///
    /// New values are written before anything else is touched. On an error the group is as it was, and the map still
    /// has its changes. HDF5 has its links in the order in which they were made; so what was replaced comes last from then
    /// on, here as well as in the file. The room of what was removed is used again while the file is open; `h5repack` frees
    /// it later.
    ///
    /// # Errors
    /// If the map was neither read from a group nor [opened](Self::open) ([`Unsupported`](ErrorKind::Unsupported)), is stored as
    /// [keys and values](Self#maps-in-columns), or is from a group whose file is open for reading
    /// alone, as [`from_file`](crate::from_file) opens it; if somebody else took a new name meanwhile; and if a value cannot
    /// be written.
    pub fn save(&mut self) -> Result<()>
    where
        K: Serialize,
        V: Serialize,
    {
        if self.site.is_some() {
            return self.make();
        }
        let Some(SavedGroup { deferred, is_columns, .. }) = &self.home else {
            let message = "a map that was not read from a group of an open file is saved nowhere: write it";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        if !self.is_changed() {
            return Ok(());
        }
        if *is_columns {
            let message = "a map that is stored as keys and values is not changed in its place: write it as a whole, with \
                           `WriteOptions::overwrite(true)`";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let deferred = Arc::clone(deferred);
        deferred
            .during(|stored| {
                let Object::Group(group) = &stored.object else { return Err(Error::corrupt("a map that is no group")) };
                if !deferred.file().is_writable()? {
                    let message = "the map was read from a file that is open for reading alone: open it by \
                               `hdf5::File::open_rw`, and read the map from there";
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                let mut changes = Changes::new(group)?;
                let mut saved = Vec::new();
                for (index, (key, entry)) in self.entries.iter().enumerate() {
                    if entry.saved.is_none() {
                        let name = link_name(&Erased(key))?;
                        changes
                            .write(name.clone(), &Erased(&entry.value))
                            .map_err(|error| error.in_field(&name).in_link(&name))?;
                        saved.push((index, deferred.child(&name)?, name));
                    }
                }
                changes.commit(&self.removed)?;
                Ok(saved)
            })
            .map(|saved| self.settle(saved, &deferred))?;
        deferred.file().flush()
    }

    /// Takes note of what was saved: the entries of these numbers, as what is kept under these names.
    fn settle(&mut self, saved: Vec<(usize, Deferred, String)>, deferred: &Deferred) {
        self.removed.clear();
        let Some(SavedGroup { read, .. }) = &self.home else { return };
        for (index, value, name) in saved {
            if let Some((_, entry)) = self.entries.get_index_mut(index) {
                entry.value.origin = Some(Origin { deferred: Arc::new(value), read: *read });
                entry.saved = Some(name);
            }
        }
        // The order is that of the file, where that can be had.
        let Ok(Some(children)) = deferred.children() else { return };
        let places: HashMap<_, _> =
            children.into_iter().enumerate().map(|(place, child)| (child.name, place)).collect();
        self.entries.sort_by_key(|_, entry| entry.saved.as_ref().and_then(|name| places.get(name)).copied());
    }
}

impl<K, V> Default for LazyMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for LazyMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Hash + Eq, V> Extend<(K, V)> for LazyMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| drop(self.insert(key, value)));
    }
}

/// As of any map; the values that are not loaded are such as [`Lazy`] has them.
impl<K: Debug, V: Debug> Debug for LazyMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.lazies()).finish()
    }
}

impl<K: Serialize, V: Serialize> Serialize for LazyMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

/// The entries, as a map of lazy values.
struct LazyEntries<'a, K, V>(&'a LazyMap<K, V>);

impl<K: Serialize, V: Serialize> Serialize for LazyEntries<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0.lazies() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The entries, as a map of the values themselves. Those that are not loaded are read, and not kept.
struct PlainEntries<'a, K, V>(&'a LazyMap<K, V>);

impl<K: Serialize, V: Serialize> Serialize for PlainEntries<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0.lazies() {
            map.serialize_entry(key, &PlainValue(value))?;
        }
        map.end()
    }
}

struct PlainValue<'a, V>(&'a Lazy<V>);

impl<V: Serialize> Serialize for PlainValue<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.elsewhere(serializer)
    }
}

impl<K: Serialize, V: Serialize> LazyMap<K, V> {
    /// Writes all entries: as keys and values, where that is asked for or it was read from such, or else as objects.
    fn put(&self, destination: &Destination) -> Result<()> {
        let was_columns = self.home.as_ref().is_some_and(|home| home.is_columns);
        let is_columns = destination.maps().map_or(was_columns, |maps| maps == Maps::Columns);
        if is_columns && destination.takes_copy() && destination.put_columns(&Erased(&PlainEntries(self)))? {
            return Ok(());
        }
        destination.put(&Erased(&LazyEntries(self)))
    }
}

impl<K: Serialize, V: Serialize> Write for LazyMap<K, V> {
    fn write(&self, destination: &Destination) -> Result<()> {
        match &self.home {
            Some(SavedGroup { deferred, is_columns, .. }) if destination.takes_copy() => {
                let is_whole = !self.is_changed() && self.lazies().all(|(_, value)| !value.is_loaded());
                let keeps_form = destination.maps().is_none_or(|maps| (maps == Maps::Columns) == *is_columns);
                if is_whole && keeps_form && !destination.selects() {
                    return copy(deferred, destination);
                }
                self.put(destination)?;
                let copied = deferred.during(|stored| destination.copy_attributes(&stored.object));
                copied.map_err(not_copied)
            }
            _ => self.put(destination),
        }
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LazyEntries(self).serialize(serializer)
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        name(serializer)
    }
}

impl<'de, K, V> Deserialize<'de> for LazyMap<K, V>
where
    K: DeserializeOwned + Hash + Eq,
    V: DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de, K, V> Read<'de> for LazyMap<K, V>
where
    K: DeserializeOwned + Hash + Eq,
    V: DeserializeOwned,
{
    const EXPECTED: &'static str = "a map";

    fn read(source: Source) -> Result<Self> {
        let deferred = match source.keep()? {
            Ok(deferred) => deferred,
            Err(source) => return Self::elsewhere(ValueDeserializer::of(&mut Some(source))),
        };
        let deferred = Arc::new(deferred);
        if let Some(pairs) = deferred.pairs()? {
            return Ok(Self::of_pairs(deferred, pairs));
        }
        let Some(children) = deferred.children()? else { return deferred.read::<Eager<K, V>>().map(|Eager(map)| map) };
        let mut map = Self::new();
        for child in children {
            let name = child.name.clone();
            let (key, deferred) = child.entry().map_err(|error| error.in_link(&name))?;
            let value = Lazy::of_origin(Origin { deferred: Arc::new(deferred), read: Deferred::read::<V> });
            if map.entries.insert(key, LazyEntry { value, saved: Some(name.clone()) }).is_some() {
                let message = format!("the key {:?} is the same as another", unescape(&name));
                return Err(Error::new(ErrorKind::BadKey, message).in_link(&name));
            }
        }
        map.home = Some(SavedGroup { deferred, read: Deferred::read::<V>, is_columns: false });
        Ok(map)
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Eager::deserialize(deserializer).map(|Eager(map)| map)
    }
}

impl<K: Hash + Eq, V: DeserializeOwned> LazyMap<K, V> {
    /// A map that is stored as keys and values. Of a key that comes twice, the last value counts.
    fn of_pairs(deferred: Arc<Deferred>, pairs: Vec<(K, Deferred)>) -> Self {
        let mut map = Self::new();
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            let value = Lazy::of_origin(Origin { deferred: Arc::new(value), read: Deferred::read::<V> });
            map.entries.insert(key, LazyEntry { value, saved: Some(index.to_string()) });
        }
        map.home = Some(SavedGroup { deferred, read: Deferred::read::<V>, is_columns: true });
        map
    }
}

/// A map that is stored in another form, and is read at once but for values that are objects.
struct Eager<K, V>(LazyMap<K, V>);

impl<'de, K, V> Deserialize<'de> for Eager<K, V>
where
    K: Deserialize<'de> + Hash + Eq,
    V: DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EagerVisitor(PhantomData))
    }
}

struct EagerVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for EagerVisitor<K, V>
where
    K: Deserialize<'de> + Hash + Eq,
    V: DeserializeOwned,
{
    type Value = Eager<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = LazyMap::new();
        while let Some((key, value)) = entries.next_entry::<K, Lazy<V>>()? {
            map.entries.insert(key, LazyEntry::from(value));
        }
        Ok(Eager(map))
    }
}
