//! One file that several ranks write and read together: processes of MPI, or threads.
//!
//! A simulation on many ranks has one value, of which each rank has a part. [`to_file`] writes it to one ordinary file: the bytes
//! are the same, however many ranks there are, as if one process had had all and called [`filebacked::to_file`](crate::to_file). So
//! every program that reads HDF5 reads it, and [`from_file`] reads it on any other number of ranks. Parallel HDF5 is not needed.
//!
//! ```
//! use filebacked::dist::{self, Block, Comm, Threads};
//! use ndarray::{Array2, Ix2};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Particle { position: [f64; 3], name: String }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Run {
//!     step: u64,
//!     #[serde(with = "filebacked::dist::list")]
//!     particles: Vec<Particle>,
//!     field: Block<f64, Ix2>,
//! }
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.h5");
//! // Four ranks write: each has its own particles, and 25 rows of the field.
//! Threads::run(4, |comm| {
//!     let particles = vec![Particle { position: [0.5; 3], name: format!("of rank {}", comm.rank()) }];
//!     let rows = Array2::from_elem((25, 10), comm.rank() as f64);
//!     let field = Block::new([100, 10], [25 * comm.rank(), 0], rows)?;
//!     dist::to_file(&comm, &path, &Run { step: 7, particles, field })
//! }).into_iter().collect::<filebacked::Result<()>>()?;
//!
//! // Two read: each gets two of the particles, and 50 rows.
//! Threads::run(2, |comm| {
//!     let run: Run = dist::from_file(&comm, &path)?;
//!     assert_eq!((run.step, run.particles.len(), run.field.values.dim()), (7, 2, (50, 10)));
//!     assert_eq!(run.field.start[0], 50 * comm.rank());
//!     Ok(())
//! }).into_iter().collect::<filebacked::Result<()>>()?;
//!
//! // What any other program sees.
//! let file = filebacked::hdf5::File::open(&path)?;
//! assert_eq!(file.dataset("field")?.shape(), [100, 10]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ranks
//!
//! All ranks make the same calls, in the same order. What they need of each other is in [`Comm`]:
//!
//! | | |
//! |---|---|
//! | [`Threads`] | threads of one process: for tests, and to try it out |
//! | [`Alone`] | one rank |
//! | `SimpleCommunicator`, `CartesianCommunicator` of the crate `mpi` 0.8 (cargo feature `mpi`) | processes, on one machine or many |
//!
//! # In a value
//!
//! | | each rank has | the file has |
//! |---|---|---|
//! | [`list`](mod@list), [`List`] | elements | those of all ranks, in the order of the ranks |
//! | [`Block`], [`array`](mod@array) | a block of an N-dimensional array, wherever it is | the array; zeros where no rank has a block |
//! | `sparse`, `Rows` (cargo feature `sprs`) | rows of a sparse matrix | those of all ranks, in the order of the ranks |
//! | all else | the same | it, once |
//!
//! The parts may be different ones on each rank: a rank may have none, and the elements of a list may be of forms that only some
//! ranks have (variants, options, wider integers). The file is what it is for one process.
//!
//! All else must be alike: the ranks compare a hash of what is serialized, and rank 0 writes it. The entries of a map may come in any
//! order, unless parts are in them; those of a `HashSet` may not ([`sorted`](crate::sorted) helps).
//!
//! # How
//!
//! The value is serialized more than once on each rank: to compare it, to send what rank 0 writes, and to write what is spread. So a
//! `Serialize` must give the same each time.
//!
//! Rank 0 makes the file beside the one that it is to replace, with room for what is spread. Then all ranks put their elements there.
//! Rank 0 puts the file in its place when all of it is there, and on the disk.
//!
//! # Limits
//!
//! - Each rank writes its own part of arrays of 64 KiB and more, and of lists of 64 KiB and more that are of one form on all ranks: numbers,
//!   strings, structs, tuples, options, and lists of these.
//! - The rest is sent to rank 0, which writes it: smaller arrays and lists, strings of variable length, lists of enums, maps and other forms,
//!   sparse matrices, what is in chunks (compressed or not), and all that goes into a file that is [open](to_group). So it has to fit into
//!   the memory of rank 0, and takes as long on many ranks as on one.
//! - In lists, elements cannot have arrays or other wrapper types in them.
//! - A [`Shared`](crate::Shared) value, or a map that is stored as keys and values, has no spread parts in it.
//!
//! [`guide::ranks`](crate::guide::ranks) says what this means on file systems of many machines.
//!
//! # Errors
//!
//! Whatever fails on one rank is an error on all ranks, which names the rank: a `Serialize` that fails or panics, values that do not go
//! together, blocks that overlap, a full disk, a folder that is not there, calls that differ. Then the old file stays as it was, and no
//! other is left. A rank that is gone is an error, too, where the [`Comm`] notices that, as [`Threads`] do. MPI ends all ranks.

mod alone;
mod comm;
#[cfg(feature = "mpi")]
mod mpi;
mod ranks;
mod read;
mod threads;
mod write;

pub use self::alone::Alone;
pub use self::comm::Comm;
pub use self::read::{DistReader, from_file};
pub use self::threads::Threads;
pub use self::write::{DistWriter, to_file, to_group, write};
pub use crate::wrappers::dist::Element;
pub use crate::wrappers::dist::array;
#[doc(no_inline)]
pub use crate::wrappers::dist::array::Block;
pub use crate::wrappers::dist::list;
#[doc(no_inline)]
pub use crate::wrappers::dist::list::List;
#[cfg(feature = "sprs")]
pub use crate::wrappers::dist::sparse;
#[cfg(feature = "sprs")]
#[doc(no_inline)]
pub use crate::wrappers::dist::sparse::Rows;
