//! Parts of a value that ranks have together: see [`crate::dist`].

pub mod array;
mod element;
pub(crate) mod geometry;
pub mod list;
pub(crate) mod session;
#[cfg(feature = "sprs")]
pub mod sparse;

pub use element::Element;
