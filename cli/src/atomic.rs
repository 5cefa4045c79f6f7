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

/// Has `make` make a file, which then takes the place of what is at the path, if anything is. What is no regular file, such as a
/// pipe or a device, is written into.
pub(crate) fn replaced(path: &Path, make: impl FnOnce(&Path) -> Outcome) -> Outcome {
    if std::fs::metadata(path).is_ok_and(|old| !old.is_file()) {
        return make(path);
    }
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

/// Refuses an output that is one of the inputs.
pub(crate) fn refuse_input<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a PathBuf>) -> Outcome {
    // What is not there, or has no path, is no file that is read.
    let Ok(output) = output.canonicalize() else { return Ok(()) };
    match output.is_file() && inputs.into_iter().any(|input| input.canonicalize().is_ok_and(|input| input == output)) {
        true => Err(Failure::error(format!("the output `{}` is an input, too", output.display()))),
        false => Ok(()),
    }
}
