//! Values of a map that is stored as keys and values, kept to be read later: each is a part of what is stored for all.

use std::sync::{Arc, Mutex, PoisonError};

use super::column::Column;
use super::deferred::Deferred;
use super::deserializer::ValueDeserializer;
use super::element::ColumnElement;
use super::read_state::ReadState;
use super::select;
use super::source::OpenObject;
use super::stored::{StoredForm, StoredValue};
use super::visit::Make;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::ledger;
use crate::ground::limits::MAX_DEPTH;
use crate::h5::{Attributes, Group, Object};
use crate::layout::{KEYS, Kind, VALUES};
use crate::layout_attributes::LayoutAttributes;

/// A map that is stored as keys and values.
#[derive(Debug)]
pub(super) struct DeferredPairs {
    map: Arc<Deferred>,
    /// The values, if they were opened, and nobody reads from them: who does takes them out. Nobody waits for them, as whoever
    /// has the lock that reading needs could wait for ever.
    values: Mutex<Option<Box<Column>>>,
}

/// A value of such a map.
#[derive(Debug)]
pub(super) struct DeferredEntry {
    pairs: Arc<DeferredPairs>,
    index: u64,
}

impl DeferredPairs {
    /// The keys, and the map that they are of, if `map` is one whose values are no objects, and nothing in it is left out.
    pub(super) fn open(map: &Arc<Deferred>) -> Result<Option<(Column, Self)>> {
        let opened = map.during(|stored| {
            let Some(group) = group_of(stored)? else { return Ok(None) };
            if stored.scope.rules().selects() {
                return Ok(None);
            }
            let inside = stored.again()?.enter()?;
            Column::of_pairs(group, &inside.scope.of_elements(), Depth::of_reading()).map(Some)
        })?;
        let Some((keys, values)) = opened else { return Ok(None) };
        if matches!(values, Column::List { .. }) {
            return Ok(None);
        }
        let values = Mutex::new((!values.has_objects()).then_some(Box::new(values)));
        Ok(Some((keys, Self { map: Arc::clone(map), values })))
    }

    /// Reads all keys.
    pub(super) fn read_keys(&self, keys: &mut Column, value: &mut dyn Make) -> Result<()> {
        self.map.during(|stored| {
            let end = keys.len();
            let form = StoredForm::Sequence { column: &mut *keys, start: 0, end, link: Some(KEYS) };
            let mut keys = Some(StoredValue { form, depth: stored.depth });
            value.make(ValueDeserializer::Other(&mut keys))
        })
    }

    /// Its values, by their positions.
    pub(super) fn entries(self) -> impl Iterator<Item = DeferredEntry> {
        let pairs = Arc::new(self);
        (0..).map(move |index| DeferredEntry { pairs: Arc::clone(&pairs), index })
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Option<Box<Column>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the values, in a call of its own.
    fn with_values(&self, stored: &OpenObject, work: &mut dyn FnMut(&mut Column, Depth) -> Result<()>) -> Result<()> {
        let scope = stored.scope.for_new_call();
        let depth = stored.depth.in_record()?;
        let kept = self.taken().take();
        let mut values = match kept {
            Some(values) => values,
            None => {
                let group = group_of(stored)?.ok_or_else(|| Error::corrupt("a map that is none any more"))?;
                let inside = OpenObject { scope, ..stored.again()? }.enter()?;
                Box::new(Column::of_pairs(group, &inside.scope.of_elements(), Depth::of_reading())?.1)
            }
        };
        let size = stored.object.file_size();
        let read = Call::<ReadState>::new().during(|| {
            ledger::of_file(size);
            // What is asked for is a part of what is stored: no more than all of it.
            ledger::stored(size);
            depth.with_stack(|| work(&mut values, depth))
        });
        if !values.has_objects() {
            *self.taken() = Some(values);
        }
        read.map_err(Error::call_ended)
    }
}

/// The group of a map that is stored as keys and values.
fn group_of(stored: &OpenObject) -> Result<Option<&Group>> {
    match &stored.object {
        Object::Group(group) if group.kind()? == Some(Kind::Map) => Ok(Some(group)),
        _ => Ok(None),
    }
}

impl DeferredEntry {
    /// Reads the value.
    pub(super) fn read_into(&self, value: &mut dyn Make) -> Result<()> {
        let index = self.index;
        self.pairs.map.during(|stored| {
            self.pairs.with_values(stored, &mut |column, depth| {
                if index >= column.len() {
                    return Err(Error::corrupt(format!("there is no value {index} any more")).in_link(VALUES));
                }
                let read = value.make(ValueDeserializer::Element(ColumnElement { column, index, depth }));
                read.map_err(|error| error.in_element(index as usize).in_link(VALUES))
            })
        })
    }

    /// Whether there is something with a name in the values.
    pub(super) fn has_names(&self) -> Result<bool> {
        self.pairs.map.during(|stored| match group_of(stored)? {
            Some(group) => select::leads_on(&group.open(VALUES)?, MAX_DEPTH),
            None => Ok(false),
        })
    }
}
