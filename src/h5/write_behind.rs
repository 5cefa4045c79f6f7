//! Rows written while the next ones are made, by a thread of its own where the machine has more than one processor.
//!
//! What is to be written waits in a queue. Whoever has the library's lock takes the next part from it: the thread, or the
//! one who makes the rows, where the queue is full, and at the end. So nobody waits for a thread that cannot get the
//! lock, as when the caller holds it already. Whoever gets the lock knows that no part is being written.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::dataset::Dataset;
use super::locked;
use super::writing::Writing;
use crate::ground::error::{Error, ErrorKind, Result};

/// How many slabs may wait.
const WAITING: usize = 2;
/// Less than this is written at once.
const MIN_BYTES: u64 = 4 << 20;

/// What writes rows of datasets, a slab at a time.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// What waits for the thread; none where there is no thread.
    queue: Option<Arc<Queue>>,
}

/// Rows of a dataset: which, and where in a slab they are.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) start: u64,
    pub(crate) count: u64,
    pub(crate) bytes: Range<usize>,
}

impl Rows {
    fn write(&self, slab: &[u8]) -> Result<()> {
        let bytes = slab.get(self.bytes.clone()).ok_or_else(|| Error::corrupt("rows beyond their slab"))?;
        self.dataset.write_rows(self.start, self.count, bytes)
    }
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The call that the rows are written for. It may keep the file open. So it is let go of with the [`Writer`], and taken only
    /// under the library's lock: the thread may end later than the call.
    call: Option<Writing>,
    slabs: VecDeque<(Vec<u8>, Vec<Rows>)>,
    /// Memory of slabs that are written.
    spare: Vec<Vec<u8>>,
    /// Slabs that are not written yet, also where one is being written.
    unwritten: usize,
    error: Option<Error>,
    is_closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the first slab that waits, under the library's lock; false if none does.
    fn write_next(&self) -> bool {
        locked(|| {
            let mut state = self.state();
            let _writing = state.call.as_ref().map(Writing::enter);
            let Some((slab, rows)) = state.slabs.pop_front() else { return false };
            let has_failed = state.error.is_some();
            drop(state);
            let result = if has_failed { Ok(()) } else { rows.iter().try_for_each(|rows| rows.write(&slab)) };
            // Closes datasets, as the case may be.
            drop(rows);
            let mut state = self.state();
            state.unwritten -= 1;
            state.spare.push(slab);
            if let Err(error) = result {
                state.error.get_or_insert(error);
            }
            true
        })
    }

    /// What the thread does.
    fn serve(&self) {
        loop {
            let mut state = self.state();
            while state.slabs.is_empty() {
                if state.is_closed {
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            self.write_next();
        }
    }
}

/// Whether a second thread has a processor to run on.
pub(super) fn has_processors() -> bool {
    static MORE: LazyLock<bool> = LazyLock::new(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1));
    *MORE
}

impl Writer {
    /// Begins to write `bytes` bytes in all, and what was not said.
    pub(crate) fn new(bytes: u64) -> Self {
        if bytes < MIN_BYTES || !has_processors() {
            return Self::default();
        }
        let state = State { call: Writing::current(), ..State::default() };
        let queue = Arc::new(Queue { state: Mutex::new(state), ..Queue::default() });
        let served = Arc::clone(&queue);
        // Without the thread, all is written at once.
        let thread = thread::Builder::new().name("filebacked writer".to_owned()).spawn(move || served.serve());
        Self { queue: thread.is_ok().then_some(queue) }
    }

    /// Writes rows, which are in `slab`, or has them written; `slab` may be another then, as long, whose bytes mean
    /// nothing. An error may be one of rows before.
    pub(crate) fn write(&mut self, slab: &mut Vec<u8>, rows: Vec<Rows>) -> Result<()> {
        let Some(queue) = &self.queue else { return rows.iter().try_for_each(|rows| rows.write(slab)) };
        // What the thread does counts, but nobody is told of it there.
        rows.iter().try_for_each(|rows| rows.dataset.spot().check())?;
        let mut state = queue.state();
        while state.slabs.len() >= WAITING {
            drop(state);
            queue.write_next();
            state = queue.state();
        }
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let len = slab.len();
        let next = state.spare.pop().filter(|spare| spare.len() == len).unwrap_or_else(|| vec![0; len]);
        state.slabs.push_back((std::mem::replace(slab, next), rows));
        state.unwritten += 1;
        drop(state);
        queue.changed.notify_one();
        Ok(())
    }

    /// Waits until all rows are written.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let Some(queue) = &self.queue else { return Ok(()) };
        while queue.write_next() {}
        let mut state = queue.state();
        match state.error.take() {
            Some(error) => Err(error),
            None if state.unwritten > 0 => Err(Error::new(ErrorKind::Hdf5, "the thread that writes has stopped")),
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(queue) = &self.queue else { return };
        let mut state = queue.state();
        state.is_closed = true;
        let left = (std::mem::take(&mut state.slabs), state.call.take());
        drop(state);
        queue.changed.notify_one();
        // What is being written is so no more when the lock is had.
        locked(|| drop(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ends_late_does_not_keep_the_call() {
        let writing = Writing::new_file();
        let entered = writing.enter();
        let writer = Writer::new(MIN_BYTES);
        // As its thread has it. On a machine with one processor there is none.
        let Some(queue) = writer.queue.clone() else { return };
        drop(entered);
        assert!(writing.is_shared());
        drop(writer);
        assert!(!writing.is_shared());
        assert!(!queue.write_next());
    }
}
