//! Datasets that are something else than they look, which an attribute of other programs' says: [MATLAB's](super::matlab)
//! variables, and hickle's strings. They are brought into memory as what they are.

use super::matlab;
use super::matlab_vector::is_vector;
use super::stored::StoredForm;
use crate::de::item::Item;
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::h5::{Attributes, Dataset, Dtype, Items, Shape};
use crate::layout::foreign::{HICKLE_STR, HICKLE_STRING};

/// What a dataset is.
pub(super) enum MarkedDataset {
    Text(String),
    Bytes(Items),
    Array { dims: Vec<u64>, dtype: Dtype, items: Items },
}

impl MarkedDataset {
    /// What a dataset without a kind is, if that is not what it looks like.
    pub(super) fn of(dataset: &Dataset) -> Result<Option<Self>> {
        let Shape::Simple(_) = dataset.shape() else { return Ok(None) };
        if dataset.is_bare() {
            return Ok(None);
        }
        if let Some(variable) = matlab::MatlabVariable::of(dataset)? {
            return variable.marked(dataset);
        }
        match (dataset.text_attribute(HICKLE_STRING)?, dataset.dtype()) {
            (Some(word), Dtype::FixedString(strings)) if strings.size == 1 => {
                let items = dataset.read()?;
                if word != HICKLE_STR {
                    return Ok(Some(Self::Bytes(items)));
                }
                crate::de::item::string(items.bytes()).map(|text| Some(Self::Text(text.to_owned())))
            }
            _ => Ok(None),
        }
    }

    /// The form in which that is read.
    pub(super) fn form(&self, depth: Depth) -> Result<StoredForm<'_>> {
        match self {
            Self::Text(text) => Ok(StoredForm::Text(text.as_bytes())),
            Self::Bytes(items) => Ok(StoredForm::Bytes(items.bytes())),
            Self::Array { dtype, items, .. } if dtype.unsupported().is_some() => {
                StoredForm::of_item(Item { dtype, bytes: &[], items }, depth)
            }
            Self::Array { dims, dtype: dtype @ Dtype::Number(_), items } if is_vector(dims) => {
                StoredForm::single_or_line(dims, dtype, items)
            }
            Self::Array { dims, dtype, items } => StoredForm::single_or_block(dims, dtype, items, false),
        }
    }
}
