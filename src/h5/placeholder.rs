//! What pandas stores for an array without elements: one element that is none, and the shape in an attribute.

use super::attribute::Attributes;
use super::dataset::{Dataset, Shape};
use crate::ground::error::Result;
use crate::layout::foreign::PANDAS_EMPTY;

/// The dataset, as what it stands for, if it is such.
pub(super) fn seen_as_empty(dataset: Dataset) -> Result<Dataset> {
    let Shape::Simple(dims) = dataset.shape() else { return Ok(dataset) };
    if dataset.is_bare() || dims.iter().any(|dim| *dim != 1) {
        return Ok(dataset);
    }
    let [value_type, shape] = PANDAS_EMPTY;
    if !dataset.has_attribute(value_type)? {
        return Ok(dataset);
    }
    let shape = dataset.text_attribute(shape)?.as_deref().and_then(dims_of);
    match shape {
        // An array that has elements is stored the other way round.
        Some(shape) if shape.contains(&0) && shape.len() == dims.len() => {
            Ok(dataset.with_shape(Shape::Simple(shape.into_iter().rev().collect())))
        }
        _ => Ok(dataset),
    }
}

/// The numbers of a tuple, as Python pickles it in protocol 0, which is text. Nothing is executed.
fn dims_of(pickle: &str) -> Option<Vec<u64>> {
    let mut rest = pickle.strip_prefix('(')?;
    let mut dims = Vec::new();
    while let Some(number) = rest.strip_prefix(['I', 'L']) {
        let (digits, after) = number.split_once('\n')?;
        dims.push(digits.trim_end_matches('L').parse().ok()?);
        rest = after;
    }
    (rest.starts_with('t') && !dims.is_empty()).then_some(dims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(dims_of("(I0\ntp0\n."), Some(vec![0]));
        assert_eq!(dims_of("(I1\nI0\ntp0\n."), Some(vec![1, 0]));
        assert_eq!(dims_of("(L3L\nL0L\nt."), Some(vec![3, 0]));
        for other in ["", "(t.", "(I\nt.", "cos\nsystem\n(I0\ntR.", "(I-1\nt.", "(I0"] {
            assert_eq!(dims_of(other), None, "{other:?}");
        }
    }
}
