//! What a link leads to.

use serde::de::{Deserializer, Visitor};

use super::access::Payload;
use super::column::{Column, check_halves, wide};
use super::forward_all;
use super::scope::Scope;
use super::view::{Form, View};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::{Kind, VALUE};
use crate::item::Item;
use crate::storage::{Attributes, Contents, Dataset, Group, Link, Object, Shape};

/// A value behind a link, which is opened when it is asked for.
#[derive(Debug)]
pub(super) struct Node {
    parent: Group,
    link: Link,
    scope: Scope,
    depth: Depth,
}

impl Node {
    pub(super) fn new(parent: &Group, link: String, soft: bool, scope: &Scope, depth: Depth) -> Self {
        Self::at(parent, Link::new(link, soft), scope, depth)
    }

    pub(super) fn at(parent: &Group, link: Link, scope: &Scope, depth: Depth) -> Self {
        Self { parent: parent.clone(), link, scope: scope.clone(), depth }
    }

    /// Opens what is there, and hands it to `read`.
    pub(super) fn view<R>(self, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
        let object = self.parent.open_link(&self.link)?;
        self.depth.with_stack(|| of_object(object, &self.scope, self.link.soft, self.depth, read))
    }
}

/// Hands what an object holds to `read`.
pub(super) fn of_object<R>(
    object: Object,
    scope: &Scope,
    soft: bool,
    depth: Depth,
    read: impl FnOnce(View<'_>) -> Result<R>,
) -> Result<R> {
    match object {
        Object::Dataset(dataset) => {
            scope.meet(&dataset, soft)?;
            of_dataset(dataset, depth, read)
        }
        Object::Group(group) => {
            let about = group.about()?;
            let scope = scope.enter_known(&about, soft)?;
            let kind = if about.attributes > 0 { group.kind()? } else { None };
            of_group(&group, kind, &scope, depth, read)
        }
    }
}

/// Hands what a dataset holds to `read`.
fn of_dataset<R>(dataset: Dataset, depth: Depth, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
    let kind = dataset.kind()?;
    let items;
    let form = match (kind, dataset.shape()) {
        (kind, Shape::Null) => Form::Null { unit: kind == Some(Kind::Unit) },
        (Some(kind @ (Kind::Str | Kind::Bytes)), Shape::Simple(dims)) => {
            if dims.len() != 1 || dataset.dtype().size() != 1 {
                return Err(Error::corrupt(format!("expected bytes, found {}", dataset.words())));
            }
            items = dataset.read()?;
            if kind == Kind::Str { Form::Text(items.bytes()) } else { Form::Bytes(items.bytes()) }
        }
        (Some(kind @ (Kind::I128 | Kind::U128)), Shape::Scalar) => {
            check_halves(dataset.dtype())?;
            wide(dataset.read()?.bytes(), kind)?
        }
        (None, Shape::Scalar) => {
            items = dataset.read()?;
            Form::Item(Item { dtype: dataset.dtype(), bytes: items.bytes(), items: &items })
        }
        _ => {
            let words = dataset.words();
            let column = Column::of_dataset(dataset);
            return column
                .and_then(|mut column| of_column(&mut column, depth, read))
                .map_err(|error| error.stored_as(|| words));
        }
    };
    read(View { form, depth }).map_err(|error| error.stored_as(|| dataset.words()))
}

/// Hands what an attribute holds to `read`.
pub(super) fn of_attribute<R>(contents: Contents, depth: Depth, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
    let Contents { shape, dtype, items } = &contents;
    let form = match shape {
        Shape::Null => Form::Null { unit: false },
        Shape::Scalar => Form::Item(Item { dtype, bytes: items.bytes(), items }),
        Shape::Simple(dims) => Form::block(dims, dtype, items)?,
    };
    read(View { form, depth }).map_err(|error| error.stored_as(|| contents.words()))
}

fn of_column<R>(column: &mut Column, depth: Depth, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
    let end = column.len();
    read(View { form: Form::Sequence { column, start: 0, end, link: None }, depth })
}

/// Hands what a group holds to `read`.
fn of_group<R>(
    group: &Group,
    kind: Option<Kind>,
    scope: &Scope,
    depth: Depth,
    read: impl FnOnce(View<'_>) -> Result<R>,
) -> Result<R> {
    match kind {
        None => read(View { form: Form::Group { group, scope }, depth }),
        Some(Kind::Tuple | Kind::List) => read(View { form: Form::Children { group, scope }, depth }),
        Some(Kind::Map) => {
            let (mut keys, mut values) = Column::of_pairs(group, scope, Depth::default())?;
            let end = keys.len();
            read(View { form: Form::Map { keys: &mut keys, values: &mut values, start: 0, end }, depth })
        }
        Some(Kind::Some) => {
            let node = Node::new(group, VALUE.to_owned(), false, scope, depth.in_sequence()?);
            read(View { form: Form::Some(node), depth })
        }
        Some(Kind::Value) => {
            // A group that says that it only holds another may hold the next such group, too.
            let node = Node::new(group, VALUE.to_owned(), false, scope, depth.in_sequence()?);
            node.view(read).map_err(|error| error.in_link(VALUE))
        }
        Some(kind) => of_column(&mut Column::of_group(group, kind, scope, Depth::default())?, depth, read),
    }
}

macro_rules! open {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.view(|view| view.$method($($name,)* visitor))
        }
    };
}

impl Payload for Node {
    fn depth(&mut self) -> &mut Depth {
        &mut self.depth
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    forward_all!(open);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
