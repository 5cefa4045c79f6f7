//! Lists whose elements are on several ranks, each of which puts its part of every dataset into the file.
//!
//! A rank has its elements in a [column](super::column). The [form](form) of it, without what is in it, goes to all ranks. If the forms are
//! the same, all make the same [plan](plan) of the objects that all elements become together, which are those that one process
//! makes. Rank 0 [makes them](write), with room for what is larger than a header holds, and each rank [fills](fill) its part.
//!
//! What one process makes depends on when it finds that its elements are of one form: it writes long sequences [while they are
//! serialized](super::stream), and makes the datasets of fields before the group that they are in. A rank that has the first elements
//! tells what one process would find.

mod fill;
mod form;
mod plan;
mod write;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use self::fill::fill;
use self::form::Form;
use self::plan::{Leaf, Node, Planner};
use self::write::RoomWriter;
use super::any_value::{AnyElements, AnyValue};
use super::column::{Column, out_of_order};
use super::column_layout::items;
use super::destination::Destination;
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::field_buffers::FieldBuffers;
use super::place::ElementContext;
use super::record_packer::RecordForm;
use super::serializer::ValueSerializer;
use super::stream::{FEW_ELEMENTS, FIRST_LOOK, MIN_STREAMED, NEXT_EARLY_LOOK, NEXT_LOOK};
use crate::ground::depth::Depth;
use crate::ground::error::{ErrorKind, Result};
use crate::ground::message::{Message, Received};
use crate::h5::Dtype;
use crate::layout::SLAB;
use crate::layout::dataset_options::Records;
use crate::layout::path_rules::RulePosition;

/// Lists of fewer bytes are written by rank 0.
const MIN_SPREAD: u64 = 1 << 16;

/// A rank's elements of a list.
#[derive(Debug)]
pub(crate) struct ListPart {
    column: Column,
    form: Form,
    looks: Vec<Look>,
    /// A hash of what is seen of all elements.
    seen: u64,
}

/// What one process would find when it looks at so many elements.
#[derive(Clone, Copy, Debug)]
struct Look {
    count: u64,
    /// Bytes of an element, if all so far are rows of one size.
    rows: Option<u64>,
    /// The same by field; and whether these are of one form at all.
    fields: Option<u64>,
    /// Whether both are what they are of all elements of this rank.
    is_final: bool,
}

/// What elements are: rows of one type and shape, and what they are by field.
#[derive(Debug, PartialEq)]
struct Seen {
    rows: Option<(Dtype, Vec<u64>)>,
    fields: Option<Vec<SeenField>>,
    rows_size: Option<u64>,
    fields_size: Option<u64>,
}

/// Whether it is a field of options, and its type and shape, if it is no string.
type SeenField = (bool, Option<(Dtype, Vec<u64>)>);

impl Seen {
    fn of(column: &Column) -> Self {
        let rows = items(column).filter(|_| RecordForm::of(column).is_some());
        let size = |(dtype, dims): &(Dtype, Vec<u64>)| dims.iter().fold(dtype.size() as u64, |size, dim| size * dim);
        let field_buffers = FieldBuffers::of(column).and_then(|(field_buffers, forms)| {
            let size = field_buffers.size() as u64;
            field_buffers.form(forms, 1).map(|_| size)
        });
        let field = |column: &Column| match column {
            Column::Nullable(nullable) => (true, items(&nullable.inner)),
            column => (false, items(column)),
        };
        let fields = match column {
            Column::Record(record) => record.fields.iter().map(|other| field(&other.column)).collect(),
            column => vec![field(column)],
        };
        Self {
            rows_size: rows.as_ref().map(size).filter(|size| *size > 0),
            rows,
            fields: field_buffers.is_some().then_some(fields),
            fields_size: field_buffers,
        }
    }
}

/// Collects the elements of a list, and looks at them as one process does.
struct Collector<'a> {
    column: &'a mut Column,
    seen: &'a mut Vec<(u64, Seen)>,
}

impl<'a, 'c: 'a> SinkOnce<'a> for Collector<'c> {
    fn event(self, _: Event<'_>) -> Result<()> {
        Err(out_of_order())
    }

    fn begin(self, _: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        Err(out_of_order())
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        let depth = Depth::default().in_sequence()?;
        let (mut count, mut next) = (0, FIRST_LOOK);
        loop {
            let most = next - count;
            let (added, pushed) =
                depth.with_stack(|| items.push_to_column(self.column, depth, ElementContext::nowhere(), most));
            count += added;
            pushed.map_err(|error| error.in_element(count))?;
            if added < most {
                return Ok(());
            }
            let seen = Seen::of(self.column);
            let is_settled = count >= FEW_ELEMENTS && (seen.rows.is_some() || seen.fields.is_some());
            self.seen.push((count as u64, seen));
            // It looks no more then.
            next = match (is_settled, count < FEW_ELEMENTS) {
                (true, _) => usize::MAX,
                (false, true) => next * NEXT_EARLY_LOOK,
                (false, false) => next.saturating_mul(NEXT_LOOK),
            };
        }
    }
}

impl ListPart {
    /// The elements of a list, if they are of a form that ranks write together.
    pub(crate) fn of(list: &dyn AnyValue) -> Result<Option<Self>> {
        let (mut column, mut seen) = (Column::new(), Vec::new());
        let collector = Collector { column: &mut column, seen: &mut seen };
        let collected = list.write(ValueSerializer::telling(&mut Some(collector)));
        if let Err(error) = collected {
            // An array in it is an object, and there is no place for that here; others say what is wrong.
            return if error.kind() == ErrorKind::Unsupported { Ok(None) } else { Err(error) };
        }
        let Some(form) = Form::of(&column) else { return Ok(None) };
        let last = Seen::of(&column);
        let look = |(count, seen): (u64, Seen)| Look {
            count,
            rows: seen.rows_size,
            fields: seen.fields_size,
            is_final: seen.rows == last.rows && seen.fields == last.fields,
        };
        let mut looks: Vec<Look> = seen.into_iter().map(look).collect();
        looks.push(Look { count: u64::MAX, rows: last.rows_size, fields: last.fields_size, is_final: true });
        let mut hasher = DefaultHasher::new();
        format!("{last:?}").hash(&mut hasher);
        Ok(Some(Self { column, form, looks, seen: hasher.finish() }))
    }

    /// What the other ranks need to know of it.
    pub(crate) fn form(&self) -> Vec<u8> {
        let mut message = Message::new();
        message.number(self.seen).number(self.looks.len() as u64);
        for Look { count, rows, fields, is_final } in &self.looks {
            let optional = |number: &Option<u64>| number.map_or(0, |number| number + 1);
            message.number(*count).number(optional(rows)).number(optional(fields)).number(u64::from(*is_final));
        }
        self.form.put(&mut message);
        message.into_bytes()
    }

    /// What this rank sends of datasets that rank 0 writes.
    pub(crate) fn contents(&self, plan: &ListPlan, rank: usize) -> Result<Vec<u8>> {
        let mut contents = BTreeMap::<usize, Vec<u8>>::new();
        fill(&self.column, &plan.node, rank, &mut |leaf, _, bytes| {
            if !leaf.is_spread {
                contents.entry(leaf.number).or_default().extend_from_slice(bytes);
            }
            Ok(())
        })?;
        let mut message = Message::new();
        message.number(contents.len() as u64);
        for (number, bytes) in contents {
            message.number(number as u64).bytes(&bytes);
        }
        Ok(message.into_bytes())
    }

    /// Puts this rank's bytes into the file by `put`, which is given an address and the bytes.
    pub(crate) fn fill(
        &self,
        plan: &ListPlan,
        rank: usize,
        addresses: &[u64],
        put: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        fill(&self.column, &plan.node, rank, &mut |leaf: &Leaf, start, bytes| {
            if !leaf.is_spread {
                return Ok(());
            }
            let address = addresses.get(leaf.number).ok_or_else(out_of_order)?;
            put(address + start * leaf.size(), bytes)
        })
    }
}

/// How the elements of all ranks are stored.
#[derive(Clone, Debug)]
pub(crate) struct ListPlan {
    node: Arc<Node>,
    leaves: usize,
    /// Whether datasets of fields are made before the group that they are in.
    is_early: bool,
}

impl ListPlan {
    /// The plan for the elements of which ranks have sent the forms, at the place of a list that `rules` apply to; `None` where rank 0
    /// writes them. All ranks come to the same.
    pub(crate) fn new(forms: &[&[u8]], rules: &RulePosition) -> Result<Option<Self>> {
        if rules.selects() || rules.python().is_some() || forms.iter().any(|form| form.is_empty()) {
            return Ok(None);
        }
        let mut ranks = Vec::with_capacity(forms.len());
        for form in forms {
            let mut message = Received::new(form);
            let (seen, count) = (message.number()?, message.number()?);
            let optional = |number: u64| number.checked_sub(1);
            let look = |_| {
                Ok(Look {
                    count: message.number()?,
                    rows: optional(message.number()?),
                    fields: optional(message.number()?),
                    is_final: message.number()? != 0,
                })
            };
            let looks = (0..count).map(look).collect::<Result<Vec<_>>>()?;
            ranks.push(RankForm { seen, looks, form: Form::take(&mut message)? });
        }
        let rules = rules.element();
        let mut planner = Planner { leaves: 0, bytes: 0 };
        let shown: Vec<&Form> = ranks.iter().map(|rank| &rank.form).collect();
        let Some(node) = planner.node(&shown, rules)? else { return Ok(None) };
        if planner.bytes < MIN_SPREAD {
            return Ok(None);
        }
        let total = node.counts.iter().sum();
        ranks.retain(|rank| rank.form.count() > 0);
        let is_early = is_early(&ranks, total, rules);
        let Some(is_early) = is_early else { return Ok(None) };
        Ok(Some(Self { node: Arc::new(node), leaves: planner.leaves, is_early }))
    }
}

impl ListPlan {
    /// A number that is the same for the same plan: a hash of it.
    pub(crate) fn summary(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?}").hash(&mut hasher);
        hasher.finish()
    }
}

/// What a rank says of its elements.
struct RankForm {
    seen: u64,
    looks: Vec<Look>,
    form: Form,
}

/// Whether one process makes datasets of fields early; `None` where it would write elements in a form that later ones do not have,
/// and write them again, or where that cannot be told. `ranks` are those that have elements.
fn is_early(ranks: &[RankForm], total: u64, rules: &RulePosition) -> Option<bool> {
    let Some(first) = ranks.first() else { return Some(false) };
    let is_streamed = |size: u64| total.saturating_mul(size) >= MIN_STREAMED as u64;
    let are_same = ranks.iter().all(|rank| rank.seen == first.seen);
    let records = rules.dataset_options().records.filter(|_| matches!(first.form, Form::Record { .. }));
    let mut count = FIRST_LOOK as u64;
    while count <= total {
        if count > first.form.count() && !are_same {
            // Those of several ranks are of some form that none of them has alone.
            let looks = ranks.iter().flat_map(|rank| &rank.looks);
            let largest = looks.flat_map(|look| [look.rows, look.fields]).flatten().max().unwrap_or(0);
            return (!is_streamed(largest)).then_some(false);
        }
        // Behind the first rank's elements, they are what they are on all.
        let look = first.looks.iter().find(|look| look.count == count || look.count == u64::MAX)?;
        let is_large = |size: u64| is_streamed(size) && size.saturating_mul(count) >= SLAB as u64;
        if count >= FEW_ELEMENTS as u64 || look.rows.is_some_and(is_large) {
            let rows = look.rows.filter(|_| records != Some(Records::Columns));
            let fields = look.fields.filter(|_| records != Some(Records::Table));
            if let Some(size) = rows.or(fields) {
                return match (is_streamed(size), look.is_final && are_same) {
                    (true, false) => None,
                    (is_streamed, _) => Some(is_streamed && rows.is_none()),
                };
            }
        }
        let next = if count < FEW_ELEMENTS as u64 { NEXT_EARLY_LOOK } else { NEXT_LOOK };
        count = count.saturating_mul(next as u64);
    }
    Some(false)
}

impl Destination {
    /// Writes the elements of all ranks: what they have sent, and room for the rest; says where that is, by the numbers of the
    /// datasets.
    pub(crate) fn put_list(&self, plan: &ListPlan, sent: &[Vec<u8>]) -> Result<Vec<u64>> {
        let mut contents = BTreeMap::<usize, Vec<&[u8]>>::new();
        for (rank, bytes) in sent.iter().enumerate() {
            let mut message = Received::new(bytes);
            for _ in 0..message.number()? {
                let (number, bytes) = (message.size()?, message.bytes()?);
                let ranks = contents.entry(number).or_insert_with(|| vec![&[]; sent.len()]);
                ranks[rank] = bytes;
            }
        }
        let mut writer = RoomWriter { contents, made: BTreeMap::new(), addresses: BTreeMap::new() };
        let place = self.place.clone().of_elements();
        if plan.is_early {
            writer.make_early(&plan.node, &place)?;
        }
        writer.write(&plan.node, &place)?;
        Ok((0..plan.leaves).map(|leaf| writer.addresses.get(&leaf).copied().unwrap_or(0)).collect())
    }
}
