//! How values are written and read: builders on which the operations hang.

mod append;
mod read;
mod repack;
mod write;

pub use read::ReadOptions;
pub use repack::{Repacked, RepackedDataset};
pub use write::WriteOptions;
