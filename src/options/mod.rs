//! How values are written and read: builders on which the operations hang.

mod read;
mod write;

pub use read::ReadOptions;
pub use write::WriteOptions;
