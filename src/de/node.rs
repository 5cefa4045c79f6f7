//! What a link leads to.

use std::sync::Arc;

use super::array_form;
use super::column::{Column, check_halves, wide};
use super::deserializer::AskOnce;
use super::dynamic::is_dynamic;
use super::elements::{Payload, Variant};
use super::marked_dataset::MarkedDataset;
#[cfg(feature = "nalgebra")]
use super::matrix_form;
use super::python::union::UnionVariant;
use super::select;
use super::source::{OpenObject, Source, offer};
use super::stored::{StoredForm, StoredValue};
use super::times;
use super::visit::{Answer, Question, Visit};
use super::visit_limits::{LinkKind, Scope};
use crate::de::item::Item;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::half::is_half;
use crate::ground::limits::Limits;
use crate::ground::time::{StoredTimes, is_time};
use crate::ground::wrapper_slot::is_wrapper;
use crate::h5::{Contents, Dataset, Dtype, Group, Identity, Items, Link, Object, ObjectSummary, Shape};
#[cfg(feature = "nalgebra")]
use crate::layout::matrix::MatrixType;
use crate::layout::path_rules::RulePosition;
use crate::layout::{ARRAY, Kind, VALUE};
use crate::layout_attributes::LayoutAttributes;

/// A value behind a link, which is opened when it is asked for.
#[derive(Debug)]
pub(crate) struct Node {
    at: NodeState,
    scope: Scope,
    depth: Depth,
}

#[derive(Debug)]
enum NodeState {
    /// Behind a link that is not followed yet.
    Link(Group, Link),
    Open(OpenNode),
}

/// An object, and what is known of it.
#[derive(Debug)]
struct OpenNode {
    object: Object,
    link_kind: LinkKind,
    /// Of a group: its kind, and what else there is to know, if that was asked for.
    about: Option<(ObjectSummary, Option<Kind>)>,
    /// The scope is that inside it already.
    entered: bool,
}

impl OpenNode {
    fn new(object: Object, link_kind: LinkKind) -> Self {
        Self { object, link_kind, about: None, entered: false }
    }

    fn identity(&mut self) -> Result<Identity> {
        self.kind()?;
        match self.about {
            Some((about, _)) => Ok(about.identity),
            None => Ok(self.object.summary()?.identity),
        }
    }

    /// The kind that says how to read it, if it is a group that has one.
    fn kind(&mut self) -> Result<Option<Kind>> {
        let Object::Group(group) = &self.object else { return Ok(None) };
        if let Some((_, kind)) = self.about {
            return Ok(kind);
        }
        let about = group.summary()?;
        let kind = if about.attributes > 0 { group.kind()? } else { None };
        self.about = Some((about, kind));
        Ok(kind)
    }
}

impl Node {
    pub(super) fn new(parent: &Group, link: String, soft: bool, scope: &Scope, depth: Depth) -> Self {
        Self::at(parent, Link::new(link, soft), scope, depth)
    }

    pub(super) fn at(parent: &Group, link: Link, scope: &Scope, depth: Depth) -> Self {
        Self { at: NodeState::Link(parent.clone(), link), scope: scope.clone(), depth }
    }

    /// What is in a child of a group, open already.
    pub(super) fn opened(object: Object, link: &Link, scope: &Scope, depth: Depth) -> Self {
        Self { at: NodeState::Open(OpenNode::new(object, LinkKind::by(link))), scope: scope.clone(), depth }
    }

    /// The value that fills a group where reading begins.
    pub(super) fn root(group: Group, rules: &RulePosition) -> Self {
        let open = OpenNode::new(Object::Group(group), LinkKind::Hard);
        Self { at: NodeState::Open(open), scope: Scope::new(rules), depth: Depth::of_reading() }
    }

    /// What is in an object that a wrapper opened.
    pub(super) fn of_stored(stored: OpenObject) -> Self {
        let OpenObject { object, scope, depth, entered, link_kind } = stored;
        Self { at: NodeState::Open(OpenNode { object, link_kind, about: None, entered }), scope, depth }
    }

    /// Opens what is there; what tells it from other objects.
    pub(super) fn identified(self) -> Result<(Self, Identity)> {
        let (mut open, scope, depth) = self.open()?;
        let identity = open.identity()?;
        Ok((Self { at: NodeState::Open(open), scope, depth }, identity))
    }

    /// The same of an open object that is read so once in the call, through whichever link.
    pub(super) fn once(mut self) -> Self {
        if let NodeState::Open(open @ OpenNode { link_kind: LinkKind::Hard, entered: false, .. }) = &mut self.at {
            open.link_kind = LinkKind::Once;
        }
        self
    }

    /// The name of the link that leads there, if that is known.
    pub(super) fn name(&self) -> Option<String> {
        match &self.at {
            NodeState::Link(_, link) => Some(link.name.clone()),
            NodeState::Open(_) => None,
        }
    }

    fn open(self) -> Result<(OpenNode, Scope, Depth)> {
        let open = match self.at {
            NodeState::Link(parent, link) => OpenNode::new(parent.open_link(&link)?, LinkKind::by(&link)),
            NodeState::Open(open) => open,
        };
        Ok((open, self.scope, self.depth))
    }

    /// Opens what is there, and hands it to `read`, once.
    fn view(self, read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>) -> Result<()> {
        let (open, scope, depth) = self.open()?;
        depth.with_stack(|| of_object(open, &scope, depth, read))
    }

    /// The child that a group of the kind `value` is about.
    fn inside(group: &Group, open: &OpenNode, scope: &Scope, depth: Depth) -> Result<Self> {
        let scope = if open.entered { scope.clone() } else { scope.enter(group, open.link_kind)? };
        // A group that says that it only holds another may hold the next such group, too.
        Ok(Self::new(group, VALUE.to_owned(), false, &scope, depth.in_sequence()?))
    }

    /// Opens the object that holds the value, and hands it to `read`, once, for a wrapper.
    pub(super) fn stored(self, read: &mut dyn FnMut(OpenObject) -> Result<()>) -> Result<()> {
        self.found(&mut |stored| read(stored.enter()?))
    }

    /// The same, but it is not read yet, and does not count as met.
    pub(super) fn found(self, read: &mut dyn FnMut(OpenObject) -> Result<()>) -> Result<()> {
        let mut node = self;
        let mut depth = node.depth;
        let mut links = 0;
        let located = |error: Error, links| (0..links).fold(error, |error, _| error.in_link(VALUE));
        loop {
            let inside = node.found_or_inside().map_err(|error| located(error, links))?;
            match inside {
                Ok(stored) => {
                    return depth.with_stack(|| read(stored)).map_err(|error| located(error, links));
                }
                Err(inner) => node = inner,
            }
            depth = node.depth;
            links += 1;
        }
    }

    /// The object that holds the value; or the node inside, where it is a group that is about that.
    fn found_or_inside(self) -> Result<Result<OpenObject, Self>> {
        let (mut open, scope, depth) = self.open()?;
        if let Some(Kind::Value) = open.kind()?
            && let Object::Group(group) = &open.object
        {
            return Self::inside(group, &open, &scope, depth).map(Err);
        }
        let OpenNode { object, link_kind, entered, .. } = open;
        Ok(Ok(OpenObject { object, scope, depth, entered, link_kind }))
    }

    /// An option, whose value is still behind the link, as far as wrappers care.
    fn option(self, visit: &mut dyn Visit) -> Result<()> {
        let (mut open, scope, depth) = self.open()?;
        let kind = open.kind()?;
        match (&open.object, kind) {
            (Object::Group(group), Some(Kind::Value)) => {
                let node = Self::inside(group, &open, &scope, depth)?;
                depth.with_stack(|| node.option(visit)).map_err(|error| error.in_link(VALUE))
            }
            (Object::Group(_), Some(Kind::Some)) => {
                let mut read = |view: StoredValue<'_>| view.ask_once(Question::Option, visit);
                depth.with_stack(|| of_object(open, &scope, depth, &mut read))
            }
            (Object::Dataset(dataset), _)
                if *dataset.shape() == Shape::Null
                    || *dataset.shape() == Shape::Scalar && matches!(dataset.dtype(), Dtype::Reference(_))
                    || dataset.dtype().is_logical() && is_missing(dataset)? =>
            {
                of_object(open, &scope, depth, &mut |view| view.ask_once(Question::Option, visit))
            }
            _ => visit.some(&mut Some(Self { at: NodeState::Open(open), scope, depth: depth.in_sequence()? })),
        }
    }
}

impl Node {
    /// An enum: what is there may say by its attributes which variant it is, and be the payload.
    fn enumeration(self, name: &'static str, variants: &'static [&'static str], visit: &mut dyn Visit) -> Result<()> {
        let (mut open, scope, depth) = self.open()?;
        scope.rules().note_variant();
        let kind = open.kind()?;
        if let (Object::Group(group), Some(Kind::Value)) = (&open.object, kind) {
            let node = Self::inside(group, &open, &scope, depth)?;
            return depth.with_stack(|| node.enumeration(name, variants, visit)).map_err(|error| error.in_link(VALUE));
        }
        let which = if kind.is_none() { UnionVariant::of(&open.object, variants)? } else { None };
        let Some(which) = which else {
            let mut read = |view: StoredValue<'_>| view.ask_once(Question::Enum(name, variants), visit);
            return depth.with_stack(|| of_object(open, &scope, depth, &mut read));
        };
        let mut payload = Some(Self { at: NodeState::Open(open), scope, depth: depth.in_record()? });
        let payload = Some(Payload::Other(&mut payload));
        let variant = Variant { label: which.label(variants), link: "", payload };
        let read = depth.with_stack(|| visit.answer(Answer::Enum(variant)));
        read.map_err(|error| error.of_type(name))
    }

    /// An array of `ndarray` in serde's form, if it is a dataset that is that to who asks so; or what it is otherwise.
    fn array(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let (mut open, scope, depth) = self.open()?;
        let kind = open.kind()?;
        if let (Object::Group(group), Some(Kind::Value)) = (&open.object, kind) {
            let node = Self::inside(group, &open, &scope, depth)?;
            return depth.with_stack(|| node.array(question, visit)).map_err(|error| error.in_link(VALUE));
        }
        match open.object {
            Object::Dataset(dataset) if array_form::is_asked_for(&dataset, question)? => {
                if !open.entered {
                    scope.count_dataset(&dataset, open.link_kind)?;
                }
                depth.with_stack(|| array_form::visit_dataset(dataset, scope.rules(), depth, visit))
            }
            object => {
                let open = OpenNode { object, ..open };
                depth.with_stack(|| of_object(open, &scope, depth, &mut |view| view.ask_once(question, visit)))
            }
        }
    }

    /// A tuple, which may be what a matrix of `nalgebra` asks for.
    #[cfg(feature = "nalgebra")]
    fn tuple(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        if let Some(matrix) = MatrixType::of_asked(visit.look().room.type_id()) {
            return self.matrix(matrix, question, visit);
        }
        let is_matrix = visit.look().value.contains("nalgebra::");
        let read = self.view(&mut |view| view.ask_once(question, visit));
        // Only its words change.
        read.map_err(|error| if is_matrix { error.advised(matrix_form::ADVICE) } else { error })
    }

    /// What a matrix of `nalgebra` is to serde, if it is a dataset that is one to who asks so; or what it is otherwise.
    #[cfg(feature = "nalgebra")]
    fn matrix(self, matrix: MatrixType, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let (mut open, scope, depth) = self.open()?;
        let kind = open.kind()?;
        if let (Object::Group(group), Some(Kind::Value)) = (&open.object, kind) {
            let node = Self::inside(group, &open, &scope, depth)?;
            let read = depth.with_stack(|| node.matrix(matrix, question, visit));
            return read.map_err(|error| error.in_link(VALUE));
        }
        match open.object {
            Object::Dataset(dataset) if matrix_form::is_matrix(&dataset, matrix)? => {
                if !open.entered {
                    scope.count_dataset(&dataset, open.link_kind)?;
                }
                depth.with_stack(|| matrix_form::visit_dataset(&dataset, matrix, scope.rules(), depth, visit))
            }
            object => {
                let open = OpenNode { object, ..open };
                depth.with_stack(|| of_object(open, &scope, depth, &mut |view| view.ask_once(question, visit)))
            }
        }
    }

    /// A time, or a list of them.
    fn times(self, visit: &mut dyn Visit) -> Result<()> {
        let (mut open, scope, depth) = self.open()?;
        if let (Some(Kind::Value), Object::Group(group)) = (open.kind()?, &open.object) {
            let node = Self::inside(group, &open, &scope, depth)?;
            return depth.with_stack(|| node.times(visit)).map_err(|error| error.in_link(VALUE));
        }
        let times = match &open.object {
            Object::Dataset(dataset) => times::of_dataset(dataset)?,
            Object::Group(_) => Arc::default(),
        };
        let mut node = Some(Self { at: NodeState::Open(open), scope, depth });
        times.during(|| visit.newtype(&mut node))
    }

    /// Anything. What cannot be read is null, if the options say so, unless something of it was handed over already.
    fn anything(self, visit: &mut dyn Visit) -> Result<()> {
        let opened = self.open().and_then(|(mut open, scope, depth)| Ok((open.kind()?, open, scope, depth)));
        let (kind, open, scope, depth) = match opened.map_err(Error::mark_skippable) {
            Err(error) if Limits::nulls() && error.is_unwanted() => return visit.answer(Answer::Unit),
            opened => opened?,
        };
        match (&open.object, kind) {
            (Object::Group(group), Some(Kind::Value)) => {
                let node = Self::inside(group, &open, &scope, depth)?;
                return depth.with_stack(|| node.anything(visit)).map_err(|error| error.in_link(VALUE));
            }
            (Object::Dataset(dataset), _) if !dataset.is_bare() && !is_dynamic(visit) => match dataset.kind()? {
                Some(Kind::Array) => {
                    return Self { at: NodeState::Open(open), scope, depth }.array(Question::Any, visit);
                }
                #[cfg(feature = "nalgebra")]
                kind => {
                    if let Some(matrix) = matrix_form::of_kind(kind, dataset) {
                        return Self { at: NodeState::Open(open), scope, depth }.matrix(matrix, Question::Any, visit);
                    }
                }
                #[cfg(not(feature = "nalgebra"))]
                _ => {}
            },
            _ => {}
        }
        Self { at: NodeState::Open(open), scope, depth }.anything_else(visit)
    }

    fn anything_else(self, visit: &mut dyn Visit) -> Result<()> {
        let mut is_waiting = true;
        let read = self.view(&mut |view| {
            if view.is_unreadable() && Limits::nulls() {
                return Err(visit.unreadable("something of a type that is not read"));
            }
            is_waiting = false;
            view.ask_once(Question::Any, visit)
        });
        match read.map_err(Error::mark_skippable) {
            Err(error) if is_waiting && Limits::nulls() && error.is_unwanted() => visit.answer(Answer::Unit),
            read => read,
        }
    }
}

/// Whether a dataset of logicals is only one, which is missing.
fn is_missing(dataset: &Dataset) -> Result<bool> {
    if dataset.shape().count() != Some(1) {
        return Ok(false);
    }
    let items = dataset.read()?;
    Ok(Item { dtype: dataset.dtype(), bytes: items.bytes(), items: &items }.logical() == Some(None))
}

/// Hands what an object holds to `read`.
fn of_object(
    mut open: OpenNode,
    scope: &Scope,
    depth: Depth,
    read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>,
) -> Result<()> {
    let kind = open.kind()?;
    let OpenNode { object, link_kind, about, entered } = open;
    match (object, about) {
        (Object::Dataset(dataset), _) => {
            if !entered {
                scope.count_dataset(&dataset, link_kind)?;
            }
            of_dataset(dataset, scope, depth, read)
        }
        (Object::Group(group), Some((about, _))) if !entered => {
            of_group(&group, kind, &scope.enter_opened(&group, &about, link_kind)?, depth, read)
        }
        (Object::Group(group), _) => of_group(&group, kind, scope, depth, read),
    }
}

/// Hands what a dataset holds to `read`.
fn of_dataset(
    mut dataset: Dataset,
    scope: &Scope,
    depth: Depth,
    read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>,
) -> Result<()> {
    // What has the kind `array` is an array like any other to who asks for that.
    let kind = if dataset.is_bare() { None } else { dataset.kind()?.filter(|kind| !kind.is_array()) };
    let marked = if kind.is_none() { MarkedDataset::of(&dataset)? } else { None };
    if let Some(marked) = marked {
        let view = marked.form(depth).map(|form| StoredValue { form, depth });
        return view.and_then(read).map_err(|error| error.stored_as(|| dataset.words()));
    }
    if *dataset.shape() == Shape::Scalar {
        if matches!(dataset.dtype(), Dtype::Number(_)) {
            scope.rules().note_leaf();
        }
        select::fields_of_item(&mut dataset, scope.rules());
    }
    let items;
    let form = match (kind, dataset.shape()) {
        (None, Shape::Scalar | Shape::Simple(_)) if dataset.dtype().unsupported().is_some() => {
            items = Items::default();
            StoredForm::Item(Item { dtype: dataset.dtype(), bytes: &[], items: &items })
        }
        (kind, Shape::Null) => StoredForm::Null { unit: kind == Some(Kind::Unit) },
        (Some(kind @ (Kind::Str | Kind::Bytes)), Shape::Simple(dims)) => {
            if dims.len() != 1 || dataset.dtype().size() != 1 {
                return Err(Error::corrupt(format!("expected bytes, found {}", dataset.words())));
            }
            items = dataset.read()?;
            if kind == Kind::Str { StoredForm::Text(items.bytes()) } else { StoredForm::Bytes(items.bytes()) }
        }
        (Some(kind @ (Kind::I128 | Kind::U128)), Shape::Scalar) => {
            check_halves(dataset.dtype())?;
            wide(dataset.read()?.bytes(), kind)?
        }
        (None, Shape::Scalar) => {
            items = dataset.read()?;
            StoredForm::of_item(Item { dtype: dataset.dtype(), bytes: items.bytes(), items: &items }, depth)?
        }
        _ => {
            let words = dataset.words();
            let column = Column::of_dataset(dataset, scope.rules().element());
            return column
                .and_then(|mut column| {
                    let times = column.units_of_times()?;
                    match (kind, column.only()?) {
                        (None, Some(form)) => StoredTimes::of_elements(times, || read(StoredValue { form, depth })),
                        _ => of_column(&mut column, depth, read),
                    }
                })
                .map_err(|error| error.stored_as(|| words));
        }
    };
    read(StoredValue { form, depth }).map_err(|error| error.stored_as(|| dataset.words()))
}

/// Hands what an attribute holds to `read`.
pub(super) fn of_attribute(
    contents: Contents,
    depth: Depth,
    read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>,
) -> Result<()> {
    let Contents { shape, dtype, items } = &contents;
    let form = match shape {
        Shape::Null => StoredForm::Null { unit: false },
        _ if dtype.unsupported().is_some() => StoredForm::Item(Item { dtype, bytes: &[], items }),
        Shape::Scalar => StoredForm::of_item(Item { dtype, bytes: items.bytes(), items }, depth)?,
        Shape::Simple(dims) => StoredForm::single_or_block(dims, dtype, items, true)?,
    };
    read(StoredValue { form, depth }).map_err(|error| error.stored_as(|| contents.words()))
}

fn of_column(column: &mut Column, depth: Depth, read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>) -> Result<()> {
    let end = column.len();
    read(StoredValue { form: StoredForm::Sequence { column, start: 0, end, link: None }, depth })
}

/// Hands what a group holds to `read`.
fn of_group(
    group: &Group,
    kind: Option<Kind>,
    scope: &Scope,
    depth: Depth,
    read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>,
) -> Result<()> {
    match kind {
        None => read(StoredValue { form: StoredForm::Group { group, scope }, depth }),
        Some(Kind::Tuple) => read(StoredValue { form: StoredForm::Children { group, scope, is_tuple: true }, depth }),
        Some(Kind::List) => read(StoredValue { form: StoredForm::Children { group, scope, is_tuple: false }, depth }),
        Some(Kind::Map) => {
            let (mut keys, mut values) = Column::of_pairs(group, &scope.of_elements(), Depth::of_reading())?;
            let end = keys.len();
            let rules = scope.rules();
            read(StoredValue {
                form: StoredForm::Map { keys: &mut keys, values: &mut values, start: 0, end, rules },
                depth,
            })
        }
        Some(Kind::Some) => {
            let node = Node::new(group, VALUE.to_owned(), false, scope, depth.in_sequence()?);
            read(StoredValue { form: StoredForm::Some(node), depth })
        }
        Some(Kind::Value) => {
            // A group that says that it only holds another may hold the next such group, too.
            let node = Node::new(group, VALUE.to_owned(), false, scope, depth.in_sequence()?);
            node.view(read).map_err(|error| error.in_link(VALUE))
        }
        Some(kind) => {
            let mut column = Column::of_group(group, kind, &scope.of_elements(), Depth::of_reading())?;
            of_column(&mut column, depth, read)
        }
    }
}

impl AskOnce for Node {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Newtype(name) if is_wrapper(name) => offer(Source::Node(self), visit),
            Question::Newtype(name) if is_time(name) => self.times(visit),
            Question::Newtype(name) if !is_half(name) => visit.newtype(&mut Some(self)),
            Question::Any => self.anything(visit),
            Question::Option => self.option(visit),
            Question::Enum(name, variants) => self.enumeration(name, variants, visit),
            Question::Struct(ARRAY, _) => self.array(question, visit),
            #[cfg(feature = "nalgebra")]
            Question::Tuple(_) => self.tuple(question, visit),
            _ => self.view(&mut |view| view.ask_once(question, visit)),
        }
    }

    fn as_fields(&mut self) {
        self.depth = self.depth.of_fields();
    }
}
