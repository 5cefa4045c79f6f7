//! Groups that other programs take for sequences, as the columns that we have for ours.
//!
//! What such a group is to others shows by an attribute of theirs. It is looked at where a sequence is asked for; who asks
//! for a struct or map finds the children.

use super::cells::{Cells, check_readable};
use super::column::{Column, Count};
use super::matlab;
use super::select::{has_names as leads_on_in, leads_on};
use super::visit_limits::{LinkKind, Scope};
use crate::de::item::{Item, Scalar};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::MAX_DEPTH;
use crate::ground::link_name::unescape;
use crate::h5::{Attributes, Dataset, Dtype, Field, Group, Link, Object, Shape, integer, texts};
use crate::layout::foreign::{
    CATEGORICAL, CATEGORIES, CODES, COLUMN_ORDER, DATAFRAME, HICKLE_CLASS, HICKLE_CLASSES, HICKLE_ITEM, HICKLE_ITEMS,
    HICKLE_KEY, HICKLE_STR, INDEX, MATLAB_CLASS, MATLAB_FIRST, MATLAB_HIDDEN, MATLAB_STRUCT, NULLABLE, PANDAS_CATEGORY,
    PANDAS_FRAME, PANDAS_NAME, PANDAS_NOTHING, PANDAS_ROWS, PANDAS_SERIES, PANDAS_TABLE, PANDAS_TYPE, SCALE,
    SCALE_USERS, TABLE, block, categories_of, level_of, meta_of, unquoted,
};
use crate::layout::path_rules::Keep;
use crate::layout::python::is_pickle;
use crate::layout::{ENCODING_TYPE, Kind, VALUES};

/// The sequence that a group without a kind is to those who wrote it, if it is one. The scope is that of an element.
pub(super) fn sequence(group: &Group, scope: &Scope, depth: Depth) -> Result<Option<Column>> {
    if group.summary()?.attributes == 0 {
        return Ok(None);
    }
    let child = |name| Column::open_child(group, name, scope, depth, Count::Stored).map(|column| Some(*column));
    if let Some(encoding) = group.text_attribute(ENCODING_TYPE)? {
        return match encoding.as_str() {
            CATEGORICAL => {
                let codes = Column::open_child(group, CODES, scope, depth, Count::Stored)?;
                let categories = Column::open_child(group, CATEGORIES, scope, depth, Count::Stored)?;
                Column::categorical(*codes, *categories).map(Some).map_err(|error| error.in_link(CODES))
            }
            DATAFRAME => frame(group, scope, depth).map(Some),
            encoding if encoding.starts_with(NULLABLE) => {
                Column::of_group(group, Kind::Nullable, scope, depth).map(Some)
            }
            _ => Ok(None),
        };
    }
    if let Some(word) = group.text_attribute(PANDAS_TYPE)? {
        return match word.as_str() {
            PANDAS_FRAME => blocks(group, scope, depth).map(Some),
            PANDAS_SERIES => child(VALUES),
            word if word.ends_with(PANDAS_TABLE) => match categories(group, scope)? {
                Some(table) => Ok(Some(table)),
                None => child(TABLE),
            },
            _ => Ok(None),
        };
    }
    if is_struct(group)? {
        return structs(group, scope).map(Some);
    }
    match group.has_attribute(HICKLE_ITEMS)? && group.len() > 0 && group.has_link(&format!("{HICKLE_ITEM}0"))? {
        true => Column::list_of(group, HICKLE_ITEM, scope).map(Some),
        false => Ok(None),
    }
}

/// Whether a group is a sequence also to those who ask for anything.
pub(super) fn is_list(group: &Group) -> Result<bool> {
    if group.summary()?.attributes == 0 {
        return Ok(false);
    }
    if let Some(encoding) = group.text_attribute(ENCODING_TYPE)? {
        return Ok(encoding == CATEGORICAL || encoding.starts_with(NULLABLE));
    }
    if is_struct(group)? {
        return fields_of_structs(group).map(|fields| fields.is_some());
    }
    Ok(group.has_attribute(HICKLE_ITEMS)? && group.has_link(&format!("{HICKLE_ITEM}0"))?)
}

/// The links to what a map has in a group: not to what only serves to store that.
pub(super) fn retain_entries(group: &Group, links: &mut Vec<Link>) -> Result<()> {
    let (classes, version) = HICKLE_CLASSES;
    if links.iter().any(|link| link.name == classes) && group.has_attribute(version)? {
        links.retain(|link| link.name != classes);
    }
    let [refs, _] = MATLAB_HIDDEN;
    if !links.iter().any(|link| link.name == refs) {
        return Ok(());
    }
    let (first, class) = MATLAB_FIRST;
    let is_matlabs = match group.open(refs)? {
        Object::Group(refs) if refs.has_link(first)? => match refs.open(first)? {
            Object::Dataset(first) => first.text_attribute(MATLAB_CLASS)?.as_deref() == Some(class),
            Object::Group(_) => false,
        },
        _ => false,
    };
    if is_matlabs {
        links.retain(|link| !MATLAB_HIDDEN.contains(&link.name.as_str()));
    }
    Ok(())
}

/// The names of attributes that say something of the value: not of the class that it had in Python, or in MATLAB.
pub(super) fn retain_attributes(group: &Group, names: &mut Vec<String>) -> Result<()> {
    matlab::retain_attributes(names);
    retain_of_object(group, names)
}

/// The same of whatever object, where attributes are asked for: what MATLAB has there is something then, but not where else
/// the object is used, which those say themselves.
pub(super) fn retain_of_object(object: &impl Attributes, names: &mut Vec<String>) -> Result<()> {
    retain_of_class(object, names)?;
    let (class, scale) = SCALE;
    if names.iter().any(|name| name == SCALE_USERS) && object.text_attribute(class)?.as_deref() == Some(scale) {
        names.retain(|name| name != SCALE_USERS);
    }
    Ok(())
}

/// The names of attributes that say something of the value, also where it is used: not of the class that it had in Python.
pub(super) fn retain_of_class(object: &impl Attributes, names: &mut Vec<String>) -> Result<()> {
    if names.iter().any(|name| name == HICKLE_CLASS) {
        let class = object.attribute(HICKLE_CLASS)?;
        if matches!(class, Some(class) if matches!(class.dtype, Dtype::Reference(_))) {
            names.retain(|name| name != HICKLE_CLASS);
        }
    }
    Ok(())
}

/// Whether the names of some of the links are strings of Python's, in quotes.
pub(super) fn has_quoted_keys(group: &Group, links: &[Link]) -> Result<bool> {
    let Some(quoted) = links.iter().find(|link| unquoted(&link.name).is_some()) else { return Ok(false) };
    let sort = match group.open_link(quoted) {
        Ok(object) => object.text_attribute(HICKLE_KEY)?,
        // What is wrong with it matters only if it is asked for.
        Err(_) => None,
    };
    Ok(sort.as_deref() == Some(HICKLE_STR))
}

fn open(group: &Group, name: &str, scope: &Scope, depth: Depth) -> Result<Column> {
    Column::of_object(group.open(name)?, scope, depth, Count::Stored).map(|column| *column)
}

/// AnnData's table as records: the names of the rows come first.
fn frame(group: &Group, scope: &Scope, depth: Depth) -> Result<Column> {
    let mut names = Vec::from_iter(group.text_attribute(INDEX)?);
    match group.attribute(COLUMN_ORDER)? {
        Some(order) if order.shape.count() != Some(0) => {
            let order = order.texts().ok_or_else(|| {
                Error::corrupt(format!("the attribute `{COLUMN_ORDER}` is no list of names but {}", order.words()))
            })?;
            names.extend(order);
        }
        _ => {}
    }
    let column = |name: String| {
        if !is_kept(scope, &unescape(&name), || leads_on(&group.open(&name)?, MAX_DEPTH))? {
            return Ok(None);
        }
        let scope = scope.at(scope.rules().field(&unescape(&name)));
        let column = open(group, &name, &scope, depth);
        match column {
            Err(error) if scope.ends_with(&error) => Err(error.in_link(&name)),
            column => Ok(Some((unescape(&name).into_owned(), name, column))),
        }
    };
    Column::records(names.into_iter().filter_map(|name| column(name).transpose()).collect::<Result<_>>()?)
}

/// pandas' table as records: columns of one type are those of one dataset.
fn blocks(group: &Group, scope: &Scope, depth: Depth) -> Result<Column> {
    let mut fields = Vec::new();
    let (rows, index) = PANDAS_ROWS;
    let is_levelled = group.has_link(&level_of(rows, 0).0)?;
    if (is_levelled || group.has_link(rows)?) && is_kept(scope, index, || Ok(is_levelled))? {
        let scope = &scope.at(scope.rules().field(index));
        let column =
            if is_levelled { levelled_rows(group, rows, scope, depth) } else { open(group, rows, scope, depth) };
        fields.push((index.to_owned(), rows.to_owned(), column));
    }
    for number in 0.. {
        let (items, values) = block(number);
        let is_levelled = group.has_link(&level_of(&items, 0).0)?;
        if !is_levelled && !group.has_link(&items)? {
            break;
        }
        let names = if is_levelled { levelled(group, &items, scope)? } else { names_in(group, &items, scope)? };
        // However many columns it has, the dataset is met once; what is wrong with it is wrong with each.
        let kept: Vec<bool> = names.iter().map(|name| is_kept(scope, name, || Ok(false))).collect::<Result<_>>()?;
        if !kept.contains(&true) {
            continue;
        }
        let block = || scope.open_dataset(group, &values).and_then(|dataset| block_of(dataset, names.len()));
        let met = block();
        for (at, name) in names.iter().enumerate().filter(|(at, _)| kept[*at]) {
            let column = match &met {
                Ok(block) => Ok(block.beginning_at(at as u64)),
                Err(_) => block().map(|block| block.beginning_at(at as u64)),
            };
            fields.push((name.clone(), values.clone(), column.map(Column::Cells)));
        }
    }
    Column::records(fields)
}

/// The names of rows at several levels of pandas', as records: by the names that the levels have, or by their numbers.
fn levelled_rows(group: &Group, rows: &str, scope: &Scope, depth: Depth) -> Result<Column> {
    let mut fields = Vec::new();
    for level in 0.. {
        let (values, codes) = level_of(rows, level);
        if !group.has_link(&values)? {
            break;
        }
        // One without a name has a pickle of nothing for it.
        let name = match group.open(&values)?.text_attribute(PANDAS_NAME)? {
            Some(name) if !name.is_empty() && !is_pickle(name.as_bytes()) && name != PANDAS_NOTHING => name,
            _ => level.to_string(),
        };
        if !is_kept(scope, &name, || Ok(false))? {
            continue;
        }
        let scope = scope.at(scope.rules().field(&name));
        let column = open(group, &codes, &scope, depth)
            .and_then(|codes| Column::categorical(codes, open(group, &values, &scope, depth)?));
        fields.push((name, codes, column));
    }
    Column::records(fields)
}

/// Whether the options keep a column; of one that they may keep something in, whether there is.
fn is_kept(scope: &Scope, name: &str, leads_on: impl FnOnce() -> Result<bool>) -> Result<bool> {
    match scope.rules().field(name).keep() {
        Keep::Yes => Ok(true),
        Keep::No => Ok(false),
        Keep::OnTheWay => leads_on(),
    }
}

/// pandas' table, column by column, if some of them are numbers of categories.
fn categories(group: &Group, scope: &Scope) -> Result<Option<Column>> {
    let Ok(Object::Dataset(table)) = group.open(TABLE) else { return Ok(None) };
    let Dtype::Compound(fields) = table.dtype().clone() else { return Ok(None) };
    let mut is_category = Vec::new();
    for field in fields.iter() {
        is_category.push(table.text_attribute(&meta_of(&field.name))?.as_deref() == Some(PANDAS_CATEGORY));
    }
    if !is_category.contains(&true) || !matches!(table.shape(), Shape::Simple(dims) if dims.len() == 1) {
        return Ok(None);
    }
    scope.count_dataset(&table, LinkKind::Hard).map_err(|error| error.in_link(TABLE))?;
    let mut kept = Vec::new();
    for (field, is_category) in fields.iter().zip(is_category) {
        if is_kept(scope, &field.name, || Ok(leads_on_in(&field.dtype)))? {
            kept.push((field, is_category));
        }
    }
    if kept.is_empty() {
        return Ok(None);
    }
    // Those that cannot be read are read by none.
    let readable = kept.iter().map(|(field, _)| *field).filter(|field| check_readable(field).is_ok());
    let first = Cells::of_fields(&table, readable).map_err(|error| error.in_link(TABLE))?;
    let mut next = 0;
    let column = |(field, is_category): (&Field, bool)| {
        let rules = scope.rules().field(&field.name);
        let column = check_readable(field).and_then(|()| {
            next += 1;
            let codes = Column::Cells(first.at_field(next - 1));
            if !is_category {
                return Ok(codes);
            }
            Column::categorical(codes, categories_in(group, &field.name, &scope.at(rules))?)
        });
        (field.name.clone(), TABLE.to_owned(), column)
    };
    Column::records(kept.into_iter().map(column).collect()).map(Some)
}

/// The categories of a column of pandas' table.
fn categories_in(group: &Group, column: &str, scope: &Scope) -> Result<Column> {
    let path = categories_of(column);
    let [first, between @ .., last] = &path;
    let open = |group: &Group, name: &str| match group.open(name)? {
        Object::Group(inner) => Ok(inner),
        Object::Dataset(_) => Err(Error::corrupt("expected a group, found a dataset")),
    };
    let mut inner = open(group, first)?;
    for name in between {
        inner = open(&inner, name)?;
    }
    Column::of_records(&scope.open_dataset(&inner, last)?, VALUES)
}

/// What columns, or a level of them, are called: strings, numbers or bools.
fn names_in(group: &Group, link: &str, scope: &Scope) -> Result<Vec<String>> {
    let names = scope.open_dataset(group, link).and_then(|dataset| {
        let contents = dataset.read()?;
        let wrong = || Error::wrong_type("the names of columns", dataset.words());
        if let Some(names) = texts(dataset.dtype(), &contents) {
            return Ok(names);
        }
        let (dtype, size) = (dataset.dtype(), dataset.dtype().size().max(1));
        let name = |bytes| match (Item { dtype, bytes, items: &contents }).scalar()? {
            Scalar::Bool(value) => Ok(value.to_string()),
            Scalar::Integer(_, value) => Ok(value.to_string()),
            Scalar::F64(value) => Ok(value.to_string()),
            Scalar::F32(value) => Ok(value.to_string()),
            _ => Err(wrong()),
        };
        if dtype.has_addresses() || dtype.unsupported().is_some() {
            return Err(wrong());
        }
        contents.bytes().chunks_exact(size).map(name).collect()
    });
    names.map_err(|error: Error| error.in_link(link))
}

/// What columns are called that have names at several levels: these, joined by a point.
fn levelled(group: &Group, items: &str, scope: &Scope) -> Result<Vec<String>> {
    /// Bytes that all names may have.
    const MAX_NAME_BYTES: usize = 64 << 20;
    let (mut all, mut bytes) = (Vec::<String>::new(), 0_usize);
    for level in 0.. {
        let (names, codes) = level_of(items, level);
        if !group.has_link(&names)? {
            break;
        }
        let names = names_in(group, &names, scope)?;
        let dataset = scope.open_dataset(group, &codes).map_err(|error| error.in_link(&codes))?;
        let wrong = || Error::corrupt(format!("expected the numbers of names, found {}", dataset.words()));
        let number = dataset.dtype().number().filter(|number| number.is_integer()).ok_or_else(wrong)?;
        let contents = dataset.read().map_err(|error| error.in_link(&codes))?;
        let parts = contents.bytes().chunks_exact(number.size()).map(|code| {
            // A negative one is of none.
            let code = usize::try_from(integer(number, code)).ok();
            code.map_or(Ok(""), |code| names.get(code).map(String::as_str).ok_or_else(wrong))
        });
        let parts: Vec<&str> = parts.collect::<Result<_>>().map_err(|error| error.in_link(&codes))?;
        // A few bytes of codes can repeat a long name any number of times.
        bytes = parts.iter().fold(bytes, |bytes, part| bytes.saturating_add(part.len() + 1));
        if bytes > MAX_NAME_BYTES {
            let message = format!("the names of {} columns take more than {MAX_NAME_BYTES} bytes", parts.len());
            return Err(Error::new(ErrorKind::Limit, message).in_link(&codes));
        }
        if level == 0 {
            all = parts.into_iter().map(str::to_owned).collect();
        } else if parts.len() == all.len() {
            all.iter_mut().zip(parts).for_each(|(name, part)| {
                name.push('.');
                name.push_str(part);
            });
        } else {
            return Err(wrong().in_link(&codes));
        }
    }
    Ok(all)
}

/// The first column of a dataset of `count` columns.
fn block_of(dataset: Dataset, count: usize) -> Result<Cells> {
    match (dataset.dtype(), dataset.shape()) {
        (_, Shape::Simple(dims)) if dims.len() == 2 && dims[1] == count as u64 => {
            let (step, len) = (dims[1], dims[0]);
            Cells::strided(dataset, step, len)
        }
        (Dtype::VarArray(_), _) => Err(Error::new(
            ErrorKind::Unsupported,
            "a pickled Python object cannot be read: have pandas write a table (`format=\"table\"`)",
        )),
        _ => Err(Error::corrupt(format!("expected {count} columns, found {}", dataset.words()))),
    }
}

/// Whether a group is a struct of MATLAB's, or an array of structs.
fn is_struct(group: &Group) -> Result<bool> {
    Ok(group.text_attribute(MATLAB_CLASS)?.as_deref() == Some(MATLAB_STRUCT))
}

/// The fields of an array of structs, each of which refers to that of each struct; `None` for one struct, whose fields are
/// themselves.
fn fields_of_structs(group: &Group) -> Result<Option<Vec<(String, Dataset)>>> {
    let mut fields = Vec::new();
    for Link { name, .. } in group.links()? {
        match group.open(&name)? {
            Object::Dataset(dataset)
                if matches!(dataset.dtype(), Dtype::Reference(_)) && dataset.attribute(MATLAB_CLASS)?.is_none() =>
            {
                fields.push((name, dataset));
            }
            _ => return Ok(None),
        }
    }
    Ok((!fields.is_empty()).then_some(fields))
}

/// MATLAB's struct, as a list of it, or array of structs, in the order of their numbers.
fn structs(group: &Group, scope: &Scope) -> Result<Column> {
    let Some(fields) = fields_of_structs(group)? else { return Ok(Column::one(group, scope)) };
    let column = |(name, field): (String, Dataset)| {
        scope.count_dataset(&field, LinkKind::Hard)?;
        let column = match field.shape().count() {
            Some(count) => Cells::strided(field, 1, count).map(Column::Cells),
            None => Err(Error::corrupt("a dataset of absurd shape")),
        };
        Ok((unescape(&name).into_owned(), name, column))
    };
    Column::records(fields.into_iter().map(column).collect::<Result<_>>()?)
}
