//! References to objects, which are read as what they refer to.
//!
//! An item knows of itself only, so what is known of a call's references is kept with the call: what was met through them,
//! which counts as what is met through links does, and what is being read through them now.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::deserializer::AskOnce;
use super::node::Node;
use super::read_state::ReadState;
use super::source::OpenObject;
use super::stored::StoredForm;
use super::visit::{Question, Visit};
use super::visit_limits::{LinkKind, Scope};
use crate::de::item::Item;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Identity, ReferencedFile};

/// What a call met through references.
struct FollowedReferences {
    scope: Scope,
    seen: HashSet<Identity>,
    /// What is being read, each within the one before.
    reading: Vec<Identity>,
}

/// What a reference leads to.
pub(super) struct FollowedReference {
    node: Node,
    identity: Identity,
    home: ReferencedFile,
    reference: Vec<u8>,
    met: Rc<RefCell<FollowedReferences>>,
}

/// What is behind the reference that `item` is, in the file `home`.
pub(super) fn follow<'a>(home: &ReferencedFile, item: Item<'_>, depth: Depth) -> Result<StoredForm<'a>> {
    let Some(object) = home.follow(item.bytes)? else { return Ok(StoredForm::Null { unit: false }) };
    let met = Call::<ReadState>::current().kept(|| {
        Rc::new(RefCell::new(FollowedReferences { scope: Scope::nowhere(), seen: HashSet::new(), reading: Vec::new() }))
    });
    let identity = object.summary()?.identity;
    let (scope, is_new) = {
        let mut met = met.borrow_mut();
        (met.scope.clone(), met.seen.insert(identity))
    };
    let link_kind = if is_new { LinkKind::Hard } else { LinkKind::Soft };
    let node = Node::of_stored(OpenObject { object, scope, depth: depth.in_sequence()?, entered: false, link_kind });
    Ok(StoredForm::Reference(FollowedReference {
        node,
        identity,
        home: home.clone(),
        reference: item.bytes.to_vec(),
        met,
    }))
}

impl FollowedReference {
    /// Asks what the object is.
    pub(super) fn ask(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        struct LeaveReference(Rc<RefCell<FollowedReferences>>);
        impl Drop for LeaveReference {
            fn drop(&mut self) {
                self.0.borrow_mut().reading.pop();
            }
        }
        let Self { node, identity, home, reference, met } = self;
        if met.borrow().reading.contains(&identity) {
            return Err(Error::new(ErrorKind::Cycle, "the reference leads back to what it is in"));
        }
        met.borrow_mut().reading.push(identity);
        let _leave = LeaveReference(met);
        node.ask_once(question, visit).map_err(|error| {
            let error = error.beyond_options();
            match home.path_of(&reference) {
                Some(path) => error.because(&format!(", in `{path}`, which a reference leads to")),
                None => error,
            }
        })
    }
}
