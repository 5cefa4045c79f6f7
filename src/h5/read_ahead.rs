//! Parts of a dataset read before they are asked for, by a thread that does so while the part before is made into values,
//! where the machine has more than one processor.
//!
//! As with what is [written behind](super::write_behind), whoever has the library's lock does what is to be done next: the
//! thread, or the one who asks, who so never waits for a thread that cannot get the lock.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::dataset::Dataset;
use super::items::Items;
use super::locked;
use super::present::Wanted;
use super::write_behind::has_processors;
use crate::ground::error::{Error, Result};

/// Less than this is read as it is asked for.
const MIN_BYTES: u64 = 4 << 20;
/// The thread ends when nothing was to be done for so long.
const IDLE: Duration = Duration::from_millis(200);

/// A part of a dataset: where it begins, and how many items it has, along each dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) start: Vec<u64>,
    pub(crate) count: Vec<u64>,
}

/// What reads a dataset part by part.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    dataset: Arc<Dataset>,
    /// Whether it pays.
    is_long: bool,
    next: Option<(Block, Arc<Task>)>,
}

/// A part that is read at some time.
#[derive(Debug, Default)]
struct Task(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    Waiting(Arc<Dataset>, Block, Items),
    Done(Result<Items>),
    #[default]
    Gone,
}

impl Task {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the part, if that is still to be done. Nobody is reading it when the library's lock is had.
    fn run(&self) {
        let waiting = match &*self.state() {
            State::Waiting(dataset, block, _) => Some((Arc::clone(dataset), block.clone())),
            _ => None,
        };
        if let Some((dataset, Block { start, count })) = waiting {
            // What goes wrong does so again where it is read.
            drop(dataset.fetch(Wanted { start: &start, step: None, count: &count }));
        }
        locked(|| {
            let mut state = self.state();
            match std::mem::take(&mut *state) {
                State::Waiting(dataset, block, memory) => {
                    *state = State::Done(dataset.read_block(&block.start, &block.count, memory));
                }
                other => *state = other,
            }
        });
    }
}

/// What waits for the thread, of which there is one at most.
#[derive(Default)]
struct Queue {
    tasks: VecDeque<Arc<Task>>,
    has_thread: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { tasks: VecDeque::new(), has_thread: false });
static CHANGED: Condvar = Condvar::new();

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the thread run a task at some time, or nobody: then it is run when it is asked for.
fn enqueue(task: Arc<Task>) {
    let mut queue = queue();
    queue.tasks.push_back(task);
    if queue.has_thread {
        CHANGED.notify_one();
        return;
    }
    queue.has_thread = thread::Builder::new().name("filebacked reader".to_owned()).spawn(serve).is_ok();
    if !queue.has_thread {
        queue.tasks.clear();
    }
}

/// What the thread does.
fn serve() {
    let mut queue = queue();
    loop {
        if let Some(task) = queue.tasks.pop_front() {
            drop(queue);
            task.run();
            // It may be the last that has the task, and what is in it.
            drop(task);
            queue = self::queue();
            continue;
        }
        let (woken, waited) = CHANGED.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
        queue = woken;
        if waited.timed_out() && queue.tasks.is_empty() {
            queue.has_thread = false;
            return;
        }
    }
}

impl ReadAhead {
    pub(crate) fn new(dataset: Arc<Dataset>) -> Self {
        // What a heap brings in is counted by thread.
        let is_long = dataset.logical_bytes() >= MIN_BYTES && !dataset.dtype().has_addresses() && has_processors();
        Self { dataset, is_long, next: None }
    }

    /// Reads a part, to `memory`; `next` is what will be asked for after it, as far as that can be known.
    pub(crate) fn read(&mut self, block: &Block, memory: Items, next: Option<Block>) -> Result<Items> {
        // What the thread did counts, but nobody was told of it there.
        self.dataset.spot().check()?;
        let read = match self.next.take() {
            Some((expected, task)) if expected == *block => {
                task.run();
                match std::mem::take(&mut *task.state()) {
                    State::Done(items) => items.map(|items| (items, memory)),
                    _ => Err(Error::corrupt("a part that was to be read is gone")),
                }
            }
            other => {
                self.next = other;
                self.forget();
                let items = self.dataset.read_block(&block.start, &block.count, memory)?;
                Ok((items, Items::new()))
            }
        };
        let (items, spare) = read?;
        if let Some(next) = next.filter(|_| self.is_long) {
            let state = State::Waiting(Arc::clone(&self.dataset), next.clone(), spare);
            let task = Arc::new(Task(Mutex::new(state)));
            enqueue(Arc::clone(&task));
            self.next = Some((next, task));
        }
        Ok(items)
    }

    /// Gives up what was to be read next; the thread has no part in the dataset after that.
    fn forget(&mut self) {
        if let Some((_, task)) = self.next.take() {
            // What is being read is so no more when the lock is had.
            locked(|| drop(std::mem::take(&mut *task.state())));
        }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.forget();
    }
}
