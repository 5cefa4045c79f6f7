//! Dictionaries as the Python package FileBacked has them where keys are no names: a group "0", "1", ... of a key and a value
//! per entry.
//!
//! Nothing in the file tells such a one from a dictionary of dictionaries with such keys. The type that the key is read as
//! does: names are strings, integers, bools and variants, and no sequences.

use crate::de::deserializer::{Ask, AskOnce};
use crate::de::key::Key;
use crate::de::node::Node;
use crate::de::visit::{Question, Visit};
use crate::de::visit_limits::{LinkKind, Scope};
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::h5::{Group, Link, Object};
use crate::layout::VALUE;
use crate::layout::python::KEY;

/// An entry of which the key was read.
pub(in crate::de) struct DictionaryEntry {
    pub(in crate::de) group: Group,
    pub(in crate::de) scope: Scope,
    pub(in crate::de) depth: Depth,
    /// The name of the entry.
    pub(in crate::de) name: String,
}

impl DictionaryEntry {
    /// The value.
    pub(in crate::de) fn value(&self) -> Node {
        Node::new(&self.group, VALUE.to_owned(), false, &self.scope, self.depth)
    }
}

/// The key that leads to a child of a group: its name; or, where no name is what is asked for, what is in it.
pub(in crate::de) struct ChildKey<'a> {
    pub(in crate::de) name: String,
    pub(in crate::de) link: Link,
    pub(in crate::de) group: &'a Group,
    pub(in crate::de) scope: &'a Scope,
    pub(in crate::de) depth: Depth,
    /// The entry that the child turned out to be.
    pub(in crate::de) pair: Option<DictionaryEntry>,
}

impl ChildKey<'_> {
    /// The key in the child, if it is an entry.
    fn node(&mut self) -> Result<Option<Node>> {
        let Object::Group(group) = self.group.open_link(&self.link)? else { return Ok(None) };
        if group.len() != 2 || !group.has_link(KEY)? || !group.has_link(VALUE)? {
            return Ok(None);
        }
        let scope = self.scope.enter(&group, LinkKind::by(&self.link))?.of_elements();
        let node = Node::new(&group, KEY.to_owned(), false, &scope, self.depth);
        self.pair = Some(DictionaryEntry { group, scope, depth: self.depth, name: self.link.name.clone() });
        Ok(Some(node))
    }
}

impl Ask for ChildKey<'_> {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let may_be_inside = match question {
            Question::Option => return visit.some(self),
            Question::Newtype(_) => return visit.newtype(self),
            // Types that no name is read as, or that those of keys that are no names are, too.
            Question::F32 | Question::F64 | Question::Seq | Question::Tuple(_) => true,
            // A variant without payload by its name, any other by what is in the entry.
            Question::Enum(_, variants) => !variants.contains(&self.name.as_str()),
            _ => false,
        };
        let node = if may_be_inside { self.node()? } else { None };
        match node {
            Some(node) => node.ask_once(question, visit).map_err(|error| error.in_link(KEY)),
            None => Key(&self.name).ask_once(question, visit),
        }
    }
}
