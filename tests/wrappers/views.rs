//! Views of arrays, which are written without a copy, and arrays that share or borrow their elements.

use std::collections::BTreeMap;

use filebacked::{NdArray, NdArrayView, WithAttrs, from_slice, to_vec};
use ndarray::{ArcArray, Array1, Array2, ArrayD, Axis, CowArray, Ix1, Ix2, OwnedArcRepr, array, s};
use serde::{Deserialize, Serialize};

use super::round_trip;

fn numbers() -> Array2<f64> {
    Array2::from_shape_fn((30, 20), |(row, column)| (20 * row + column) as f64)
}

/// A view gives the file, and the JSON, that an array of its own elements gives.
#[test]
fn every_view_is_written_as_its_array() {
    let mut all = numbers();
    let expected = |array: Array2<f64>| {
        let array = NdArray(array);
        (to_vec(&array).unwrap(), serde_json::to_string(&array).unwrap())
    };
    macro_rules! is_as {
        ($($view:expr => $array:expr;)*) => {
            $({
                let array = expected($array);
                let view = NdArray($view);
                assert_eq!((to_vec(&view).unwrap(), serde_json::to_string(&view).unwrap()), array, stringify!($view));
            })*
        };
    }
    is_as! {
        all.view() => numbers();
        all.view_mut() => numbers();
        all.t() => numbers().reversed_axes().as_standard_layout().into_owned();
        all.slice(s![2..9, ..;3]) => numbers().slice(s![2..9, ..;3]).to_owned();
        all.slice(s![..;-1, 4..4]) => numbers().slice(s![..;-1, 4..4]).to_owned();
        CowArray::from(all.view()) => numbers();
        CowArray::from(numbers()) => numbers();
        ArcArray::from(numbers()) => numbers();
    }
    // Of any rank.
    assert_eq!(to_vec(&NdArray(all.column(3))).unwrap(), to_vec(&NdArray(numbers().column(3).to_owned())).unwrap());
    assert_eq!(to_vec(&NdArray(all.view().into_dyn())).unwrap(), expected(numbers()).0);
    // An array by reference.
    let by_reference: NdArrayView<'_, f64, Ix2> = (&all).into();
    assert!(std::ptr::eq(by_reference.as_ptr(), all.as_ptr()));
    assert_eq!(to_vec(&by_reference).unwrap(), expected(numbers()).0);
}

#[derive(Serialize)]
struct Written<'a> {
    whole: NdArrayView<'a, f64, Ix2>,
    rows: Vec<NdArrayView<'a, f64, Ix1>>,
    columns: BTreeMap<String, NdArrayView<'a, f64, Ix1>>,
    labelled: WithAttrs<NdArrayView<'a, f64, Ix1>, BTreeMap<String, String>>,
    nothing: Option<NdArrayView<'a, f64, Ix1>>,
}

#[derive(Deserialize)]
struct Read {
    whole: NdArray<f64, Ix2>,
    rows: Vec<NdArray<f64, Ix1>>,
    columns: BTreeMap<String, NdArray<f64, Ix1>>,
    labelled: WithAttrs<NdArray<f64, Ix1>, BTreeMap<String, String>>,
    nothing: Option<NdArray<f64, Ix1>>,
}

/// Wherever a value can stand.
#[test]
fn views_in_values() {
    let all = numbers();
    let labels = BTreeMap::from([("unit".to_owned(), "mm".to_owned())]);
    let written = Written {
        whole: NdArray(all.view()),
        rows: all.axis_iter(Axis(0)).map(NdArray).collect(),
        columns: (0..20).map(|column| (column.to_string(), all.column(column).into())).collect(),
        labelled: WithAttrs::new(all.row(1).into(), labels.clone()),
        nothing: None,
    };
    let back: Read = from_slice(&to_vec(&written).unwrap()).unwrap();
    assert_eq!(back.whole, written.whole);
    assert_eq!(back.rows, written.rows);
    assert!(back.columns.iter().all(|(name, column)| *column == written.columns[name]));
    assert_eq!(back.columns.len(), 20);
    assert_eq!((back.labelled.value, back.labelled.attrs), (NdArray(all.row(1).to_owned()), labels));
    assert!(back.nothing.is_none());
}

/// What is read can be shared; what is written can be what others hold.
#[test]
fn arrays_that_are_shared() {
    type Shared<D> = NdArray<f64, D, OwnedArcRepr<f64>>;
    round_trip(&Shared::from(ArcArray::from(numbers())));
    round_trip(&vec![Some(Shared::<Ix1>::default()), None, Some(NdArray(array![1.5].into()))]);
    let image = to_vec(&NdArray(numbers())).unwrap();
    let one: Shared<Ix2> = from_slice(&image).unwrap();
    let other = one.clone();
    assert!(std::ptr::eq(one.as_ptr(), other.as_ptr()));
    assert_eq!(one, NdArray(numbers()));
    assert_eq!(NdArray(numbers().view()), one);
    assert_ne!(NdArray(numbers().slice(s![.., ..-1])), one);
}

/// An array that is not named is one that owns its elements, as it was when there were no others.
#[test]
fn defaults() {
    let empty = NdArray::<f64, Ix1>::default();
    assert_eq!(empty.0, Array1::<f64>::default(0));
    assert_eq!(format!("{:?}", NdArray(array![1])), format!("NdArray({:?})", array![1]));
    let mut copy = NdArray(array![1.5, 2.5]).clone();
    copy[0] = 0.5;
    copy.fill(3.5);
    assert_eq!(copy, NdArray::from(array![3.5, 3.5]));
    let whole: ArrayD<f64> = NdArray(ArrayD::from_elem(vec![1, 2], 0.5)).0;
    let image = to_vec(&NdArray(whole.view())).unwrap();
    assert_eq!(from_slice::<NdArray<f64, _>>(&image).unwrap(), NdArray(whole));
}
