//! What is on the stack when a child crashes.

use std::backtrace::Backtrace;

/// Functions that are named of a stack.
const NAMED: usize = 6;

/// The functions on the stack, those first that were called last, without what a crash itself calls.
pub(crate) fn here() -> String {
    let text = Backtrace::force_capture().to_string();
    let names = text.lines().filter_map(|line| {
        let (number, name) = line.trim().split_once(": ")?;
        number.parse::<u32>().is_ok().then(|| name.trim())
    });
    let is_ours = |name: &&str| {
        let beside =
            ["filebacked_fuzz::", "std::", "core::", "rust_", "__rust", "<unknown>", "gsignal", "abort", "__libc"];
        !beside.iter().any(|start| name.starts_with(start)) && !name.contains("killpg") && !name.contains("panic")
    };
    let named: Vec<&str> = names.filter(is_ours).take(NAMED).collect();
    named.join(" < ")
}
