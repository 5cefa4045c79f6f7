//! Datasets that are something else than they look, which an attribute of other programs' says: MATLAB's variables, and
//! hickle's strings. They are brought into memory as what they are.
//!
//! MATLAB has the first dimension fastest, so the dimensions in the file are the other way round; and it has nothing with
//! fewer than two. What is read has the elements in MATLAB's order: `a[i][j]` is `a(i + 1, j + 1)`; a matrix of one row or
//! column is a list, and one of a single element is this, and a list of it.

use super::view::Form;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::foreign::{
    HICKLE_STR, HICKLE_STRING, MATLAB_CHAR, MATLAB_CLASS, MATLAB_EMPTY, MATLAB_LOGICAL, MATLAB_OBJECT,
};
use crate::item::Item;
use crate::storage::{Attributes, Dataset, Dtype, Items, Number, Shape, integer};

/// What a dataset is.
pub(super) enum Marked {
    Text(String),
    Bytes(Items),
    Array { dims: Vec<u64>, dtype: Dtype, items: Items },
}

impl Marked {
    /// What a dataset without a kind is, if that is not what it looks like.
    pub(super) fn of(dataset: &Dataset) -> Result<Option<Self>> {
        let Shape::Simple(dims) = dataset.shape() else { return Ok(None) };
        if dataset.is_bare() {
            return Ok(None);
        }
        if let Some(class) = dataset.text_attribute(MATLAB_CLASS)? {
            return matlab(dataset, dims, &class);
        }
        match (dataset.text_attribute(HICKLE_STRING)?, dataset.dtype()) {
            (Some(word), Dtype::FixedString(strings)) if strings.size == 1 => {
                let items = dataset.read()?;
                if word != HICKLE_STR {
                    return Ok(Some(Self::Bytes(items)));
                }
                crate::item::string(items.bytes()).map(|text| Some(Self::Text(text.to_owned())))
            }
            _ => Ok(None),
        }
    }

    /// The form in which that is read.
    pub(super) fn form(&self, depth: Depth) -> Result<Form<'_>> {
        match self {
            Self::Text(text) => Ok(Form::Text(text.as_bytes())),
            Self::Bytes(items) => Ok(Form::Bytes(items.bytes())),
            Self::Array { dtype, items, .. } if dtype.unsupported().is_some() => {
                Form::of_item(Item { dtype, bytes: &[], items }, depth)
            }
            Self::Array { dims, dtype, items } => Form::single_or_block(dims, dtype, items, false),
        }
    }
}

fn matlab(dataset: &Dataset, dims: &[u64], class: &str) -> Result<Option<Marked>> {
    if dataset.has_attribute(MATLAB_OBJECT)? {
        let dtype = Dtype::Unsupported(format!("MATLAB object of class {class}"));
        return Ok(Some(Marked::Array { dims: Vec::new(), dtype, items: Items::default() }));
    }
    let is_empty = dataset.has_attribute(MATLAB_EMPTY)? && dataset.count_of(MATLAB_EMPTY)? != 0;
    if is_empty && class == MATLAB_CHAR {
        return Ok(Some(Marked::Text(String::new())));
    }
    let dtype = dataset.dtype().clone();
    if is_empty || dims.contains(&0) {
        return Ok(Some(Marked::Array { dims: vec![0], dtype, items: Items::default() }));
    }
    // Nothing of MATLAB's has parts elsewhere.
    if dtype.has_addresses() || dtype.unsupported().is_some() {
        return Ok(None);
    }
    let items = dataset.read()?;
    match (class, &dtype) {
        (MATLAB_CHAR, Dtype::Number(number)) if number.is_integer() => chars(dims, *number, items.bytes()).map(Some),
        (MATLAB_CHAR, _) => Ok(None),
        (MATLAB_LOGICAL, Dtype::Number(Number::U8)) => {
            Ok(Some(turned(dims, Dtype::Number(Number::Bool), items.into_bytes())))
        }
        _ => Ok(Some(turned(dims, dtype, items.into_bytes()))),
    }
}

/// Characters: one string, or as many as there are rows, which are of one length and end in spaces.
fn chars(dims: &[u64], number: Number, bytes: &[u8]) -> Result<Marked> {
    let rows = dims[1..].iter().product::<u64>() as usize;
    let size = number.size();
    let texts = (0..rows).map(|row| {
        let units = bytes.chunks_exact(size).skip(row).step_by(rows).map(|unit| integer(number, unit) as u32);
        let text = match size {
            1 => String::from_utf8(units.map(|unit| unit as u8).collect()).ok(),
            2 => String::from_utf16(&units.map(|unit| unit as u16).collect::<Vec<_>>()).ok(),
            _ => units.map(char::from_u32).collect(),
        };
        text.ok_or_else(|| Error::corrupt("characters of MATLAB's that are no text"))
    });
    let mut texts = texts.collect::<Result<Vec<_>>>()?;
    if texts.len() == 1 {
        return Ok(Marked::Text(texts.remove(0)));
    }
    let longest = texts.iter().map(String::len).max().unwrap_or(0).max(1);
    let mut bytes = Vec::with_capacity(texts.len() * longest);
    for (row, text) in texts.iter().enumerate() {
        bytes.extend_from_slice(text.trim_end_matches(' ').as_bytes());
        bytes.resize((row + 1) * longest, 0);
    }
    Ok(Marked::Array { dims: vec![rows as u64], dtype: Dtype::string(longest), items: Items::with_memory(bytes) })
}

/// The items in MATLAB's order.
fn turned(dims: &[u64], dtype: Dtype, bytes: Vec<u8>) -> Marked {
    let count: u64 = dims.iter().product();
    if dims.iter().filter(|dim| **dim != 1).count() <= 1 {
        return Marked::Array { dims: vec![count], dtype, items: Items::with_memory(bytes) };
    }
    let size = dtype.size();
    let mut steps = vec![size; dims.len()];
    for level in (1..dims.len()).rev() {
        steps[level - 1] = steps[level] * dims[level] as usize;
    }
    let (mut turned, mut place) = (Vec::with_capacity(bytes.len()), vec![0; dims.len()]);
    for _ in 0..count {
        let at: usize = place.iter().zip(&steps).map(|(place, step)| *place as usize * step).sum();
        turned.extend_from_slice(&bytes[at..at + size]);
        // In the file, the first dimension is that which is to be fastest.
        for level in 0..dims.len() {
            place[level] += 1;
            if place[level] < dims[level] {
                break;
            }
            place[level] = 0;
        }
    }
    let dims = dims.iter().rev().copied().collect();
    Marked::Array { dims, dtype, items: Items::with_memory(turned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let array = |dims: &[u64], bytes: &[u8]| match turned(dims, Dtype::Number(Number::U8), bytes.to_vec()) {
            Marked::Array { dims, items, .. } => (dims, items.into_bytes()),
            _ => panic!("no array"),
        };
        assert_eq!(array(&[2, 3], &[1, 2, 3, 4, 5, 6]), (vec![3, 2], vec![1, 4, 2, 5, 3, 6]));
        assert_eq!(array(&[1, 3], &[1, 2, 3]), (vec![3], vec![1, 2, 3]));
        assert_eq!(array(&[3, 1], &[1, 2, 3]), (vec![3], vec![1, 2, 3]));
        assert_eq!(array(&[1, 1], &[1]), (vec![1], vec![1]));
        let cube = array(&[2, 1, 2], &[1, 2, 3, 4]);
        assert_eq!(cube, (vec![2, 1, 2], vec![1, 3, 2, 4]));
    }
}
