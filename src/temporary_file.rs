//! A new file beside the one that it is to replace.
//!
//! It is called `.run.h5.filebacked-0.tmp` beside `run.h5`, or has a higher number where others write to the same target.
//! Its writer holds a lock on it, which goes with the process. So a file of such a name that can be locked was left behind
//! by a process that was killed, and is removed by the next that writes to the target. Who holds the lock, and nobody
//! else, may remove or rename the file; and one who got the lock looks whether the name still leads to the file.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{
    self,
    ErrorKind::{AlreadyExists, NotFound},
    Seek,
};
use std::path::{Path, PathBuf};

use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{self, try_lock};
use crate::layout::access::Access;

/// How many names are tried before giving up.
const MAX_TRIES: usize = 1000;
/// How many names are looked at for what was left behind, where there is any.
const MAX_SWEPT: usize = 8;
/// After how many names that nothing has no more are looked at. It takes as long as to write a small dataset.
const MAX_UNUSED: usize = 2;
/// A name is cut to so many bytes, as file systems take no more than 255 in all.
const MAX_NAME: usize = 200;

/// A new file. It is removed when dropped, unless it has taken its place.
pub(crate) struct TemporaryFile {
    path: PathBuf,
    /// Open as long as it is not in its place: that keeps the lock.
    file: File,
    /// What was known of the old file when this one was made.
    old: Option<Metadata>,
    kept: bool,
}

impl TemporaryFile {
    /// Makes a file beside `target`, as [`TemporaryFile::new`] does, and begins an HDF5 file in it.
    pub(crate) fn with_file(target: &Path, access: Access) -> Result<(Self, h5::File)> {
        #[cfg(target_os = "linux")]
        if let Some(made) = Self::with_new_file(target, access) {
            return Ok(made);
        }
        let temporary_file = Self::new(target)?;
        let file = h5::File::create(&temporary_file.path, access)?;
        Ok((temporary_file, file))
    }

    /// The same where there is nothing to be replaced, and all goes well: libhdf5 itself makes the file then. One that it
    /// empties, though it is empty, ext4 writes out as soon as that is closed.
    #[cfg(target_os = "linux")]
    fn with_new_file(target: &Path, access: Access) -> Option<(Self, h5::File)> {
        let name = target.file_name()?;
        if fs::symlink_metadata(target).is_ok() {
            return None;
        }
        let path = target.with_file_name(temporary(name, "0"));
        let made = h5::File::create_new(&path, access).ok()?;
        let Ok(file) = made.system_file() else {
            drop(made);
            drop(fs::remove_file(&path));
            return None;
        };
        match try_lock(&file) {
            Ok(true) if is_same(&file, &path) => {}
            // Another took it for one that was left behind, before it was locked.
            Ok(_) => return None,
            // There are no locks there, nor are there others who remove it.
            Err(_) => {
                drop(fs::remove_file(&path));
                return None;
            }
        }
        sweep(target, name, 1, false);
        Some((Self { path, file, old: None, kept: false }, made))
    }

    /// Makes an empty file beside `target`, and removes what was left behind there. Nobody but its owner may read it as
    /// long as it is to replace a file.
    pub(crate) fn new(target: &Path) -> Result<Self> {
        let name = target.file_name().ok_or_else(|| {
            let path = target.display();
            Error::new(ErrorKind::Io, format!("`{path}` is no name of a file"))
        })?;
        let old = fs::metadata(target).ok();
        let failed = |error| Error::io("could not create a file in that folder", error);
        for number in 0..MAX_TRIES {
            let path = target.with_file_name(temporary(name, &number.to_string()));
            match claim(&path, old.is_some()) {
                Ok(Claimed::New(file)) => {
                    sweep(target, name, number + 1, number > 0);
                    return Ok(Self { path, file, old, kept: false });
                }
                Ok(Claimed::Again(file)) => {
                    sweep(target, name, number + 1, true);
                    return Ok(Self { path, file, old, kept: false });
                }
                Ok(Claimed::Not) => {}
                // There are no locks there.
                Err(ClaimError::Lock) => {
                    let number = format!("{:016x}", RandomState::new().build_hasher().finish());
                    let path = target.with_file_name(temporary(name, &number));
                    let file = create(&path, old.is_some()).map_err(failed)?;
                    return Ok(Self { path, file, old, kept: false });
                }
                Err(ClaimError::Create(error)) => return Err(failed(error)),
            }
        }
        Err(failed(AlreadyExists.into()))
    }

    /// Where it is, until it takes its place.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> Result<u64> {
        let len = self.file.metadata().map(|file| file.len());
        len.map_err(|error| Error::io("could not look at the file", error))
    }

    /// Writes what it begins with before HDF5's part of it.
    pub(crate) fn write_user_block(&mut self, mut bytes: impl io::Read) -> Result<()> {
        let mut write = || {
            self.file.rewind()?;
            io::copy(&mut bytes, &mut self.file)
        };
        write().map(drop).map_err(|error| Error::io("could not write the user block of the file", error))
    }

    /// Puts the file in the place of `target`; with `sync`, once it is on the disk.
    pub(crate) fn replace(mut self, target: &Path, sync: bool) -> Result<()> {
        let failed = |error| Error::io(format_args!("could not replace `{}`", target.display()), error);
        if let Some(old) = &self.old {
            take_over(target, old, &self.file).map_err(failed)?;
        }
        if sync {
            self.file.sync_all().map_err(failed)?;
        }
        fs::rename(&self.path, target).map_err(failed)?;
        self.kept = true;
        if sync {
            sync_folder(target);
        }
        Ok(())
    }

    /// Puts the file at `target`, where nothing is; returns false if there is something by now, which stays. With `sync`, as
    /// [`TemporaryFile::replace`].
    pub(crate) fn put_new(mut self, target: &Path, sync: bool) -> Result<bool> {
        let failed = |error| Error::io(format_args!("could not make `{}`", target.display()), error);
        if sync {
            self.file.sync_all().map_err(failed)?;
        }
        match fs::hard_link(&self.path, target) {
            Err(error) if error.kind() == AlreadyExists => return Ok(false),
            // The other name goes when this is dropped.
            Ok(()) => {}
            // There are no hard links there: an empty file takes the name before.
            Err(_) => {
                match File::create_new(target) {
                    Err(error) if error.kind() == AlreadyExists => return Ok(false),
                    made => drop(made.map_err(failed)?),
                }
                if let Err(error) = fs::rename(&self.path, target) {
                    drop(fs::remove_file(target));
                    return Err(failed(error));
                }
                self.kept = true;
            }
        }
        drop(self);
        if sync {
            sync_folder(target);
        }
        Ok(true)
    }
}

/// A new name is on the disk only when the folder is. Not every system can sync a folder.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.kept {
            // There is nobody to tell.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Removes what was left behind under the names from that number on. `all` has all of them looked at, as there were others.
fn sweep(target: &Path, name: &OsStr, first: usize, mut all: bool) {
    for number in first..first + MAX_SWEPT - 1 {
        let path = target.with_file_name(temporary(name, &number.to_string()));
        match remove_left(&path) {
            Err(error) if error.kind() == NotFound => {}
            // What cannot be removed is in nobody's way.
            _ => all = true,
        }
        if !all && number + 1 == first + MAX_UNUSED {
            return;
        }
    }
}

fn temporary(name: &OsStr, number: &str) -> OsString {
    let mut temporary_file = OsString::from(".");
    if name.len() <= MAX_NAME {
        temporary_file.push(name);
    } else {
        let text = name.to_string_lossy();
        let end = (0..=MAX_NAME).rev().find(|end| text.is_char_boundary(*end));
        temporary_file.push(&text[..end.unwrap_or(0)]);
    }
    temporary_file.push(format!(".filebacked-{number}.tmp"));
    temporary_file
}

/// Why a file of some name did not become ours, where another name is no help.
enum ClaimError {
    Create(io::Error),
    Lock,
}

/// What became of a name.
enum Claimed {
    New(File),
    /// A file of that name was left behind, and is gone.
    Again(File),
    /// Another has the name.
    Not,
}

/// Makes a file of that name, and locks it.
fn claim(path: &Path, is_private: bool) -> Result<Claimed, ClaimError> {
    let (file, again) = match create(path, is_private) {
        Err(error) if error.kind() == AlreadyExists => {
            match remove_left(path).and_then(|()| create(path, is_private)) {
                Ok(file) => (file, true),
                Err(_) => return Ok(Claimed::Not),
            }
        }
        made => (made.map_err(ClaimError::Create)?, false),
    };
    match try_lock(&file) {
        Ok(true) if is_same(&file, path) => Ok(if again { Claimed::Again(file) } else { Claimed::New(file) }),
        // Another took it for one that was left behind, before it was locked.
        Ok(_) => Ok(Claimed::Not),
        Err(_) => {
            drop(fs::remove_file(path));
            Err(ClaimError::Lock)
        }
    }
}

fn create(path: &Path, is_private: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if is_private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = is_private;
    options.open(path)
}

/// Removes the file of that name, if its writer is gone.
#[cfg(target_os = "linux")]
fn remove_left(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let file =
        OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() && try_lock(&file)? && is_same(&file, path) {
        return fs::remove_file(path);
    }
    Err(AlreadyExists.into())
}

/// There is no telling whether its writer is gone.
#[cfg(not(target_os = "linux"))]
fn remove_left(_: &Path) -> io::Result<()> {
    Err(AlreadyExists.into())
}

/// Whether the name leads to the file that is open.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let tell = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), fs::symlink_metadata(path)), (Ok(open), Ok(named)) if tell(&open) == tell(&named))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> bool {
    true
}

/// Gives `file` the owner, as far as that is allowed, the permissions and the access list of the file at `target`.
///
/// Where the group cannot be the same, the new one gets no more than all have; and the bits that have programs run as
/// another user go where the owner or the group is another.
#[cfg(unix)]
fn take_over(target: &Path, old: &Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let new = file.metadata()?;
    let (is_owner, is_group) = (new.uid() == old.uid(), new.gid() == old.gid());
    let has_both = is_owner && is_group || fchown(file, Some(old.uid()), Some(old.gid())).is_ok();
    let has_group = has_both || is_group || fchown(file, None, Some(old.gid())).is_ok();
    let mut mode = old.mode() & 0o7777;
    if !has_group {
        mode = mode & !0o070 | (mode & 0o007) << 3 & mode;
    }
    if !has_both {
        mode &= 0o777;
    }
    // The list before the mode, which is a part of it.
    #[cfg(target_os = "linux")]
    copy_access_list(target, file, has_group)?;
    #[cfg(not(target_os = "linux"))]
    let _ = target;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn take_over(_: &Path, old: &Metadata, file: &File) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

/// A file in a folder with a default list has one from the start; it goes where the old file has none.
#[cfg(target_os = "linux")]
fn copy_access_list(target: &Path, file: &File, has_group: bool) -> io::Result<()> {
    use xattr::FileExt;

    const LIST: &str = "system.posix_acl_access";
    // Not all file systems know of lists; of one that cannot be read, none of it can be granted.
    let list = |list: io::Result<Option<Vec<u8>>>| list.unwrap_or(None);
    match list(xattr::get(target, LIST)) {
        Some(old) if has_group => file.set_xattr(LIST, &old),
        _ if list(file.get_xattr(LIST)).is_some() => file.remove_xattr(LIST),
        _ => Ok(()),
    }
}
