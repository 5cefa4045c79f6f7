//! Memory that a dataset is read to.

/// Says to the system that memory will be filled, so that it can give it in large pages: each page that is new takes as
/// long as the copying of it, and a large one stands for 512. A hint, and no more.
#[cfg(target_os = "linux")]
pub(super) fn expect_filling<T>(memory: *mut T, count: usize) {
    const LARGE: usize = 2 << 20;
    let (start, end) = (memory.addr(), memory.addr().saturating_add(count.saturating_mul(size_of::<T>())));
    // Whole large pages alone: others may hold other things.
    let (Some(first), last) = (start.checked_next_multiple_of(LARGE), end / LARGE * LARGE) else { return };
    if last <= first || last - first < 2 * LARGE {
        return;
    }
    // SAFETY: the pages are within the memory, and what they hold stays as it is.
    unsafe { libc::madvise(memory.cast::<u8>().with_addr(first).cast(), last - first, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn expect_filling<T>(_: *mut T, _: usize) {}

/// How much memory the machine has, if that is known.
#[cfg(target_os = "linux")]
pub(crate) fn memory_size() -> Option<u64> {
    // SAFETY: the function looks up numbers, and says -1 where there is none.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    let number = |number: libc::c_long| u64::try_from(number).ok().filter(|number| *number > 0);
    number(pages)?.checked_mul(number(size)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn memory_size() -> Option<u64> {
    None
}
