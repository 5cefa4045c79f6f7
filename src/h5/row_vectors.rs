//! Vectors of rows of numbers, known by their types as [those of numbers](super::vec_types) are, and read from the file to where
//! they will be.
//!
//! Libhdf5 reads to one place in memory, and rows that are vectors have each its own. The operating system reads to many;
//! so it does for several threads, while one makes room for more.

use std::any::TypeId;
use std::slice;

use bytemuck::Pod;

use super::attribute::Attributes;
use super::blocks::PART;
use super::dataset::Dataset;
use super::dtype::Number;
use super::file_bytes::with_file;
use super::locked;
use super::parallel::feed;
use super::preadv::{Place, Scattered};
use super::vec_types::{Room, Unborrowed};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;

/// About as many bytes are read at once.
const BATCH: usize = 256 << 10;
/// Less than this is read at once.
const FEW: usize = 1 << 20;

/// How to make vectors of vectors of numbers, or of short arrays of numbers, of one type.
#[derive(Clone, Copy)]
pub(crate) struct Table(pub(super) &'static TableKind);

pub(super) struct TableKind {
    number: Number,
    width: Option<usize>,
    collect: Collect,
}

/// Makes a vector of so many rows of so many elements each, and fills it.
type Collect = fn(Room<'_>, u64, u64, &Stretch<'_>) -> Result<()>;

impl TableKind {
    /// How to make a `Vec<Vec<E>>`, where an `E` is a number of this type, or an array of `width` such.
    pub(super) fn of<E: Unborrowed + Pod + Send>(number: Number, width: Option<usize>) -> (TypeId, Self) {
        (TypeId::of::<Vec<Vec<E>>>(), Self { number, width, collect: collect::<E> })
    }
}

impl Table {
    /// The type of its numbers.
    pub(crate) fn number(&self) -> Number {
        self.0.number
    }

    /// How many numbers an element of a row is, if it is an array.
    pub(crate) fn width(&self) -> Option<usize> {
        self.0.width
    }

    /// Reads so many rows of `len` elements each.
    pub(crate) fn read(&self, room: Room<'_>, rows: u64, len: u64, from: &Stretch<'_>) -> Result<()> {
        (self.0.collect)(room, rows, len, from)
    }
}

fn collect<E: Unborrowed + Pod + Send>(mut room: Room<'_>, rows: u64, len: u64, from: &Stretch<'_>) -> Result<()> {
    let too_large = || Error::new(ErrorKind::Limit, format!("{rows} rows of {len} numbers do not fit into memory"));
    let (Ok(count), Ok(len)) = (usize::try_from(rows), usize::try_from(len)) else { return Err(too_large()) };
    let size = len.checked_mul(size_of::<E>()).ok_or_else(too_large)?;
    ledger::made(count.saturating_mul(size.saturating_add(size_of::<Vec<E>>())) as u64)?;
    let mut table: Vec<Vec<E>> = Vec::new();
    table.try_reserve_exact(count).map_err(|_| too_large())?;
    table.resize_with(count, Vec::new);
    let bytes = count.saturating_mul(size);
    let step = if bytes < FEW { count } else { BATCH / size.max(1) }.max(1);
    let mut parts = table.chunks_mut(step);
    let with_room = |number: usize| {
        from.dataset.spot().check()?;
        let part = parts.next().unwrap_or_default();
        for row in &mut *part {
            row.try_reserve_exact(len).map_err(|_| too_large())?;
        }
        Ok((number, part))
    };
    feed(count.div_ceil(step), with_room, |(number, part): (usize, &mut [Vec<E>])| {
        from.fill((number * step) as u64 * size as u64, part.iter_mut().map(|row| room_for(row, len)).collect())?;
        for row in part {
            // SAFETY: there is room for as many, and all their bytes were just filled. Any bytes are a value of the type.
            unsafe { row.set_len(len) };
        }
        Ok(())
    })?;
    room.put(table)
}

/// The room that there is for `len` elements.
fn room_for<E>(row: &mut Vec<E>, len: usize) -> Place<'_> {
    let room = &mut row.spare_capacity_mut()[..len];
    let size = size_of_val(room);
    // SAFETY: the same memory, nothing of which need be initialised.
    unsafe { slice::from_raw_parts_mut(room.as_mut_ptr().cast(), size) }
}

/// The bytes of a dataset, from some item on, that follow each other in a file which nobody writes to, and are what its
/// items are in memory.
pub(crate) struct Stretch<'a> {
    dataset: &'a Dataset,
    file: Scattered,
    /// Where they begin in the file.
    start: u64,
}

impl Stretch<'_> {
    /// Fills all of `places`, in their order, with the bytes from `at` on.
    fn fill(&self, at: u64, mut places: Vec<Place<'_>>) -> Result<()> {
        let mut at = self.start.saturating_add(at);
        let mut read = |places: &mut [Place<'_>]| {
            let bytes = places.iter().map(|place| place.len() as u64).sum();
            self.file.read(at, places)?;
            at += bytes;
            self.dataset.spot().bytes(bytes)
        };
        match &mut places[..] {
            [long] => long.chunks_mut(PART).try_for_each(|part| read(&mut [part])),
            places => read(places),
        }
    }
}

impl Dataset {
    /// Its bytes from the item `first` on, if they can be had without libhdf5.
    ///
    /// They are read without the library's lock. What is learned here stays true: this process cannot write to the file, as
    /// libhdf5 does not open it for writing while it is open for reading alone. Another process may; what is read are other
    /// bytes then, or an error where the file ends before them.
    pub(crate) fn stretch(&self, first: u64) -> Result<Option<Stretch<'_>>> {
        let (offset, claim) = (first.saturating_mul(self.dtype().size() as u64), self.logical_bytes());
        if offset > claim {
            return Ok(None);
        }
        locked(|| {
            let Some(address) = self.address()? else { return Ok(None) };
            let file = with_file(self.handle(), |_, file| Ok(file.and_then(|(raw, _)| raw.scattered(address, claim))))?;
            Ok(file.map(|file| Stretch { dataset: self, file, start: address.saturating_add(offset) }))
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::super::group::Group;
    use super::*;
    use crate::ground::limits::Limits;

    fn table<T>() -> Option<Table> {
        Room::of(&mut None::<T>).table()
    }

    fn known<T>() -> Option<(Number, Option<usize>)> {
        table::<T>().map(|table| (table.number(), table.width()))
    }

    /// So many rows of `len` elements each.
    fn read<T>(rows: u64, len: u64, from: &Stretch<'_>) -> Result<T> {
        let mut value = None;
        table::<T>().unwrap().read(Room::of(&mut value), rows, len, from).map(|()| value.unwrap())
    }

    #[test]
    fn vectors_of_rows_are_known() {
        assert_eq!(known::<Vec<Vec<f32>>>(), Some((Number::F32, None)));
        assert_eq!(known::<Vec<Vec<[u8; 4]>>>(), Some((Number::U8, Some(4))));
        assert_eq!(known::<Vec<Vec<bool>>>(), None);
        assert_eq!(known::<Vec<f32>>(), None);
        assert_eq!(known::<Vec<[f32; 2]>>(), None);
        assert_eq!(known::<Vec<Box<[f32]>>>(), None);
        assert_eq!(known::<Vec<Vec<Vec<f32>>>>(), None);
        assert_eq!(known::<Box<[Vec<f32>]>>(), None);
    }

    const ROWS: usize = 300;

    /// The table that is in each dataset, and some that are none.
    fn written(folder: &Path) -> (hdf5::File, Vec<Vec<f64>>) {
        let path = folder.join("tables.h5");
        let file = hdf5::File::with_options().with_fcpl(|list| list.userblock(512)).create(&path).unwrap();
        let rows: Vec<Vec<f64>> = (0..ROWS).map(|row| (0..40).map(|at| (row * at) as f64).collect()).collect();
        let all = ndarray::Array2::from_shape_vec((ROWS, 40), rows.concat()).unwrap();
        file.new_dataset_builder().with_data(&all).create("plain").unwrap();
        file.new_dataset_builder().with_data(&all).chunk((30, 40)).create("chunked").unwrap();
        file.new_dataset_builder().with_data(&all).chunk((30, 40)).deflate(1).create("packed").unwrap();
        let outside = folder.join("outside").to_str().unwrap().to_owned();
        file.new_dataset::<f64>().shape((ROWS, 40)).external(&outside, 0, all.len() * 8).create("outside").unwrap();
        file.dataset("outside").unwrap().write(&all).unwrap();
        file.new_dataset::<f64>().shape((ROWS, 40)).create("nothing").unwrap();
        file.new_dataset_builder()
            .with_data(&["a", "b"].map(|text| text.parse::<hdf5::types::VarLenUnicode>().unwrap()))
            .create("texts")
            .unwrap();
        // In the header of its object.
        let few = ndarray::Array2::from_elem((3, 2), 1.5);
        file.new_dataset_builder()
            .with_data(&few)
            .layout(hdf5::plist::dataset_create::Layout::Compact)
            .create("compact")
            .unwrap();
        drop(file);
        (hdf5::File::open(&path).unwrap(), rows)
    }

    fn dataset(file: &hdf5::File, name: &str) -> Dataset {
        let mut limits = Limits::current();
        limits.external_storage = true;
        limits.during(|| Group::of(file).unwrap().open_dataset(name).unwrap())
    }

    #[test]
    fn rows_are_read_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, rows) = written(folder.path());
        let plain = dataset(&file, "plain");
        for first in [0, 1, 299] {
            let stretch = plain.stretch(40 * first).unwrap().unwrap();
            assert_eq!(read::<Vec<Vec<f64>>>(ROWS as u64 - first, 40, &stretch).unwrap(), rows[first as usize..]);
        }
        let arrays: Vec<Vec<[f64; 4]>> = read(ROWS as u64, 10, &plain.stretch(0).unwrap().unwrap()).unwrap();
        assert!(arrays.iter().zip(&rows).all(|(arrays, row)| arrays.as_flattened() == row));
        assert!(read::<Vec<Vec<f64>>>(0, 40, &plain.stretch(0).unwrap().unwrap()).unwrap().is_empty());
        // Rows of their own that have room for no more than what is in them.
        assert!(arrays.iter().all(|row| row.capacity() == 10));
    }

    #[test]
    fn what_libhdf5_has_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = written(folder.path());
        for name in ["chunked", "packed", "outside", "nothing", "texts", "compact"] {
            assert!(dataset(&file, name).stretch(0).unwrap().is_none(), "{name}");
        }
        assert!(dataset(&file, "plain").stretch(u64::MAX / 2).unwrap().is_none());
        drop(file);

        let path = folder.path().join("tables.h5");
        let with = || hdf5::File::with_options();
        let ways: [&dyn Fn() -> hdf5::Result<hdf5::File>; 3] = [
            &|| hdf5::File::open_rw(&path),
            &|| with().with_fapl(|list| list.core_filebacked(false)).open(&path),
            &|| with().with_fapl(|list| list.stdio()).open(&path),
        ];
        for open in ways {
            assert!(dataset(&open().unwrap(), "plain").stretch(0).unwrap().is_none());
        }
    }

    #[test]
    fn rows_that_are_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let (file, rows) = written(folder.path());
        let plain = dataset(&file, "plain");
        let stretch = plain.stretch(0).unwrap().unwrap();
        for (rows, len) in [(1 << 60, 1 << 60), (u64::MAX, 1), (1, u64::MAX), (3, 1 << 60)] {
            assert_eq!(read::<Vec<Vec<f64>>>(rows, len, &stretch).unwrap_err().kind(), ErrorKind::Limit);
        }
        // The file becomes shorter while it is read.
        let path = folder.path().join("tables.h5");
        let end = stretch.start + 8 * rows.concat().len() as u64;
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(end - 1).unwrap();
        let error = read::<Vec<Vec<f64>>>(ROWS as u64, 40, &stretch).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Corrupt, "the file ends before what it holds")
        );
    }
}
