//! Where a wrapper reads itself.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::LocalKey;

use serde::de::Deserialize;

use super::array_form;
use super::attributes::{AttributesOf, retain_others, retain_written};
use super::deferred::Deferred;
use super::describe;
use super::deserializer::{Ask, AskOnce, ValueDeserializer};
use super::node::{Node, of_attribute};
use super::stored::StoredValue;
use super::visit::{Answer, Make, Question, Visit, made};
use super::visit_limits::{LinkKind, Scope};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::half::is_half;
use crate::ground::limits::Limits;
use crate::ground::link_name::escape;
use crate::ground::wrapper_slot::{Leftover, Offer, Offered, Slot, is_wrapper};
use crate::h5::{Attributes, Contents, Identity, Object};
use crate::layout::ARRAY;

/// Where a wrapper reads itself: what the bridge carries. It can be kept, and read later.
#[derive(Debug)]
#[cfg_attr(feature = "remote", allow(clippy::large_enum_variant, reason = "nearly all are the larger one"))]
pub(crate) enum Source {
    /// A value behind a link.
    Node(Node),
    /// An attribute.
    Attribute(AttributeNode),
}

impl Offered for Source {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        thread_local! {
            static READING: RefCell<Option<Slot<Source>>> = const { RefCell::new(None) };
        }
        &READING
    }
}

/// What is there, open.
#[derive(Debug)]
pub(crate) enum OpenSource {
    Object(OpenObject),
    Attribute(AttributeNode),
}

/// An object that holds a value, open.
#[derive(Debug)]
pub(crate) struct OpenObject {
    pub(crate) object: Object,
    pub(super) scope: Scope,
    pub(super) depth: Depth,
    /// Whether the scope is that inside the object.
    pub(super) entered: bool,
    pub(super) link_kind: LinkKind,
}

impl OpenObject {
    /// The same, as something that is read now.
    pub(super) fn enter(mut self) -> Result<Self> {
        if !self.entered {
            match &self.object {
                Object::Dataset(dataset) => self.scope.count_dataset(dataset, self.link_kind)?,
                Object::Group(group) => self.scope = self.scope.enter(group, self.link_kind)?,
            }
            self.entered = true;
        }
        Ok(self)
    }

    /// A further handle of it.
    pub(super) fn again(&self) -> Result<Self> {
        let Self { object, scope, depth, entered, link_kind } = self;
        Ok(Self {
            object: object.again()?,
            scope: scope.clone(),
            depth: *depth,
            entered: *entered,
            link_kind: *link_kind,
        })
    }

    /// Reads what is in the object as if it were not in a wrapper.
    pub(crate) fn read<'de, T: Deserialize<'de>>(&self) -> Result<T> {
        made(|value| self.read_into(value))
    }

    fn read_into(&self, value: &mut dyn Make) -> Result<()> {
        value.make(ValueDeserializer::Other(&mut Some(Node::of_stored(self.again()?))))
    }

    /// Reads the attributes of the object.
    pub(crate) fn read_attributes<'de, T: Deserialize<'de>>(&self) -> Result<T> {
        made(|value| self.read_attributes_into(retain_others, value))
    }

    /// Reads the attributes of the object, also those of conventions that the crate has types for.
    pub(crate) fn read_all_attributes<'de, T: Deserialize<'de>>(&self) -> Result<T> {
        made(|value| self.read_attributes_into(retain_written, value))
    }

    fn read_attributes_into(
        &self,
        retain: fn(&Object, &mut Vec<String>) -> Result<()>,
        value: &mut dyn Make,
    ) -> Result<()> {
        let (object, depth) = (Arc::new(self.object.again()?), self.depth.in_record()?);
        let attributes = AttributesOf { object, depth, rules: self.scope.rules().clone(), retain };
        value.make(ValueDeserializer::Other(&mut Some(attributes)))
    }

    /// Reads the child `name` of the group that it is.
    pub(crate) fn read_child<'de, T: Deserialize<'de>>(&self, name: &str) -> Result<T> {
        made(|value| self.read_child_into(name, value))
    }

    fn read_child_into(&self, name: &str, value: &mut dyn Make) -> Result<()> {
        let Object::Group(group) = &self.object else {
            return Err(Error::wrong_type(format!("a group with the child `{name}`"), self.words()));
        };
        let scope = self.scope.at(self.scope.rules().field(name));
        let node = Node::new(group, escape(name).into_owned(), false, &scope, self.depth.in_record()?);
        let read = value.make(ValueDeserializer::Other(&mut Some(node)));
        read.map_err(|error| error.in_field(name).in_link(name))
    }

    /// Opens the dataset that is the child `name` of the group that it is; `None` where there is no such child.
    #[cfg(feature = "sprs")]
    pub(crate) fn child_dataset(&self, name: &str) -> Result<Option<crate::h5::Dataset>> {
        match &self.object {
            Object::Group(group) if group.has_link(name)? => {
                self.scope.open_dataset(group, name).map(Some).map_err(|error| error.in_link(name))
            }
            _ => Ok(None),
        }
    }

    /// Whether the options may leave something in it out.
    pub(crate) fn selects(&self) -> bool {
        self.scope.rules().selects()
    }

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        match &self.object {
            Object::Dataset(dataset) => dataset.words(),
            Object::Group(group) => describe::group(group, None),
        }
    }
}

impl Source {
    /// Opens what is there, past groups that only say something of what they hold, and hands it to `read`.
    pub(crate) fn open<R>(self, read: impl FnOnce(OpenSource) -> Result<R>) -> Result<R> {
        let (mut read, mut result) = (Some(read), None);
        self.open_for(&mut |found| {
            result = read.take().map(|read| read(found)).transpose()?;
            Ok(())
        })?;
        result.ok_or_else(|| Error::corrupt("nothing was opened"))
    }

    fn open_for(self, read: &mut dyn FnMut(OpenSource) -> Result<()>) -> Result<()> {
        match self {
            Self::Node(node) => node.stored(&mut |stored| read(OpenSource::Object(stored))),
            Self::Attribute(attribute) => read(OpenSource::Attribute(attribute)),
        }
    }

    /// Opens what is there, to be read later, if it is an object.
    pub(crate) fn keep(self) -> Result<Result<Deferred, Self>> {
        match self {
            Self::Node(node) => {
                let mut kept = None;
                node.found(&mut |stored| {
                    kept = Some(Deferred::of(stored)?);
                    Ok(())
                })?;
                kept.map(Ok).ok_or_else(|| Error::corrupt("nothing was opened"))
            }
            Self::Attribute(_) => Ok(Err(self)),
        }
    }

    /// Opens what is there; if it is an object, what tells it from others.
    pub(crate) fn identified(self) -> Result<(Self, Option<Identity>)> {
        match self {
            Self::Node(node) => node.identified().map(|(node, identity)| (Self::Node(node), Some(identity))),
            Self::Attribute(_) => Ok((self, None)),
        }
    }

    /// The same of an open object that is read so once in the call: it is not met again, whichever link led there.
    pub(crate) fn once(self) -> Self {
        match self {
            Self::Node(node) => Self::Node(node.once()),
            Self::Attribute(_) => self,
        }
    }
}

impl AskOnce for Source {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self {
            Self::Node(node) => node.ask_once(question, visit),
            Self::Attribute(attribute) => attribute.ask_once(question, visit),
        }
    }
}

/// Hands `source` to the wrapper that the visitor is for.
#[cold]
pub(super) fn offer(source: Source, visit: &mut dyn Visit) -> Result<()> {
    match Offer::new(source) {
        Ok(offer) => {
            let mut rest = Rest(Some(offer.leftover()));
            offer.finish(visit.newtype(&mut rest))
        }
        Err(source) => visit.newtype(&mut Some(source)),
    }
}

/// What is in the slot, for a visitor that does not know of it.
struct Rest(Option<Leftover<Source>>);

impl Ask for Rest {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self.0.take().and_then(Leftover::take) {
            Some(source) => source.ask_once(question, visit),
            None => Err(Error::corrupt("a value was asked for twice")),
        }
    }
}

/// An attribute, which is read when it is asked for.
#[derive(Debug)]
pub(crate) struct AttributeNode {
    pub(crate) object: Arc<Object>,
    pub(crate) name: String,
    pub(super) depth: Depth,
}

impl AttributeNode {
    fn contents(&self) -> Result<Contents> {
        self.object.attribute(&self.name)?.ok_or_else(|| Error::corrupt("the attribute went away"))
    }

    /// Hands what it holds to `read`, once.
    fn view(self, read: &mut dyn FnMut(StoredValue<'_>) -> Result<()>) -> Result<()> {
        of_attribute(self.contents()?, self.depth, read)
    }

    /// Anything. What cannot be read is null, if the options say so, unless something of it was handed over already.
    fn anything(self, visit: &mut dyn Visit) -> Result<()> {
        let mut is_waiting = true;
        let read = self.view(&mut |view| {
            if view.is_null_to_anything() {
                return Err(visit.unreadable("something that is not read"));
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

impl AskOnce for AttributeNode {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Newtype(name) if is_wrapper(name) => offer(Source::Attribute(self), visit),
            Question::Newtype(name) if !is_half(name) => visit.newtype(&mut Some(self)),
            Question::Option if !self.contents()?.is_null() => {
                let depth = self.depth.in_sequence()?;
                visit.some(&mut Some(Self { depth, ..self }))
            }
            Question::Any => self.anything(visit),
            Question::Struct(ARRAY, fields) if array_form::is_form(fields) && !self.contents()?.is_null() => {
                array_form::visit_attribute(&self.contents()?, self.depth, visit)
            }
            _ => self.view(&mut |view| view.ask_once(question, visit)),
        }
    }
}
