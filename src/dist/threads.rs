//! Threads as ranks.

use std::any::Any;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Comm;

/// A rank that is a thread of this process: for tests, and to try out what MPI does on many machines.
///
/// Each thread has one, and is a rank as long as it has it. A thread that panics, or drops it, is gone: the others get an error then
/// instead of waiting for it.
///
/// ```
/// use filebacked::dist::{Comm, Threads};
///
/// let sums = Threads::run(3, |comm| {
///     let all = comm.all_gather(&[comm.rank() as u8])?;
///     Ok::<_, std::io::Error>(all.concat().iter().sum::<u8>())
/// });
/// assert!(sums.into_iter().all(|sum| sum.unwrap() == 3));
/// ```
#[derive(Debug)]
pub struct Threads {
    rank: usize,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What ranks give each other in one round.
#[derive(Clone, Debug)]
enum Given {
    ToAll(Arc<[u8]>),
    /// What is for each rank, until that takes it.
    ToEach(Vec<Vec<u8>>),
}

#[derive(Debug)]
struct State {
    /// What each rank has given in the round at hand.
    given: Vec<Option<Given>>,
    /// Whether all have given theirs, and which ranks have taken what there is for them.
    is_complete: bool,
    has_taken: Vec<bool>,
    is_gone: Vec<bool>,
}

impl State {
    /// The first rank that is gone and has given nothing.
    fn missing(&self) -> Option<usize> {
        (0..self.given.len()).find(|rank| self.is_gone[*rank] && self.given[*rank].is_none())
    }

    /// Begins the next round, if all ranks have what they wait for.
    fn end_round(&mut self) {
        if self.is_complete
            && self.has_taken.iter().zip(&self.is_gone).all(|(has_taken, is_gone)| *has_taken || *is_gone)
        {
            self.is_complete = false;
            self.given.fill(None);
            self.has_taken.fill(false);
        }
    }
}

impl Threads {
    /// So many ranks: one for each thread.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    pub fn new(size: usize) -> Vec<Self> {
        assert!(size > 0, "at least one rank");
        let state = State {
            given: vec![None; size],
            is_complete: false,
            has_taken: vec![false; size],
            is_gone: vec![false; size],
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        (0..size).map(|rank| Self { rank, shared: Arc::clone(&shared) }).collect()
    }

    /// Does `work` on so many ranks, each a thread; returns what each returns, by rank.
    ///
    /// # Panics
    /// If there are no ranks, or one panics: when all have ended.
    pub fn run<R: Send>(size: usize, work: impl Fn(Self) -> R + Sync) -> Vec<R> {
        let ended: Vec<Result<R, Box<dyn Any + Send>>> = thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = Self::new(size).into_iter().map(|comm| scope.spawn(move || work(comm))).collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        ended.into_iter().map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change.
    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives something, and takes what all have given.
    fn exchange(&self, given: Given) -> io::Result<Vec<Vec<u8>>> {
        let mut state = self.state();
        // Others may not have taken what was given before.
        while state.is_complete {
            state = self.wait(state);
        }
        state.given[self.rank] = Some(given);
        if state.given.iter().all(Option::is_some) {
            state.is_complete = true;
            self.shared.changed.notify_all();
        }
        while !state.is_complete {
            if let Some(missing) = state.missing() {
                let message = format!("rank {missing} of {} is gone", state.given.len());
                // The others are to learn of it, too.
                state.is_gone[self.rank] = true;
                state.given[self.rank] = None;
                self.shared.changed.notify_all();
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, message));
            }
            state = self.wait(state);
        }
        let taken = state.given.iter_mut().map(|given| match given {
            Some(Given::ToAll(bytes)) => Ok(Arc::clone(bytes)),
            Some(Given::ToEach(all)) => Err(all.get_mut(self.rank).map(std::mem::take).unwrap_or_default()),
            None => Err(Vec::new()),
        });
        let taken: Vec<Result<Arc<[u8]>, Vec<u8>>> = taken.collect();
        state.has_taken[self.rank] = true;
        state.end_round();
        drop(state);
        self.shared.changed.notify_all();
        Ok(taken.into_iter().map(|bytes| bytes.map_or_else(|own| own, |shared| shared.to_vec())).collect())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut state = self.state();
        state.is_gone[self.rank] = true;
        state.end_round();
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Comm for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.state().given.len()
    }

    fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.exchange(Given::ToAll(bytes.into()))
    }

    fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
        self.exchange(Given::ToEach(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn ranks_get_what_others_give() {
        for size in 1..8 {
            Threads::run(size, |comm| {
                for round in 0..20_u8 {
                    let all = comm.all_gather(&vec![comm.rank() as u8; usize::from(round)]).unwrap();
                    let expected: Vec<_> = (0..size).map(|rank| vec![rank as u8; usize::from(round)]).collect();
                    assert_eq!(all, expected);
                    let to_each = (0..size).map(|to| vec![comm.rank() as u8, to as u8, round]).collect();
                    let found = comm.all_to_all(to_each).unwrap();
                    let expected: Vec<_> = (0..size).map(|from| vec![from as u8, comm.rank() as u8, round]).collect();
                    assert_eq!(found, expected);
                }
            });
        }
    }

    #[test]
    fn a_rank_that_is_gone_is_an_error_on_all_others() {
        let start = Instant::now();
        let results = Threads::run(4, |comm| {
            comm.all_gather(b"all are there")?;
            if comm.rank() == 2 {
                return Ok(Vec::new());
            }
            comm.all_gather(b"one is not")
        });
        // It comes at once; other tests may take the processors meanwhile.
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        for (rank, result) in results.into_iter().enumerate().filter(|(rank, _)| *rank != 2) {
            let error = result.unwrap_err();
            assert!(
                error.to_string().starts_with("rank ") && error.to_string().ends_with(" of 4 is gone"),
                "{rank}: {error}"
            );
        }
    }

    #[test]
    fn the_panic_of_a_rank_ends_the_others() {
        let panic = std::panic::catch_unwind(|| {
            Threads::run(3, |comm| {
                assert!(comm.rank() != 1, "rank 1");
                assert!(comm.all_gather(b"").is_err());
            });
        });
        assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"rank 1"));
    }
}
