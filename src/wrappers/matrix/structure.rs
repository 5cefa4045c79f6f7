//! What makes arrays of numbers a matrix: checked before anyone relies on it, and put into the order that `sprs` has.

use std::any::type_name;
use std::fmt::{Debug, Display};

use sprs::{CompressedStorage, CsMatI, SpIndex, TriMatI};

use super::layout::Layout;
use super::sum::{Add, addition};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::layout::sparse::{COL, DATA, ROW};

/// What indices have to stay within.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    /// Below the number of these.
    Below(usize, &'static str),
    /// At most the number of these.
    UpTo(usize, &'static str),
}

impl Bound {
    pub(super) fn holds(self, index: usize) -> bool {
        match self {
            Self::Below(end, _) => index < end,
            Self::UpTo(last, _) => index <= last,
        }
    }

    /// The error for an index that is beyond.
    #[cold]
    pub(super) fn broken(self, name: &str, at: usize, index: impl Display) -> Error {
        Error::corrupt(match self {
            Self::Below(0, of) => format!("`{name}[{at}]` is {index}, and there are no {of}"),
            Self::Below(count, of) => format!("`{name}[{at}]` is {index}, and the {of} are 0 to {}", count - 1),
            Self::UpTo(count, of) => format!("`{name}[{at}]` is {index}, and there are {count} {of}"),
        })
    }

    /// Checks all of the indices `name`.
    pub(super) fn check<I: SpIndex>(self, name: &str, indices: &[I]) -> Result<()> {
        let broken = |index: &I| !index.try_index().is_some_and(|index| self.holds(index));
        match indices.iter().position(broken) {
            Some(at) => Err(self.broken(name, at, Plain(indices[at]))),
            None => Ok(()),
        }
    }
}

/// An index, which has no `Display`.
struct Plain<I>(I);

impl<I: Debug> Display for Plain<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Checks how long the arrays of a compressed matrix are.
pub(super) fn check_lengths(layout: &Layout, indptr: u64, indices: u64, data: u64) -> Result<()> {
    let ([name_of_indices, name_of_indptr], outer) = (layout.names(), layout.outer());
    same_length((DATA, data), (name_of_indices, indices))?;
    if (outer as u64).checked_add(1) != Some(indptr) {
        let name = layout.outer_name();
        let message = format!("`{name_of_indptr}` has {indptr} items, and not one more than the {outer} {name}");
        return Err(Error::corrupt(message));
    }
    Ok(())
}

/// Checks how long the arrays of triplets are.
pub(super) fn check_triplet_lengths(row: u64, col: u64, data: u64) -> Result<()> {
    same_length((DATA, data), (ROW, row))?;
    same_length((DATA, data), (COL, col))
}

fn same_length((name, len): (&str, u64), (other, other_len): (&str, u64)) -> Result<()> {
    if len == other_len {
        return Ok(());
    }
    Err(Error::corrupt(format!("`{name}` has {len} items, `{other}` has {other_len}")))
}

/// Checks that the index types hold all that a compressed matrix of that shape and so many entries can have.
pub(super) fn check_index_types<I: SpIndex, Iptr: SpIndex>(layout: &Layout, count: usize) -> Result<()> {
    let pointers = [Some(count), layout.outer().checked_add(1)];
    if pointers.iter().any(|most| most.and_then(Iptr::try_from_usize).is_none()) {
        return Err(too_large::<Iptr>(layout, count));
    }
    match I::try_from_usize(layout.inner()) {
        Some(_) => Ok(()),
        None => Err(too_large::<I>(layout, count)),
    }
}

#[cold]
fn too_large<I>(layout: &Layout, count: usize) -> Error {
    let Layout { rows, cols, .. } = layout;
    let index = type_name::<I>();
    let message = format!(
        "expected a matrix with indices of `{index}`, found one of shape ({rows}, {cols}) with {count} entries"
    );
    Error::new(ErrorKind::OutOfRange, message)
}

/// Checks that the index type holds all that triplets of that shape can have.
pub(super) fn check_triplet_index<I: SpIndex>(layout: &Layout) -> Result<()> {
    let Layout { rows, cols, .. } = layout;
    if I::try_from_usize(*rows.max(cols)).is_some() {
        return Ok(());
    }
    let index = type_name::<I>();
    let message = format!("expected triplets with indices of `{index}`, found a matrix of shape ({rows}, {cols})");
    Err(Error::new(ErrorKind::OutOfRange, message))
}

/// Checks where rows (or columns) begin and end. The array, which is called `name`, is not empty.
fn check_offsets<Iptr: SpIndex>(name: &str, indptr: &[Iptr], count: usize) -> Result<()> {
    Bound::UpTo(count, "entries").check(name, indptr)?;
    let (Some(first), Some(last)) = (indptr.first(), indptr.last()) else {
        return Err(Error::corrupt(format!("`{name}` is empty")));
    };
    if !first.is_zero() {
        return Err(Error::corrupt(format!("`{name}[0]` is {first:?}, not 0")));
    }
    if let Some(at) = indptr.windows(2).position(|pair| pair[0] > pair[1]) {
        let (before, after) = (indptr[at], indptr[at + 1]);
        return Err(Error::corrupt(format!("`{name}[{}]` is {after:?}, less than the {before:?} before it", at + 1)));
    }
    if last.try_index() != Some(count) {
        return Err(Error::corrupt(format!("`{name}` ends with {last:?}, and there are {count} entries")));
    }
    Ok(())
}

/// A compressed matrix of these arrays, whose lengths were checked.
pub(super) fn compressed<T: 'static, I: SpIndex, Iptr: SpIndex>(
    storage: CompressedStorage,
    layout: Layout,
    indptr: Vec<Iptr>,
    indices: Vec<I>,
    data: Vec<T>,
) -> Result<CsMatI<T, I, Iptr>> {
    let [name_of_indices, name_of_indptr] = layout.names();
    check_offsets(name_of_indptr, &indptr, data.len())?;
    let make = |indptr, indices, data| match storage {
        CompressedStorage::CSR => CsMatI::try_new((layout.rows, layout.cols), indptr, indices, data),
        CompressedStorage::CSC => CsMatI::try_new_csc((layout.rows, layout.cols), indptr, indices, data),
    };
    // Most matrices are in order.
    let (mut indptr, mut indices, mut data) = match make(indptr, indices, data) {
        Ok(matrix) => return Ok(matrix),
        Err((indptr, indices, data, _)) => (indptr, indices, data),
    };
    Bound::Below(layout.inner(), layout.inner_name()).check(name_of_indices, &indices)?;
    sort(&indptr, &mut indices, &mut data);
    sum_up(&layout, &mut indptr, &mut indices, &mut data)?;
    make(indptr, indices, data).map_err(|(_, _, _, reason)| Error::corrupt(format!("no sparse matrix: {reason}")))
}

/// Where the entries of each row (or column) are.
fn ranges<Iptr: SpIndex>(indptr: &[Iptr]) -> impl Iterator<Item = std::ops::Range<usize>> {
    indptr.windows(2).map(|pair| pair[0].index()..pair[1].index())
}

/// Sorts each row (or column). Entries at one place stay in their order.
fn sort<T, I: SpIndex, Iptr: SpIndex>(indptr: &[Iptr], indices: &mut [I], data: &mut [T]) {
    let mut order: Vec<usize> = Vec::new();
    for range in ranges(indptr) {
        let (indices, data) = (&mut indices[range.clone()], &mut data[range]);
        if indices.is_sorted() {
            continue;
        }
        order.clear();
        order.extend(0..indices.len());
        order.sort_by_key(|at| indices[*at]);
        // Each place gets what `order` says, along one cycle of places after the other.
        for start in 0..order.len() {
            let mut at = start;
            loop {
                let from = std::mem::replace(&mut order[at], at);
                if from == start {
                    break;
                }
                indices.swap(at, from);
                data.swap(at, from);
                at = from;
            }
        }
    }
}

/// Adds up the entries of a sorted matrix that stand at one place.
fn sum_up<T: 'static, I: SpIndex, Iptr: SpIndex>(
    layout: &Layout,
    indptr: &mut [Iptr],
    indices: &mut Vec<I>,
    data: &mut Vec<T>,
) -> Result<()> {
    let add = addition::<T>();
    let (mut kept, mut start) = (0, 0);
    for outer in 0..indptr.len().saturating_sub(1) {
        let (first, end) = (kept, indptr[outer + 1].index());
        for at in start..end {
            if kept > first && indices[kept - 1] == indices[at] {
                let (before, rest) = data.split_at_mut(at);
                add_to(add, &mut before[kept - 1], &rest[0])
                    .map_err(|message| repeated(layout, outer, indices[at], &message))?;
            } else {
                indices[kept] = indices[at];
                data.swap(kept, at);
                kept += 1;
            }
        }
        // No more than it was.
        indptr[outer + 1] = Iptr::from_usize(kept);
        start = end;
    }
    indices.truncate(kept);
    data.truncate(kept);
    Ok(())
}

fn add_to<T>(add: Option<Add<T>>, sum: &mut T, value: &T) -> Result<(), String> {
    match add {
        Some(add) if add(sum, value) => Ok(()),
        Some(_) => Err(format!("the sum is more than `{}` holds", type_name::<T>())),
        None => Err("values of its type have no sum: read it as `Triplets`".to_owned()),
    }
}

#[cold]
fn repeated<I: SpIndex>(layout: &Layout, outer: usize, inner: I, message: &str) -> Error {
    let (row, col) = match layout.storage() {
        Some(CompressedStorage::CSC) => (inner.index(), outer),
        _ => (outer, inner.index()),
    };
    Error::corrupt(format!("the matrix has more than one entry at ({row}, {col}), and {message}"))
}

/// The row (or column) of each entry of a compressed matrix.
pub(super) fn expanded<I: SpIndex>(name: &str, indptr: &[usize], count: usize) -> Result<Vec<I>> {
    check_offsets(name, indptr, count)?;
    let mut outer = Vec::new();
    let too_many = || Error::new(ErrorKind::Limit, format!("{count} indices do not fit into memory"));
    outer.try_reserve_exact(count).map_err(|_| too_many())?;
    for (index, range) in ranges(indptr).enumerate() {
        // As large as the matrix, which the type was found to hold.
        outer.resize(range.end, I::from_usize(index));
    }
    Ok(outer)
}

/// Triplets of these arrays, whose lengths were checked.
pub(super) fn triplets<T, I: SpIndex>(
    layout: Layout,
    rows: Vec<I>,
    cols: Vec<I>,
    data: Vec<T>,
) -> Result<TriMatI<T, I>> {
    Bound::Below(layout.rows, "rows").check(ROW, &rows)?;
    Bound::Below(layout.cols, "columns").check(COL, &cols)?;
    Ok(TriMatI::from_triplets((layout.rows, layout.cols), rows, cols, data))
}
