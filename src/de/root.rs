//! Whole values.

use super::attributes::AttributePlace;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::node::Node;
use super::read_state::ReadState;
use super::select;
use super::visit::{Make, Question, Visit};
use super::visit_limits::Scope;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::ground::ledger;
use crate::ground::read_failure;
use crate::h5::within::Within;
use crate::h5::{Attributes, Group};
use crate::layout::path_rules::RulePosition;

/// Reads the value that fills `group`.
pub(crate) fn from_root(group: &Group, rules: &RulePosition, value: &mut dyn Make) -> Result<()> {
    whole(group, rules, &mut |root| value.make(ValueDeserializer::Other(&mut Some(root))))
}

/// Reads the value that fills `group` by `read`.
pub(crate) fn whole(group: &Group, rules: &RulePosition, read: &mut dyn FnMut(Root) -> Result<()>) -> Result<()> {
    rules.check()?;
    let root = Root { group: group.clone(), rules: rules.clone() };
    let done = Call::<ReadState>::new().during(|| {
        ledger::of_file(group.file_size());
        read(root)
    });
    read_failure::instead_of(done).map_err(|error| select::explained(error, rules).skippable().call_ended())?;
    rules.finish()?;
    group.spot().finish()
}

/// Reads the value at the link `name` of `group`.
pub(crate) fn read_named(group: &Group, name: &str, rules: &RulePosition, value: &mut dyn Make) -> Result<()> {
    rules.check()?;
    if let Some(attribute) = AttributePlace::find(group, name)? {
        let read = Call::<ReadState>::new().during(|| {
            ledger::of_file(group.file_size());
            attribute.read(value)
        });
        return read_failure::instead_of(read).map_err(|error| select::explained(error, rules).call_ended());
    }
    let (group, link) = &Within::find(group, name)?;
    let read = Call::<ReadState>::new().during(|| {
        ledger::of_file(group.file_size());
        let node = Node::new(group, link.clone(), false, &Scope::new(rules), Depth::of_reading());
        value.make(ValueDeserializer::Other(&mut Some(node)))
    });
    let located = |error| select::explained(error, rules).skippable().in_link(link).in_link(&group.path()).call_ended();
    read_failure::instead_of(read).and_then(|()| rules.finish()).map_err(located)?;
    group.spot().child(link).finish()
}

/// The value that fills a group.
pub(crate) struct Root {
    group: Group,
    rules: RulePosition,
}

impl AskOnce for Root {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let node = Node::root(self.group.clone(), &self.rules);
        node.ask_once(question, visit).map_err(|error| error.in_link(&self.group.path()))
    }
}
