//! How values are written and read: builders on which the operations hang.

mod append;
mod read;
mod write;

pub use read::ReadOptions;
pub use write::WriteOptions;
