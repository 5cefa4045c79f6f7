//! Tables from and to Parquet, by way of Arrow: row group by row group, in memory that does not depend on how long they are.

mod cells;
mod columns;
mod export;
mod import;
mod marks;

pub(crate) use export::export;
pub(crate) use import::import;

use ::parquet::errors::ParquetError;

use crate::failure::Failure;

/// About how many bytes of a table are in memory at once.
const BLOCK: u64 = 8 << 20;
/// How many rows are in memory at once at most.
const MAX_ROWS: u64 = 1 << 16;

/// What Parquet's own errors say.
fn failed(error: ParquetError) -> Failure {
    match error {
        ParquetError::General(message) | ParquetError::EOF(message) => Failure::error(message),
        ParquetError::NYI(message) => Failure::error(format!("not supported: {message}")),
        error => Failure::error(error.to_string()),
    }
}
