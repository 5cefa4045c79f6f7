//! MATLAB's variables, as files of version 7.3 have them.
//!
//! MATLAB has the first dimension fastest, so the dimensions in the file are the other way round; and it has nothing with
//! fewer than two. Whoever reads gets MATLAB's dimensions, as from scipy's `loadmat`, hdf5storage and mat73: `a(i, j)` is
//! `a[i - 1][j - 1]` in sequences of sequences, where what is in memory is put into that order, and `a[[i - 1, j - 1]]` in an
//! array, whose memory is as it is in the file.
//!
//! A [line](super::matlab_vector) of numbers, which is a matrix of one row or column, is also a list; and one number is also this.
//! Lines of anything else are lists alone.

use hdf5::H5Type;

use super::marked_dataset::MarkedDataset;
use super::matlab_vector::{MatlabVector, is_vector};
use super::stored::StoredForm;
use crate::de::item::{Block, Item};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Attributes, Dataset, Dtype, ElementType, Items, Number, Selection, Shape, integer, shape_within};
use crate::layout::SLAB;
use crate::layout::foreign::{
    MATLAB_ATTRIBUTES, MATLAB_CELL, MATLAB_CHAR, MATLAB_CLASS, MATLAB_EMPTY, MATLAB_FLOATS, MATLAB_LOGICAL,
    MATLAB_OBJECT, MATLAB_SIGNED, MATLAB_STRUCT, MATLAB_UNSIGNED,
};

/// What MATLAB says of a dataset that is one of its variables.
#[derive(Debug)]
pub(super) struct MatlabVariable {
    class: String,
    /// The data is that of an object, of which only MATLAB knows how it is stored.
    is_object: bool,
    /// The dataset holds MATLAB's dimensions, one of which is zero.
    is_empty: bool,
    /// The dimensions in the file.
    dims: Vec<u64>,
}

impl MatlabVariable {
    pub(super) fn of(dataset: &Dataset) -> Result<Option<Self>> {
        let Shape::Simple(dims) = dataset.shape() else { return Ok(None) };
        if dataset.is_bare() {
            return Ok(None);
        }
        let Some(class) = dataset.text_attribute(MATLAB_CLASS)? else { return Ok(None) };
        let is_object = dataset.has_attribute(MATLAB_OBJECT)?;
        let is_empty = dataset.has_attribute(MATLAB_EMPTY)? && dataset.count_of(MATLAB_EMPTY)? != 0;
        Ok(Some(Self { class, is_object, is_empty, dims: dims.clone() }))
    }

    /// MATLAB's dimensions.
    fn dims(&self, dataset: &Dataset) -> Result<Vec<u64>> {
        /// MATLAB has more, but nobody has.
        const MAX_DIMS: u64 = 64;
        if !self.is_empty {
            return Ok(self.dims.iter().rev().copied().collect());
        }
        let number = dataset.dtype().number().filter(|number| number.is_integer());
        let dims = match (number, &self.dims[..]) {
            (Some(number), [2..=MAX_DIMS]) => {
                let dims = dataset.read()?;
                let dims = dims.bytes().chunks_exact(number.size()).map(|dim| u64::try_from(integer(number, dim)));
                dims.collect::<Result<Vec<_>, _>>().ok().filter(|dims| dims.contains(&0))
            }
            _ => None,
        };
        dims.ok_or_else(|| Error::corrupt("an empty variable of MATLAB's does not have the dimensions of one"))
    }

    /// The type of the items, as MATLAB has it.
    fn dtype(&self, dataset: &Dataset) -> Dtype {
        if self.is_object {
            return Dtype::Unsupported(format!("MATLAB object of class {}", self.class));
        }
        let number = match (self.class.as_str(), dataset.dtype()) {
            (MATLAB_LOGICAL, Dtype::Number(Number::U8)) => Number::Bool,
            (class, _) if self.is_empty => match number_of(class) {
                Some(number) => number,
                None => return dataset.dtype().clone(),
            },
            _ => return dataset.dtype().clone(),
        };
        Dtype::Number(number)
    }

    /// The variable brought into memory, if it is one that is read at all.
    pub(super) fn marked(&self, dataset: &Dataset) -> Result<Option<MarkedDataset>> {
        let dtype = self.dtype(dataset);
        if self.is_object {
            return Ok(Some(MarkedDataset::Array { dims: Vec::new(), dtype, items: Items::default() }));
        }
        let is_char = self.class == MATLAB_CHAR;
        if self.is_empty || self.dims.contains(&0) {
            let empty = MarkedDataset::Array { dims: vec![0], dtype, items: Items::default() };
            return Ok(Some(if is_char { MarkedDataset::Text(String::new()) } else { empty }));
        }
        // Nothing of MATLAB's has parts elsewhere.
        if dtype.has_addresses() || dtype.unsupported().is_some() {
            return Ok(None);
        }
        if is_char {
            return match &dtype {
                Dtype::Number(number) if number.is_integer() => {
                    chars(&self.dims, *number, dataset.read()?.bytes()).map(Some)
                }
                _ => Ok(None),
            };
        }
        let items = turned(&self.dims, dtype.size(), dataset.read()?);
        // Of numbers, who asks for lists in a line gets them.
        let dims = match &dtype {
            Dtype::Number(_) => self.dims.iter().rev().copied().collect(),
            _ if is_vector(&self.dims) => vec![self.dims.iter().product()],
            _ => self.dims.iter().rev().copied().collect(),
        };
        Ok(Some(MarkedDataset::Array { dims, dtype, items }))
    }

    /// Whether the items are numbers, bools or complex numbers, and not something that such stand for.
    fn is_numeric(&self) -> bool {
        let is_other = [MATLAB_CHAR, MATLAB_CELL, MATLAB_STRUCT].contains(&self.class.as_str());
        !self.is_object && !is_other && (!self.is_empty || number_of(&self.class).is_some())
    }
}

/// The type of MATLAB's numbers of a class.
fn number_of(class: &str) -> Option<Number> {
    let among = |classes: &[&str]| classes.iter().position(|other| *other == class);
    if class == MATLAB_LOGICAL {
        Some(Number::Bool)
    } else if let Some(at) = among(&MATLAB_FLOATS) {
        [Number::F32, Number::F64].get(at).copied()
    } else if let Some(at) = among(&MATLAB_UNSIGNED) {
        [Number::U8, Number::U16, Number::U32, Number::U64].get(at).copied()
    } else {
        [Number::I8, Number::I16, Number::I32, Number::I64].get(among(&MATLAB_SIGNED)?).copied()
    }
}

/// Leaves the names of attributes that say something of the value: not how MATLAB has it, which was heeded.
pub(super) fn retain_attributes(names: &mut Vec<String>) {
    if names.iter().any(|name| name == MATLAB_CLASS) {
        names.retain(|name| !MATLAB_ATTRIBUTES.contains(&name.as_str()));
    }
}

/// Where the items of an array of the dimensions `dims` are, one after the other as their last coordinate is fastest, if a step
/// along each dimension is as long as `steps` says.
struct ItemOrder<'a> {
    dims: &'a [u64],
    steps: &'a [usize],
    at: usize,
    coordinates: Vec<u64>,
    left: u64,
}

impl<'a> ItemOrder<'a> {
    fn new(dims: &'a [u64], steps: &'a [usize]) -> Self {
        Self { dims, steps, at: 0, coordinates: vec![0; dims.len()], left: dims.iter().product() }
    }
}

impl Iterator for ItemOrder<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.at;
        for level in (0..self.dims.len()).rev() {
            self.coordinates[level] += 1;
            self.at += self.steps[level];
            if self.coordinates[level] < self.dims[level] {
                break;
            }
            self.at -= self.steps[level] * self.coordinates[level] as usize;
            self.coordinates[level] = 0;
        }
        Some(place)
    }
}

/// For each dimension of MATLAB's, the last of the file first, how many items one step along it is.
fn steps(dims: &[u64]) -> Vec<usize> {
    let steps = dims.iter().rev().scan(1, |step, dim| Some(std::mem::replace(step, *step * *dim as usize)));
    steps.collect()
}

/// Items that are in the file in the dimensions `dims`, in MATLAB's.
fn turned(dims: &[u64], size: usize, items: Items) -> Items {
    if is_vector(dims) {
        return items;
    }
    let (bytes, reversed) = (items.bytes(), dims.iter().rev().copied().collect::<Vec<_>>());
    let mut turned = Vec::with_capacity(bytes.len());
    for place in ItemOrder::new(&reversed, &steps(dims)) {
        turned.extend_from_slice(&bytes[place * size..][..size]);
    }
    Items::with_memory(turned)
}

/// Characters: one string, or as many as there are rows, which are of one length and end in spaces. Of more dimensions, the
/// second is that of the characters of a string, too.
fn chars(dims: &[u64], number: Number, bytes: &[u8]) -> Result<MarkedDataset> {
    let (size, mut steps) = (number.size(), steps(dims));
    let mut dims: Vec<u64> = dims.iter().rev().copied().collect();
    if dims.len() < 2 {
        (dims, steps) = (vec![1, dims[0]], vec![1, steps[0]]);
    }
    let (len, step) = (dims.remove(1) as usize, steps.remove(1));
    let texts = ItemOrder::new(&dims, &steps).map(|place| {
        let unit = |index: usize| integer(number, &bytes[(place + index * step) * size..][..size]);
        let text = match size {
            1 => String::from_utf8((0..len).map(|index| unit(index) as u8).collect()).ok(),
            2 => String::from_utf16(&(0..len).map(|index| unit(index) as u16).collect::<Vec<_>>()).ok(),
            _ => (0..len).map(|index| char::from_u32(unit(index) as u32)).collect(),
        };
        text.ok_or_else(|| Error::corrupt("characters of MATLAB's that are no text"))
    });
    let mut texts = texts.collect::<Result<Vec<_>>>()?;
    if texts.len() == 1 {
        return Ok(MarkedDataset::Text(texts.remove(0)));
    }
    let longest = texts.iter().map(String::len).max().unwrap_or(0).max(1);
    let mut bytes = Vec::with_capacity(texts.len() * longest);
    for (row, text) in texts.iter().enumerate() {
        bytes.extend_from_slice(text.trim_end_matches(' ').as_bytes());
        bytes.resize((row + 1) * longest, 0);
    }
    Ok(MarkedDataset::Array { dims, dtype: Dtype::string(longest), items: Items::with_memory(bytes) })
}

/// A variable of MATLAB's as a sequence, of which a window is in memory: so many elements along its first dimension.
#[derive(Debug)]
pub(super) struct MatlabRows {
    dataset: Dataset,
    /// The dimensions in the file, and which of them is the first of the sequence.
    stored: Vec<u64>,
    axis: usize,
    len: u64,
    /// The dimensions of an element; and, if it is an item, those that it has to who asks for a list in a column.
    inner: Vec<u64>,
    ones: Vec<u64>,
    dtype: Dtype,
    start: u64,
    count: u64,
    items: Items,
}

impl MatlabRows {
    /// The sequence that a dataset is, if it is a variable of MATLAB's.
    pub(super) fn of(dataset: Dataset) -> Result<Result<Self, Dataset>> {
        let Some(variable) = MatlabVariable::of(&dataset)? else { return Ok(Err(dataset)) };
        let is_whole = variable.class == MATLAB_CHAR || variable.is_object || variable.is_empty;
        if is_whole || variable.dims.contains(&0) {
            let marked = variable.marked(&dataset)?;
            return Self::whole(dataset, marked);
        }
        let (dtype, stored) = (variable.dtype(&dataset), variable.dims);
        if dtype.has_addresses() || dtype.unsupported().is_some() {
            return Ok(Err(dataset));
        }
        let last = stored.len() - 1;
        let (mut axis, mut inner, mut ones) = (last, Vec::new(), Vec::new());
        if is_vector(&stored) {
            axis = stored.iter().position(|dim| *dim != 1).unwrap_or(last);
            if axis == last && matches!(dtype, Dtype::Number(_)) {
                ones = vec![1; last];
            }
        } else {
            inner = stored[..last].iter().rev().copied().collect();
        }
        let len = stored[axis];
        Ok(Ok(Self { dataset, stored, axis, len, inner, ones, dtype, start: 0, count: 0, items: Items::default() }))
    }

    /// The same of one that is in memory already.
    fn whole(dataset: Dataset, marked: Option<MarkedDataset>) -> Result<Result<Self, Dataset>> {
        let wrong = match marked {
            None => return Ok(Err(dataset)),
            Some(MarkedDataset::Array { dims, dtype, items }) => match (dims.split_first(), dtype.unsupported()) {
                (Some((len, inner)), None) => {
                    let (stored, ones, inner, count) = (Vec::new(), Vec::new(), inner.to_vec(), *len);
                    return Ok(Ok(Self {
                        dataset,
                        stored,
                        axis: 0,
                        len: count,
                        inner,
                        ones,
                        dtype,
                        start: 0,
                        count,
                        items,
                    }));
                }
                (_, words) => {
                    let words = words.unwrap_or_default();
                    let message = format!("expected a sequence, found a `{words}`, which cannot be read");
                    Error::new(ErrorKind::Unsupported, message)
                }
            },
            Some(_) => Error::wrong_type("a sequence", "a string"),
        };
        Err(wrong.stored_as(|| dataset.words()))
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Type and shape in words.
    pub(super) fn words(&self) -> String {
        self.dataset.words()
    }

    /// The element at `index`, which is smaller than the length.
    pub(super) fn element(&mut self, index: u64, depth: Depth) -> Result<StoredForm<'_>> {
        let size = self.inner.iter().fold(self.dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
        if index.wrapping_sub(self.start) >= self.count {
            self.load(index, size)?;
        }
        let Self { inner, ones, dtype, items, .. } = self;
        let at = (index - self.start) as usize * size;
        let bytes = items.bytes().get(at..at + size).ok_or_else(|| Error::corrupt("an element was cut off"))?;
        let item = Item { dtype, bytes, items };
        if !ones.is_empty() {
            let array = MatlabVector { items: Block::with_step(1, &[], dtype, size, bytes, items)?, dims: ones };
            return Ok(StoredForm::Single { item, array, is_list: false, is_taken: None });
        }
        if inner.is_empty() {
            StoredForm::of_item(item, depth)
        } else {
            Block::new(inner, dtype, bytes, items).map(StoredForm::Block)
        }
    }

    /// Reads a window that begins with the element at `index`.
    fn load(&mut self, index: u64, size: usize) -> Result<()> {
        let count = (SLAB / size.max(1)).max(1) as u64;
        let (mut start, mut dims) = (vec![0; self.stored.len()], self.stored.clone());
        let (Some(first), Some(along)) = (start.get_mut(self.axis), dims.get_mut(self.axis)) else {
            return Err(Error::corrupt("there is no such element"));
        };
        (*first, *along) = (index, count.min(self.len - index));
        let count = *along;
        self.count = 0;
        let items = self.dataset.read_block(&start, &dims, std::mem::take(&mut self.items))?;
        self.items = turned(&dims, self.dtype.size(), items);
        (self.start, self.count) = (index, count);
        Ok(())
    }
}

/// A dataset as an array: of its own shape, or, if it is a variable of MATLAB's, of what it has there.
#[derive(Debug)]
pub(crate) struct ArrayLayout {
    pub(crate) shape: Shape,
    /// The element type.
    pub(crate) dtype: Dtype,
    /// Whether the first dimension is fastest.
    pub(crate) is_reversed: bool,
    variable: Option<MatlabVariable>,
    /// Those of the dimensions that are within an item.
    inner: Vec<u64>,
}

impl ArrayLayout {
    /// How a dataset is an array to who asks for one of so many dimensions, of elements that may be arrays themselves: a line
    /// of MATLAB's has one, and a number none, if that is asked for.
    pub(crate) fn of(dataset: &Dataset, rank: Option<usize>, is_array: bool) -> Result<Self> {
        let Some(variable) = MatlabVariable::of(dataset)? else {
            let (shape, inner) = shape_within(dataset.shape(), dataset.dtype(), rank, is_array);
            let dtype = if inner.is_empty() { dataset.dtype() } else { dataset.dtype().innermost() }.clone();
            return Ok(Self { shape, dtype, is_reversed: false, variable: None, inner });
        };
        let (dtype, dims) = (variable.dtype(dataset), variable.dims(dataset)?);
        let count = dims.iter().fold(1, |count: u64, dim| count.saturating_mul(*dim));
        let shape = match rank {
            Some(0) if count == 1 => Shape::Scalar,
            Some(1) if count == 0 || is_vector(&dims) => Shape::Simple(vec![count]),
            _ => Shape::Simple(dims),
        };
        Ok(Self { shape, dtype, is_reversed: true, variable: Some(variable), inner: Vec::new() })
    }

    /// Whether the items are what they look like, and no codes of characters, or dimensions of an empty cell.
    pub(crate) fn is_numeric(&self) -> bool {
        self.variable.as_ref().is_none_or(MatlabVariable::is_numeric)
    }

    /// The type of the elements in memory, and whether any are stored.
    fn element<T: H5Type>(&self, dataset: &Dataset, element: ElementType<T>) -> Result<(ElementType<T>, bool)> {
        let Some(variable) = &self.variable else {
            return Ok((element.of_stored(dataset.dtype(), !self.inner.is_empty())?, true));
        };
        if variable.is_object {
            let words = &self.dtype;
            let message = format!("expected an array of `{}`, found a `{words}`, which cannot be read", element.name());
            return Err(Error::new(ErrorKind::Unsupported, message).stored_as(|| dataset.words()));
        }
        Ok((element.of_matlab(dataset.dtype())?, !variable.is_empty))
    }

    /// Reads all elements.
    pub(crate) fn read<T: H5Type>(&self, dataset: &Dataset, element: ElementType<T>) -> Result<Vec<T>> {
        match self.element(dataset, element)? {
            (element, true) => dataset.read_array(&element),
            (_, false) => Ok(Vec::new()),
        }
    }

    /// Reads the elements that are selected.
    pub(crate) fn read_part<T: H5Type>(
        &self,
        dataset: &Dataset,
        element: ElementType<T>,
        selection: Selection,
    ) -> Result<Vec<T>> {
        let (element, true) = self.element(dataset, element)? else { return Ok(Vec::new()) };
        let Some(MatlabVariable { dims, .. }) = &self.variable else {
            return self.read_within(dataset, &element, selection);
        };
        // A line is wherever its dimension is.
        let axis = dims.iter().position(|dim| *dim != 1).unwrap_or(0);
        let stored = |mut all: Vec<u64>, other: u64| {
            if all.len() == dims.len() {
                all.reverse();
                return all;
            }
            let mut stored = vec![other; dims.len()];
            all.first().iter().for_each(|own| stored[axis] = **own);
            stored
        };
        let Selection { start, step, count } = selection;
        let selection = Selection { start: stored(start, 0), step: stored(step, 1), count: stored(count, 1) };
        dataset.read_selection(&element, &selection)
    }

    /// Reads the items that are selected, and of these the elements that are.
    fn read_within<T: H5Type>(
        &self,
        dataset: &Dataset,
        element: &ElementType<T>,
        selection: Selection,
    ) -> Result<Vec<T>> {
        // One element may be asked for as a scalar, whatever its dimensions are.
        if self.inner.is_empty() || selection.start.is_empty() {
            return dataset.read_selection(element, &selection);
        }
        let Selection { mut start, mut step, mut count } = selection;
        let outer = start.len().saturating_sub(self.inner.len());
        let (first, by, many) = (start.split_off(outer), step.split_off(outer), count.split_off(outer));
        let values = dataset.read_selection(element, &Selection { start, step, count })?;
        let is_all = first.iter().all(|first| *first == 0) && many == self.inner;
        // Of no items, none is looked for: they may be of any size.
        if is_all || values.is_empty() {
            return Ok(values);
        }
        let is_wanted = |mut at: u64| {
            self.inner.iter().enumerate().rev().all(|(level, dim)| {
                let coordinate = at % dim;
                at /= dim;
                let from = coordinate.checked_sub(first[level]);
                from.is_some_and(|from| from % by[level] == 0 && from / by[level] < many[level])
            })
        };
        let each: u64 = self.inner.iter().product();
        let wanted: Vec<bool> = (0..each).map(is_wanted).collect();
        Ok(values
            .into_iter()
            .zip(wanted.iter().cycle())
            .filter(|(_, wanted)| **wanted)
            .map(|(value, _)| value)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let array = |dims: &[u64], bytes: &[u8]| turned(dims, 1, Items::with_memory(bytes.to_vec())).into_bytes();
        assert_eq!(array(&[2, 3], &[1, 2, 3, 4, 5, 6]), [1, 4, 2, 5, 3, 6]);
        assert_eq!(array(&[1, 3], &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(array(&[3, 1], &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(array(&[1, 1], &[1]), [1]);
        assert_eq!(array(&[2, 1, 2], &[1, 2, 3, 4]), [1, 3, 2, 4]);
        let cube: Vec<u8> = (0..24).collect();
        // What is at (i, j, k) of the one is at (k, j, i) of the other.
        let other = array(&[2, 3, 4], &cube);
        for (i, j, k) in (0..24).map(|at| (at / 12, at / 4 % 3, at % 4)) {
            assert_eq!(other[k * 6 + j * 2 + i], cube[i * 12 + j * 4 + k]);
        }
    }
}
