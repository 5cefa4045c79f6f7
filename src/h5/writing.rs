//! A call that writes to a file: the room that it needs on the disk, and failures that libhdf5 does not report.
//!
//! libhdf5 keeps much of what is written in buffers. Where the disk is full when it writes them (as a dataset is closed, or
//! the file), what was there before may be gone already, and the error reaches nobody. So:
//!
//! - Before a call changes a file that others opened, the system is asked to reserve room at the end of the file
//!   ([`make_room`]). Where there is none, the call fails while nothing has changed. This works for a file that is one file on
//!   a disk, on Linux (`fallocate`, where the file system has it). The crate's own files need no room in advance: they take
//!   the place of others when they are complete, and their [drivers](super::driver) write nothing more after a failure.
//! - Before a call answers, and as long as it can be taken back, all is written out ([`write_out`]).
//! - A failure that libhdf5 does not report to the function that caused it is noted here ([`note`]), and the next change of
//!   the call reports it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hdf5_sys::h5f::H5F_ACC_RDWR;
use hdf5_sys::h5i::hid_t;

use super::attribute::Attributes;
use super::file_bytes::{FileBytes, end_of, number_of, with_file};
use super::global_heap::Heap;
use super::sys::{h5f, h5i};
use super::{Id, failure, locked, structure};
use crate::ground::error::{Error, ErrorKind, Result};

/// What a change may take beside its data: headers, links, nodes of B-trees.
const METADATA: u64 = 4096;
/// So much more is reserved where there is as much, so that not each change has to ask.
const AHEAD: u64 = 1 << 16;

thread_local! {
    /// The call that is writing on this thread.
    static CURRENT: RefCell<Option<Arc<Call>>> = const { RefCell::new(None) };
}

/// A call that writes.
#[derive(Debug)]
struct Call {
    /// The file, if room is to be made in it. It is taken under the library's lock.
    room: Option<Mutex<Room>>,
    has_failed: AtomicBool,
    failure: Mutex<Option<Error>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that writes, which may be left and entered again.
#[derive(Clone, Debug)]
pub(crate) struct Writing(Arc<Call>);

impl Writing {
    /// A call that makes a new file.
    pub(crate) fn new_file() -> Self {
        Self::new(None)
    }

    /// A call that writes to the file that `object` is in. Within a call that writes to the same file it is a part of that.
    ///
    /// # Errors
    /// If the file is open for reading only.
    pub(crate) fn to(object: &impl Attributes) -> Result<Self> {
        check_intent(object.handle())?;
        structure::check_target(object.handle())?;
        let room = Room::of(object)?;
        let current = Self::current().filter(|current| match (&room, &current.0.room) {
            (Some(room), Some(current)) => room.number == locked(|| lock(current).number),
            _ => false,
        });
        Ok(current.unwrap_or_else(|| Self::new(room)))
    }

    fn new(room: Option<Room>) -> Self {
        let call = Call { room: room.map(Mutex::new), has_failed: AtomicBool::new(false), failure: Mutex::default() };
        Self(Arc::new(call))
    }

    /// The call that is writing on this thread.
    pub(super) fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone).map(Self)
    }

    /// Whether something else has the call, too.
    #[cfg(test)]
    pub(super) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// From now on, this thread's changes belong to the call.
    pub(crate) fn enter(&self) -> Entered {
        Entered { before: CURRENT.replace(Some(Arc::clone(&self.0))), _thread: std::marker::PhantomData }
    }
}

/// An error if the file that an object is in is open for reading only.
fn check_intent(object: hid_t) -> Result<()> {
    let intent = locked(|| h5f::intent("look into a file", &h5i::file_of("look into a file", object)?))?;
    if intent & H5F_ACC_RDWR != 0 {
        return Ok(());
    }
    let message = "the file is open for reading only: open it for writing, as `hdf5::File::open_rw` and `append` do";
    Err(Error::new(ErrorKind::Io, message))
}

/// What this thread changes belongs to a call for as long as this is there.
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<Arc<Call>>,
    /// It is of one thread.
    _thread: std::marker::PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // A thread that comes to its end has let go of it already.
        let _ = CURRENT.try_with(|current| current.replace(self.before.take()));
    }
}

/// Takes note of a failure for the call that is writing, if there is one. The first counts.
pub(super) fn note(error: Error) {
    // A thread that comes to its end writes nothing any more.
    let _ = CURRENT.try_with(|current| {
        if let Some(call) = &*current.borrow() {
            lock(&call.failure).get_or_insert(error);
            call.has_failed.store(true, Ordering::Relaxed);
        }
    });
}

/// Whether a call is writing.
pub(super) fn is_writing() -> bool {
    CURRENT.try_with(|current| current.borrow().is_some()).unwrap_or(false)
}

/// An error if there was a failure that was not reported yet. It is reported once, so that what was done can be undone.
pub(super) fn check() -> Result<()> {
    CURRENT.with_borrow(|current| match current {
        Some(call) if call.has_failed.swap(false, Ordering::Relaxed) => match lock(&call.failure).take() {
            Some(error) => Err(error),
            None => Ok(()),
        },
        _ => Ok(()),
    })
}

/// Whether the call that is writing makes room for its changes.
pub(crate) fn makes_room() -> bool {
    CURRENT.with_borrow(|current| current.as_ref().is_some_and(|call| call.room.is_some()))
}

/// Makes sure that there is room for a change with so many bytes of data, if it is to a file in which room has to be made.
pub(crate) fn make_room(bytes: usize) -> Result<()> {
    with_room(|room| room.take(bytes as u64))
}

/// Writes all that libhdf5 has of the file that the call writes to, once there is room for it. The call can still be taken
/// back.
pub(crate) fn write_out() -> Result<()> {
    with_room(|room| {
        room.settle()?;
        h5f::flush("write out the file", room.file.get())
    })?;
    check()
}

/// Makes sure that there is room for all that the call has changed, if it is in a file in which room has to be made.
pub(super) fn settle() -> Result<()> {
    with_room(Room::settle)
}

/// Does something with the file in which room is to be made, if there is one. The library's lock is taken first, as
/// callers may hold it already.
fn with_room(work: impl FnOnce(&mut Room) -> Result<()>) -> Result<()> {
    let call = CURRENT.with_borrow(|call| call.clone().filter(|call| call.room.is_some()));
    match call.as_deref().and_then(|call| call.room.as_ref()) {
        Some(room) => locked(|| work(&mut lock(room))),
        None => Ok(()),
    }
}

/// The file that is written to.
#[derive(Debug)]
struct Room {
    file: Id,
    /// What tells the file from all others that are or were open.
    number: u64,
    /// The end of what the disk has room for; `None` where that cannot be had.
    reserved: Option<u64>,
    /// How much of it is not promised to a change yet.
    left: u64,
    /// There was no room. What is done from now on takes things back, as far as it can.
    is_exhausted: bool,
}

impl Room {
    /// The file of `object`; `None` if it is in memory, or one of this crate's own.
    fn of(object: &impl Attributes) -> Result<Option<Self>> {
        locked(|| {
            let handle = object.handle();
            let file = h5i::file_of("look into a file", handle)?;
            let number = number_of(handle, &file)?;
            let reserved = with_file(handle, |_, known| match known {
                Some((raw, _)) if raw.is_written_by_library() => raw.size_on_disk().map(Some),
                Some(_) => Ok(None),
                None => Ok(Some(None)),
            })?;
            Ok(reserved.map(|reserved| Self { file, number, reserved, left: 0, is_exhausted: false }))
        })
    }

    /// Takes room for a change with so many bytes of data.
    fn take(&mut self, bytes: u64) -> Result<()> {
        let wanted = bytes.saturating_add(METADATA);
        if wanted <= self.left {
            self.left -= wanted;
            return Ok(());
        }
        self.reserve(wanted, AHEAD)
    }

    /// Makes sure that there is room for all that is in the file by now. There is not, if there was none for a change.
    fn settle(&mut self) -> Result<()> {
        if self.is_exhausted {
            return Err(Error::new(ErrorKind::Io, "there was no room for a part of what is to be written"));
        }
        self.reserve(0, 0)
    }

    /// Reserves room for `wanted` bytes beyond the end of the file, and for `ahead` bytes more if there is as much.
    fn reserve(&mut self, wanted: u64, ahead: u64) -> Result<()> {
        let Some(reserved) = self.reserved.filter(|_| !self.is_exhausted) else { return Ok(()) };
        let reserve = |file: &Id, known: Option<(&mut FileBytes, &mut Heap)>| {
            let end = end_of(file)?;
            let Some((raw, _)) = known else { return Ok((end, reserved)) };
            let least = end.saturating_add(wanted);
            let most = least.saturating_add(ahead);
            // What was reserved before, another call may have given back.
            let start = raw.size_on_disk()?.unwrap_or(reserved).min(reserved);
            let reached = match raw.reserve(start, most) {
                Err(_) if ahead > 0 => raw.reserve(start, least).map(|()| least),
                done => done.map(|()| most),
            };
            Ok((end, reached.map_err(|error| Error::io("there is no room for what is to be written", error))?))
        };
        let found = with_file(self.file.get(), reserve);
        let (end, reached) = found.inspect_err(|_| self.is_exhausted = true)?;
        self.reserved = Some(reached.max(reserved));
        self.left = reached.saturating_sub(end.saturating_add(wanted));
        Ok(())
    }
}

impl Drop for Room {
    /// Gives back what was reserved and is not used.
    fn drop(&mut self) {
        let Some(reserved) = self.reserved else { return };
        // Nobody is told if this fails.
        #[cfg(test)]
        let _paused = super::failing::Paused::new();
        let trim = |file: &Id, known: Option<(&mut FileBytes, &mut Heap)>| {
            let end = end_of(file)?;
            if let Some((raw, _)) = known {
                raw.trim(end, reserved);
            }
            Ok(())
        };
        // There is nobody to tell: what is not given back stays with the file.
        drop(locked(|| with_file(self.file.get(), trim)));
    }
}

/// Notes that a handle could not be closed, and with it what libhdf5 had to write.
pub(super) fn note_unclosed() {
    if is_writing() {
        note(failure("write out and close an object"));
    }
}
