//! What libhdf5 opens in other files by itself: what external links lead to, and the datasets that virtual datasets are made of. It
//! is looked at before, without libhdf5.
//!
//! Whoever reads has allowed that such files are opened. They are as little to be trusted as the one that leads to them.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::image::CacheImage;
use super::look::Look;
use super::mappings::Source;
use super::messages::LinkTarget;
use super::superblock::Superblock;
use super::{links, object};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::file::File;
use crate::h5::file_bytes::OnDisk;
use crate::h5::global_heap::Bytes;

/// Soft and external links that libhdf5 follows on the way to one object.
const MAX_LINKS: usize = 16;
/// Virtual datasets are within each other no deeper than that: libhdf5 opens them within each other, too.
const MAX_DEPTH: usize = 32;
/// Files that are looked into for one object, with all that is in them. Names with numbers may lead to very many.
const MAX_LOOKS: usize = 1 << 16;
/// How many times the size of a file may be looked at on the way to an object: each group is met again for each name.
const TIMES: u64 = 8;

/// The environment variables by which libhdf5 looks for other files.
#[derive(Clone, Copy)]
enum Prefix {
    Links,
    Sources,
}

/// What is looked at for one object.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// Files, and the paths in them.
    met: HashSet<(PathBuf, Vec<u8>)>,
    /// How many virtual datasets the one that is looked at is within.
    depth: usize,
}

impl Elsewhere {
    /// Looks at what an external link in the file of that name leads to, and then the path `rest` from there on.
    pub(super) fn link(&mut self, from: &Path, value: &[u8], rest: &[u8]) -> Result<()> {
        self.follow(from, value, rest, MAX_LINKS).map(drop)
    }

    /// Looks at what a virtual dataset in the file of that name is made of.
    pub(super) fn sources(&mut self, from: &Path, sources: &[Source]) -> Result<()> {
        if self.depth > MAX_DEPTH {
            let what = format!("virtual datasets are made of virtual datasets, more than {MAX_DEPTH} of them");
            return Err(Error::new(ErrorKind::TooDeep, what));
        }
        self.depth += 1;
        let looked = sources.iter().try_for_each(|source| self.source(from, source));
        self.depth -= 1;
        looked
    }

    fn follow(&mut self, from: &Path, value: &[u8], rest: &[u8], links: usize) -> Result<bool> {
        let mut names = value.get(1..).unwrap_or_default().split(|byte| *byte == 0);
        let (Some(file), Some(path), Some(links)) = (names.next(), names.next(), links.checked_sub(1)) else {
            // libhdf5 does not get any further either.
            return Ok(false);
        };
        let path = [path, b"/", rest].concat();
        match first_there(from, Prefix::Links, file) {
            Some((at, bytes)) => self.within(&at, &bytes, &path, links),
            None => Ok(false),
        }
    }

    /// Looks at a source; and where its name has numbers, at all that there are.
    fn source(&mut self, from: &Path, source: &Source) -> Result<()> {
        let file = source.file.as_deref();
        let (names, paths) = (file.map(segments), segments(&source.path));
        let has_numbers = paths.len() > 1 || names.as_ref().is_some_and(|names| names.len() > 1);
        for number in 0.. {
            let text = number.to_string();
            let path = paths.join(text.as_bytes());
            let found = match &names {
                Some(names) => {
                    let name = names.join(text.as_bytes());
                    first_there(from, Prefix::Sources, &name)
                }
                None => OnDisk::open(from).map(|bytes| (from.to_owned(), bytes)),
            };
            let is_there = match found {
                Some((at, bytes)) => self.within(&at, &bytes, &path, MAX_LINKS)?,
                None => false,
            };
            // libhdf5 looks no further than the first that is missing.
            if !has_numbers || !is_there {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Looks at what is at a path in a file, and at all groups on the way. Returns whether something is there.
    fn within(&mut self, at: &Path, file: &OnDisk, path: &[u8], links: usize) -> Result<bool> {
        if self.met.len() >= MAX_LOOKS {
            let what = format!("more than {MAX_LOOKS} objects in other files belong to one");
            return Err(Error::new(ErrorKind::Limit, what));
        }
        if !self.met.insert((at.to_owned(), path.to_vec())) {
            return Ok(true);
        }
        match self.way(at, file, path, links) {
            // What libhdf5 has not written yet fits what it has in memory.
            Err(error) if error.kind() == ErrorKind::Corrupt && File::is_written_here(at) => Ok(true),
            Err(error) => Err(error.in_file(&at.display().to_string())),
            found => found,
        }
    }

    fn way(&mut self, at: &Path, file: &OnDisk, path: &[u8], mut links: usize) -> Result<bool> {
        let superblock = Superblock::of(file)?;
        let image = CacheImage::of(file, &superblock)?;
        let file = WithImage { file, image };
        let (address_size, length_size) = superblock.sizes();
        let look = Look::new(&file, address_size, length_size).times(TIMES);
        let Some(root) = superblock.root() else { return Ok(false) };
        let mut checked = HashSet::new();
        let (mut here, mut names) = (root, steps(path));
        loop {
            if checked.insert(here) {
                object::check(&look, here)?;
            }
            let Some(name) = names.pop_front() else { break };
            match target(&look, here, &name)? {
                Some(Target::Hard(address)) => here = address,
                Some(Target::Soft(path)) => {
                    let Some(left) = links.checked_sub(1) else { return Ok(false) };
                    links = left;
                    if path.starts_with(b"/") {
                        here = root;
                    }
                    steps(&path).into_iter().rev().for_each(|step| names.push_front(step));
                }
                Some(Target::External(value)) => {
                    let rest: Vec<Vec<u8>> = names.into();
                    return self.follow(at, &value, &rest.join(&b'/'), links);
                }
                None => return Ok(false),
            }
        }
        let sources = object::sources(&look, here)?;
        self.sources(at, &sources)?;
        Ok(true)
    }
}

/// A file on a disk, with its metadata where it belongs.
struct WithImage<'a> {
    file: &'a OnDisk,
    image: Option<CacheImage>,
}

impl Bytes for WithImage<'_> {
    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        self.file.read(address, into)?;
        if let Some(image) = &self.image {
            image.put(address, into);
        }
        Ok(())
    }
}

/// Where a link leads.
enum Target {
    Hard(u64),
    Soft(Vec<u8>),
    External(Vec<u8>),
}

/// Where the link of that name leads to, of the group whose header is at `address`.
fn target(look: &Look<'_>, address: u64, name: &[u8]) -> Result<Option<Target>> {
    let mut found = None;
    links::each(look, address, &mut |known, target| {
        if known == name && found.is_none() {
            found = match target {
                LinkTarget::Hard(address) => address.map(Target::Hard),
                LinkTarget::Soft(path) => Some(Target::Soft(path.to_vec())),
                LinkTarget::External(value) => Some(Target::External(value.to_vec())),
                LinkTarget::Other => None,
            };
        }
        Ok(())
    })?;
    Ok(found)
}

/// The names in a path.
fn steps(path: &[u8]) -> VecDeque<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    names.map(<[u8]>::to_vec).collect()
}

/// What is around the numbers in a name: `%b` stands for one, and `%%` for a percent sign. As `H5D_virtual_parse_source_name`.
fn segments(name: &[u8]) -> Vec<Vec<u8>> {
    let (mut found, mut rest) = (vec![Vec::new()], name);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            (b'%', Some(b'b')) => {
                found.push(Vec::new());
                rest = &after[1..];
            }
            (b'%', Some(b'%')) => {
                found.last_mut().into_iter().for_each(|segment| segment.push(b'%'));
                rest = &after[1..];
            }
            (byte, _) => found.last_mut().into_iter().for_each(|segment| segment.push(*byte)),
        }
    }
    found
}

/// The first of the files that libhdf5 looks for under a name that another file has, if it is one of HDF5's on a disk. As
/// `H5F_prefix_open_file`.
fn first_there(from: &Path, prefix: Prefix, name: &[u8]) -> Option<(PathBuf, OnDisk)> {
    candidates(from, prefix, name).into_iter().find_map(|path| OnDisk::open(&path).map(|bytes| (path, bytes)))
}

fn candidates(from: &Path, prefix: Prefix, name: &[u8]) -> Vec<PathBuf> {
    let whole = PathBuf::from(os_string(name));
    let mut found = Vec::new();
    let name = if whole.is_absolute() {
        let last = whole.file_name().map(PathBuf::from).unwrap_or_default();
        found.push(whole);
        last
    } else {
        whole
    };
    let folder = std::path::absolute(from).ok().and_then(|path| path.parent().map(Path::to_owned));
    let variable = match prefix {
        Prefix::Links => "HDF5_EXT_PREFIX",
        Prefix::Sources => "HDF5_VDS_PREFIX",
    };
    if let Some(folders) = std::env::var_os(variable) {
        for set in std::env::split_paths(&folders).filter(|set| !set.as_os_str().is_empty()) {
            let of_file =
                folder.as_deref().zip(set.strip_prefix("${ORIGIN}").ok()).map(|(folder, rest)| folder.join(rest));
            found.push(of_file.unwrap_or(set).join(&name));
        }
    }
    found.extend(folder.map(|folder| folder.join(&name)));
    found.push(name.clone());
    let actual = std::fs::canonicalize(from).ok();
    found.extend(actual.as_deref().and_then(Path::parent).map(|folder| folder.join(&name)));
    found
}

fn os_string(name: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStringExt::from_vec(name.to_vec())
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(name).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names() {
        for (name, number, expected) in [
            ("plain", 0, "plain"),
            ("f-%b.h5", 7, "f-7.h5"),
            ("%b%b", 3, "33"),
            ("100%%b-%b", 1, "100%b-1"),
            ("50% %c", 9, "50% %c"),
            ("%", 0, "%"),
        ] {
            let text = number.to_string();
            assert_eq!(segments(name.as_bytes()).join(text.as_bytes()), expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn where_other_files_are_looked_for() {
        let found = candidates(Path::new("/data/runs/first.h5"), Prefix::Links, b"raw/second.h5");
        assert_eq!(found[0], Path::new("/data/runs/raw/second.h5"));
        assert_eq!(found[1], Path::new("raw/second.h5"));
        let found = candidates(Path::new("/data/runs/first.h5"), Prefix::Links, b"/old/second.h5");
        assert_eq!(found[..2], [Path::new("/old/second.h5"), Path::new("/data/runs/second.h5")]);
    }
}
