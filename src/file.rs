//! Whole files: on disk, replaced in one step, and in memory.

use std::cell::Cell;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::de::Make;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::ground::progress::{CallProgress, ProgressCallback};
use crate::h5::{self, File, Group, OpenFile, image_of, write_out};
use crate::layout::access::{Access, LibraryVersion};
use crate::layout::path_rules::RulePosition;
use crate::layout::progress_path::ProgressPath;
use crate::ser::AnyValue;
use crate::temporary_file::TemporaryFile;
use crate::{de, ser};

/// Where HDF5's signature is: at the start, or after a user block of 512 bytes, 1024, and so on.
fn find_superblock(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    while at + 8 <= len {
        let mut start = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut start)?;
        if start == *b"\x89HDF\r\n\x1a\n" {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { 2 * at };
    }
    Ok(None)
}

/// What the superblock says of who has the file open, if it is of the version that says so.
#[derive(Clone, Copy, Default)]
struct Status {
    is_written: bool,
    is_swmr: bool,
}

/// The first version of the superblock that says who has the file open.
const FIRST_WITH_STATUS: u8 = 3;

/// The version of the superblock that is there, and its flags: see "Level 0A" of the specification of the format.
fn superblock_of(file: &mut (impl Read + Seek), start: u64) -> io::Result<(u8, u8)> {
    let mut bytes = [0; 12];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok((bytes[8], bytes[11]))
}

fn status_of(file: &mut (impl Read + Seek), start: u64) -> Status {
    match superblock_of(file, start) {
        Ok((version, flags)) if version >= FIRST_WITH_STATUS => {
            Status { is_written: flags & 1 != 0, is_swmr: flags & 4 != 0 }
        }
        _ => Status::default(),
    }
}

/// Says of the error for a file that libhdf5 did not open who has it open, as far as that can be told.
fn with_writer(error: Error, path: &Path, status: Status) -> Error {
    let holders = if error.to_string().contains("lock") { h5::holders_of(path) } else { Vec::new() };
    let error = match holders.is_empty() {
        true => error,
        false => error.advised(format!("the file is locked by {}", holders.join(", "))),
    };
    match status {
        Status { is_swmr: true, .. } => error.advised(
            "the file is marked as one that is written while others read it: `ReadOptions::swmr` reads it so. If the program that wrote it was \
             killed, `WriteOptions::clear_status_flags`, or `h5clear -s`, takes the mark away",
        ),
        Status { is_written: true, .. } => error.advised(
            "the file is marked as one that is being written: wait for the program that does so. If that was killed, \
             `WriteOptions::clear_status_flags`, or `h5clear -s`, takes the mark away",
        ),
        _ => error,
    }
}

fn not_hdf5() -> Error {
    Error::new(ErrorKind::Hdf5, "this is no HDF5 file: it does not have the signature of one")
}

fn in_file(error: Error, path: &Path) -> Error {
    error.in_file(&path.display().to_string())
}

/// What is to be replaced: `path`, or, where that is a symbolic link, what it leads to in the end, be it there or not.
fn target_of(path: &Path) -> Result<PathBuf> {
    // As many as Linux follows.
    const MAX_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..=MAX_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&target).map_err(|error| Error::io("could not follow a link", error))?;
                // A link counts from the folder that it is in.
                target = target.parent().unwrap_or(Path::new("")).join(next);
            }
            Ok(found) if found.is_dir() => {
                return Err(Error::new(ErrorKind::Io, "a folder cannot be replaced by a file: name a file in it"));
            }
            Ok(found) if !found.is_file() => {
                return Err(Error::new(
                    ErrorKind::Io,
                    "it is a device, pipe or socket, which is not replaced by a file",
                ));
            }
            _ => return Ok(target),
        }
    }
    Err(Error::new(ErrorKind::Io, "the symbolic link leads back to itself"))
}

/// The error for a file that libhdf5 did not open. Its own words for one that is not there, is a folder or is of another
/// format are less clear.
fn why_not_open(path: &Path, error: Error) -> Error {
    let look = || -> io::Result<Error> {
        let mut plain = fs::File::open(path)?;
        if plain.metadata()?.is_dir() {
            return Ok(Error::new(ErrorKind::Io, "could not open the file: it is a folder"));
        }
        Ok(match find_superblock(&mut plain) {
            Ok(None) => not_hdf5(),
            Ok(Some(start)) => with_writer(error, path, status_of(&mut plain, start)),
            Err(_) => error,
        })
    };
    look().unwrap_or_else(|refused| Error::io("could not open the file", refused))
}

/// The error for a file that was not made where none is to be.
pub(crate) fn why_not_made(path: &Path, error: Error) -> Error {
    if fs::symlink_metadata(path).is_ok() {
        let error = Error::new(ErrorKind::AlreadyExists, "the file is there already");
        return error.advised("`Appender::open_file` and `open_or_create_file` go on with a file");
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(parent) {
        Err(refused) => Error::io("could not make the file: its folder", refused),
        Ok(_) => error,
    }
}

/// The error for a file that was not opened for an appender.
pub(crate) fn why_not_appended(path: &Path, error: Error) -> Error {
    if !path.exists() {
        let error = Error::new(ErrorKind::NotFound, "there is no such file");
        return error.advised("`Appender::create_file` and `open_or_create_file` make one");
    }
    why_not_written(path, error)
}

/// An error for a file of a format in which nobody can write while others read.
pub(crate) fn check_swmr(path: &Path) -> Result<()> {
    let version = || {
        let mut file = fs::File::open(path).ok()?;
        let start = find_superblock(&mut file).ok()??;
        superblock_of(&mut file, start).ok().map(|(version, _)| version)
    };
    match version() {
        Some(version) if version < FIRST_WITH_STATUS => {
            let message = "the file is of a format older than HDF5 1.10, which others cannot read while it is written";
            let advice = "make it by an appender with `swmr`, or by `WriteOptions::libver` with `LibraryVersion::V110` as both bounds";
            Err(Error::new(ErrorKind::Unsupported, message).advised(advice))
        }
        _ => Ok(()),
    }
}

/// The error for a file that was not opened for writing.
fn why_not_written(path: &Path, error: Error) -> Error {
    if path.is_dir() {
        return why_not_open(path, error);
    }
    match fs::OpenOptions::new().read(true).write(true).open(path) {
        Err(refused) => Error::io("could not open the file for writing", refused),
        Ok(_) if File::is_open_here(path) => {
            let message = "this program has the file open already, in another way: close it there, which closing all of its \
                           groups and datasets does, or use it as it is open";
            Error::new(ErrorKind::Io, message)
        }
        Ok(_) => why_not_open(path, error),
    }
}

pub(crate) fn to_file(
    value: &dyn AnyValue,
    path: &Path,
    sync: bool,
    access: Access,
    rules: &RulePosition,
    watch: &ProgressCallback,
) -> Result<()> {
    let write = |run: &CallProgress| NewFile::write(value, path, access, rules, run)?.replace(sync);
    watch.during(write).map_err(|error| in_file(error, path))
}

/// A file that is written, and has not taken its place yet. It is removed when dropped.
pub(crate) struct NewFile {
    temporary_file: TemporaryFile,
    target: PathBuf,
}

impl NewFile {
    /// Writes `value` to a file beside the one at `path`.
    fn write(
        value: &dyn AnyValue,
        path: &Path,
        access: Access,
        rules: &RulePosition,
        run: &CallProgress,
    ) -> Result<Self> {
        let target = target_of(path)?;
        let (temporary_file, file) = TemporaryFile::with_file(&target, access)?;
        let spot = {
            // It keeps the file open.
            let writing = file.writing()?;
            let _writing = writing.enter();
            let spot = fill(value, &file, rules, run)?;
            write_out()?;
            spot
        };
        file.close()?;
        spot.finish()?;
        Ok(Self { temporary_file, target })
    }

    /// The same as a call of its own.
    pub(crate) fn begin(
        value: &dyn AnyValue,
        path: &Path,
        access: Access,
        rules: &RulePosition,
        watch: &ProgressCallback,
    ) -> Result<Self> {
        watch.during(|run| Self::write(value, path, access, rules, run)).map_err(|error| in_file(error, path))
    }

    /// Where it is, until it takes its place.
    pub(crate) fn path(&self) -> &Path {
        self.temporary_file.path()
    }

    /// Takes its place; with `sync`, once it is on the disk.
    pub(crate) fn replace(self, sync: bool) -> Result<()> {
        self.temporary_file.replace(&self.target, sync)
    }
}

/// Has `write` write a named value to a file, which is made if it is not there.
pub(crate) fn write_at(
    mut write: impl FnMut(&Group) -> Result<()>,
    path: &Path,
    sync: bool,
    access: Access,
    watch: &ProgressCallback,
) -> Result<()> {
    at(&mut write, path, sync, access, watch).map_err(|error| in_file(error, path))
}

fn at(
    write: &mut dyn FnMut(&Group) -> Result<()>,
    path: &Path,
    sync: bool,
    access: Access,
    watch: &ProgressCallback,
) -> Result<()> {
    watch.during(|run| {
        // Where another caller makes the file meanwhile, the value is written again, into that.
        const MAX_TRIES: usize = 10;
        for _ in 0..MAX_TRIES {
            let target = target_of(path)?;
            if target.exists() {
                let file = File::open_rw(&target, access).map_err(|error| why_not_written(path, error))?;
                Limits::while_writing(|| write(&file.root()?.begun(run)))?;
                file.close()?;
                return if sync { sync_file(&target) } else { Ok(()) };
            }
            let (temporary_file, file) = TemporaryFile::with_file(&target, access)?;
            {
                let writing = file.writing()?;
                let _writing = writing.enter();
                Limits::while_writing(|| write(&file.root()?.begun(run)))?;
                write_out()?;
            }
            file.close()?;
            if temporary_file.put_new(&target, sync)? {
                return Ok(());
            }
        }
        Err(Error::new(ErrorKind::Io, "the file is made and removed again by others all the time"))
    })
}

/// What was made of a file: how many bytes it had, and how many the new one has.
pub(crate) struct RepackedFile {
    pub(crate) bytes: (u64, u64),
    pub(crate) repacked: h5::Repacked,
}

/// Makes a file anew at `target`, which may be where it is.
pub(crate) fn repack(
    source: &Path,
    target: &Path,
    sync: bool,
    (reading, writing): (Access, Access),
    rules: &RulePosition,
    watch: &ProgressCallback,
) -> Result<RepackedFile> {
    // Which of both files an error is about.
    let at_hand = Cell::new(source);
    let repack = |run: &CallProgress| {
        let old = File::open(source, reading).map_err(|error| why_not_open(source, error))?;
        let mut plain = fs::File::open(source).map_err(|error| Error::io("could not open the file", error))?;
        let (user_block, oldest) = start_of(&mut plain)?;
        let libver = if writing.libver == Access::default().libver {
            (oldest, LibraryVersion::newest())
        } else {
            writing.libver
        };
        let place = target_of(target)?;
        let is_in_place =
            fs::canonicalize(source).is_ok_and(|source| fs::canonicalize(&place).is_ok_and(|place| place == source));
        let before = plain.metadata().map_err(|error| Error::io("could not look at the file", error))?;
        let (mut temporary_file, file) = TemporaryFile::with_file(&place, Access { user_block, libver, ..writing })?;
        let (repacked, spot) = {
            // It keeps the file open.
            let writing = file.writing()?;
            let _writing = writing.enter();
            let root = file.root()?.begun(run);
            let read = old.root()?;
            if is_in_place && OpenFile::of(&read)?.is_writable()? {
                let message = "this program has the file open for writing: close it first";
                return Err(Error::new(ErrorKind::Io, message));
            }
            let repacked = h5::repack(&read, &root, rules).inspect_err(|error| {
                if error.kind() == ErrorKind::Io {
                    at_hand.set(target);
                }
            })?;
            at_hand.set(target);
            write_out()?;
            (repacked, root.spot().clone())
        };
        file.close()?;
        temporary_file.write_user_block(plain.take(user_block))?;
        let after = temporary_file.len()?;
        spot.finish()?;
        // Some systems replace no file that is open.
        #[cfg(not(unix))]
        drop(old);
        if is_in_place && !is_unchanged(&before, &place) {
            return Err(Error::new(
                ErrorKind::Io,
                "the file was changed by another program meanwhile: it stays as it is",
            ));
        }
        temporary_file.replace(&place, sync)?;
        Ok(RepackedFile { bytes: (before.len(), after), repacked })
    };
    watch.during(repack).map_err(|error| in_file(error, at_hand.get()))
}

/// Whether the file at a path is still the one of which that was known.
fn is_unchanged(before: &fs::Metadata, path: &Path) -> bool {
    let Ok(now) = fs::metadata(path) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        if (before.dev(), before.ino()) != (now.dev(), now.ino()) {
            return false;
        }
    }
    before.len() == now.len() && before.modified().ok() == now.modified().ok()
}

/// Bytes of the user block, and the first version of the format that has what the file has. The file is at its start then.
fn start_of(file: &mut fs::File) -> Result<(u64, LibraryVersion)> {
    let mut look = || {
        let Some(start) = find_superblock(file)? else { return Ok(None) };
        let (version, _) = superblock_of(file, start)?;
        file.rewind()?;
        Ok(Some((start, version)))
    };
    let (start, version) = look().map_err(|error| Error::io("could not read the file", error))?.ok_or_else(not_hdf5)?;
    Ok(match version {
        0 | 1 => (start, LibraryVersion::Earliest),
        2 => (start, LibraryVersion::V18),
        _ => (start, LibraryVersion::V110),
    })
}

fn sync_file(path: &Path) -> Result<()> {
    let sync = || fs::File::open(path)?.sync_all();
    sync().map_err(|error| Error::io("could not sync the file", error))
}

/// Reads from a file. If another program may be writing it, libhdf5 reads everything anew.
pub(crate) fn as_it_is_now<R>(root: &Group, access: Access, mut read: impl FnMut() -> Result<R>) -> Result<R> {
    if access.swmr { h5::anew(&OpenFile::of(root)?, read) } else { read() }
}

/// Reads the value at a path in a file.
pub(crate) fn read_at(
    path: &Path,
    name: &str,
    access: Access,
    rules: &RulePosition,
    watch: &ProgressCallback,
    value: &mut dyn Make,
) -> Result<()> {
    let open = |run: &CallProgress| {
        let file = File::open(path, access).map_err(|error| why_not_open(path, error))?;
        let root = file.root()?.begun(run);
        as_it_is_now(&root, access, || de::read_named(&root, name, rules, value))
    };
    watch.during(open).map_err(|error| in_file(error, path))
}

/// Writes `value` to a new file; returns where that begins in the call.
fn fill(value: &dyn AnyValue, file: &File, rules: &RulePosition, run: &CallProgress) -> Result<ProgressPath> {
    let root = file.root()?.begun(run);
    ser::fill(value, &root, rules)?;
    Ok(root.spot().clone())
}

/// Opens a file for reading a part at a time.
pub(crate) fn open_streamed(path: &Path, access: Access) -> Result<File> {
    File::open_streamed(path, access).map_err(|error| why_not_open(path, error))
}

/// Reads the value in the file at a path.
pub(crate) fn from_file(
    path: &Path,
    access: Access,
    rules: &RulePosition,
    watch: &ProgressCallback,
    value: &mut dyn Make,
) -> Result<()> {
    let open = |run: &CallProgress| {
        let file = File::open(path, access).map_err(|error| why_not_open(path, error))?;
        let root = file.root()?.begun(run);
        as_it_is_now(&root, access, || de::from_root(&root, rules, value))
    };
    watch.during(open).map_err(|error| in_file(error, path))
}

pub(crate) fn to_vec(
    value: &dyn AnyValue,
    access: Access,
    rules: &RulePosition,
    watch: &ProgressCallback,
) -> Result<Vec<u8>> {
    watch.during(|run| {
        let file = File::in_memory_as(access)?;
        let spot = fill(value, &file, rules, run)?;
        let image = image_of(&file)?;
        spot.finish()?;
        Ok(image)
    })
}

/// Reads the value in the image of a file.
pub(crate) fn from_slice(
    image: &[u8],
    rules: &RulePosition,
    watch: &ProgressCallback,
    value: &mut dyn Make,
) -> Result<()> {
    watch.during(|run| {
        let file = File::from_image(image).map_err(|error| match find_superblock(&mut io::Cursor::new(image)) {
            Ok(None) => not_hdf5(),
            _ => error,
        })?;
        de::from_root(&file.root()?.begun(run), rules, value)
    })
}
