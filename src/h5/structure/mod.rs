//! The structures that a file is made of, looked at before libhdf5 is let near them.
//!
//! libhdf5 (2.2) trusts much of what a file says of itself: that a B-tree is of the kind that it is looked for, that a heap has the
//! blocks that its header counts, that no message refers to itself, that a filter's parameters fit what it filters. What it does
//! where that is not so cannot be mended from outside. So all structures of an object are read here first, by readers that take
//! nothing for granted: each is within the file, its checksum is right, and all of them together are no larger than the
//! file. Where something does not hold together, an error says which structure, and at which address. An object that nobody
//! asks for is not looked at.
//!
//! That is done where the bytes of a file can be had past libhdf5, unless whoever reads says that the file is
//! [trusted](crate::ReadOptions::trusted).

mod attribute;
mod checksum;
mod chunks;
mod datatype;
mod edges;
mod elsewhere;
mod extensible_array;
mod fill;
mod filters;
mod fixed_array;
mod header;
mod heap;
mod image;
mod layout;
mod links;
mod look;
mod mappings;
mod messages;
mod object;
mod old_tree;
#[cfg_attr(not(feature = "remote"), allow(dead_code, reason = "only chunks of remote files are fetched"))]
mod places;
mod shared;
mod superblock;
mod symbol_table;
mod tree;
mod way;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use self::elsewhere::Elsewhere;
use self::header::kind;
pub(super) use self::image::CacheImage;
use self::look::{Common, Look, Part};
use self::object::Seen;
#[cfg(feature = "remote")]
pub(super) use self::places::Places;
pub(super) use self::superblock::Superblock;
pub(super) use self::way::{check_way, find_at, is_file_sound};
use super::attribute::Attributes;
use super::file_bytes::{self, FILES_KNOWN, with_file, with_last};
use super::global_heap::Bytes;
use super::object_info::{Identity, Messages, identity_of};
use super::sys::{Target, h5a, h5d, h5i, h5t};
use super::{Id, locked, object_header};
use crate::ground::call_end;
use crate::ground::error::Result;
use crate::ground::limits::Limits;

/// Objects that were checked are kept in mind up to that many.
const MAX_KNOWN: usize = 1 << 16;
/// Bytes of structures of all objects of a file that may be looked at beside twice as many as it has.
const MOST_BESIDE: u64 = 1 << 20;
/// How often a call looks again at what another process may be changing, and how long there is in between: the other process may have
/// to wait for a processor between two changes that belong together. The library's lock is held meanwhile, so that is as often for
/// the whole call, however many objects of a file that is followed are damaged.
const FOLLOWED: u32 = 300;
const BETWEEN: Duration = Duration::from_millis(1);

thread_local! {
    /// The objects that were checked, by their files' numbers and their addresses. Those that are nothing but a small header are
    /// not among them in files that nobody writes to: these are looked at again. What libhdf5 changed in an object since is
    /// sound, and files have other numbers when they are opened again.
    static KNOWN: RefCell<HashMap<(u64, u64), Checked>> = RefCell::default();
    /// What is known of the files in which objects were looked at last, by their numbers, the latest at the end.
    static COMMON: RefCell<Vec<(u64, Common)>> = const { RefCell::new(Vec::new()) };
    /// The object that was looked at last, and is about to be opened.
    static AHEAD: Cell<Option<((u64, u64), Checked)>> = const { Cell::new(None) };
    /// How often the call has waited for another process.
    static WAITED: Cell<u32> = const { Cell::new(0) };
}

/// Waits for another process that may be between two changes that belong together, unless the call has done so too often.
fn waits() -> bool {
    let waited = WAITED.get();
    if waited >= FOLLOWED {
        return false;
    }
    WAITED.set(waited + 1);
    call_end::at_end(file_bytes::end_call);
    std::thread::sleep(BETWEEN);
    true
}

/// The call is over.
pub(super) fn end_call() {
    // A thread that comes to its end waits for nobody.
    let _ = WAITED.try_with(|waited| waited.set(0));
}

/// What is known of an object that was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    /// The number of its file.
    pub(super) file: u64,
    /// What its header has, if that was seen.
    pub(super) messages: Option<Messages>,
    /// Bytes of a dataset's items in the file, if that was seen, and stays so.
    pub(super) stored: Option<u64>,
}

impl Checked {
    fn unseen(file: u64) -> Self {
        Self { file, messages: None, stored: None }
    }

    fn seen(file: u64, seen: Seen) -> Self {
        Self { file, messages: Some(seen.messages), stored: seen.stored }
    }
}

/// Makes sure that libhdf5 can work with an object that was just opened, where its file's bytes can be had.
pub(super) fn check(object: hid_t) -> Result<Checked> {
    locked(|| check_known(object, identity_of(object)?))
}

/// The same of an object of which it is known which one it is.
pub(super) fn check_known(object: hid_t, identity: Identity) -> Result<Checked> {
    locked(|| check_at(object, identity.file(), identity.address(), true))
}

/// Makes sure that libhdf5 can open the object that is at a place of the file of that number, which `place` is in.
pub(super) fn check_ahead(place: hid_t, file: u64, target: Target) -> Result<Checked> {
    locked(|| {
        let address = Identity::at(file, target).address();
        let checked = check_at(place, file, address, false)?;
        AHEAD.set(Some(((file, address), checked)));
        Ok(checked)
    })
}

/// The same of what a reference to an address in the file of `place` leads to.
pub(super) fn check_reference(place: hid_t, address: u64) -> Result<()> {
    locked(|| {
        let file = identity_of(place)?.file();
        let checked = check_at(place, file, address, false)?;
        AHEAD.set(Some(((file, address), checked)));
        Ok(())
    })
}

/// Whether nothing of a file is looked at: what this crate made, or whoever reads trusts it.
fn is_trusted(file: u64) -> bool {
    Limits::is_trusting() || is_made_here(file)
}

/// Checks the object at an address in the file that `place` is in. One that is open is there.
fn check_at(place: hid_t, file: u64, address: u64, is_open: bool) -> Result<Checked> {
    if is_trusted(file) {
        return Ok(Checked::unseen(file));
    }
    match AHEAD.take() {
        Some((known, checked)) if known == (file, address) => return Ok(checked),
        _ => {}
    }
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&(file, address)).copied()) {
        return Ok(known);
    }
    // That spares most objects all further calls.
    let seen = with_last(file, |bytes, (address_size, length_size)| {
        look_at(Look::new(&bytes, address_size, length_size), (file, address), true)
    });
    let (checked, is_kept) = match seen {
        Some(Ok(seen)) => (Checked::seen(file, seen), seen.has_more),
        // What is wrong is looked at again as it is now.
        _ => check_now(place, file, address, is_open)?,
    };
    if is_kept {
        keep((file, address), checked);
    }
    Ok(checked)
}

/// Keeps in mind what is known of the object at an address in the file of that number.
fn keep(place: (u64, u64), checked: Checked) {
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MAX_KNOWN {
            known.clear();
            // They are looked at again.
            COMMON.take();
        }
        known.insert(place, checked);
    });
}

/// Takes out what is known of the file of that number.
fn take_common(file: u64) -> Common {
    COMMON.with_borrow_mut(|files| {
        let at = files.iter().position(|(known, _)| *known == file);
        at.map(|at| files.remove(at).1).unwrap_or_default()
    })
}

/// Keeps in mind what is known of it.
fn keep_common(file: u64, common: Common) {
    COMMON.with_borrow_mut(|files| {
        if files.len() >= FILES_KNOWN {
            files.remove(0);
        }
        files.push((file, common));
    });
}

/// Looks at the object at an address in the file of that number, with what is known from other objects of it. That is kept if
/// the file stays as it is.
fn look_at(look: Look<'_>, (file, address): (u64, u64), stays: bool) -> Result<Seen> {
    let look = look.with_common(take_common(file));
    let seen = object::check(&look, address);
    // No part of a file belongs to two objects either. But in one that changes, what they have in common counts for each.
    let most = if stays { look.file.len().saturating_mul(2) } else { look.file.len().saturating_mul(16) };
    let common = look.into_common();
    let looked_at = common.looked_at;
    keep_common(file, if stays { common } else { Common { looked_at, ..Common::default() } });
    match seen {
        Ok(Seen { has_more: true, .. }) if looked_at > most.saturating_add(MOST_BESIDE) => {
            let part = Part("object header", address);
            Err(part.wrong("with it, structures of objects take more than the whole file"))
        }
        seen => seen,
    }
}

/// Checks an object as it is now. Returns whether that is to be kept in mind, too.
fn check_now(place: hid_t, number: u64, address: u64, is_open: bool) -> Result<(Checked, bool)> {
    let mut found = (Checked::unseen(number), false);
    let mut is_absent = false;
    with_file(place, |file, known| {
        let Some((raw, heap)) = known else { return Ok(()) };
        let (stays, is_followed) = (!raw.is_writable() && !raw.is_followed(), raw.is_followed());
        loop {
            let done = raw.with_stored(file, heap, |raw, heap| {
                let look = Look::new(raw, raw.address_size(), heap.length_size());
                // What libhdf5 has just made is not there yet.
                is_absent = !header::is_header(&look, address);
                if is_absent {
                    return Ok(false);
                }
                let seen = look_at(look, (number, address), stays)?;
                found = match stays {
                    true => (Checked::seen(number, seen), seen.has_more),
                    // By the time it is asked for, there may be more.
                    false => (Checked::unseen(number), raw.is_writable()),
                };
                Ok(true)
            });
            match done {
                // What is not there, libhdf5 does not open.
                Err(_) if is_absent && !is_open => return Ok(()),
                Err(_) if is_followed && waits() => {}
                done => return done,
            }
        }
    })?;
    Ok(found)
}

/// Makes sure that libhdf5 can open a file with those bytes, if it is one: the superblock, and the header of the root group. Returns
/// what is known of that.
pub(super) fn check_file(bytes: &dyn Bytes) -> Result<Option<Root>> {
    if Limits::is_trusting() || !superblock::is_one(bytes) {
        return Ok(None);
    }
    let superblock = Superblock::of(bytes)?;
    let (address_size, length_size) = superblock.sizes();
    let look = Look::new(bytes, address_size, length_size);
    let extension = superblock.extension(&look)?;
    if extension.shared.is_some() {
        shared::tables_of(&look)?;
    }
    let Some(address) = superblock.root() else { return Ok(None) };
    // What is not there, libhdf5 does not open.
    if extension.image.is_some() || !header::is_header(&look, address) {
        return Ok(None);
    }
    Ok(Some(Root { address, seen: object::check(&look, address)? }))
}

/// The root group of a file that was checked before it was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    address: u64,
    seen: Seen,
}

impl Root {
    /// Takes note of the root group of the file of that number, which is opened next.
    pub(super) fn is_of(self, file: u64) {
        if self.seen.has_more {
            keep((file, self.address), Checked::unseen(file));
        }
        AHEAD.set(Some(((file, self.address), Checked::unseen(file))));
    }
}

/// Makes sure that libhdf5 can open the root group of the file that `object` is in.
pub(super) fn check_root(object: hid_t) -> Result<()> {
    locked(|| {
        let mut root = None;
        with_file(object, |_, known| {
            if let Some((raw, _)) = known
                && !is_trusted(raw.number())
                && !raw.is_writable()
            {
                let address = match raw.root() {
                    Some(address) => Some(address),
                    None => Superblock::of(raw)?.root(),
                };
                root = address.map(|address| (raw.number(), address));
            }
            Ok(())
        })?;
        let Some((file, address)) = root else { return Ok(()) };
        let checked = check_at(object, file, address, false)?;
        AHEAD.set(Some(((file, address), checked)));
        Ok(())
    })
}

/// A file that was made here. All that is in it, libhdf5 wrote, and it is not checked: for that, libhdf5 may have to write
/// out what it has of it, and then it lays it out otherwise.
#[derive(Debug)]
pub(super) struct Made(u64);

static MADE: Mutex<Vec<u64>> = Mutex::new(Vec::new());

impl Made {
    /// Takes note of a file; where its number is not to be had, it is checked as any other.
    pub(super) fn new(file: &Id) -> Option<Self> {
        #[cfg(test)]
        let _paused = super::failing::Paused::new();
        let number = identity_of(file.get()).ok()?.file();
        MADE.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        Some(Self(number))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        MADE.lock().unwrap_or_else(PoisonError::into_inner).retain(|number| *number != self.0);
    }
}

/// Files that whoever wrote into them trusts, and that need that.
static ADMITTED: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// So many of them are kept in mind. No file gets the number of another.
const MAX_ADMITTED: usize = 1024;

/// Refuses to write into the file that `object` is in, where that has libhdf5 follow what was not looked at: for each object that
/// it makes, the indices of shared messages.
pub(super) fn check_target(object: hid_t) -> Result<()> {
    locked(|| {
        with_file(object, |_, known| {
            let Some((raw, _)) = known else { return Ok(()) };
            if !raw.shares_messages() || is_made_here(raw.number()) {
                return Ok(());
            }
            let mut admitted = ADMITTED.lock().unwrap_or_else(PoisonError::into_inner);
            if admitted.contains(&raw.number()) {
                return Ok(());
            }
            if !Limits::is_trusting_target() {
                let what = "the file has messages that objects share, and libhdf5 follows the indices of these without a look \
                            when it writes";
                return Err(Limits::refused_target(what));
            }
            if admitted.len() >= MAX_ADMITTED {
                admitted.remove(0);
            }
            admitted.push(raw.number());
            Ok(())
        })
    })
}

fn is_made_here(file: u64) -> bool {
    MADE.lock().unwrap_or_else(PoisonError::into_inner).contains(&file)
}

/// Where the chunks of a dataset are, if it is in chunks and its file's bytes can be had.
#[cfg(feature = "remote")]
pub(super) fn chunk_places(dataset: hid_t) -> Result<Option<Places>> {
    locked(|| {
        let address = identity_of(dataset)?.address();
        let mut found = None;
        with_file(dataset, |file, known| {
            let Some((raw, heap)) = known else { return Ok(()) };
            let base = raw.base();
            raw.with_stored(file, heap, |raw, heap| {
                let look = Look::new(raw, raw.address_size(), heap.length_size()).collecting();
                object::check(&look, address)?;
                found = look.into_places().map(|places| places.based(base));
                Ok(true)
            })
        })?;
        Ok(found)
    })
}

/// Looks at the datasets that a virtual dataset is made of, in whatever files: libhdf5 opens them by itself.
pub(super) fn check_sources(dataset: hid_t) -> Result<()> {
    locked(|| {
        let identity = identity_of(dataset)?;
        if is_trusted(identity.file()) {
            return Ok(());
        }
        let mut sources = Vec::new();
        with_file(dataset, |file, known| {
            let Some((raw, heap)) = known else { return Ok(()) };
            raw.with_stored(file, heap, |raw, heap| {
                let look = Look::new(raw, raw.address_size(), heap.length_size());
                let is_there = header::is_header(&look, identity.address());
                if is_there {
                    sources = object::sources(&look, identity.address())?;
                }
                Ok(is_there)
            })
        })?;
        // Those of the same file, which may be in memory.
        for source in sources.iter().filter(|source| source.file.is_none()) {
            if let Ok(path) = CString::new([b"/", &source.path[..]].concat()) {
                check_way(dataset, Some(identity.file()), &path)?;
            }
        }
        Elsewhere::default().sources(&way::name_of(dataset)?, &sources)
    })
}

/// Whether something can be, and has to be, checked in the file that `object` is in.
pub(super) fn can_be_checked(object: hid_t) -> Result<bool> {
    Ok(!is_trusted(identity_of(object)?.file()) && with_file(object, |_, known| Ok(known.is_some()))?)
}

/// Whether the items of an object, or of an attribute of it, may be of an element type that is an object of its own.
pub(super) fn has_named_types(object: hid_t) -> Result<bool> {
    locked(|| {
        with_file(object, |file, known| {
            let Some((raw, heap)) = known else { return Ok(true) };
            let (address, mut has_some) = (object_header::address_of(object)?, true);
            raw.with_stored(file, heap, |raw, heap| {
                let look = Look::new(raw, raw.address_size(), heap.length_size());
                let found = has_types(&look, address)?;
                has_some = found.unwrap_or(true);
                Ok(found.is_some())
            })?;
            Ok(has_some)
        })
    })
}

/// Whether there may be a type with a name in the header at `address`, if one is there.
fn has_types(look: &Look<'_>, address: u64) -> Result<Option<bool>> {
    const OF_SHARED_TYPE: u8 = 1;
    if !header::is_header(look, address) {
        return Ok(None);
    }
    let mut has_some = false;
    header::walk(look, address, &mut |message| {
        let is_shared = message.flags & header::SHARED != 0;
        has_some |= match message.kind {
            kind::DATATYPE => is_shared,
            kind::ATTRIBUTE => {
                is_shared || matches!(message.body, [2..=u8::MAX, flags, ..] if flags & OF_SHARED_TYPE != 0)
            }
            // What is in its heap is not looked at.
            kind::ATTRIBUTE_INFO => {
                let part = Part("place of attributes in the object header", address);
                messages::dense(look, part, object::ATTRIBUTE_ORDER, message.body)?.is_some()
            }
            _ => false,
        };
        Ok(())
    })?;
    Ok(Some(has_some))
}

/// The types of an object's items and attributes, those at least that are objects of their own.
pub(super) fn named_types(object: &impl Attributes) -> Result<Vec<Id>> {
    let mut types = Vec::new();
    if !has_named_types(object.handle())? {
        return Ok(types);
    }
    if h5i::kind(object.handle()) == Some(H5I_type_t::H5I_DATASET) {
        types.push(h5d::get_type("look into an object", object.handle())?);
    }
    for label in object.attribute_labels()? {
        types.extend(attribute_type(object.handle(), &label)?);
    }
    let mut named = Vec::new();
    for dtype in types {
        if is_named(&dtype)? {
            named.push(dtype);
        }
    }
    Ok(named)
}

/// The type of an attribute, if it is an object of its own.
pub(super) fn attribute_type(object: hid_t, label: &CStr) -> Result<Option<Id>> {
    let what = "look into an attribute";
    let dtype = h5a::get_type(what, &h5a::open(what, object, label)?)?;
    Ok(if is_named(&dtype)? { Some(dtype) } else { None })
}

fn is_named(dtype: &Id) -> Result<bool> {
    h5t::is_named("look into an element type", dtype)
}
