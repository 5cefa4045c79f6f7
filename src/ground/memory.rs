//! How much memory the machine has.

/// How much memory the machine has, if that is known: Linux says it in a file.
pub(crate) fn memory_size() -> Option<u64> {
    in_bytes(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// The size in the text of that file, which has a line such as `MemTotal:       24672828 kB`.
fn in_bytes(text: &str) -> Option<u64> {
    let mut words = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace();
    let (size, unit) = (words.next()?.parse::<u64>().ok()?, words.next()?);
    if size > 0 && unit == "kB" { size.checked_mul(1024) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_memory() {
        assert_eq!(in_bytes("MemFree: 5 kB\nMemTotal:       24672828 kB\n"), Some(24_672_828 * 1024));
        for text in
            ["", "MemTotal:", "MemTotal: x kB", "MemTotal: 0 kB", "MemTotal: 5 MB", "MemTotal: 99999999999999999999 kB"]
        {
            assert_eq!(in_bytes(text), None, "{text}");
        }
        if cfg!(target_os = "linux") {
            assert!(memory_size().is_some_and(|size| size > 1 << 20));
        }
    }
}
