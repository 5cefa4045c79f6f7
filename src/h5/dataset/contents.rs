//! All that a small dataset or an attribute holds, and types and shapes in words.

use super::super::dtype::Dtype;
use super::super::items::Items;
use super::Shape;

/// All that a small dataset or an attribute holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// Its dataspace.
    pub(crate) shape: Shape,
    /// Its element type.
    pub(crate) dtype: Dtype,
    /// Its items, none where the dataspace is null.
    pub(crate) items: Items,
}

impl Contents {
    /// Whether it is a null dataspace.
    pub(crate) fn is_null(&self) -> bool {
        self.shape == Shape::Null
    }

    /// Type and shape in words.
    pub(crate) fn words(&self) -> String {
        words(&self.dtype, &self.shape)
    }

    /// The strings that they are, if they are strings.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        texts(&self.dtype, &self.items)
    }
}

/// The strings that items are, if they are strings.
pub(crate) fn texts(dtype: &Dtype, items: &Items) -> Option<Vec<String>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
    let places = items.bytes().chunks_exact(dtype.size().max(1));
    match dtype {
        Dtype::FixedString(_) => Some(places.map(text).collect()),
        Dtype::VarString(_) => Some(places.map(|place| text(items.string(place))).collect()),
        _ => None,
    }
}

/// A type in words, or as much of it as is worth to be said in an error.
pub(crate) fn brief(words: String) -> String {
    const MOST: usize = 200;
    if words.chars().count() <= MOST { words } else { words.chars().take(MOST - 3).chain("...".chars()).collect() }
}

pub(in crate::h5) fn words(dtype: &Dtype, shape: &Shape) -> String {
    let dtype = brief(dtype.to_string());
    match shape {
        Shape::Null => "a null dataspace".to_owned(),
        Shape::Scalar => format!("scalar `{dtype}`"),
        Shape::Simple(_) => format!("`{dtype}` of shape {shape}"),
    }
}
