//! Sequences as they are stored: what is behind an element.

use std::sync::Arc;

use super::access::OrderedRecord;
use super::cells::{Cells, check_readable};
use super::describe;
use super::foreign;
use super::matlab::MatlabRows;
use super::node::Node;
use super::offsets::{Mask, Offsets, PartPlaces};
use super::select;
use super::stored::{StoredForm, StoredValue};
use super::tags::Tags;
use super::visit_limits::{LinkKind, Scope};
use super::visitor_kinds::FieldOrder;
use super::windowed_dataset::WindowedDataset;
use crate::de::item::Item;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::limits::{Limit, Limits};
use crate::ground::link_name::unescape;
use crate::ground::time::StoredTimes;
use crate::h5::{Attributes, Contents, Dataset, Dtype, Group, Number, Object, Shape, integer};
use crate::layout::foreign::CATEGORIES;
use crate::layout::path_rules::RulePosition;
use crate::layout::{APPENDED, BYTES, HI, KEYS, Kind, LO, MASK, OFFSETS, TAG, VALUES, are_positions, position};
use crate::layout_attributes::LayoutAttributes;

/// A stored sequence.
#[derive(Debug)]
pub(super) enum Column {
    /// A dataset; an element is an item, or, where there are more dimensions, a sequence.
    Array(WindowedDataset),
    /// A dataset of 128-bit integers.
    Halves(WindowedDataset, Kind),
    /// Strings, or byte strings, in one run of bytes.
    Parts { offsets: Offsets, bytes: WindowedDataset, text: bool },
    /// So many units.
    Units(u64),
    /// Structs, tuples or maps, field by field.
    Records(RecordColumns),
    /// Sequences, end to end.
    Ragged { offsets: Offsets, values: Box<Column> },
    /// Maps, end to end.
    Maps { offsets: Offsets, keys: Box<Column>, values: Box<Column>, rules: RulePosition },
    /// Options; or, with `units`, values and units.
    Nullable { mask: Mask, values: Box<Column>, units: bool },
    /// Enums.
    Variants(TaggedUnion),
    /// Elements of different types.
    Mixed(TaggedUnion),
    /// A child each, called by its position behind a word.
    List { group: Group, scope: Scope, len: u64, word: &'static str },
    /// Some of the items of a dataset, or a field of the records in one.
    Cells(Cells),
    /// Values by their positions among those that there are, negative for none.
    Categorical {
        codes: Box<Column>,
        categories: Box<Column>,
        /// The latter, where they were read for a part of a table.
        #[cfg(feature = "arrow")]
        shared: Option<super::bulk::SharedColumn>,
    },
    /// A variable of MATLAB's.
    Matlab(MatlabRows),
    /// A group, as the only element.
    One { group: Group, scope: Scope },
}

#[derive(Debug)]
pub(super) struct RecordColumns {
    pub(super) fields: Vec<FieldColumn>,
    len: u64,
    /// The fields are the positions of tuples.
    tuples: bool,
    /// Some records lack some fields.
    masked: bool,
    order: FieldOrder,
    /// Where a record is, if the options leave something out there.
    pub(super) rules: RulePosition,
}

#[derive(Debug)]
pub(super) struct FieldColumn {
    pub(super) name: String,
    /// The name of its link.
    pub(super) link: String,
    /// What is stored, or what was wrong with it, which matters only if it is asked for.
    column: Result<Box<Column>>,
    /// True where a record lacks the field.
    mask: Option<Mask>,
}

/// Elements kept apart by a tag.
#[derive(Debug)]
pub(super) struct TaggedUnion {
    parts: Vec<UnionBranch>,
    /// For each element, the position of its part, and its place within that.
    places: PartPlaces,
}

#[derive(Debug)]
pub(super) struct UnionBranch {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) column: Option<Column>,
    /// The number of the variant.
    number: u32,
}

impl TaggedUnion {
    /// The part that the element at `index` is in, and its place within that.
    #[inline]
    pub(super) fn part(&mut self, index: u64) -> Result<(&mut UnionBranch, u64)> {
        let (part, place) = self.places.get(index)?;
        let part = self.parts.get_mut(part as usize).ok_or_else(|| Error::corrupt("a tag that has no name"))?;
        Ok((part, place))
    }

    /// The tags, if they are all that there is.
    #[cfg(feature = "arrow")]
    pub(super) fn only_tags(&self) -> Option<&WindowedDataset> {
        if self.parts.iter().any(|part| part.column.is_some()) { None } else { self.places.dataset() }
    }

    /// The names of the parts.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.iter().map(|part| part.name.as_str())
    }
}

impl FieldColumn {
    /// Whether the record at `index` has the field.
    pub(super) fn has(&mut self, index: u64) -> Result<bool> {
        match &mut self.mask {
            Some(mask) => mask.get(index).map(|missing| !missing),
            None => Ok(true),
        }
    }

    /// Whether its values are in a group of their own, beside a mask.
    pub(super) fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// A field of which no record lacks it.
    #[cfg(feature = "arrow")]
    pub(super) fn new(name: String, link: String, column: Result<Column>) -> Self {
        Self { name, link, column: column.map(Box::new), mask: None }
    }

    /// The column of its values, and what tells which records lack it.
    #[cfg(feature = "arrow")]
    pub(super) fn parts(&mut self) -> Result<(&mut Column, Option<&mut Mask>)> {
        match &mut self.column {
            Ok(column) => Ok((column, self.mask.as_mut())),
            Err(error) => Err(std::mem::replace(error, Error::corrupt("the field cannot be read"))),
        }
    }

    /// What is stored, if it can be read.
    pub(super) fn stored(&self) -> Option<&Column> {
        self.column.as_deref().ok()
    }

    /// The column of its values.
    #[inline]
    pub(super) fn column(&mut self) -> Result<&mut Column> {
        match &mut self.column {
            Ok(column) => Ok(column),
            Err(error) => Err(std::mem::replace(error, Error::corrupt("the field cannot be read"))),
        }
    }
}

/// The error for parts of a sequence that do not fit each other.
pub(super) fn unequal(what: &str, found: u64, wanted: u64) -> Error {
    Error::corrupt(format!("{what} has {found} elements where there should be {wanted}"))
}

fn check_len(what: &str, column: &Column, wanted: u64) -> Result<()> {
    if column.len() == wanted { Ok(()) } else { Err(unequal(what, column.len(), wanted)) }
}

/// How many elements of a sequence count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Those that are stored.
    Stored,
    /// So many, with as many stored, or more: it was appended to.
    Of(u64),
}

impl Count {
    /// What the object says of itself.
    fn of(object: &impl Attributes) -> Result<Self> {
        Ok(if object.has_attribute(APPENDED)? { Self::Of(object.count_of(APPENDED)?) } else { Self::Stored })
    }

    /// The number of elements, where so many are stored.
    fn check(self, what: &str, stored: u64) -> Result<u64> {
        match self {
            Self::Stored => Ok(stored),
            Self::Of(count) if count <= stored => Ok(count),
            Self::Of(count) => Err(unequal(what, stored, count)),
        }
    }

    /// The same of what offsets are into.
    fn part_of(self, offsets: &Offsets) -> Self {
        // Where that counts, they are read.
        offsets.end().map_or(self, |end| self.part(end))
    }

    /// The same of a part that should have so many.
    fn part(self, count: u64) -> Self {
        match self {
            Self::Stored => Self::Stored,
            Self::Of(_) => Self::Of(count),
        }
    }
}

/// The number of children of a list. A damaged group can say any: of many, the last has to be there.
pub(super) fn children(group: &Group) -> Result<u64> {
    const MANY_CHILDREN: u64 = 1 << 16;
    let len = group.len();
    if len > MANY_CHILDREN && !group.has_link(&(len - 1).to_string())? {
        return Err(Error::corrupt(format!("there should be {len} children, but `{}` is missing", len - 1)));
    }
    Ok(len)
}

/// Refuses more elements than anyone has who stores nothing for each.
pub(super) fn check_count(count: u64) -> Result<u64> {
    let most = Limits::current().max_units;
    if count <= most {
        return Ok(count);
    }
    let what = format!("{count} elements for which nothing is stored are more than the limit of {most}");
    Err(Limits::exceeded(what, Limit::Units))
}

/// Opens offsets: from 0 on, never falling, up to the length of what they point into.
fn offsets(group: &Group, scope: &Scope, count: Count) -> Result<Offsets> {
    let open = || Offsets::open(scope.open_dataset(group, OFFSETS)?, scope.streams(), count);
    open().map_err(|error: Error| error.in_link(OFFSETS))
}

impl Column {
    /// The bytes of the element at `index`, if it is a number of this type, and can be read.
    pub(super) fn number(&mut self, index: u64, number: Number) -> Option<&[u8]> {
        match self {
            Self::Array(array) if array.dims().len() == 1 && array.number_type() == Some(number) => {
                array.load_item(index).ok()?;
                Some(array.item_at(index).1)
            }
            _ => None,
        }
    }

    /// The text of the element at `index`, if it is a string, and can be read.
    pub(super) fn text(&mut self, index: u64) -> Option<&str> {
        match self {
            Self::Array(array) if array.dims().len() == 1 && array.is_strings() => array.text(index).ok(),
            _ => None,
        }
    }

    /// Opens the sequence that is the child `name` of `group`.
    pub(super) fn open_child(
        group: &Group,
        name: &str,
        scope: &Scope,
        depth: Depth,
        count: Count,
    ) -> Result<Box<Self>> {
        let open = || Self::of_object(group.open(name)?, scope, depth, count);
        open().map_err(|error: Error| error.in_link(name))
    }

    pub(super) fn of_object(object: Object, scope: &Scope, depth: Depth, count: Count) -> Result<Box<Self>> {
        match object {
            Object::Dataset(dataset) => {
                scope.count_dataset(&dataset, LinkKind::Hard)?;
                Self::of_part(dataset, scope.rules(), count)
            }
            Object::Group(group) => {
                let scope = scope.enter(&group, LinkKind::Hard)?;
                match group.kind()? {
                    Some(kind) => {
                        let depth = depth.in_group()?;
                        depth.with_stack(|| Self::of_part_group(&group, kind, &scope, depth, count))
                    }
                    None => {
                        let found = foreign::sequence(&group, &scope, depth.in_group()?)?;
                        let found_group = || format!("expected a sequence, found {}", describe::group(&group, None));
                        found.ok_or_else(|| Error::corrupt(found_group()))
                    }
                }
            }
        }
        .map(Box::new)
    }

    /// The sequence that a dataset is, to whose elements `rules` apply.
    pub(super) fn of_dataset(dataset: Dataset, rules: &RulePosition) -> Result<Self> {
        let count = Count::of(&dataset)?;
        // Where more was appended since it was opened, it has become longer before that counted.
        let is_older = matches!((count, dataset.shape()), (Count::Of(count), Shape::Simple(dims)) if dims[0] < count);
        let dataset = if is_older { dataset.again()? } else { dataset };
        Self::of_part(dataset, rules, count)
    }

    fn of_part(mut dataset: Dataset, rules: &RulePosition, count: Count) -> Result<Self> {
        let kind = dataset.kind()?;
        if kind.is_none() {
            match MatlabRows::of(dataset)? {
                Ok(rows) => return Ok(Self::Matlab(rows)),
                Err(other) => dataset = other,
            }
        }
        if let (false, Shape::Simple(dims)) = (select::fields_of_elements(&mut dataset, kind, rules), dataset.shape())
            && dims.len() == 1
        {
            return Ok(Self::Records(RecordColumns::without_fields(count.check("the dataset", dims[0])?)));
        }
        match (kind, dataset.shape()) {
            (None | Some(Kind::Bytes | Kind::Array | Kind::Matrix | Kind::FixedMatrix), Shape::Simple(dims)) => {
                let len = count.check("the dataset", dims[0])?;
                if let (None, Some(values)) = (kind, referred_categories(&dataset)?) {
                    return Self::categorical(WindowedDataset::with_len(dataset, len).map(Self::Array)?, values);
                }
                WindowedDataset::with_len(dataset, len).map(Self::Array)
            }
            (Some(kind @ (Kind::I128 | Kind::U128)), Shape::Simple(dims)) => {
                check_halves(dataset.dtype())?;
                let len = count.check("the dataset", dims[0])?;
                WindowedDataset::with_len(dataset, len).map(|array| Self::Halves(array, kind))
            }
            (Some(Kind::Units), Shape::Scalar) => match dataset.dtype() {
                Dtype::Number(number) if number.is_integer() => {
                    u64::try_from(integer(*number, dataset.read()?.bytes()))
                        .map_err(|_| Error::corrupt("a negative count"))
                        .and_then(|stored| count.check("the sequence", stored))
                        .and_then(check_count)
                        .map(Self::Units)
                }
                _ => Err(Error::corrupt(format!("expected a count, found {}", dataset.words()))),
            },
            (kind, _) => {
                let kind = kind.map(|kind| format!(" of kind `{}`", kind.as_str())).unwrap_or_default();
                Err(Error::wrong_type("a sequence", format!("{}{kind}", dataset.words())))
            }
        }
    }

    /// What its elements are as times, if they are the items of a dataset that says so.
    pub(super) fn units_of_times(&mut self) -> Result<Option<Arc<StoredTimes>>> {
        match self {
            Self::Array(array) => array.units_of_times(),
            _ => Ok(None),
        }
    }

    /// The only item of a dataset, which is also a list of it.
    pub(super) fn only(&mut self) -> Result<Option<StoredForm<'_>>> {
        match self {
            Self::Array(array) => array.only(),
            _ => Ok(None),
        }
    }

    /// The sequence that a group of `kind` is; the scope is that of an element.
    pub(super) fn of_group(group: &Group, kind: Kind, scope: &Scope, depth: Depth) -> Result<Self> {
        Self::of_part_group(group, kind, scope, depth, Count::of(group)?)
    }

    fn of_part_group(group: &Group, kind: Kind, scope: &Scope, depth: Depth, count: Count) -> Result<Self> {
        let child = |name, count| Self::open_child(group, name, scope, depth, count);
        Ok(match kind {
            Kind::Columns => Self::Records(RecordColumns::open(group, scope, depth, count)?),
            Kind::Ragged => {
                let mut offsets = offsets(group, scope, count)?;
                let part = count.part_of(&offsets);
                let values = Self::open_child(group, VALUES, &scope.of_elements(), depth, part)?;
                offsets.check_end(VALUES, values.len()).map_err(|error| error.in_link(OFFSETS))?;
                Self::Ragged { offsets, values }
            }
            Kind::Blobs | Kind::Text => {
                let text = kind == Kind::Text;
                let name = if text { BYTES } else { VALUES };
                let open = || {
                    let bytes = WindowedDataset::new(scope.open_dataset(group, name)?)?;
                    match (bytes.dtype(), bytes.dims()) {
                        (Dtype::Number(Number::U8), [_]) => Ok(bytes),
                        _ => Err(Error::corrupt(format!("expected a list of bytes, found {}", bytes.words()))),
                    }
                };
                let bytes = open().map_err(|error: Error| error.in_link(name))?;
                let mut offsets = offsets(group, scope, count)?;
                let len = bytes.len();
                // More may have been appended.
                if count == Count::Stored || offsets.end().is_none_or(|end| end > len) {
                    offsets.check_end(name, len).map_err(|error| error.in_link(OFFSETS))?;
                }
                Self::Parts { offsets, bytes, text }
            }
            Kind::Maps => {
                let mut offsets = offsets(group, scope, count)?;
                let part = count.part_of(&offsets);
                let keys = child(KEYS, part)?;
                let values = Self::open_child(group, VALUES, &scope.of_elements(), depth, part)?;
                offsets
                    .check_end(KEYS, keys.len())
                    .and_then(|()| offsets.check_end(VALUES, values.len()))
                    .map_err(|error| error.in_link(OFFSETS))?;
                Self::Maps { offsets, keys, values, rules: scope.rules().clone() }
            }
            Kind::Nullable | Kind::Nulls => {
                let (mask, values) = masked(group, scope, depth, count)?;
                Self::Nullable { mask, values, units: kind == Kind::Nulls }
            }
            Kind::Variants | Kind::Mixed => {
                let parted = TaggedUnion::open(group, kind, scope, depth, count)?;
                if kind == Kind::Variants { Self::Variants(parted) } else { Self::Mixed(parted) }
            }
            Kind::List => {
                let len = count.check("the list", children(group)?)?;
                Self::List { group: group.clone(), scope: scope.clone(), len, word: "" }
            }
            kind => return Err(Error::wrong_type("a sequence", format!("a group of kind `{}`", kind.as_str()))),
        })
    }

    /// The elements that are the children of a group, which are called by their positions behind a word.
    pub(super) fn list_of(group: &Group, word: &'static str, scope: &Scope) -> Result<Self> {
        let len = group.len();
        if len > 0 && !group.has_link(&format!("{word}{}", len - 1))? {
            return Err(Error::corrupt(format!("there should be {len} children, but `{word}{}` is missing", len - 1)));
        }
        Ok(Self::List { group: group.clone(), scope: scope.clone(), len, word })
    }

    /// A field of the records in a dataset.
    pub(super) fn of_records(dataset: &Dataset, field: &str) -> Result<Self> {
        let fields = match dataset.dtype() {
            Dtype::Compound(fields) => fields.iter().find(|own| own.name == field),
            _ => None,
        };
        let missing =
            || Error::corrupt(format!("expected records with the field `{field}`, found {}", dataset.words()));
        let field = fields.ok_or_else(missing)?;
        check_readable(field)?;
        Cells::of_fields(dataset, std::iter::once(field)).map(Self::Cells)
    }

    /// Values that `codes` count.
    pub(super) fn categorical(codes: Self, mut categories: Self) -> Result<Self> {
        let are_codes = match &codes {
            Self::Array(codes) => codes.dims().len() == 1 && codes.number_type().is_some_and(Number::is_integer),
            Self::Cells(codes) => code_type(codes.dtype()).is_some(),
            _ => false,
        };
        match &mut categories {
            Self::Array(categories) => categories.spread(),
            Self::Cells(categories) => categories.spread(),
            _ => {}
        }
        if are_codes || matches!(codes, Self::Array(_)) && codes.len() == 0 {
            return Ok(Self::Categorical {
                codes: Box::new(codes),
                categories: Box::new(categories),
                #[cfg(feature = "arrow")]
                shared: None,
            });
        }
        let found = codes.words().unwrap_or_else(|| "something else".to_owned());
        Err(Error::corrupt(format!("expected a list of integers, found {found}")))
    }

    /// A group, as the only element of a sequence.
    pub(super) fn one(group: &Group, scope: &Scope) -> Self {
        Self::One { group: group.clone(), scope: scope.clone() }
    }

    /// Records of fields, each with its name, that of its link, and what is stored.
    pub(super) fn records(fields: Vec<(String, String, Result<Self>)>) -> Result<Self> {
        let len = fields.iter().find_map(|(_, _, column)| column.as_ref().ok().map(Self::len));
        let len = match len {
            Some(len) => len,
            // No field says how many there are.
            None => return fields.into_iter().find_map(|(_, _, column)| column.err()).map_or(Ok(Self::Units(0)), Err),
        };
        let field = |(name, link, column): (String, String, Result<Self>)| {
            let column = column.and_then(|column| check_len("the field", &column, len).map(|()| Box::new(column)));
            FieldColumn { name, link, column, mask: None }
        };
        let fields: Vec<FieldColumn> = fields.into_iter().map(field).collect();
        let tuples = are_positions(fields.iter().map(|field| field.name.as_str()));
        Ok(Self::Records(RecordColumns {
            fields,
            len,
            tuples,
            masked: false,
            order: FieldOrder::default(),
            rules: RulePosition::default(),
        }))
    }

    /// The keys and values of a group of the kind `map`.
    pub(super) fn of_pairs(group: &Group, scope: &Scope, depth: Depth) -> Result<(Self, Self)> {
        let keys = Self::open_child(group, KEYS, scope, depth, Count::Stored)?;
        let values = Self::open_child(group, VALUES, scope, depth, Count::Stored)?;
        check_len(VALUES, &values, keys.len())?;
        Ok((*keys, *values))
    }

    /// Whether there are objects in it that are opened when they are asked for.
    pub(super) fn has_objects(&self) -> bool {
        match self {
            Self::Array(_) | Self::Halves(..) | Self::Parts { .. } | Self::Units(_) => false,
            Self::Ragged { values, .. } | Self::Nullable { values, .. } => values.has_objects(),
            Self::Maps { keys, values, .. } => keys.has_objects() || values.has_objects(),
            Self::Records(records) => records.fields.iter().any(|field| field.stored().is_none_or(Self::has_objects)),
            Self::Variants(parted) | Self::Mixed(parted) => {
                parted.parts.iter().any(|part| part.column.as_ref().is_some_and(Self::has_objects))
            }
            _ => true,
        }
    }

    /// The number of elements.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Array(array) | Self::Halves(array, _) => array.len(),
            Self::Parts { offsets, .. } | Self::Ragged { offsets, .. } | Self::Maps { offsets, .. } => offsets.len(),
            Self::Units(len) | Self::List { len, .. } => *len,
            Self::Cells(cells) => cells.len(),
            Self::Categorical { codes, .. } => codes.len(),
            Self::Matlab(rows) => rows.len(),
            Self::One { .. } => 1,
            Self::Records(records) => records.len,
            Self::Nullable { mask, .. } => mask.len(),
            Self::Variants(parted) | Self::Mixed(parted) => parted.places.len(),
        }
    }

    /// The element at `index`, which is smaller than the length.
    #[inline]
    pub(super) fn view(&mut self, index: u64, depth: Depth) -> Result<StoredValue<'_>> {
        let form = match self {
            Self::Array(array) => {
                if array.dims().len() > 1 {
                    let start = index * array.stride(0);
                    StoredForm::Grid { array, level: 1, start }
                } else {
                    let (dtype, bytes, items) = array.item(index)?;
                    StoredForm::of_item(Item { dtype, bytes, items }, depth)?
                }
            }
            Self::Cells(cells) => StoredForm::of_item(cells.item(index)?, depth)?,
            Self::Categorical { codes, categories, .. } => match category(codes, index)? {
                Some(code) if code < categories.len() => {
                    StoredForm::Inside { column: categories, index: code, link: CATEGORIES }
                }
                Some(code) => {
                    let count = categories.len();
                    return Err(Error::corrupt(format!("the code {code} is that of none of {count} categories")));
                }
                None => StoredForm::Null { unit: false },
            },
            Self::Matlab(rows) => rows.element(index, depth)?,
            Self::One { group, scope } => StoredForm::Group { group, scope },
            Self::Halves(array, kind) => {
                let (_, bytes, _) = array.item(index)?;
                wide(bytes, *kind)?
            }
            Self::Parts { offsets, bytes, text } => {
                let (start, end) = offsets.get(index)?;
                let bytes = bytes.range(start, end - start)?;
                if *text { StoredForm::Text(bytes) } else { StoredForm::Bytes(bytes) }
            }
            Self::Units(_) => StoredForm::Null { unit: true },
            Self::Records(records) => {
                StoredForm::Records { fields: &mut records.fields, index, tuples: records.tuples }
            }
            Self::Ragged { offsets, values } => {
                let (start, end) = offsets.get(index)?;
                StoredForm::Sequence { column: values, start, end, link: Some(VALUES) }
            }
            Self::Maps { offsets, keys, values, rules } => {
                let (start, end) = offsets.get(index)?;
                StoredForm::Map { keys, values, start, end, rules }
            }
            Self::Nullable { mask, values, units } => {
                if mask.get(index)? {
                    StoredForm::Null { unit: *units }
                } else if *units {
                    StoredForm::Inside { column: values, index, link: VALUES }
                } else {
                    StoredForm::Present { column: values, index }
                }
            }
            Self::Variants(parted) => {
                let (part, place) = parted.part(index)?;
                let UnionBranch { name, link, column, number } = part;
                StoredForm::Variant { name, number: *number, link, payload: column.as_mut(), index: place }
            }
            Self::Mixed(parted) => {
                let (part, place) = parted.part(index)?;
                match &mut part.column {
                    Some(column) => StoredForm::Inside { column, index: place, link: &part.link },
                    None => StoredForm::Null { unit: true },
                }
            }
            Self::List { group, scope, word, .. } => {
                let name = format!("{word}{index}");
                StoredForm::Node(Node::new(group, name, false, scope, depth))
            }
        };
        Ok(StoredValue { form, depth })
    }

    /// Whether the element at `index` is None or unit, within any number of `Some`.
    pub(super) fn is_null(&mut self, index: u64) -> Result<bool> {
        Ok(match self {
            Self::Units(_) => true,
            Self::Nullable { mask, values, .. } => mask.get(index)? || values.is_null(index)?,
            Self::Mixed(parted) => {
                let (part, place) = parted.part(index)?;
                part.column.as_mut().map_or(Ok(true), |column| column.is_null(place))?
            }
            Self::Categorical { codes, .. } => category(codes, index)?.is_none(),
            Self::List { group, word, .. } => match group.open(&format!("{word}{index}")) {
                Ok(Object::Dataset(dataset)) => *dataset.shape() == Shape::Null,
                _ => false,
            },
            _ => false,
        })
    }

    /// Says of an error in an enum of that name how it is stored.
    #[cold]
    pub(super) fn in_variant(&self, error: Error, name: &'static str) -> Error {
        match self {
            Self::Variants(parted) => error.of_type(name).stored_here(|| describe::variants(parted)),
            _ => error,
        }
    }

    /// How many values an element has in it, as far as that is known of all.
    pub(super) fn values_in_each(&self) -> u64 {
        match self {
            Self::Array(array) => array.values_in_each(),
            Self::Records(records) => records.fields.len() as u64,
            _ => 1,
        }
    }

    /// Type and shape of what is stored, where a dataset is behind the elements themselves.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Array(array) | Self::Halves(array, _) => Some(array.words()),
            Self::Cells(cells) => Some(cells.words()),
            Self::Matlab(rows) => Some(rows.words()),
            _ => None,
        }
    }

    /// Whether a dataset is behind the elements themselves.
    #[inline]
    pub(super) fn is_dataset(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Halves(..))
    }

    /// Whether the elements are characters, each a string of its own.
    pub(super) fn is_chars(&self) -> bool {
        matches!(self, Self::Array(array) if array.dims().len() == 1 && array.dtype().is_char())
    }

    /// The dataset that the elements are in, if it has one dimension.
    pub(super) fn list(&mut self) -> Option<&mut WindowedDataset> {
        match self {
            Self::Array(array) if array.dims().len() == 1 => Some(array),
            _ => None,
        }
    }
}

/// The position of a value among the categories; `None` where there is no value.
fn category(codes: &mut Column, index: u64) -> Result<Option<u64>> {
    let item = match codes {
        Column::Array(codes) => codes.item(index).map(|(dtype, bytes, _)| (dtype, bytes))?,
        Column::Cells(codes) => codes.item(index).map(|code| (code.dtype, code.bytes))?,
        _ => return Err(Error::corrupt("codes that are no numbers")),
    };
    let (dtype, bytes) = item;
    let number = code_type(dtype).ok_or_else(|| Error::corrupt("a code that is no number"))?;
    Ok(u64::try_from(integer(number, bytes)).ok())
}

/// The type of integer that a code is, also as the only field of a record, or in an array of one.
fn code_type(dtype: &Dtype) -> Option<Number> {
    match dtype {
        Dtype::Number(number) if number.is_integer() => Some(*number),
        Dtype::Compound(fields) if fields.len() == 1 => code_type(&fields[0].dtype),
        Dtype::Array(dims, inner) if **dims == [1] => code_type(inner),
        _ => None,
    }
}

/// The categories that a dataset of codes refers to, as AnnData had it before version 0.8.
fn referred_categories(codes: &Dataset) -> Result<Option<Column>> {
    let is_integer = matches!(codes.dtype(), Dtype::Number(number) if number.is_integer());
    if !is_integer || codes.is_bare() {
        return Ok(None);
    }
    let Some(Contents { dtype: Dtype::Reference(home), items, .. }) = codes.attribute(CATEGORIES)? else {
        return Ok(None);
    };
    match home.follow(items.bytes())? {
        Some(Object::Dataset(categories)) => WindowedDataset::new(categories).map(Column::Array).map(Some),
        _ => Err(Error::corrupt(format!("the attribute `{CATEGORIES}` refers to no list"))),
    }
}

/// Opens values and the mask beside them. The values are as many as the mask says, or none at all where none is there.
fn masked(group: &Group, scope: &Scope, depth: Depth, count: Count) -> Result<(Mask, Box<Column>)> {
    let read = || Mask::open(scope.open_dataset(group, MASK)?, scope.streams(), count);
    let mut mask = read().map_err(|error: Error| error.in_link(MASK))?;
    let object = group.open(VALUES).map_err(|error| error.in_link(VALUES))?;
    let is_empty = matches!(&object, Object::Dataset(dataset) if matches!(dataset.shape(), Shape::Simple(dims) if dims[..] == [0]));
    let part = if is_empty { Count::Stored } else { count.part(mask.len()) };
    let values = Column::of_object(object, scope, depth, part).map_err(|error| error.in_link(VALUES))?;
    if values.len() != mask.len() && !(values.len() == 0 && mask.all()?) {
        return Err(unequal(VALUES, values.len(), mask.len()));
    }
    Ok((mask, values))
}

/// Checks that a type is that of 128-bit integers.
pub(super) fn check_halves(dtype: &Dtype) -> Result<()> {
    match dtype {
        Dtype::Compound(fields)
            if matches!(fields.as_ref(), [hi, lo] if hi.name == HI
                && lo.name == LO
                && matches!(hi.dtype, Dtype::Number(Number::I64 | Number::U64))
                && lo.dtype == Dtype::Number(Number::U64)) =>
        {
            Ok(())
        }
        _ => Err(Error::corrupt(format!("expected the halves of a 128-bit integer, found `{dtype}`"))),
    }
}

/// The 128-bit integer that an item is.
pub(super) fn wide(bytes: &[u8], kind: Kind) -> Result<StoredForm<'static>> {
    let half = |at: usize| -> Option<u64> { Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?)) };
    let (Some(hi), Some(lo)) = (half(0), half(8)) else {
        return Err(Error::corrupt("a 128-bit integer of another size"));
    };
    let value = (u128::from(hi) << 64) | u128::from(lo);
    Ok(if kind == Kind::I128 { StoredForm::I128(value as i128) } else { StoredForm::U128(value) })
}

impl RecordColumns {
    fn open(group: &Group, scope: &Scope, depth: Depth, count: Count) -> Result<Self> {
        let len = count.check("the attribute `length`", group.length()?)?;
        let mut fields = Vec::new();
        let mut links = group.links()?;
        // The positions of a tuple are all there, or it would be another.
        if scope.rules().selects() && !are_positions(links.iter().map(|link| unescape(&link.name))) {
            select::links(group, &mut links, scope.rules(), |link| unescape(&link.name))?;
        }
        for link in links {
            let scope = scope.at(scope.rules().field(&unescape(&link.name)));
            fields.push(FieldColumn::open(group, link.name, &scope, depth, len, count.part(len))?);
        }
        // Any field that can be read has as many elements as there are rows.
        if fields.iter().all(|field| field.column.is_err()) {
            check_count(len)?;
        }
        let tuples = are_positions(fields.iter().map(|field: &FieldColumn| field.name.as_str()));
        if tuples {
            // A group that does not remember the order of its links gives "10" before "2".
            fields.sort_by_key(|field| position(&field.name));
        }
        let masked = fields.iter().any(FieldColumn::is_masked);
        let rules = if scope.rules().selects() { scope.rules().clone() } else { RulePosition::default() };
        Ok(Self { fields, len, tuples, masked, order: FieldOrder::default(), rules })
    }
}

impl RecordColumns {
    /// Records of which all fields are left out.
    fn without_fields(len: u64) -> Self {
        Self {
            fields: Vec::new(),
            len,
            tuples: false,
            masked: false,
            order: FieldOrder::default(),
            rules: RulePosition::default(),
        }
    }

    /// Whether they can be read as sequences of the `fields` that a visitor of that name asks for.
    pub(super) fn keep_order(&self, fields: &'static [&'static str], visitor: &'static str) -> bool {
        !self.masked && self.order.is_kept_by(fields, visitor, self.fields.iter().map(|field| field.name.as_str()))
    }

    /// The fields of the record at `index`, in their order.
    pub(super) fn in_order(&mut self, index: u64, depth: Depth) -> OrderedRecord<'_> {
        OrderedRecord::new(&mut self.fields, index, depth)
    }
}

impl FieldColumn {
    /// What is stored, if it can be read.
    #[inline]
    pub(super) fn readable(&mut self) -> Option<&mut Column> {
        self.column.as_deref_mut().ok()
    }

    /// What is wrong with a field matters only if it is asked for, unless all others would be wrong in the same way.
    fn open(group: &Group, link: String, scope: &Scope, depth: Depth, len: u64, count: Count) -> Result<Self> {
        let open = || -> Result<_> {
            let object = group.open(&link)?;
            if let Object::Group(inner) = &object
                && inner.kind()? == Some(Kind::Masked)
            {
                let scope = scope.enter(inner, LinkKind::Hard)?;
                let (mask, column) = masked(inner, &scope, depth, count)?;
                if mask.len() != len {
                    return Err(unequal(MASK, mask.len(), len));
                }
                return Ok((column, Some(mask)));
            }
            let column = Column::of_object(object, scope, depth, count)?;
            check_len("the field", &column, len)?;
            Ok((column, None))
        };
        let opened = open();
        let (column, mask) = match opened {
            Ok((column, mask)) => (Ok(column), mask),
            Err(error) if scope.ends_with(&error) => return Err(error.in_link(&link)),
            Err(error) => (Err(error), None),
        };
        Ok(Self { name: unescape(&link).into_owned(), link, column, mask })
    }
}

impl TaggedUnion {
    fn open(group: &Group, kind: Kind, scope: &Scope, depth: Depth, count: Count) -> Result<Self> {
        let read = || {
            let column = *Column::of_object(group.open(TAG)?, scope, depth, count)?;
            match (column, scope.streams()) {
                (Column::Array(array), streams) if is_enum(&array) && (streams || array.len() > u32::MAX.into()) => {
                    PartPlaces::windows(array)
                }
                (column, _) => Tags::read(column).and_then(|Tags { names, tags }| PartPlaces::all(names, tags)),
            }
        };
        let (names, places, counts) = read().map_err(|error: Error| error.in_link(TAG))?;
        if kind == Kind::Variants {
            scope.rules().note_variant();
        }
        let mut parts = Vec::new();
        let links: std::collections::HashMap<String, String> = group
            .link_names()?
            .into_iter()
            .filter(|link| link != TAG)
            .map(|link| (unescape(&link).into_owned(), link))
            .collect();
        for (name, elements) in names.into_iter().zip(counts) {
            let link = links.get(&name).cloned();
            let column = match &link {
                Some(link) => {
                    let inside =
                        if kind == Kind::Variants { scope.at(scope.rules().field(&name)) } else { scope.clone() };
                    let column = *Column::open_child(group, link, &inside, depth, count.part(elements))?;
                    check_len(&name, &column, elements).map_err(|error| error.in_link(link))?;
                    Some(column)
                }
                None if kind == Kind::Mixed && name != "unit" => {
                    return Err(Error::corrupt(format!("there is no `{name}`")));
                }
                None => None,
            };
            let number = u32::try_from(parts.len()).unwrap_or(0);
            parts.push(UnionBranch { name, link: link.unwrap_or_default(), column, number });
        }
        Ok(Self { parts, places })
    }
}

fn is_enum(array: &WindowedDataset) -> bool {
    array.dims().len() == 1 && matches!(array.dtype(), Dtype::Enum(_))
}
