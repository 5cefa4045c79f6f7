//! Objects of a class, as the Python package FileBacked has them, for types that look for a tag: internally tagged enums, and
//! the trait objects of typetag. The class is the tag `class`, which comes first; and, where the tag is all that is around
//! the value, that.

use super::union::class;
use crate::de::access::GroupMap;
use crate::de::deserializer::{Ask, AskOnce, ValueDeserializer};
use crate::de::elements::Map;
use crate::de::key::Key;
use crate::de::node::Node;
use crate::de::source::OpenObject;
use crate::de::visit::{Answer, Question, Visit};
use crate::de::visit_limits::{LinkKind, Scope};
use crate::de::visitor_kinds::{is_trait_object, looks_for_tag};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Group, Object};
use crate::layout::python::CLASS;

/// An object of a class.
pub(in crate::de) struct ClassTagged<'a> {
    group: &'a Group,
    scope: &'a Scope,
    depth: Depth,
    class: String,
    state: TagState,
    entries: GroupMap<'a>,
    /// The whole value.
    node: Option<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TagState {
    Start,
    /// The first key was given out: the tag.
    Tag,
    /// The class was given out, as the value of the tag.
    Class {
        is_looked_up: bool,
    },
    /// The entries are to come.
    Entries,
    /// The class was given out as the key of the whole value.
    Whole,
    End,
}

/// Hands the entries of a group to a visitor, with its class before them, if that looks for it.
pub(in crate::de) fn visit_entries(
    group: &Group,
    scope: &Scope,
    depth: Depth,
    mut entries: GroupMap<'_>,
    visit: &mut dyn Visit,
) -> Result<()> {
    if looks_for_tag(visit)
        && let Some(class) = class(group)?
        && !group.has_link(CLASS)?
    {
        return visit.map(&mut ClassTagged { group, scope, depth, class, state: TagState::Start, entries, node: None });
    }
    visit.map(&mut entries)
}

impl Map for ClassTagged<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        match self.state {
            TagState::Start => {
                self.state = TagState::Tag;
                return Ok(Some(ValueDeserializer::Other(self)));
            }
            TagState::End => return Ok(None),
            // The tag is called otherwise; it can be `@class`.
            TagState::Class { is_looked_up: false } => self.entries.add_attributes()?,
            _ => {}
        }
        self.state = TagState::Entries;
        self.entries.next_key()
    }

    fn in_key(&self, error: Error) -> Error {
        if self.state == TagState::Entries { self.entries.in_key(error) } else { error }
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        match self.state {
            TagState::Tag => {
                self.state = TagState::Class { is_looked_up: false };
                Ok(ValueDeserializer::Other(self))
            }
            TagState::Whole => {
                self.state = TagState::End;
                let object = Object::Group(self.group.clone());
                let (scope, depth) = (self.scope.clone(), self.depth.in_record()?);
                self.node = Some(Node::of_stored(OpenObject {
                    object,
                    scope,
                    depth,
                    entered: true,
                    link_kind: LinkKind::Hard,
                }));
                Ok(ValueDeserializer::Other(&mut self.node))
            }
            _ => self.entries.value(),
        }
    }

    fn in_value(&self, error: Error) -> Error {
        match self.state {
            TagState::Class { .. } => error.in_link(&format!("{ATTRIBUTE_PREFIX}{CLASS}")),
            TagState::Entries => self.entries.in_value(error),
            _ => error,
        }
    }
}

/// The tag, as the first key, or the class, as its value.
impl Ask for ClassTagged<'_> {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        if let TagState::Class { is_looked_up } = &mut self.state {
            // Whether it is what a tag is read as, and not just anything.
            *is_looked_up = matches!(question, Question::Str | Question::Identifier | Question::Enum(..));
            return match question {
                Question::Enum(..) => Key(&self.class).ask_once(question, visit),
                _ => visit.answer(Answer::Str(&self.class)),
            };
        }
        // typetag's externally tagged objects look the key up among the names of types.
        if matches!(question, Question::Str) && is_trait_object(visit) {
            self.state = TagState::Whole;
            return visit.answer(Answer::Str(&self.class));
        }
        visit.answer(Answer::Str(CLASS))
    }
}
