//! Sequences, maps and enums, element by element.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::vec;

use super::column::{Column, FieldColumn, children};
use super::describe;
use super::deserializer::{Ask, AskOnce, ValueDeserializer};
use super::element::{ColumnElement, GridElement, PartOfItem};
use super::elements::{Map, Sequence};
use super::foreign;
use super::key::Key;
use super::node::Node;
use super::python::dictionary::ChildKey;
use super::select;
use super::source::AttributeNode;
use super::visit::{Answer, Question, Visit};
use super::visit_limits::Scope;
use super::visitor_kinds::FieldOrder;
use super::windowed_dataset::WindowedDataset;
use crate::de::item::{Block, Item, ItemPart, Record};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger::{Foretold, TypeMade};
use crate::ground::link_name::{ATTRIBUTE_PREFIX, unescape};
use crate::h5::{Attributes, Group, Link, Number, Object};
use crate::layout::foreign::unquoted;
use crate::layout::path_rules::RulePosition;
use crate::layout::python::CLASS;
use crate::layout::{KEYS, KIND, VALUE, VALUES, are_positions};

/// How many are left, as far as memory reaches.
pub(super) fn hint(left: u64) -> Option<usize> {
    usize::try_from(left).ok()
}

/// Elements of a stored sequence.
pub(crate) struct ColumnSeq<'a> {
    column: &'a mut Column,
    start: u64,
    next: u64,
    end: u64,
    /// Up to here, it was counted what they become.
    counted: u64,
    depth: Depth,
}

/// The elements of a column are counted so many at a time.
const COUNTED: u64 = 256;

impl<'a> ColumnSeq<'a> {
    pub(super) fn new(column: &'a mut Column, start: u64, end: u64, depth: Depth) -> Self {
        Self { column, start, next: start, end, counted: start, depth }
    }

    /// The elements, if they are many, which are then not counted again.
    pub(super) fn foretold(&mut self) -> Foretold {
        let count = self.end - self.next;
        if count <= COUNTED {
            return Foretold::default();
        }
        self.counted = self.end;
        Foretold { count, values: self.column.values_in_each() }
    }

    /// How many elements from the next on are to be counted now, if none are.
    #[inline]
    pub(super) fn uncounted(&mut self) -> u64 {
        if self.next < self.counted {
            return 0;
        }
        let count = (self.end - self.next).min(COUNTED);
        self.counted = self.next + count;
        count
    }

    /// Whether some elements are to be counted now.
    #[inline]
    pub(super) fn is_to_count(&self) -> bool {
        self.next >= self.counted
    }

    /// Counts those, which become values of that type.
    pub(super) fn count(&mut self, made: TypeMade) -> Result<()> {
        let count = self.uncounted();
        if count > 0 { made.elements(count) } else { Ok(()) }
    }

    pub(super) fn next(&mut self) -> Option<ColumnElement<'_>> {
        if self.next == self.end {
            return None;
        }
        self.next += 1;
        Some(ColumnElement { column: self.column, index: self.next - 1, depth: self.depth })
    }

    /// The text of the next element, if it is a string, and can be read.
    pub(super) fn next_text(&mut self) -> Option<&str> {
        if self.next == self.end {
            return None;
        }
        let text = self.column.text(self.next)?;
        self.next += 1;
        Some(text)
    }

    pub(super) fn located(&self, error: Error) -> Error {
        error.in_element((self.next - self.start).saturating_sub(1) as usize)
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        hint(self.end - self.next)
    }
}

/// The elements along one dimension of a dataset.
pub(super) struct GridSeq<'a> {
    array: &'a mut WindowedDataset,
    level: usize,
    start: u64,
    next: u64,
    depth: Depth,
}

impl<'a> GridSeq<'a> {
    pub(super) fn new(array: &'a mut WindowedDataset, level: usize, start: u64, depth: Depth) -> Self {
        Self { array, level, start, next: 0, depth }
    }

    /// The first item of the element that was given out last.
    fn first(&self) -> u64 {
        self.start + (self.next - 1) * self.array.stride(self.level)
    }
}

impl Sequence for GridSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        if self.next == self.array.dims()[self.level] {
            return Ok(None);
        }
        self.next += 1;
        if self.level + 1 < self.array.dims().len() {
            return Ok(Some(ValueDeserializer::Other(self)));
        }
        let (first, depth) = (self.first(), self.depth);
        if let Err(error) = self.array.load_item(first) {
            return Err(self.located(error));
        }
        let (dtype, bytes, items) = self.array.item_at(first);
        let part = ItemPart::of_item(Item { dtype, bytes, items });
        Ok(Some(ValueDeserializer::Part(PartOfItem { part, depth, order: Some(self.array.order()) })))
    }

    fn located(&self, error: Error) -> Error {
        error.in_element(self.next.saturating_sub(1) as usize)
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.array.dims()[self.level] - self.next)
    }
}

/// The element that was given out last, which is a sequence.
impl Ask for GridSeq<'_> {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let (level, start, depth) = (self.level + 1, self.first(), self.depth);
        GridElement { array: self.array, level, start, depth }.ask_once(question, visit)
    }
}

/// The elements of an array within an item, or of a row of a dataset.
pub(crate) struct BlockSeq<'a> {
    rest: Block<'a>,
    len: usize,
    /// How many of them were counted by what they become.
    counted: usize,
    depth: Depth,
    order: Option<&'a FieldOrder>,
}

impl<'a> BlockSeq<'a> {
    #[inline]
    pub(super) fn new(block: Block<'a>, depth: Depth, order: Option<&'a FieldOrder>) -> Self {
        Self { rest: block, len: block.len, counted: 0, depth, order }
    }

    /// The elements, if they are many, which are then not counted again.
    pub(super) fn foretold(&mut self) -> Foretold {
        if self.len <= COUNTED as usize {
            return Foretold::default();
        }
        self.counted = self.len;
        Foretold { count: self.len as u64, values: self.rest.values_in_each() }
    }

    /// How many elements are to be counted now, if none are: some that come next; or, at the end, all that were numbers.
    #[inline]
    pub(super) fn uncounted(&mut self) -> u64 {
        let left = self.rest.len;
        if left == 0 {
            let counted = std::mem::replace(&mut self.counted, self.len);
            return (self.len - counted) as u64;
        }
        let done = self.len - left;
        if done < self.counted {
            return 0;
        }
        // Those that came since were numbers, which are counted now.
        let until = self.len.min(done + COUNTED as usize);
        (until - std::mem::replace(&mut self.counted, until)) as u64
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<PartOfItem<'a>> {
        let (depth, order) = (self.depth, self.order);
        self.rest.take_first().map(|part| PartOfItem { part, depth, order })
    }

    /// The bytes of the next element, if it is a number of this type.
    #[inline]
    pub(super) fn next_number(&mut self, number: Number) -> Option<&'a [u8]> {
        self.rest.take_number(number)
    }

    pub(super) fn located(&self, error: Error) -> Error {
        error.in_element((self.len - self.rest.len).saturating_sub(1))
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len)
    }
}

/// Bytes, as a sequence of numbers.
pub(super) struct ByteSeq<'a>(pub(super) std::slice::Iter<'a, u8>, pub(super) Option<u8>);

impl<'a> ByteSeq<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter(), None)
    }
}

impl Sequence for ByteSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        self.1 = self.0.next().copied();
        Ok(if self.1.is_some() { Some(ValueDeserializer::Other(&mut self.1)) } else { None })
    }

    fn located(&self, error: Error) -> Error {
        error
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// A byte, whatever is asked for.
impl AskOnce for u8 {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        visit.answer(Answer::U8(self))
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

impl Map for CompoundMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        Ok(self.record.fields.get(self.next).map(|field| ValueDeserializer::Key(Key(&field.name))))
    }

    fn in_key(&self, error: Error) -> Error {
        error
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        let index = self.next;
        self.next += 1;
        Ok(ValueDeserializer::Part(PartOfItem { part: self.record.field(index), depth: self.depth, order: None }))
    }

    fn in_value(&self, error: Error) -> Error {
        error.in_field(&self.record.fields[self.next - 1].name)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.fields.len() - self.next)
    }
}

/// The fields that a record of a sequence has, as a tuple.
pub(super) struct RecordSeq<'a> {
    fields: &'a mut [FieldColumn],
    index: u64,
    next: usize,
    depth: Depth,
    /// The field that was given out last, if it cannot be read.
    broken: Option<UnreadableField>,
    is_broken: bool,
}

impl<'a> RecordSeq<'a> {
    pub(super) fn new(fields: &'a mut [FieldColumn], index: u64, depth: Depth) -> Self {
        Self { fields, index, next: 0, depth, broken: None, is_broken: false }
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

    fn field(&mut self, position: usize) -> ValueDeserializer<'_> {
        let (index, depth) = (self.index, self.depth);
        match self.fields[position].column() {
            Ok(column) => {
                self.is_broken = false;
                ValueDeserializer::Element(ColumnElement { column, index, depth })
            }
            Err(error) => {
                self.is_broken = true;
                self.broken = Some(UnreadableField(error));
                ValueDeserializer::Other(&mut self.broken)
            }
        }
    }

    fn in_field(&self, position: usize, error: Error) -> Error {
        let field = &self.fields[position];
        let error = if field.is_masked() && !self.is_broken { error.in_link(VALUES) } else { error };
        error.in_link(&field.link)
    }
}

impl Sequence for RecordSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        Ok(self.advance()?.map(|position| self.field(position)))
    }

    fn located(&self, error: Error) -> Error {
        let position = self.next.saturating_sub(1);
        self.in_field(position, error).in_element(position)
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// What cannot be read, and need not be where nobody asks what it is.
struct UnreadableField(Error);

impl AskOnce for UnreadableField {
    fn ask_once(self, _: Question, _: &mut dyn Visit) -> Result<()> {
        Err(self.0)
    }
}

/// The fields of a record that has all of them, as a struct that is read in their order.
pub(crate) struct OrderedRecord<'a> {
    fields: &'a mut [FieldColumn],
    index: u64,
    next: usize,
    depth: Depth,
}

impl<'a> OrderedRecord<'a> {
    #[inline]
    pub(super) fn new(fields: &'a mut [FieldColumn], index: u64, depth: Depth) -> Self {
        Self { fields, index, next: 0, depth }
    }

    /// The next field, if there is one, and it can be read.
    #[inline]
    pub(super) fn next_readable(&mut self) -> Option<ColumnElement<'_>> {
        let column = self.fields.get_mut(self.next)?.readable()?;
        self.next += 1;
        Some(ColumnElement { column, index: self.index, depth: self.depth })
    }

    /// The dataset that the next field is in, if its column is one.
    #[inline]
    fn next_array(&self) -> Option<&WindowedDataset> {
        match self.fields.get(self.next)?.stored()? {
            Column::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The bytes of the next field, if it is a number of this type, and can be read.
    pub(super) fn next_number(&mut self, number: Number) -> Option<&[u8]> {
        // By itself what calls nothing, and so saves no registers: a record of five numbers takes 85 instructions less.
        if !self.next_array().is_some_and(|array| array.has_number(self.index, number)) {
            return self.load_number(number);
        }
        let Column::Array(array) = self.fields.get(self.next)?.stored()? else { return None };
        let bytes = array.number_at(self.index)?;
        self.next += 1;
        Some(bytes)
    }

    /// The same of a number that is not in the window.
    #[inline(never)]
    fn load_number(&mut self, number: Number) -> Option<&[u8]> {
        let column = self.fields.get_mut(self.next)?.readable()?;
        let bytes = column.number(self.index, number)?;
        self.next += 1;
        Some(bytes)
    }

    /// The text of the next field, if it is a string, and can be read.
    pub(super) fn next_text(&mut self) -> Option<&str> {
        let Some(range) = self.next_array().and_then(|array| array.text_range(self.index)) else {
            return self.load_text();
        };
        let Column::Array(array) = self.fields.get(self.next)?.stored()? else { return None };
        let text = array.text_in(range)?;
        self.next += 1;
        Some(text)
    }

    /// The same of a string that is not in the window, or of variable length.
    #[inline(never)]
    fn load_text(&mut self) -> Option<&str> {
        let text = self.fields.get_mut(self.next)?.readable()?.text(self.index)?;
        self.next += 1;
        Some(text)
    }

    pub(super) fn next(&mut self) -> Result<Option<ColumnElement<'_>>> {
        let Self { fields, index, next, depth } = self;
        let Some(field) = fields.get_mut(*next) else { return Ok(None) };
        *next += 1;
        if let Err(error) = field.column().map(drop) {
            return Err(error.in_link(&field.link).in_field(&field.name));
        }
        Ok(Some(ColumnElement { column: field.column()?, index: *index, depth: *depth }))
    }

    pub(super) fn located(&self, error: Error) -> Error {
        match self.fields.get(self.next.saturating_sub(1)) {
            Some(field) => error.in_link(&field.link).in_field(&field.name),
            None => error,
        }
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len() - self.next)
    }
}

/// The fields that a record of a sequence has, as a struct or map.
pub(super) struct RecordMap<'a> {
    fields: RecordSeq<'a>,
    current: usize,
}

impl<'a> RecordMap<'a> {
    pub(super) fn new(fields: &'a mut [FieldColumn], index: u64, depth: Depth) -> Self {
        Self { fields: RecordSeq::new(fields, index, depth), current: 0 }
    }
}

impl Map for RecordMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        let Some(position) = self.fields.advance()? else { return Ok(None) };
        self.current = position;
        Ok(Some(ValueDeserializer::Key(Key(&self.fields.fields[position].name))))
    }

    fn in_key(&self, error: Error) -> Error {
        error.in_link(&self.fields.fields[self.current].link)
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        Ok(self.fields.field(self.current))
    }

    fn in_value(&self, error: Error) -> Error {
        self.fields.in_field(self.current, error).in_field(&self.fields.fields[self.current].name)
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
    rules: &'a RulePosition,
}

impl<'a> PairMap<'a> {
    pub(super) fn new(keys: &'a mut Column, values: &'a mut Column, start: u64, end: u64, depth: Depth) -> Self {
        Self { keys, values, start, next: start, end, depth, rules: RulePosition::nowhere() }
    }

    /// The same, of which some entries may be left out.
    pub(super) fn with_rules(self, rules: &'a RulePosition) -> Self {
        Self { rules, ..self }
    }
}

impl Map for PairMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        while self.next < self.end && select::is_entry_left_out(self.rules, self.keys, self.next)? {
            self.next += 1;
        }
        if self.next == self.end {
            return Ok(None);
        }
        Ok(Some(ValueDeserializer::Element(ColumnElement { column: self.keys, index: self.next, depth: self.depth })))
    }

    fn in_key(&self, error: Error) -> Error {
        error.in_element((self.next - self.start) as usize).in_link(KEYS)
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        let index = self.next;
        self.next += 1;
        Ok(ValueDeserializer::Element(ColumnElement { column: self.values, index, depth: self.depth }))
    }

    fn in_value(&self, error: Error) -> Error {
        error.in_element((self.next - self.start).saturating_sub(1) as usize).in_link(VALUES)
    }

    /// Not told where some may be left out.
    fn size_hint(&self) -> Option<usize> {
        if self.rules.selects() { None } else { hint(self.end - self.next) }
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
    /// The key that was given out last, of which the value is to come, and what was found behind its link, if that was opened.
    key: Option<WaitingEntry<'a>>,
    /// The entry whose value was given out last.
    current: Option<GroupEntry>,
    node: Option<Node>,
    attribute: Option<AttributeNode>,
    depth: Depth,
    /// The names of the links are keys in quotes.
    quoted: bool,
    /// Children are opened before their keys are given out: those that hold no value are passed over.
    opens: bool,
}

#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum WaitingEntry<'a> {
    /// A child, and what was found behind its link, if that was opened.
    Child(ChildKey<'a>, Option<Result<Object>>),
    Attribute(String),
}

enum GroupEntry {
    /// That behind a link.
    Child(Link),
    /// One of a key and a value, by its name.
    Pair(String),
    /// An attribute, as a field.
    Attribute(String),
}

impl<'a> GroupMap<'a> {
    /// The children alone, each of which has another key.
    pub(super) fn new(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        let map = Self::of_links(group, scope, depth)?;
        map.check_keys()?;
        Ok(map)
    }

    fn of_links(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        let mut links = group.links()?;
        foreign::retain_entries(group, &mut links)?;
        let quoted = foreign::has_quoted_keys(group, &links)?;
        select::links(group, &mut links, scope.rules(), |link| key_of(link, scope, quoted))?;
        let links = links.into_iter();
        let (attributes, key, current, node, attribute) = (Vec::new().into_iter(), None, None, None, None);
        Ok(Self { group, scope, links, attributes, key, current, node, attribute, depth, quoted, opens: true })
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
        names.retain(|name| name != KIND && select::is_attribute_kept(self.scope.rules(), name));
        names.iter_mut().for_each(|name| name.insert(0, ATTRIBUTE_PREFIX));
        self.attributes = names.into_iter();
        self.check_names()
    }

    /// Refuses two children of one key, as others may write `100%` where this crate writes `100%25`: one of them would be lost.
    fn check_keys(&self) -> Result<()> {
        let links = self.links.as_slice();
        if !links.iter().any(|link| link.name.contains('%')) {
            return Ok(());
        }
        let mut met = HashMap::with_capacity(links.len());
        for link in links {
            let key = key_of(link, self.scope, self.quoted);
            if let Some(other) = met.insert(key.clone(), link) {
                let message = format!("the children `{}` and `{}` are both {key:?} here", other.name, link.name);
                return Err(Error::new(ErrorKind::BadKey, message));
            }
        }
        Ok(())
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
        let mut map = Self { opens: false, ..Self::of_links(group, scope, depth)? };
        let mut attributes = Vec::new();
        for name in fields.iter().filter_map(|field| field.strip_prefix(ATTRIBUTE_PREFIX)) {
            let is_asked = !name.is_empty() && name != KIND && select::is_attribute_kept(scope.rules(), name);
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
            Ok(Object::Group(group)) => error.stored_as(|| describe::group(&group, None)),
            Err(_) => error,
        }
    }

    /// Says where in the group it is, and that who asks for whatever is there can do without.
    #[cold]
    fn located(&self, error: Error, link: &Link) -> Error {
        let error = error.in_field(&key_of(link, self.scope, self.quoted)).in_link(&link.name);
        if self.opens { error.mark_skippable() } else { error }
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

impl Map for GroupMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        let (group, scope, depth) = (self.group, self.scope, self.depth);
        for link in self.links.by_ref() {
            let opened = self.opens.then(|| group.open_link(&link));
            // A data type that has a name, as netCDF-4 gives one to each.
            if matches!(&opened, Some(Err(error)) if error.is_no_value()) {
                continue;
            }
            // To find nothing takes as long as to find something.
            if let Some(Err(_)) = &opened {
                scope.count_missing()?;
            }
            let name = key_of(&link, scope, self.quoted).into_owned();
            let key = ChildKey { name, link, group, scope, depth, pair: None };
            return match self.key.insert(WaitingEntry::Child(key, opened)) {
                WaitingEntry::Child(key, _) => Ok(Some(ValueDeserializer::Other(key))),
                WaitingEntry::Attribute(name) => Ok(Some(ValueDeserializer::Key(Key(name)))),
            };
        }
        let Some(name) = self.attributes.next() else { return Ok(None) };
        match self.key.insert(WaitingEntry::Attribute(name)) {
            WaitingEntry::Attribute(name) => Ok(Some(ValueDeserializer::Key(Key(name)))),
            WaitingEntry::Child(..) => Ok(None),
        }
    }

    fn in_key(&self, error: Error) -> Error {
        match &self.key {
            Some(WaitingEntry::Child(ChildKey { link, .. }, _)) => self.with_child(error, link).in_link(&link.name),
            _ => error,
        }
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        match self.key.take() {
            Some(WaitingEntry::Child(ChildKey { pair: Some(pair), .. }, _)) => {
                self.node = Some(pair.value());
                self.current = Some(GroupEntry::Pair(pair.name));
                Ok(ValueDeserializer::Other(&mut self.node))
            }
            Some(WaitingEntry::Child(ChildKey { link, .. }, opened)) => {
                let (scope, quoted) = (self.scope, self.quoted);
                let rules = scope.rules();
                let inside =
                    if rules.is_nowhere() { scope } else { &scope.at(rules.field(&key_of(&link, scope, quoted))) };
                self.node = Some(match opened {
                    Some(Ok(object)) => Node::opened(object, &link, inside, self.depth),
                    // What is wrong with it matters only if it is asked for.
                    Some(Err(_)) | None => Node::at(self.group, link.clone(), inside, self.depth),
                });
                self.current = Some(GroupEntry::Child(link));
                Ok(ValueDeserializer::Other(&mut self.node))
            }
            Some(WaitingEntry::Attribute(field)) => {
                let object = Arc::new(Object::Group(self.group.clone()));
                let name = field.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(&field).to_owned();
                self.attribute = Some(AttributeNode { object, name, depth: self.depth });
                self.current = Some(GroupEntry::Attribute(field));
                Ok(ValueDeserializer::Other(&mut self.attribute))
            }
            None => Err(Error::corrupt("a value was asked for before its key")),
        }
    }

    fn in_value(&self, error: Error) -> Error {
        match &self.current {
            Some(GroupEntry::Child(link)) => self.located(error, link),
            Some(GroupEntry::Pair(name)) => error.in_link(VALUE).in_link(name),
            Some(GroupEntry::Attribute(field)) => {
                let name = field.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(field);
                let error = error.in_field(field).in_link(&format!("{ATTRIBUTE_PREFIX}{name}"));
                if self.opens { error.mark_skippable() } else { error }
            }
            None => error,
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
    /// The child that was given out last.
    node: Option<Node>,
}

impl<'a> ChildSeq<'a> {
    pub(super) fn new(group: &'a Group, scope: &'a Scope, depth: Depth) -> Result<Self> {
        Ok(Self { group, scope, next: 0, len: children(group)?, depth, is_tuple: false, node: None })
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

impl Sequence for ChildSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        if self.next == self.len {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        let rules = self.scope.rules();
        let rules = if self.is_tuple { rules.position(index as usize) } else { rules.element() };
        self.node = Some(Node::new(self.group, index.to_string(), false, &self.scope.at(rules), self.depth));
        Ok(Some(ValueDeserializer::Other(&mut self.node)))
    }

    fn located(&self, error: Error) -> Error {
        let index = self.next.saturating_sub(1);
        error.in_element(index as usize).in_link(&index.to_string())
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.len - self.next)
    }
}

/// A variant with its payload as a map of one entry, for those that ask for anything.
pub(super) struct VariantMap<'a> {
    name: &'a str,
    link: &'a str,
    payload: Option<ColumnElement<'a>>,
    started: bool,
}

impl<'a> VariantMap<'a> {
    pub(super) fn new(name: &'a str, link: &'a str, payload: ColumnElement<'a>) -> Self {
        Self { name, link, payload: Some(payload), started: false }
    }
}

impl Map for VariantMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        let is_first = !std::mem::replace(&mut self.started, true);
        Ok(is_first.then_some(ValueDeserializer::Key(Key(self.name))))
    }

    fn in_key(&self, error: Error) -> Error {
        error
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        let payload = self.payload.take().ok_or_else(|| Error::corrupt("a value was asked for twice"))?;
        Ok(ValueDeserializer::Element(payload))
    }

    fn in_value(&self, error: Error) -> Error {
        error.in_field(self.name).in_link(self.link)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::from(!self.started))
    }
}
