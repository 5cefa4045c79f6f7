//! Values that datasets are made of.

use filebacked::NdArray;
use filebacked::ndarray::{Array, IxDyn};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub(crate) struct Point {
    x: f64,
    y: f32,
}

pub(crate) fn points(count: usize) -> Vec<Point> {
    (0..count).map(|number| Point { x: number as f64 * 0.5, y: number as f32 * 0.5 }).collect()
}

pub(crate) fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("text {}", number % 100)).collect()
}

/// The numbers from 0 on, halved, in a shape.
pub(crate) fn halves(shape: &[usize]) -> NdArray<f64, IxDyn> {
    let count = shape.iter().product();
    NdArray(Array::from_iter((0..count).map(|number| number as f64 * 0.5)).into_shape_with_order(shape).unwrap())
}
