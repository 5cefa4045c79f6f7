//! Work on all cores. The threads never call into libhdf5: whoever waits for them may hold its lock.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::ground::error::{Error, ErrorKind, Result};

/// How many threads there is work for.
pub(super) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// What a thread that works, and the one that waits for it, both know.
struct Shared<T> {
    state: Mutex<T>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn new(state: T) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }
}

/// Changes the state when dropped, however that comes about: so that no thread waits for ever.
struct AtEnd<'a, T>(&'a Shared<T>, fn(&mut T));

impl<T> Drop for AtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.change(self.1);
    }
}

/// Does a part of the work; a panic is an error here, not a thread that all others wait for.
fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Custom, "a thread that did a part of the work panicked")))
}

/// Runs `inside` while as many further threads as there are cores for run `help`. Where the system has no thread to give,
/// there are fewer.
fn with_help<R>(threads: usize, help: impl Fn() + Sync, inside: impl FnOnce() -> R) -> R {
    let help = &help;
    thread::scope(|scope| {
        for _ in 1..threads {
            if thread::Builder::new().name("filebacked".to_owned()).spawn_scoped(scope, help).is_err() {
                break;
            }
        }
        inside()
    })
}

/// The parts that are done, or being done.
struct Parts<T> {
    /// The first that nobody has begun, and the first for which there is no room yet.
    next: usize,
    end: usize,
    done: BTreeMap<usize, Result<T>>,
    is_over: bool,
}

/// Does `work` for each of `count` parts on all cores, and hands what comes of it to `then`, on this thread and in order.
pub(super) fn in_order<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
    mut then: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let threads = cores().min(count);
    if threads <= 1 {
        return (0..count).try_for_each(|part| then(part, work(part)?));
    }
    /// Parts for each thread that are done before their time.
    const AHEAD: usize = 4;
    let room = AHEAD * threads;
    let parts = Shared::new(Parts { next: 0, end: room.min(count), done: BTreeMap::new(), is_over: false });
    let help = || {
        let mut state = parts.lock();
        loop {
            if state.is_over {
                return;
            }
            if state.next == state.end {
                state = parts.wait(state);
                continue;
            }
            let part = state.next;
            state.next += 1;
            drop(state);
            let result = caught(|| work(part));
            parts.change(|state| state.done.insert(part, result));
            state = parts.lock();
        }
    };
    with_help(threads, help, || {
        let _over = AtEnd(&parts, |state| state.is_over = true);
        for part in 0..count {
            let result = loop {
                let mut state = parts.lock();
                if let Some(result) = state.done.remove(&part) {
                    break result;
                }
                if state.next < state.end {
                    let own = state.next;
                    state.next += 1;
                    drop(state);
                    let result = work(own);
                    if own == part {
                        break result;
                    }
                    parts.lock().done.insert(own, result);
                } else {
                    drop(parts.wait(state));
                }
            };
            then(part, result?)?;
            parts.change(|state| state.end = (part + 1 + room).min(count));
        }
        Ok(())
    })
}

/// Parts that wait to be worked on.
struct Queue<T> {
    parts: VecDeque<T>,
    is_over: bool,
    failed: Option<Error>,
}

/// Makes `count` parts on this thread, and does `work` for each of them on all cores, in any order.
pub(crate) fn feed<T: Send>(
    count: usize,
    mut make: impl FnMut(usize) -> Result<T>,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let threads = cores().min(count);
    if threads <= 1 {
        return (0..count).try_for_each(|part| work(make(part)?));
    }
    let room = 2 * threads;
    let queue = Shared::new(Queue { parts: VecDeque::new(), is_over: false, failed: None });
    let help = || {
        let mut state = queue.lock();
        loop {
            match state.parts.pop_front() {
                Some(part) => {
                    drop(state);
                    if let Err(error) = caught(|| work(part)) {
                        queue.lock().failed.get_or_insert(error);
                    }
                    state = queue.lock();
                }
                None if state.is_over => return,
                None => state = queue.wait(state),
            }
        }
    };
    with_help(threads, help, || {
        let _over = AtEnd(&queue, |state| {
            state.is_over = true;
        });
        for number in 0..count {
            let part = make(number)?;
            let mut state = queue.lock();
            if let Some(error) = state.failed.take() {
                return Err(error);
            }
            if state.parts.len() < room {
                state.parts.push_back(part);
                drop(state);
                queue.changed.notify_one();
            } else {
                drop(state);
                work(part)?;
            }
        }
        loop {
            let Some(part) = queue.lock().parts.pop_front() else { return Ok(()) };
            work(part)?;
        }
    })?;
    // What the other threads did last.
    queue.lock().failed.take().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn broken() -> Error {
        Error::new(ErrorKind::Custom, "broken")
    }

    #[test]
    fn parts_come_in_order() {
        for count in [0, 1, 2, 100] {
            let mut seen = Vec::new();
            in_order(
                count,
                |part| Ok(part * part),
                |part, square| {
                    seen.push((part, square));
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(seen, (0..count).map(|part| (part, part * part)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_failure_anywhere_ends_all() {
        for bad in [0, 1, 50, 99] {
            let work = |part| if part == bad { Err(broken()) } else { Ok(part) };
            assert_eq!(in_order(100, work, |_, _| Ok(())).unwrap_err().to_string(), "broken");
            assert!(in_order(100, Ok, |part, _| if part == bad { Err(broken()) } else { Ok(()) }).is_err());
            assert!(feed(100, Ok, |part| if part == bad { Err(broken()) } else { Ok(()) }).is_err());
            assert!(feed(100, |part| if part == bad { Err(broken()) } else { Ok(part) }, |_| Ok(())).is_err());
        }
    }

    #[test]
    fn all_parts_are_worked_on_once() {
        let sum = AtomicUsize::new(0);
        feed(1000, Ok, |part| {
            sum.fetch_add(part, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
        assert_eq!(sum.into_inner(), 499_500);
    }
}
