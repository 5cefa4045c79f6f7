//! Sequences, maps and enums, element by element.

use std::borrow::Cow;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::Arc;
use std::vec;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

use super::array::Array;
use super::column::{Column, Field, children};
use super::element::{Element, GridElement, PartOfItem};
use super::foreign;
use super::forward_all;
use super::key::Key;
use super::node::Node;
use super::pair::{ChildKey, Pair};
use super::scope::Scope;
use super::select;
use super::source::AttributeNode;
use super::words;
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::format::foreign::unquoted;
use crate::format::python::CLASS;
use crate::format::{ATTRIBUTE_PREFIX, KEYS, KIND, VALUE, VALUES, are_positions, unescape};
use crate::item::{Block, Record};
use crate::route::Route;
use crate::storage::{Attributes, Group, Link, Object};

/// How many are left, as far as memory reaches.
pub(super) fn hint(left: u64) -> Option<usize> {
    usize::try_from(left).ok()
}

/// Elements of a stored sequence.
pub(super) struct ColumnSeq<'a> {
    column: &'a mut Column,
    start: u64,
    next: u64,
    end: u64,
    depth: Depth,
}

impl<'a> ColumnSeq<'a> {
    pub(super) fn new(column: &'a mut Column, start: u64, end: u64, depth: Depth) -> Self {
        Self { column, start, next: start, end, depth }
    }
}

impl<'de> SeqAccess<'de> for ColumnSeq<'_> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next == self.end {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        match seed.deserialize(Element { column: self.column, index, depth: self.depth }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.in_element((index - self.start) as usize)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.end - self.next)
    }
}

/// The elements along one dimension of a dataset.
pub(super) struct GridSeq<'a> {
    array: &'a mut Array,
    level: usize,
    start: u64,
    next: u64,
    depth: Depth,
}

impl<'a> GridSeq<'a> {
    pub(super) fn new(array: &'a mut Array, level: usize, start: u64, depth: Depth) -> Self {
        Self { array, level, start, next: 0, depth }
    }
}

impl<'de> SeqAccess<'de> for GridSeq<'_> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next == self.array.dims()[self.level] {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        let start = self.start + index * self.array.stride(self.level);
        let element = GridElement { array: self.array, level: self.level + 1, start, depth: self.depth };
        match seed.deserialize(element) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.in_element(index as usize)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.array.dims()[self.level] - self.next)
    }
}

/// The elements of an array within an item, or of a row of a dataset.
pub(super) struct BlockSeq<'a> {
    rest: Block<'a>,
    len: usize,
    depth: Depth,
}

impl<'a> BlockSeq<'a> {
    #[inline]
    pub(super) fn new(block: Block<'a>, depth: Depth) -> Self {
        Self { rest: block, len: block.len, depth }
    }
}

impl<'de> SeqAccess<'de> for BlockSeq<'_> {
    type Error = Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(part) = self.rest.take_first() else { return Ok(None) };
        match seed.deserialize(PartOfItem { part, depth: self.depth }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.in_element(self.len - self.rest.len - 1)),
        }
    }

    // Inlined as a whole, or nothing of it is in registers.
    #[inline(always)]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len)
    }
}

/// The fields of a compound, as a struct.
pub(super) struct CompoundMap<'a> {
    record: Record<'a>,
    next: usize,
    depth: Depth,
}

impl<'a> CompoundMap<'a> {
    pub(super) fn new(record: Record<'a>, depth: Depth) -> Self {
        Self { record, next: 0, depth }
    }
}

impl<'de> MapAccess<'de> for CompoundMap<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.record.fields.get(self.next) {
            Some(field) => seed.deserialize(Key(&field.name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let index = self.next;
        self.next += 1;
        let field = PartOfItem { part: self.record.field(index), depth: self.depth };
        seed.deserialize(field).map_err(|error| error.in_field(&self.record.fields[index].name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.fields.len() - self.next)
    }
}

/// The fields that a record of a sequence has, as a tuple.
pub(super) struct RecordSeq<'a> {
    fields: &'a mut [Field],
    index: u64,
    next: usize,
    depth: Depth,
}

impl<'a> RecordSeq<'a> {
    pub(super) fn new(fields: &'a mut [Field], index: u64, depth: Depth) -> Self {
        Self { fields, index, next: 0, depth }
    }

    /// The next field that the record has.
    fn advance(&mut self) -> Result<Option<usize>> {
        while let Some(field) = self.fields.get_mut(self.next) {
            self.next += 1;
            if field.has(self.index)? {
                return Ok(Some(self.next - 1));
            }
        }
        Ok(None)
    }

    fn read<'de, T: DeserializeSeed<'de>>(&mut self, position: usize, seed: T) -> Result<T::Value> {
        let (index, depth) = (self.index, self.depth);
        let field = &mut self.fields[position];
        let masked = field.is_masked();
        let result = match field.column() {
            Ok(column) => {
                let result = seed.deserialize(Element { column, index, depth });
                result.map_err(|error| if masked { error.in_link(VALUES) } else { error })
            }
            Err(error) => seed.deserialize(Broken(error)),
        };
        result.map_err(|error| error.in_link(&field.link))
    }
}

impl<'de> SeqAccess<'de> for RecordSeq<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.advance()? {
            Some(position) => self.read(position, seed).map(Some).map_err(|error| error.in_element(position)),
            None => Ok(None),
        }
    }
}

/// What cannot be read, and need not be where nobody asks what it is.
struct Broken(Error);

macro_rules! fail {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $(_: $type,)* _: V) -> Result<V::Value> {
            Err(self.0)
        }
    };
}

impl<'de> Deserializer<'de> for Broken {
    type Error = Error;

    forward_all!(fail);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// The fields of a record that has all of them, as a struct that is read in their order.
pub(super) struct OrderedRecord<'a>(RecordSeq<'a>);

impl<'a> OrderedRecord<'a> {
    #[inline]
    pub(super) fn new(fields: &'a mut [Field], index: u64, depth: Depth) -> Self {
        Self(RecordSeq::new(fields, index, depth))
    }
}

impl<'de> SeqAccess<'de> for OrderedRecord<'_> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let RecordSeq { fields, index, next, depth } = &mut self.0;
        let Some(field) = fields.get_mut(*next) else { return Ok(None) };
        *next += 1;
        let result =
            field.column().and_then(|column| seed.deserialize(Element { column, index: *index, depth: *depth }));
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.in_link(&field.link).in_field(&field.name)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.fields.len() - self.0.next)
    }
}

/// The fields that a record of a sequence has, as a struct or map.
pub(super) struct RecordMap<'a> {
    fields: RecordSeq<'a>,
    current: usize,
}

impl<'a> RecordMap<'a> {
    pub(super) fn new(fields: &'a mut [Field], index: u64, depth: Depth) -> Self {
        Self { fields: RecordSeq::new(fields, index, depth), current: 0 }
    }
}

impl<'de> MapAccess<'de> for RecordMap<'_> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.fields.advance()? {
            Some(position) => {
                self.current = position;
                let field = &self.fields.fields[position];
                seed.deserialize(Key(&field.name)).map(Some).map_err(|error| error.in_link(&field.link))
            }
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let position = self.current;
        self.fields.read(position, seed).map_err(|error| error.in_field(&self.fields.fields[position].name))
    }
}

/// Keys and values of a stored map.
pub(super) struct PairMap<'a> {
    keys: &'a mut Column,
    values: &'a mut Column,
    start: u64,
    next: u64,
    end: u64,
    depth: Depth,
    /// Where the values are, of keys without a name; and where the map is, if entries may be left out.
    route: &'a Route,
}

impl<'a> PairMap<'a> {
    pub(super) fn new(keys: &'a mut Column, values: &'a mut Column, start: u64, end: u64, depth: Depth) -> Self {
        Self { keys, values, start, next: start, end, depth, route: Route::nowhere() }
    }

    /// The same, of which some entries may be left out.
    pub(super) fn on_route(self, route: &'a Route) -> Self {
        Self { route, ..self }
    }
}

impl<'de> MapAccess<'de> for PairMap<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        while self.next < self.end && select::is_entry_left_out(self.route, self.keys, self.next)? {
            self.next += 1;
        }
        if self.next == self.end {
            return Ok(None);
        }
        let key = Element { column: self.keys, index: self.next, depth: self.depth };
        let index = self.next - self.start;
        seed.deserialize(key).map(Some).map_err(|error| error.in_element(index as usize).in_link(KEYS))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let index = self.next;
        self.next += 1;
        let value = Element { column: self.values, index, depth: self.depth };
        let index = index - self.start;
        seed.deserialize(value).map_err(|error| error.in_element(index as usize).in_link(VALUES))
    }

    /// Not told where some may be left out.
    fn size_hint(&self) -> Option<usize> {
        if self.route.selects() { None } else { hint(self.end - self.next) }
    }
}

/// The children of a group by their link names; its attributes come last, as `@name`.
///
/// Where the children are entries of a key and a value, and the keys are read as something that no name is, these come.
pub(super) struct GroupMap<'a> {
    group: &'a Group,
    scope: &'a Scope,
    links: vec::IntoIter<Link>,
    /// By their keys: `@name`, or the name alone.
    attributes: vec::IntoIter<String>,
    current: Option<Entry>,
    depth: Depth,
    /// The names of the links are keys in quotes.
    quoted: bool,
    /// Children are opened before their keys are given out: those that hold no value are passed over.
    opens: bool,
}

enum Entry {
    /// A link, and what was found behind it, if that was opened.
    Child(Link, Option<Result<Object>>),
    Pair(Pair),
    Attribute(String),
}

impl<'a> GroupMap<'a> {
    /// The children alone.
    pub(super) fn new(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        let mut links = group.links()?;
        foreign::retain_entries(group, &mut links)?;
        let quoted = foreign::has_quoted_keys(group, &links)?;
        select::links(group, &mut links, scope.route(), |link| key_of(link, scope, quoted))?;
        let links = links.into_iter();
        let attributes = Vec::new().into_iter();
        Ok(Self { group, scope, links, attributes, current: None, depth, quoted, opens: true })
    }

    /// The children, and all attributes that can be read.
    pub(super) fn with_attributes(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        let mut map = Self::new(group, scope, depth)?;
        map.add_attributes()?;
        Ok(map)
    }

    /// Adds all attributes.
    pub(super) fn add_attributes(&mut self) -> Result<()> {
        let mut names = self.group.attribute_names()?;
        foreign::retain_attributes(self.group, &mut names)?;
        names.retain(|name| name != KIND && select::is_attribute_kept(self.scope.route(), name));
        names.iter_mut().for_each(|name| name.insert(0, ATTRIBUTE_PREFIX));
        self.attributes = names.into_iter();
        self.check_names()
    }

    /// Refuses an attribute and a child that are called alike: one of them would be lost.
    fn check_names(&self) -> Result<()> {
        if self.attributes.len() == 0 {
            return Ok(());
        }
        let keys = self.links.as_slice().iter().map(|link| key_of(link, self.scope, self.quoted));
        let keys: HashSet<_> = keys.filter(|key| key.starts_with(ATTRIBUTE_PREFIX)).collect();
        let is_both = |name: &&String| keys.contains(name.as_str());
        let Some(name) = self.attributes.as_slice().iter().find(is_both) else { return Ok(()) };
        let attribute = name.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(name);
        let message = format!(
            "the group has an attribute `{attribute}` and a child `{name}`, which are both the key `{name}`: read a `Value` to get both"
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// The children, and the attributes that `fields` ask for. The class that the group is an object of can be asked for as
    /// the field `class`, too.
    pub(super) fn for_struct(
        group: &'a Group,
        scope: &'a Scope,
        fields: &'static [&'static str],
        depth: Depth,
    ) -> Result<Self> {
        let mut map = Self { opens: false, ..Self::new(group, scope, depth)? };
        let mut attributes = Vec::new();
        for name in fields.iter().filter_map(|field| field.strip_prefix(ATTRIBUTE_PREFIX)) {
            let is_asked = !name.is_empty() && name != KIND && select::is_attribute_kept(scope.route(), name);
            if is_asked && group.has_attribute(name)? {
                attributes.push(format!("{ATTRIBUTE_PREFIX}{name}"));
            }
        }
        if fields.contains(&CLASS) && group.has_attribute(CLASS)? && !group.has_link(CLASS)? {
            attributes.push(CLASS.to_owned());
        }
        map.attributes = attributes.into_iter();
        map.check_names()?;
        Ok(map)
    }

    /// The error for a key, with what is stored for it.
    #[cold]
    fn with_child(&self, error: Error, link: &Link) -> Error {
        match self.group.open_link(link) {
            Ok(Object::Dataset(dataset)) => error.stored_as(|| dataset.words()),
            Ok(Object::Group(group)) => error.stored_as(|| words::group(&group, None)),
            Err(_) => error,
        }
    }

    /// Says where in the group it is, and that who asks for whatever is there can do without.
    #[cold]
    fn located(&self, error: Error, link: &Link) -> Error {
        let error = error.in_field(&key_of(link, self.scope, self.quoted)).in_link(&link.name);
        if self.opens { error.of_anything() } else { error }
    }
}

/// The key that a link of a group without a kind stands for, where names may be keys in quotes. The Python package FileBacked
/// escapes nothing; by h5py's default it makes groups that do not remember the order of their links, and this crate does not.
pub(super) fn key_of<'a>(link: &'a Link, scope: &Scope, quoted: bool) -> Cow<'a, str> {
    match unquoted(&link.name) {
        Some(key) if quoted => Cow::Borrowed(key),
        _ if scope.is_python() && !link.is_ordered() => Cow::Borrowed(&link.name),
        _ => unescape(&link.name),
    }
}

impl<'de> MapAccess<'de> for GroupMap<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        while let Some(link) = self.links.next() {
            let opened = self.opens.then(|| self.group.open_link(&link));
            // A data type that has a name, as netCDF-4 gives one to each.
            if matches!(&opened, Some(Err(error)) if error.is_no_value()) {
                continue;
            }
            let mut pair = None;
            let (group, scope, depth) = (self.group, self.scope, self.depth);
            let name = key_of(&link, scope, self.quoted);
            let key = ChildKey { name: &name, link: &link, group, scope, depth, pair: &mut pair };
            let key = seed.deserialize(key).map_err(|error| self.with_child(error, &link).in_link(&link.name))?;
            self.current = Some(pair.map_or(Entry::Child(link, opened), Entry::Pair));
            return Ok(Some(key));
        }
        let Some(name) = self.attributes.next() else { return Ok(None) };
        let key = seed.deserialize(Key(&name))?;
        self.current = Some(Entry::Attribute(name));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        match self.current.take() {
            Some(Entry::Child(link, opened)) => {
                let (scope, quoted) = (self.scope, self.quoted);
                let route = scope.route();
                let inside =
                    if route.is_nowhere() { scope } else { &scope.at(route.field(&key_of(&link, scope, quoted))) };
                let result = match opened {
                    Some(Ok(object)) => seed.deserialize(Node::opened(object, &link, inside, self.depth)),
                    // What is wrong with it matters only if it is asked for.
                    Some(Err(_)) | None => seed.deserialize(Node::at(self.group, link.clone(), inside, self.depth)),
                };
                result.map_err(|error| self.located(error, &link))
            }
            Some(Entry::Pair(pair)) => {
                seed.deserialize(pair.value()).map_err(|error| error.in_link(VALUE).in_link(&pair.name))
            }
            Some(Entry::Attribute(field)) => {
                let object = Arc::new(Object::Group(self.group.clone()));
                let name = field.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(&field).to_owned();
                let link = format!("{ATTRIBUTE_PREFIX}{name}");
                let node = AttributeNode { object, name, depth: self.depth };
                seed.deserialize(node).map_err(|error| {
                    let error = error.in_field(&field).in_link(&link);
                    if self.opens { error.of_anything() } else { error }
                })
            }
            None => Err(Error::corrupt("a value was asked for before its key")),
        }
    }

    /// Not told as long as some may turn out to hold no value: there are formats that take it for the length.
    fn size_hint(&self) -> Option<usize> {
        (!self.opens || self.links.len() == 0).then(|| self.links.len() + self.attributes.len())
    }
}

/// The children "0", "1", ... of a group.
pub(super) struct ChildSeq<'a> {
    group: &'a Group,
    scope: &'a Scope,
    next: u64,
    len: u64,
    depth: Depth,
    /// The options know the children by their positions.
    is_tuple: bool,
}

impl<'a> ChildSeq<'a> {
    pub(super) fn new(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        Ok(Self { group, scope, next: 0, len: children(group)?, depth, is_tuple: false })
    }

    /// The children of a group that is a tuple, or else a list.
    pub(super) fn of(group: &'a Group, scope: &'a Scope, depth: Depth, is_tuple: bool) -> Result<Self> {
        Ok(Self { is_tuple, ..Self::new(group, scope, depth)? })
    }

    /// The children of a group that does not say that it is a sequence.
    pub(super) fn of_plain(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        let children = Self::new(group, scope, depth)?;
        if children.len > 0 && !(group.has_link("0")? && group.has_link(&(children.len - 1).to_string())?) {
            return Err(Error::wrong_type("a sequence", "a group whose children are not called `0`, `1`, ..."));
        }
        Ok(children)
    }
}

/// Whether a group is what a list or tuple is in an object of a class: one of children "0", "1", ... that is none itself.
///
/// A dictionary with such keys cannot be told from it, and is rarer.
pub(super) fn is_list(group: &Group, scope: &Scope) -> Result<bool> {
    if !scope.is_python() || group.has_attribute(CLASS)? || !group.has_link("0")? {
        return Ok(false);
    }
    Ok(are_positions(group.link_names()?.iter()))
}

impl<'de> SeqAccess<'de> for ChildSeq<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next == self.len {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        let name = index.to_string();
        let route = self.scope.route();
        let route = if self.is_tuple { route.position(index as usize) } else { route.element() };
        let node = Node::new(self.group, name.clone(), false, &self.scope.at(route), self.depth);
        seed.deserialize(node).map(Some).map_err(|error| error.in_element(index as usize).in_link(&name))
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.len - self.next)
    }
}

/// The payload of a variant, which knows how deep it is.
pub(super) trait Payload {
    fn depth(&mut self) -> &mut Depth;

    /// The payload as the fields of the variant, not as a struct or tuple in it.
    fn fields(mut self) -> Self
    where
        Self: Sized,
    {
        let depth = self.depth();
        *depth = depth.of_fields();
        self
    }
}

/// A variant by its name, and its payload if it has one, which is the child `link`.
pub(super) struct Named<'a, D> {
    name: &'a str,
    link: &'a str,
    payload: Option<D>,
}

impl<'a, D> Named<'a, D> {
    pub(super) fn new(name: &'a str, link: &'a str, payload: D) -> Self {
        Self { name, link, payload: Some(payload) }
    }

    pub(super) fn unit(name: &'a str) -> Self {
        Self { name, link: "", payload: None }
    }

    fn read<T>(self, what: &str, read: impl FnOnce(D) -> Result<T>) -> Result<T> {
        let Some(payload) = self.payload else {
            let found = format!("the variant `{}` without one", self.name);
            return Err(Error::wrong_type(format!("a variant with {what}"), found));
        };
        read(payload).map_err(|error| {
            let error = error.in_field(self.name);
            if self.link.is_empty() { error } else { error.in_link(self.link) }
        })
    }
}

impl<'de, D: Deserializer<'de, Error = Error> + Payload> EnumAccess<'de> for Named<'_, D> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        let name: StrDeserializer<'_, Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, D: Deserializer<'de, Error = Error> + Payload> VariantAccess<'de> for Named<'_, D> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match self.payload {
            None => Ok(()),
            Some(_) => self.read("unit", |payload| serde::Deserialize::deserialize(payload)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.read("a payload", |payload| seed.deserialize(payload))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.read("a tuple", |payload| payload.fields().deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.read("fields", |payload| payload.fields().deserialize_struct("", fields, visitor))
    }
}

/// A variant with its payload as a map of one entry, for those that ask for anything.
pub(super) struct VariantMap<'a> {
    name: &'a str,
    link: &'a str,
    payload: Option<Element<'a>>,
    started: bool,
}

impl<'a> VariantMap<'a> {
    pub(super) fn new(name: &'a str, link: &'a str, payload: Element<'a>) -> Self {
        Self { name, link, payload: Some(payload), started: false }
    }
}

impl<'de> MapAccess<'de> for VariantMap<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(None);
        }
        seed.deserialize(Key(self.name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let payload = self.payload.take().ok_or_else(|| Error::corrupt("a value was asked for twice"))?;
        seed.deserialize(payload).map_err(|error| error.in_field(self.name).in_link(self.link))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::from(!self.started))
    }
}
