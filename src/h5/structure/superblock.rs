//! Superblocks: where everything in a file begins.
//!
//! HDF5 File Format Specification, section II.A, and II.C for the superblock's extension.

use super::header::{self, kind};
use super::look::{Look, Part, check_sum};
use crate::ground::error::{Error, Result};
use crate::h5::global_heap::Bytes;

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// Bytes that have all that there is in a superblock with sizes of eight bytes, and most of what there is with others.
const MOST: u64 = 16 + 16 + 8 * 32 + 40;

/// What other structures need to know of a superblock.
#[derive(Clone, Copy, Debug)]
pub(in crate::h5) struct Superblock {
    /// Where its extension is, an object header.
    extension: Option<u64>,
    /// The header of the root group.
    root: Option<u64>,
    sizes: (usize, usize),
}

/// What the superblock's extension says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extension {
    /// The table of shared messages, and how many indices it has.
    pub(super) shared: Option<(u64, u8)>,
    /// Where metadata is that is not where it belongs, in a cache image, and how many bytes there are.
    pub(super) image: Option<(u64, u64)>,
}

/// Whether a file begins as HDF5's do.
pub(super) fn is_one(file: &dyn Bytes) -> bool {
    let mut start = [0; 8];
    file.len() >= 8 && file.read(0, &mut start).is_ok() && start == *SIGNATURE
}

impl Superblock {
    /// Reads the superblock at the file's first address.
    pub(super) fn read(look: &Look<'_>) -> Result<Self> {
        Self::of(look.file)
    }

    pub(in crate::h5) fn of(file: &dyn Bytes) -> Result<Self> {
        let part = Part("superblock", 0);
        let mut bytes = vec![0; MOST.min(file.len()) as usize];
        file.read(0, &mut bytes)?;
        let too_short = || part.wrong("it ends before what it holds");
        if !bytes.starts_with(SIGNATURE) {
            return Err(part.wrong("it does not begin with its signature"));
        }
        let version = *bytes.get(8).ok_or_else(too_short)?;
        let (sizes_at, first) = match version {
            0 => (13, 24),
            1 => (13, 28),
            2 | 3 => (9, 12),
            _ => return Err(part.wrong("it is of an unknown version")),
        };
        let size = |at: usize| match bytes.get(at) {
            Some(size @ (2 | 4 | 8 | 16 | 32)) => Ok(usize::from(*size)),
            Some(_) => Err(part.wrong("it has addresses or lengths of an absurd size")),
            None => Err(too_short()),
        };
        let (address, length) = (size(sizes_at)?, size(sizes_at + 1)?);
        let look = Look::new(file, address, length);
        let mut fields = look.fields(part, &bytes);
        fields.skip(first)?;
        let (_base, extension, end) = (fields.address()?, fields.address()?, fields.address()?);
        if version >= 2 {
            let root = fields.address()?;
            let len = first + 4 * address + 4;
            check_sum(part, bytes.get(..len).ok_or_else(too_short)?)?;
            return Self { extension, root, sizes: (address, length) }.checked(part, end);
        }
        // What libhdf5 counts leaves and nodes by must not be 0.
        if bytes[16..20].chunks(2).any(|number| number == [0, 0]) {
            return Err(part.wrong("B-trees have nodes without room"));
        }
        let (driver, _name, root) = (fields.address()?, fields.length()?, fields.address()?);
        if let Some(driver) = driver {
            check_driver(&look, driver)?;
        }
        // In these versions, it is called the address of free space, and libhdf5 takes it for that of an extension.
        Self { extension, root, sizes: (address, length) }.checked(part, end)
    }

    fn checked(self, part: Part, end: Option<u64>) -> Result<Self> {
        match end {
            Some(end) if self.root.is_some_and(|root| root < end) => Ok(self),
            _ => Err(part.wrong("the root group is not within the file")),
        }
    }

    /// The header of the root group.
    pub(in crate::h5) fn root(&self) -> Option<u64> {
        self.root
    }

    /// Bytes of an address and of a length.
    pub(super) fn sizes(&self) -> (usize, usize) {
        self.sizes
    }

    /// Whether the extension says that objects share messages, whatever else is in it.
    pub(in crate::h5) fn shares_messages(&self, file: &dyn Bytes) -> bool {
        let Some(address) = self.extension else { return false };
        let (address_size, length_size) = self.sizes();
        let look = &Look::new(file, address_size, length_size);
        let mut shares = false;
        let walked = header::walk(look, address, &mut |message| {
            shares |= message.kind == kind::SHARED_TABLE;
            Ok(())
        });
        // Where it cannot be followed to its end, there may be such a message.
        shares || walked.is_err() && header::is_header(look, address)
    }

    /// What the extension says, if there is one.
    pub(super) fn extension(&self, look: &Look<'_>) -> Result<Extension> {
        let mut found = Extension::default();
        let Some(address) = self.extension else { return Ok(found) };
        header::walk(look, address, &mut |message| {
            let part = Part("superblock extension", address);
            let mut fields = look.fields(part, message.body);
            match message.kind {
                kind::SHARED_TABLE => {
                    fields.skip(1)?;
                    let (table, indices) = (fields.address()?, fields.byte()?);
                    // libhdf5 takes no more than eight.
                    if !(1..=8).contains(&indices) {
                        return Err(part.wrong("shared messages have an absurd number of indices"));
                    }
                    found.shared = table.map(|table| (table, indices));
                }
                kind::B_TREE_K => {
                    fields.skip(1)?;
                    for _ in 0..3 {
                        if fields.next(2)? == 0 {
                            return Err(part.wrong("B-trees have nodes without room"));
                        }
                    }
                }
                kind::FREE_SPACE => check_free_space(message.body, &mut fields)?,
                kind::CACHE_IMAGE => {
                    fields.version(0..=0)?;
                    found.image = fields.address()?.zip(Some(fields.length()?));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Checks what old drivers of files have to say: libhdf5 makes room for as much as it claims to be.
fn check_driver(look: &Look<'_>, address: u64) -> Result<()> {
    let part = Part("driver information block", address);
    let start = look.bytes(part, 16)?;
    let mut fields = look.fields(part, &start);
    fields.version(0..=0)?;
    fields.skip(3)?;
    let len = fields.next(4)?;
    look.check_within(part, address, 16 + len)
}

/// Checks how a file says that it manages its space.
fn check_free_space(body: &[u8], fields: &mut super::look::Fields<'_>) -> Result<()> {
    // Version 0 was of a pre-release.
    if body.first() != Some(&1) {
        return Ok(());
    }
    fields.skip(1)?;
    let (_strategy, _persists, _threshold) = (fields.byte()?, fields.byte()?, fields.length()?);
    let page = fields.length()?;
    if page == 0 || page > 1 << 30 {
        return Err(wrong_page(fields.part));
    }
    Ok(())
}

#[cold]
fn wrong_page(part: Part) -> Error {
    part.wrong("the file has pages of an absurd size")
}
