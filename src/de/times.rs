//! Stored times: what the numbers of a dataset mean, by its attributes.

use std::sync::Arc;

use super::column::Column;
use crate::ground::error::Result;
use crate::ground::time::{StoredTimes, TimeUnits};
use crate::h5::{Attributes, Contents, Dataset, Dtype, Number, Shape, integer};
use crate::layout::{CALENDAR, FILL_VALUE, UNITS};

/// What is known of the times that a dataset holds.
pub(super) fn of_dataset(dataset: &Dataset) -> Result<Arc<StoredTimes>> {
    if let Some(times) = of_numpy(dataset.dtype()) {
        return Ok(Arc::new(times));
    }
    let is_float = match dataset.dtype() {
        Dtype::Number(Number::F32 | Number::F64) => Some(true),
        Dtype::Number(number) if number.is_integer() => Some(false),
        _ => None,
    };
    if is_float.is_none() || dataset.is_bare() {
        return Ok(Arc::new(StoredTimes { is_float, ..StoredTimes::default() }));
    }
    let units = dataset.text_attribute(UNITS)?;
    let calendar = dataset.text_attribute(CALENDAR)?;
    let units = units.map(|units| TimeUnits::parse(&units, calendar.as_deref()));
    let fill = match dataset.attribute(FILL_VALUE)? {
        Some(Contents { dtype: Dtype::Number(number), shape, items })
            if number.is_integer() && matches!(shape.count(), Some(1)) && shape != Shape::Null =>
        {
            i64::try_from(integer(number, items.bytes())).ok()
        }
        _ => None,
    };
    Ok(Arc::new(StoredTimes { units, fill, is_float }))
}

/// What the type says of times that are numpy's own.
pub(super) fn of_numpy(dtype: &Dtype) -> Option<StoredTimes> {
    match dtype {
        Dtype::Array(_, inner) => of_numpy(inner),
        Dtype::Opaque(opaque) => {
            let units = TimeUnits::of_numpy(opaque.time_type()?);
            Some(StoredTimes { units: Some(units), is_float: Some(false), ..StoredTimes::default() })
        }
        _ => None,
    }
}

/// What is known of the times that a column's elements are, or those of lists that they are.
pub(super) fn of_column(column: &mut Column) -> Result<Option<Arc<StoredTimes>>> {
    match column {
        Column::Array(array) => array.times().map(Some),
        Column::Cells(cells) => Ok(of_numpy(cells.dtype()).map(Arc::new)),
        Column::Ragged { values, .. } | Column::Nullable { values, .. } => of_column(values),
        _ => Ok(None),
    }
}
