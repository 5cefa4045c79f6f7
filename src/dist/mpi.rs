//! Communicators of the crate `mpi`.

use std::io;

use mpi::datatype::{Partition, PartitionMut};
use mpi::topology::{CartesianCommunicator, SimpleCommunicator};
use mpi::traits::{Communicator, CommunicatorCollectives};

use super::Comm;

/// Bytes that a rank gives and gets at once: MPI counts in 32 bits, with a sign.
const MAX_AT_ONCE: usize = 1 << 30;

/// Where parts of so many bytes begin, one after the other.
fn starts(counts: &[i32]) -> Vec<i32> {
    let starts = counts.iter().scan(0, |next, count| {
        let start = *next;
        *next += count;
        Some(start)
    });
    starts.collect()
}

fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the ranks have more to say than a message of MPI holds")
}

fn all_gather(comm: &impl CommunicatorCollectives, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut lens = vec![0_u64; comm.size() as usize];
    comm.all_gather_into(&(bytes.len() as u64), &mut lens[..]);
    if lens.iter().sum::<u64>() > MAX_AT_ONCE as u64 {
        return Err(too_much());
    }
    let counts: Vec<i32> = lens.iter().map(|len| *len as i32).collect();
    let starts = starts(&counts);
    let mut all = vec![0; counts.iter().sum::<i32>() as usize];
    comm.all_gather_varcount_into(bytes, &mut PartitionMut::new(&mut all[..], &counts[..], &starts[..]));
    let parts = starts.iter().zip(&counts);
    Ok(parts.map(|(start, count)| all[*start as usize..(start + count) as usize].to_vec()).collect())
}

fn all_to_all(comm: &impl CommunicatorCollectives, bytes: &[Vec<u8>]) -> io::Result<Vec<Vec<u8>>> {
    let size = comm.size() as usize;
    let to: Vec<u64> = bytes.iter().map(|bytes| bytes.len() as u64).collect();
    let mut from = vec![0_u64; size];
    comm.all_to_all_into(&to[..], &mut from[..]);
    let mut longest = vec![0_u64; size];
    comm.all_gather_into(to.iter().max().unwrap_or(&0), &mut longest[..]);
    let longest = longest.into_iter().max().unwrap_or(0);
    let step = (MAX_AT_ONCE / size) as u64;
    let mut found: Vec<Vec<u8>> = vec![Vec::new(); size];
    // As many rounds on all ranks.
    for round in 0..longest.div_ceil(step) {
        let part = |len: u64| (round * step).min(len) as usize..((round + 1) * step).min(len) as usize;
        let sent: Vec<u8> = bytes.iter().flat_map(|bytes| &bytes[part(bytes.len() as u64)]).copied().collect();
        let counts = |lens: &[u64]| lens.iter().map(|len| part(*len).len() as i32).collect::<Vec<_>>();
        let (to, from) = (counts(&to), counts(&from));
        let (to_starts, from_starts) = (starts(&to), starts(&from));
        let mut received = vec![0; from.iter().sum::<i32>() as usize];
        comm.all_to_all_varcount_into(
            &Partition::new(&sent[..], &to[..], &to_starts[..]),
            &mut PartitionMut::new(&mut received[..], &from[..], &from_starts[..]),
        );
        for ((found, start), count) in found.iter_mut().zip(from_starts).zip(from) {
            found.extend_from_slice(&received[start as usize..(start + count) as usize]);
        }
    }
    Ok(found)
}

/// An MPI that finds an error ends all ranks, unless it is told otherwise. So a rank that is gone is no error here.
macro_rules! communicators {
    ($($type:ty),*) => {
        $(impl Comm for $type {
            fn rank(&self) -> usize {
                Communicator::rank(self) as usize
            }

            fn size(&self) -> usize {
                Communicator::size(self) as usize
            }

            fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
                all_gather(self, bytes)
            }

            fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
                all_to_all(self, &bytes)
            }
        })*
    };
}
communicators!(SimpleCommunicator, CartesianCommunicator);
