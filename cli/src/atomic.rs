//! Files that are changed all or nothing: a copy is, and takes the place of the file when all is done.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// Has `change` change a copy of the file, which then takes its place.
pub(crate) fn changed(path: &Path, change: impl FnOnce(&Path) -> Outcome) -> Outcome {
    // What a symbolic link leads to is changed.
    let target = path.canonicalize()?;
    replaced(&target, |copy| {
        std::fs::copy(&target, copy)?;
        change(copy)
    })
}

/// Has `make` make a file, which then takes the place of what is at the path, if anything is.
pub(crate) fn replaced(path: &Path, make: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let target = if path.is_symlink() { path.canonicalize()? } else { path.to_owned() };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    // Beside it, so that it is renamed and not copied. It goes away on an error.
    let beside = tempfile::Builder::new().prefix(".filebacked-").tempdir_in(&folder)?;
    let copy: PathBuf = beside.path().join(target.file_name().ok_or_else(|| Failure::error("no name of a file"))?);
    make(&copy)?;
    if let Ok(old) = std::fs::metadata(&target) {
        std::fs::set_permissions(&copy, old.permissions())?;
    }
    std::fs::File::open(&copy)?.sync_all()?;
    std::fs::rename(&copy, &target)?;
    drop(beside);
    // The name, too.
    if let Ok(folder) = std::fs::File::open(&folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
