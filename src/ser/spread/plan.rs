//! How the elements of all ranks are stored: which objects they become, and what of each is whose.

use super::form::Form;
use crate::ground::error::Result;
use crate::h5::{Dtype, Field, Number, is_chunked};
use crate::layout::dataset_options::{Records, Strings};
use crate::layout::path_rules::RulePosition;
use crate::layout::{MAX_MESSAGE, MAX_RANK};
use crate::ser::array_form::complex_type;
use crate::ser::column_layout::is_hollow;

/// A dataset of this many bytes or fewer is written by rank 0. Those that are not larger are in their headers.
const MAX_WHOLE: u64 = 4096;
/// What a string of variable length costs beside its bytes: as for one process.
const VARIABLE_COST: u64 = 32;

/// Elements of all ranks, and what they become.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// How many each rank has.
    pub(super) counts: Vec<u64>,
    pub(super) kind: NodeKind,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// Elements of fixed size.
    Fixed(Leaf),
    /// Sequences whose elements are one after the other.
    Ragged { offsets: Leaf, inner: Box<Node> },
    /// Strings in places of one size.
    FixedText(Leaf),
    /// Strings as their bytes.
    PackedText { offsets: Leaf, bytes: Leaf },
    /// Strings of variable length, which rank 0 writes.
    VariableText(Leaf),
    /// Options; `number` is what the values are, if they are numbers.
    Nullable { number: Option<Number>, inner: Box<Node>, mask: Leaf },
    /// Records by field.
    Columns(Vec<(String, Node)>),
}

/// A dataset.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Which one it is, in the order in which they are written.
    pub(super) number: usize,
    pub(super) dtype: Dtype,
    /// The shape of an item.
    pub(super) dims: Vec<u64>,
    /// Items of each rank, and those that the last has beside them.
    pub(super) counts: Vec<u64>,
    pub(super) more: u64,
    /// Whether all ranks write to it; else rank 0 does.
    pub(super) is_spread: bool,
}

impl Leaf {
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.more
    }

    pub(super) fn shape(&self) -> Vec<u64> {
        std::iter::once(self.total()).chain(self.dims.iter().copied()).collect()
    }

    /// Bytes of an item.
    pub(super) fn size(&self) -> u64 {
        self.dims.iter().fold(self.dtype.size() as u64, |size, dim| size.saturating_mul(*dim))
    }

    /// Where the items of a rank begin.
    pub(super) fn start(&self, rank: usize) -> u64 {
        self.counts[..rank].iter().sum()
    }
}

/// What makes a plan.
pub(super) struct Planner {
    pub(super) leaves: usize,
    /// Bytes of all datasets.
    pub(super) bytes: u64,
}

fn same<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

impl Planner {
    /// A dataset for items of `counts` on each rank; `None` where the options have it in chunks.
    fn leaf(
        &mut self,
        dtype: Dtype,
        dims: Vec<u64>,
        counts: Vec<u64>,
        more: u64,
        rules: &RulePosition,
    ) -> Result<Option<Leaf>> {
        let mut leaf = Leaf { number: self.leaves, dtype, dims, counts, more, is_spread: false };
        let bytes = leaf.size().saturating_mul(leaf.total());
        if leaf.size() == 0 || is_hollow(&leaf.shape()) {
            return Ok(None);
        }
        if is_chunked(&rules.dataset_options().storing, &leaf.shape(), &leaf.dtype)? {
            return Ok(None);
        }
        leaf.is_spread = bytes > MAX_WHOLE && cfg!(target_endian = "little");
        self.leaves += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(Some(leaf))
    }

    /// What the elements become that ranks have in these forms; `None` where they are not of one form, or of one that ranks do not
    /// write together.
    pub(super) fn node(&mut self, forms: &[&Form], rules: &RulePosition) -> Result<Option<Node>> {
        let counts: Vec<u64> = forms.iter().map(|form| form.count()).collect();
        // Fillers are the same for all: those of numbers and strings are known.
        let Some(first) = forms.iter().find(|form| !matches!(form, Form::Empty(_))) else { return Ok(None) };
        let takes_fillers = matches!(first, Form::Numbers(..) | Form::Text { .. });
        if forms.iter().any(|form| matches!(form, Form::Empty(count) if *count > 0 && !takes_fillers)) {
            return Ok(None);
        }
        let shown: Vec<&Form> = forms.iter().copied().filter(|form| !matches!(form, Form::Empty(_))).collect();
        let kind = match first {
            Form::Empty(_) => return Ok(None),
            Form::Numbers(..) | Form::Array { .. } => {
                let Some((dtype, dims)) = numbers(&shown) else { return Ok(None) };
                self.leaf(dtype, dims, counts.clone(), 0, rules)?.map(NodeKind::Fixed)
            }
            Form::List { .. } => self.list(forms, &shown, &counts, rules)?,
            Form::Text { .. } => self.text(forms, &shown, &counts, rules)?,
            Form::Nullable { .. } => self.nullable(forms, &counts, rules)?,
            Form::Record { .. } => self.record(forms, &shown, &counts, rules)?,
        };
        Ok(kind.map(|kind| Node { counts, kind }))
    }

    /// Where the parts of so many elements end: one number more than there are elements.
    fn offsets(&mut self, counts: &[u64], rules: &RulePosition) -> Result<Option<Leaf>> {
        self.leaf(Dtype::Number(Number::U64), Vec::new(), counts.to_vec(), 1, rules)
    }

    fn list(
        &mut self,
        forms: &[&Form],
        shown: &[&Form],
        counts: &[u64],
        rules: &RulePosition,
    ) -> Result<Option<NodeKind>> {
        if shown.iter().any(|form| !matches!(form, Form::List { .. })) {
            return Ok(None);
        }
        if let Some((dtype, dims)) = numbers(shown) {
            return Ok(self.leaf(dtype, dims, counts.to_vec(), 0, rules)?.map(NodeKind::Fixed));
        }
        let Some(offsets) = self.offsets(counts, rules)? else { return Ok(None) };
        let empty = Form::Empty(0);
        let inner: Vec<&Form> = forms
            .iter()
            .map(|form| match form {
                Form::List { inner, .. } => &**inner,
                _ => &empty,
            })
            .collect();
        let inner = self.node(&inner, rules.element())?;
        Ok(inner.map(|inner| NodeKind::Ragged { offsets, inner: Box::new(inner) }))
    }

    fn text(
        &mut self,
        forms: &[&Form],
        shown: &[&Form],
        counts: &[u64],
        rules: &RulePosition,
    ) -> Result<Option<NodeKind>> {
        let (mut bytes, mut longest) = (0_u64, 1);
        for form in shown {
            let Form::Text { bytes: own, longest: own_longest, .. } = form else { return Ok(None) };
            bytes = bytes.saturating_add(*own);
            longest = longest.max(*own_longest);
        }
        let count: u64 = counts.iter().sum();
        let is_fixed = match rules.dataset_options().strings {
            Some(Strings::Packed) => {
                let Some(offsets) = self.offsets(counts, rules)? else { return Ok(None) };
                let bytes = forms.iter().map(|form| if let Form::Text { bytes, .. } = form { *bytes } else { 0 });
                let bytes = self.leaf(Dtype::Number(Number::U8), Vec::new(), bytes.collect(), 0, rules)?;
                return Ok(bytes.map(|bytes| NodeKind::PackedText { offsets, bytes }));
            }
            Some(Strings::Fixed) => true,
            Some(Strings::Variable) => false,
            _ => count.saturating_mul(longest) <= bytes.saturating_add(VARIABLE_COST.saturating_mul(count)),
        };
        let Ok(longest) = usize::try_from(longest) else { return Ok(None) };
        if is_fixed {
            let leaf = self.leaf(Dtype::string(longest), Vec::new(), counts.to_vec(), 0, rules)?;
            return Ok(leaf.map(NodeKind::FixedText));
        }
        let leaf = self.leaf(Dtype::string(longest), Vec::new(), counts.to_vec(), 0, rules)?;
        Ok(leaf.map(|leaf| NodeKind::VariableText(Leaf { is_spread: false, ..leaf })))
    }

    fn nullable(&mut self, forms: &[&Form], counts: &[u64], rules: &RulePosition) -> Result<Option<NodeKind>> {
        let empty = Form::Empty(0);
        let mut inner = Vec::with_capacity(forms.len());
        for form in forms {
            inner.push(match form {
                Form::Nullable { inner, .. } => &**inner,
                Form::Empty(0) => &empty,
                _ => return Ok(None),
            });
        }
        let number =
            inner.iter().find_map(|form| if let Form::Numbers(number, _) = form { Some(*number) } else { None });
        let Some(inner) = self.node(&inner, rules)? else { return Ok(None) };
        let mask = self.leaf(Dtype::Number(Number::Bool), Vec::new(), counts.to_vec(), 0, rules)?;
        Ok(mask.map(|mask| NodeKind::Nullable { number, inner: Box::new(inner), mask }))
    }

    fn record(
        &mut self,
        forms: &[&Form],
        shown: &[&Form],
        counts: &[u64],
        rules: &RulePosition,
    ) -> Result<Option<NodeKind>> {
        let Some(names) = names_of(shown) else { return Ok(None) };
        if names.is_empty() {
            return Ok(None);
        }
        let how = rules.dataset_options().records;
        if how != Some(Records::Columns) {
            if let Some(dtype) = cell(shown) {
                let leaf = self.leaf(dtype, Vec::new(), counts.to_vec(), 0, rules)?;
                return Ok(leaf.map(NodeKind::Fixed));
            }
            // A table may have strings then.
            if how == Some(Records::Table) {
                return Ok(None);
            }
        }
        let empty = Form::Empty(0);
        let mut fields = Vec::with_capacity(names.len());
        for (number, name) in names.into_iter().enumerate() {
            let columns: Vec<&Form> = forms.iter().map(|form| form.field(number).unwrap_or(&empty)).collect();
            let Some(node) = self.node(&columns, rules.field(&name))? else { return Ok(None) };
            fields.push((name, node));
        }
        Ok(Some(NodeKind::Columns(fields)))
    }
}

/// The names of the fields of records, if they are the same for all.
fn names_of(shown: &[&Form]) -> Option<Vec<String>> {
    let names = |form: &&Form| match form {
        Form::Record { is_tuple, fields, .. } => {
            Some((*is_tuple, fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()))
        }
        _ => None,
    };
    let all = shown.iter().map(names).collect::<Option<Vec<_>>>()?;
    same(all.into_iter()).map(|(_, names)| names)
}

/// The type and the inner dimensions of numbers, if those of all are the same: also of those in tuples, and in sequences of one
/// length.
fn numbers(shown: &[&Form]) -> Option<(Dtype, Vec<u64>)> {
    fn inner(form: &Form) -> Option<&Form> {
        match form {
            Form::Array { inner, .. } | Form::List { inner, .. } => Some(inner),
            _ => None,
        }
    }
    let wrapped = |width: u64| -> Option<(Dtype, Vec<u64>)> {
        let inner: Vec<&Form> = shown.iter().map(|form| inner(form)).collect::<Option<_>>()?;
        let (dtype, mut dims) = numbers(&inner)?;
        dims.insert(0, width);
        (dims.len() < MAX_RANK).then_some((dtype, dims))
    };
    match shown.first()? {
        Form::Numbers(number, _) => {
            let all = shown.iter().all(|form| matches!(form, Form::Numbers(other, _) if other == number));
            all.then(|| (Dtype::Number(*number), Vec::new()))
        }
        Form::Array { width, is_complex, .. } => {
            let all = shown.iter().all(|form| {
                matches!(form, Form::Array { width: other, is_complex: other_complex, .. } if (other, other_complex) == (width, is_complex))
            });
            let wrapped = wrapped(*width).filter(|_| all)?;
            match (&wrapped, is_complex) {
                ((Dtype::Number(part), dims), true) if dims.len() == 1 => Some((complex_type(*part), Vec::new())),
                (_, true) => None,
                _ => Some(wrapped),
            }
        }
        Form::List { width, .. } => {
            let all = shown.iter().all(|form| matches!(form, Form::List { width: other, .. } if other == width));
            wrapped((*width)?).filter(|_| all)
        }
        _ => None,
    }
}

/// Whether there is nothing but tuples, of some width, around numbers.
fn is_array(form: &Form) -> bool {
    match form {
        Form::Numbers(..) => true,
        Form::Array { width, inner, .. } => *width > 0 && is_array(inner),
        _ => false,
    }
}

/// The type of elements in a table, if they can be in one.
fn cell(shown: &[&Form]) -> Option<Dtype> {
    if let Some(names) = names_of(shown) {
        let (mut fields, mut offset) = (Vec::with_capacity(names.len()), 0_usize);
        for (number, name) in names.into_iter().enumerate() {
            let columns: Vec<&Form> = shown.iter().map(|form| form.field(number)).collect::<Option<_>>()?;
            let dtype = cell(&columns).filter(|_| !name.contains('\0'))?;
            let size = dtype.size();
            fields.push(Field::new(name, offset, dtype));
            offset = offset.checked_add(size)?;
        }
        let dtype = Dtype::Compound(fields.into());
        return (offset > 0 && dtype.message_size() <= MAX_MESSAGE).then_some(dtype);
    }
    if !shown.iter().all(|form| is_array(form)) {
        return None;
    }
    let (dtype, dims) = numbers(shown)?;
    Some(if dims.is_empty() { dtype } else { Dtype::Array(dims.into(), dtype.into()) })
}
