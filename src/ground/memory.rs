//! How much memory the machine has.

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
