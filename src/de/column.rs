//! Sequences as they are stored: what is behind an element.

use super::array::Array;
use super::known::Order;
use super::node::Node;
use super::scope::{Scope, Way};
use super::select;
use super::view::{Form, View};
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{BYTES, HI, KEYS, Kind, LO, MASK, OFFSETS, TAG, VALUES, are_positions, position, unescape};
use crate::item::Item;
use crate::limits::Limits;
use crate::route::Route;
use crate::storage::{Attributes, Dataset, Dtype, EnumType, Group, Number, Object, Shape, integer};

/// A stored sequence.
#[derive(Debug)]
pub(super) enum Column {
    /// A dataset; an element is an item, or, where there are more dimensions, a sequence.
    Array(Array),
    /// A dataset of 128-bit integers.
    Halves(Array, Kind),
    /// Strings, or byte strings, in one run of bytes.
    Parts { offsets: Vec<u64>, bytes: Array, text: bool },
    /// So many units.
    Units(u64),
    /// Structs, tuples or maps, field by field.
    Records(Records),
    /// Sequences, end to end.
    Ragged { offsets: Vec<u64>, values: Box<Column> },
    /// Maps, end to end.
    Maps { offsets: Vec<u64>, keys: Box<Column>, values: Box<Column>, route: Route },
    /// Options; or, with `units`, values and units.
    Nullable { mask: Vec<bool>, values: Box<Column>, units: bool },
    /// Enums.
    Variants(Parted),
    /// Elements of different types.
    Mixed(Parted),
    /// A child each.
    List { group: Group, scope: Scope, len: u64 },
}

#[derive(Debug)]
pub(super) struct Records {
    pub(super) fields: Vec<Field>,
    len: u64,
    /// The fields are the positions of tuples.
    tuples: bool,
    /// Some records lack some fields.
    masked: bool,
    order: Order,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// The name of its link.
    pub(super) link: String,
    /// What is stored, or what was wrong with it, which matters only if it is asked for.
    column: Result<Box<Column>>,
    /// True where a record lacks the field.
    mask: Option<Vec<bool>>,
}

/// Elements kept apart by a tag.
#[derive(Debug)]
pub(super) struct Parted {
    parts: Vec<Branch>,
    /// For each element, the position of its part, and its place within that.
    places: Vec<(u32, u64)>,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) column: Option<Column>,
}

impl Parted {
    /// The part that the element at `index` is in, and its place within that.
    #[inline]
    pub(super) fn part(&mut self, index: u64) -> (&mut Branch, u64) {
        let (part, place) = self.places[index as usize];
        (&mut self.parts[part as usize], place)
    }
}

impl Field {
    /// Whether the record at `index` has the field.
    pub(super) fn has(&self, index: u64) -> bool {
        match (&self.mask, usize::try_from(index)) {
            (Some(mask), Ok(index)) => !mask.get(index).copied().unwrap_or(true),
            _ => true,
        }
    }

    /// Whether its values are in a group of their own, beside a mask.
    pub(super) fn is_masked(&self) -> bool {
        self.mask.is_some()
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
fn unequal(what: &str, found: u64, wanted: u64) -> Error {
    Error::corrupt(format!("{what} has {found} elements where there should be {wanted}"))
}

fn check_len(what: &str, column: &Column, wanted: u64) -> Result<()> {
    if column.len() == wanted { Ok(()) } else { Err(unequal(what, column.len(), wanted)) }
}

/// The number of children of a list. A damaged group can say any: of many, the last has to be there.
pub(super) fn children(group: &Group) -> Result<u64> {
    const MANY: u64 = 1 << 16;
    let len = group.len();
    if len > MANY && !group.has_link(&(len - 1).to_string())? {
        return Err(Error::corrupt(format!("there should be {len} children, but `{}` is missing", len - 1)));
    }
    Ok(len)
}

/// Refuses more elements than anyone has who stores nothing for each.
pub(super) fn check_count(count: u64) -> Result<u64> {
    let most = Limits::current().units;
    if count <= most {
        return Ok(count);
    }
    let what = format!("{count} elements for which nothing is stored are more than the limit of {most}");
    Err(Limits::exceeded(what, "max_units"))
}

/// Reads offsets: from 0 on, never falling, up to the length of what they point into.
fn offsets(group: &Group, scope: &Scope, check: impl FnOnce(u64) -> Result<()>) -> Result<Vec<u64>> {
    let read = || {
        let offsets = Array::read_offsets(scope.open_dataset(group, OFFSETS)?)?;
        let rising = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        match (offsets.first(), offsets.last()) {
            (Some(0), Some(last)) if rising => check(*last)?,
            _ => return Err(Error::corrupt("the offsets do not rise from 0")),
        }
        Ok(offsets)
    };
    read().map_err(|error: Error| error.in_link(OFFSETS))
}

impl Column {
    /// Opens the sequence that is the child `name` of `group`.
    fn open_child(group: &Group, name: &str, scope: &Scope, depth: Depth) -> Result<Box<Self>> {
        let open = || Self::of_object(group.open(name)?, scope, depth);
        open().map_err(|error: Error| error.in_link(name))
    }

    fn of_object(object: Object, scope: &Scope, depth: Depth) -> Result<Box<Self>> {
        match object {
            Object::Dataset(dataset) => {
                scope.meet(&dataset, Way::Hard)?;
                Self::of_dataset(dataset, scope.route())
            }
            Object::Group(group) => {
                let scope = scope.enter(&group, Way::Hard)?;
                match group.kind()? {
                    Some(kind) => {
                        let depth = depth.in_group()?;
                        depth.with_stack(|| Self::of_group(&group, kind, &scope, depth))
                    }
                    None => Err(Error::corrupt("expected a sequence, found a group")),
                }
            }
        }
        .map(Box::new)
    }

    /// The sequence that a dataset is, whose elements are at `route`.
    pub(super) fn of_dataset(mut dataset: Dataset, route: &Route) -> Result<Self> {
        let kind = dataset.kind()?;
        if let (false, Shape::Simple(dims)) = (select::fields_of_elements(&mut dataset, kind, route), dataset.shape())
            && dims.len() == 1
        {
            return Ok(Self::Records(Records::without_fields(dims[0])));
        }
        match (kind, dataset.shape()) {
            (None | Some(Kind::Bytes), Shape::Simple(_)) => Array::new(dataset).map(Self::Array),
            (Some(kind @ (Kind::I128 | Kind::U128)), Shape::Simple(_)) => {
                check_halves(dataset.dtype())?;
                Array::new(dataset).map(|array| Self::Halves(array, kind))
            }
            (Some(Kind::Units), Shape::Scalar) => match dataset.dtype() {
                Dtype::Number(number) if number.is_integer() => {
                    u64::try_from(integer(*number, dataset.read()?.bytes()))
                        .map_err(|_| Error::corrupt("a negative count"))
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

    /// The sequence that a group of `kind` is; the scope is that of an element.
    pub(super) fn of_group(group: &Group, kind: Kind, scope: &Scope, depth: Depth) -> Result<Self> {
        let child = |name| Self::open_child(group, name, scope, depth);
        Ok(match kind {
            Kind::Columns => Self::Records(Records::open(group, scope, depth)?),
            Kind::Ragged => {
                let values = Self::open_child(group, VALUES, &scope.of_elements(), depth)?;
                let offsets = offsets(group, scope, |end| check_len(VALUES, &values, end))?;
                Self::Ragged { offsets, values }
            }
            Kind::Blobs | Kind::Text => {
                let text = kind == Kind::Text;
                let name = if text { BYTES } else { VALUES };
                let open = || {
                    let bytes = Array::new(scope.open_dataset(group, name)?)?;
                    match (bytes.dtype(), bytes.dims()) {
                        (Dtype::Number(Number::U8), [_]) => Ok(bytes),
                        _ => Err(Error::corrupt(format!("expected a list of bytes, found {}", bytes.words()))),
                    }
                };
                let bytes = open().map_err(|error: Error| error.in_link(name))?;
                let len = bytes.len();
                let check = |end| if end == len { Ok(()) } else { Err(unequal(name, len, end)) };
                Self::Parts { offsets: offsets(group, scope, check)?, bytes, text }
            }
            Kind::Maps => {
                let keys = child(KEYS)?;
                let values = Self::open_child(group, VALUES, &scope.of_elements(), depth)?;
                let offsets = offsets(group, scope, |end| {
                    check_len(KEYS, &keys, end)?;
                    check_len(VALUES, &values, end)
                })?;
                Self::Maps { offsets, keys, values, route: scope.route().clone() }
            }
            Kind::Nullable | Kind::Nulls => {
                let values = child(VALUES)?;
                let mask = mask(group, scope)?;
                check_masked(&values, &mask)?;
                Self::Nullable { mask, values, units: kind == Kind::Nulls }
            }
            Kind::Variants | Kind::Mixed => {
                let parted = Parted::open(group, kind, scope, depth)?;
                if kind == Kind::Variants { Self::Variants(parted) } else { Self::Mixed(parted) }
            }
            Kind::List => Self::List { group: group.clone(), scope: scope.clone(), len: children(group)? },
            kind => return Err(Error::wrong_type("a sequence", format!("a group of kind `{}`", kind.as_str()))),
        })
    }

    /// The keys and values of a group of the kind `map`.
    pub(super) fn of_pairs(group: &Group, scope: &Scope, depth: Depth) -> Result<(Self, Self)> {
        let keys = Self::open_child(group, KEYS, scope, depth)?;
        let values = Self::open_child(group, VALUES, scope, depth)?;
        check_len(VALUES, &values, keys.len())?;
        Ok((*keys, *values))
    }

    /// The number of elements.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Array(array) | Self::Halves(array, _) => array.len(),
            Self::Parts { offsets, .. } | Self::Ragged { offsets, .. } | Self::Maps { offsets, .. } => {
                offsets.len() as u64 - 1
            }
            Self::Units(len) | Self::List { len, .. } => *len,
            Self::Records(records) => records.len,
            Self::Nullable { mask, .. } => mask.len() as u64,
            Self::Variants(parted) | Self::Mixed(parted) => parted.places.len() as u64,
        }
    }

    /// The element at `index`, which is smaller than the length.
    #[inline]
    pub(super) fn view(&mut self, index: u64, depth: Depth) -> Result<View<'_>> {
        let at = index as usize;
        let form = match self {
            Self::Array(array) => {
                if array.dims().len() > 1 {
                    let start = index * array.stride(0);
                    Form::Grid { array, level: 1, start }
                } else {
                    let (dtype, bytes, items) = array.item(index)?;
                    Form::Item(Item { dtype, bytes, items })
                }
            }
            Self::Halves(array, kind) => {
                let (_, bytes, _) = array.item(index)?;
                wide(bytes, *kind)?
            }
            Self::Parts { offsets, bytes, text } => {
                let (start, end) = (offsets[at], offsets[at + 1]);
                let bytes = bytes.range(start, end - start)?;
                if *text { Form::Text(bytes) } else { Form::Bytes(bytes) }
            }
            Self::Units(_) => Form::Null { unit: true },
            Self::Records(records) => Form::Records { fields: &mut records.fields, index, tuples: records.tuples },
            Self::Ragged { offsets, values } => {
                Form::Sequence { column: values, start: offsets[at], end: offsets[at + 1], link: Some(VALUES) }
            }
            Self::Maps { offsets, keys, values, route } => {
                Form::Map { keys, values, start: offsets[at], end: offsets[at + 1], route }
            }
            Self::Nullable { mask, values, units } => {
                if mask[at] {
                    Form::Null { unit: *units }
                } else if *units {
                    Form::Inside { column: values, index, link: VALUES }
                } else {
                    Form::Present { column: values, index }
                }
            }
            Self::Variants(parted) => {
                let (part, place) = parted.part(index);
                Form::Variant { name: &part.name, link: &part.link, payload: part.column.as_mut(), index: place }
            }
            Self::Mixed(parted) => {
                let (part, place) = parted.part(index);
                match &mut part.column {
                    Some(column) => Form::Inside { column, index: place, link: &part.link },
                    None => Form::Null { unit: true },
                }
            }
            Self::List { group, scope, .. } => {
                let name = index.to_string();
                Form::Node(Node::new(group, name, false, scope, depth))
            }
        };
        Ok(View { form, depth })
    }

    /// Whether the element at `index` is None or unit, within any number of `Some`.
    pub(super) fn is_null(&self, index: u64) -> bool {
        let at = index as usize;
        match self {
            Self::Units(_) => true,
            Self::Nullable { mask, values, .. } => mask[at] || values.is_null(index),
            Self::Mixed(parted) => {
                let (part, place) = parted.places[at];
                parted.parts[part as usize].column.as_ref().is_none_or(|column| column.is_null(place))
            }
            Self::List { group, .. } => match group.open(&index.to_string()) {
                Ok(Object::Dataset(dataset)) => *dataset.shape() == Shape::Null,
                _ => false,
            },
            _ => false,
        }
    }

    /// Type and shape of what is stored, where a dataset is behind the elements themselves.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Array(array) | Self::Halves(array, _) => Some(array.words()),
            _ => None,
        }
    }

    /// Whether a dataset is behind the elements themselves.
    #[inline]
    pub(super) fn is_dataset(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Halves(..))
    }

    /// The dataset that the elements are in, if it has one dimension.
    pub(super) fn list(&mut self) -> Option<&mut Array> {
        match self {
            Self::Array(array) if array.dims().len() == 1 => Some(array),
            _ => None,
        }
    }
}

fn mask(group: &Group, scope: &Scope) -> Result<Vec<bool>> {
    let read = || Array::read_mask(scope.open_dataset(group, MASK)?);
    read().map_err(|error: Error| error.in_link(MASK))
}

/// Values are as many as the mask says, or none at all where none is there.
fn check_masked(values: &Column, mask: &[bool]) -> Result<()> {
    if values.len() == 0 && mask.iter().all(|missing| *missing) {
        return Ok(());
    }
    check_len(VALUES, values, mask.len() as u64)
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
pub(super) fn wide(bytes: &[u8], kind: Kind) -> Result<Form<'static>> {
    let half = |at: usize| -> Option<u64> { Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?)) };
    let (Some(hi), Some(lo)) = (half(0), half(8)) else {
        return Err(Error::corrupt("a 128-bit integer of another size"));
    };
    let value = (u128::from(hi) << 64) | u128::from(lo);
    Ok(if kind == Kind::I128 { Form::I128(value as i128) } else { Form::U128(value) })
}

impl Records {
    fn open(group: &Group, scope: &Scope, depth: Depth) -> Result<Self> {
        let len = group.length()?;
        let mut fields = Vec::new();
        let mut links = group.links()?;
        // The positions of a tuple are all there, or it would be another.
        if scope.route().selects() && !are_positions(links.iter().map(|link| unescape(&link.name))) {
            select::links(group, &mut links, scope.route())?;
        }
        for link in links {
            let scope = scope.at(scope.route().field(&unescape(&link.name)));
            fields.push(Field::open(group, link.name, &scope, depth, len));
        }
        // Any field that can be read has as many elements as there are rows.
        if fields.iter().all(|field| field.column.is_err()) {
            check_count(len)?;
        }
        let tuples = are_positions(fields.iter().map(|field: &Field| field.name.as_str()));
        if tuples {
            // A group that does not remember the order of its links gives "10" before "2".
            fields.sort_by_key(|field| position(&field.name));
        }
        let masked = fields.iter().any(Field::is_masked);
        Ok(Self { fields, len, tuples, masked, order: Order::default() })
    }
}

impl Records {
    /// Records of which all fields are left out.
    fn without_fields(len: u64) -> Self {
        Self { fields: Vec::new(), len, tuples: false, masked: false, order: Order::default() }
    }

    /// Whether they can be read as sequences of the `fields` that `V` asks for.
    #[inline]
    pub(super) fn keep_order<V>(&self, fields: &'static [&'static str]) -> bool {
        !self.masked && self.order.is_kept::<V>(fields, self.fields.iter().map(|field| field.name.as_str()))
    }
}

impl Field {
    fn open(group: &Group, link: String, scope: &Scope, depth: Depth, len: u64) -> Self {
        let open = || -> Result<_> {
            let object = group.open(&link)?;
            if let Object::Group(inner) = &object
                && inner.kind()? == Some(Kind::Masked)
            {
                let scope = scope.enter(inner, Way::Hard)?;
                let column = Column::open_child(inner, VALUES, &scope, depth)?;
                let mask = mask(inner, &scope)?;
                check_masked(&column, &mask)?;
                if mask.len() as u64 != len {
                    return Err(unequal(MASK, mask.len() as u64, len));
                }
                return Ok((column, Some(mask)));
            }
            Ok((Column::of_object(object, scope, depth)?, None))
        };
        let opened = open().and_then(|(column, mask)| {
            if mask.is_none() {
                check_len("the field", &column, len)?;
            }
            Ok((column, mask))
        });
        let (column, mask) = match opened {
            Ok((column, mask)) => (Ok(column), mask),
            Err(error) => (Err(error), None),
        };
        Self { name: unescape(&link).into_owned(), link, column, mask }
    }
}

impl Parted {
    fn open(group: &Group, kind: Kind, scope: &Scope, depth: Depth) -> Result<Self> {
        let read = || Tags::read(*Column::of_object(group.open(TAG)?, scope, depth)?);
        let Tags { names, tags } = read().map_err(|error: Error| error.in_link(TAG))?;
        let mut parts = Vec::new();
        let links: std::collections::HashMap<String, String> = group
            .link_names()?
            .into_iter()
            .filter(|link| link != TAG)
            .map(|link| (unescape(&link).into_owned(), link))
            .collect();
        for name in names {
            let link = links.get(&name).cloned();
            let column = match &link {
                Some(link) if kind == Kind::Variants => {
                    Some(*Column::open_child(group, link, &scope.at(scope.route().field(&name)), depth)?)
                }
                Some(link) => Some(*Column::open_child(group, link, scope, depth)?),
                None => None,
            };
            parts.push(Branch { name, link: link.unwrap_or_default(), column });
        }
        let mut counts = vec![0u64; parts.len()];
        let mut places = Vec::with_capacity(tags.len());
        for tag in tags {
            let count = counts.get_mut(tag as usize).ok_or_else(|| Error::corrupt("a tag that has no name"))?;
            places.push((tag, *count));
            *count += 1;
        }
        for (part, count) in parts.iter().zip(counts) {
            match &part.column {
                Some(column) => check_len(&part.name, column, count).map_err(|error| error.in_link(&part.link))?,
                None if kind == Kind::Mixed && part.name != "unit" => {
                    return Err(Error::corrupt(format!("there is no `{}`", part.name)));
                }
                None => {}
            }
        }
        Ok(Self { parts, places })
    }
}

/// The tags of a sequence of enums or of mixed types.
struct Tags {
    names: Vec<String>,
    /// Positions in `names`.
    tags: Vec<u32>,
}

impl Tags {
    /// The tags that are written out as names.
    fn of_names(mut column: Column) -> Result<Self> {
        let (mut names, mut tags) = (Vec::<String>::new(), Vec::new());
        let mut positions = std::collections::HashMap::new();
        for index in 0..column.len() {
            let name = column.view(index, Depth::default())?.into_text()?;
            let tag = *positions.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() as u32 - 1
            });
            tags.push(tag);
        }
        Ok(Self { names, tags })
    }

    fn read(column: Column) -> Result<Self> {
        let mut array = match column {
            Column::Array(array) if array.dims().len() == 1 => array,
            names @ Column::Parts { text: true, .. } => return Self::of_names(names),
            other => {
                let found = other.words().unwrap_or_else(|| "something else".to_owned());
                return Err(Error::corrupt(format!("expected a list of tags, found {found}")));
            }
        };
        match array.dtype().clone() {
            Dtype::Enum(enumeration) => {
                let mut tags = Vec::new();
                for index in 0..array.len() {
                    let (_, bytes, _) = array.item(index)?;
                    tags.push(member(&enumeration, integer(enumeration.base, bytes))?);
                }
                Ok(Self { names: enumeration.members.iter().map(|(name, _)| name.clone()).collect(), tags })
            }
            Dtype::FixedString(_) | Dtype::VarString(_) => Self::of_names(Column::Array(array)),
            // No element has shown which variant it is: none is there.
            _ if array.len() == 0 => Ok(Self { names: Vec::new(), tags: Vec::new() }),
            _ => Err(Error::corrupt(format!("expected a list of tags, found {}", array.words()))),
        }
    }
}

fn member(enumeration: &EnumType, value: i128) -> Result<u32> {
    let guess = usize::try_from(value).ok().filter(|at| enumeration.members.get(*at).is_some_and(|m| m.1 == value));
    guess
        .or_else(|| enumeration.members.iter().position(|(_, member)| *member == value))
        .map(|position| position as u32)
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, format!("the tag {value} has no name")))
}
