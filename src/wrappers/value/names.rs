//! Names that last as long as the program, as serde wants those of fields and variants.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Bytes of all names that are kept.
const MAX_BYTES: usize = 1 << 20;

#[derive(Default)]
struct NameTable {
    kept: HashSet<&'static str>,
    bytes: usize,
}

/// The same name, for good; `None` where there are too many.
pub(super) fn lasting(name: &str) -> Option<&'static str> {
    static NAMES: LazyLock<Mutex<NameTable>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = names.kept.get(name) {
        return Some(kept);
    }
    if names.bytes + name.len() + size_of::<&str>() > MAX_BYTES {
        return None;
    }
    let kept: &'static str = Box::leak(name.into());
    names.bytes += name.len() + size_of::<&str>();
    names.kept.insert(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let name = String::from("x");
        let (one, other) = (lasting("x").unwrap(), lasting(&name).unwrap());
        assert!(std::ptr::eq(one, other));
    }

    #[test]
    fn too_long_a_name_is_not_kept() {
        assert_eq!(lasting(&"x".repeat(MAX_BYTES)), None);
    }
}
