//! Reads of a dataset in the extent that it has by then: another thread may have made it longer or shorter since it was
//! opened.
//!
//! libhdf5 does not compare a selection with the dataset's extent: one made for an earlier extent reads fill values, or what
//! belongs to something else, and "all" is whatever the dataset has by now, however much room there is. So the extent is
//! looked at in the same locked section as the read, and the read names the memory that there is.

use std::ffi::c_void;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::H5S_ALL;

use super::dataset::Shape;
use super::selection::select_in;
use super::sys::h5d;
use super::{Id, under_lock};
use crate::ground::error::{Error, ErrorKind, Result};

/// The items of a dataset that are read: along each dimension `count` of them, `step` apart, from `start` on.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) start: &'a [u64],
    /// `None` where they follow each other.
    pub(super) step: Option<&'a [u64]>,
    pub(super) count: &'a [u64],
}

/// Reads from a dataset that had the dimensions `opened` when it was opened, none if it is a scalar: what is `wanted`, or all
/// that there was then. `filters` says whether filters may be run.
///
/// # Errors
/// If the dataset does not have all of that any more.
///
/// # Safety
/// `memory` is a dataspace, not `H5S_ALL`, and at `to` is room for the items of `memory_type` that it selects. The dataset's
/// items are converted to that type by libhdf5, or are of it.
pub(super) unsafe fn read(
    (dataset, opened): (hid_t, &[u64]),
    wanted: Option<Wanted<'_>>,
    (memory_type, memory): (hid_t, hid_t),
    to: *mut c_void,
    filters: bool,
) -> Result<()> {
    under_lock(filters, || {
        let file = select_now(dataset, opened, wanted)?;
        // SAFETY: as the caller promises. The lock is held since the file's selection was made.
        unsafe { h5d::read("read a dataset", dataset, (memory_type, memory), file.get(), to) }
    })
}

/// Reads a whole contiguous or compact dataset, whose extent never changes. `filters` says whether filters may be run: a damaged
/// file can say that a scalar is in chunks.
///
/// # Safety
/// As for [`read`].
pub(super) unsafe fn read_fixed(
    dataset: hid_t,
    (memory_type, memory): (hid_t, hid_t),
    to: *mut c_void,
    filters: bool,
) -> Result<()> {
    under_lock(filters, || {
        // SAFETY: as the caller promises.
        unsafe { h5d::read("read a dataset", dataset, (memory_type, memory), H5S_ALL, to) }
    })
}

/// The dataspace that a dataset has now, with what is wanted selected in it. The library's lock is held until it is used.
fn select_now(dataset: hid_t, opened: &[u64], wanted: Option<Wanted<'_>>) -> Result<Id> {
    let (space, now) = space_of(dataset)?;
    match wanted {
        None if now == opened => Ok(space),
        None => {
            let start = vec![0; opened.len()];
            let all = Wanted { start: &start, step: None, count: opened };
            check(&now, opened, ends(all))?;
            select_in(&space, &start, None, opened)?;
            Ok(space)
        }
        Some(wanted) => {
            let rank = opened.len();
            if [wanted.start.len(), wanted.count.len(), wanted.step.map_or(rank, <[u64]>::len)] != [rank; 3] {
                return Err(Error::new(ErrorKind::Hdf5, "a dataset has other dimensions than the block"));
            }
            check(&now, opened, ends(wanted))?;
            select_in(&space, wanted.start, wanted.step, wanted.count)?;
            Ok(space)
        }
    }
}

/// Makes sure that a dataset, which had the dimensions `opened`, has what is wanted. The library's lock is held.
pub(super) fn check_wanted(dataset: hid_t, opened: &[u64], wanted: Wanted<'_>) -> Result<()> {
    check(&dims_now(dataset)?, opened, ends(wanted))
}

/// Where along each dimension the items end that are wanted.
fn ends(wanted: Wanted<'_>) -> impl Iterator<Item = u64> {
    wanted.count.iter().enumerate().map(move |(axis, count)| {
        let step = wanted.step.map_or(1, |step| step[axis]);
        match count.checked_sub(1) {
            Some(last) => last.saturating_mul(step).saturating_add(wanted.start[axis]).saturating_add(1),
            None => 0,
        }
    })
}

fn space_of(dataset: hid_t) -> Result<(Id, Vec<u64>)> {
    let space = h5d::get_space("look into a dataset", dataset)?;
    match Shape::of_space(&space)? {
        Shape::Simple(dims) => Ok((space, dims)),
        Shape::Scalar => Ok((space, Vec::new())),
        Shape::Null => Err(Error::corrupt("a dataset that has become empty")),
    }
}

/// The dimensions that a dataset has now. They are good for as long as the library's lock is held.
pub(super) fn dims_now(dataset: hid_t) -> Result<Vec<u64>> {
    space_of(dataset).map(|(_, dims)| dims)
}

/// Makes sure that a dataset of the dimensions `now`, which had those of `opened`, reaches to these `ends`.
pub(super) fn check(now: &[u64], opened: &[u64], ends: impl Iterator<Item = u64>) -> Result<()> {
    if now.len() == opened.len() && now.iter().zip(ends).all(|(now, end)| end <= *now) {
        return Ok(());
    }
    let shape = |dims: &[u64]| Shape::Simple(dims.to_vec());
    let message = format!(
        "the dataset was made smaller while it was read: it has the shape {}, and had {}",
        shape(now),
        shape(opened)
    );
    Err(Error::new(ErrorKind::Gone, message))
}

#[cfg(test)]
mod tests {
    use hdf5::types::VarLenUnicode;
    use ndarray::Array2;

    use super::super::dataset::Dataset;
    use super::super::group::Group;
    use super::super::items::Items;
    use super::super::selection::Selection;
    use super::super::typed::{ElementType, read_array_attribute};
    use super::*;

    const ROWS: usize = 10;
    const COLUMNS: usize = 3;

    fn file() -> (tempfile::TempDir, hdf5::File) {
        let folder = tempfile::tempdir().unwrap();
        let file = hdf5::File::create(folder.path().join("changing.h5")).unwrap();
        (folder, file)
    }

    /// Numbers in chunks that can become larger and smaller: without filters, through some that are known here, and through
    /// ones that libhdf5 has to run.
    fn numbers(file: &hdf5::File, name: &str) -> hdf5::Dataset {
        let data = Array2::from_shape_fn((ROWS, COLUMNS), |(row, column)| (row * COLUMNS + column + 1) as f64);
        let builder = file.new_dataset::<f64>().shape((ROWS.., COLUMNS..)).chunk((4, 2));
        let dataset = match name {
            "plain" => builder.create(name),
            "packed" => builder.deflate(1).create(name),
            _ => builder.scale_offset(hdf5::filters::ScaleOffset::FloatDScale(3)).create(name),
        };
        let dataset = dataset.unwrap();
        dataset.write(&data).unwrap();
        dataset
    }

    const NAMES: [&str; 3] = ["plain", "packed", "scaled"];

    fn expected(rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Vec<f64> {
        rows.flat_map(|row| columns.clone().map(move |column| (row * COLUMNS + column + 1) as f64)).collect()
    }

    fn floats(bytes: &[u8]) -> Vec<f64> {
        bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect()
    }

    /// What each way to read gives of some rows and columns.
    fn ways(dataset: &Dataset, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Vec<Result<Vec<f64>>> {
        let (start, count) = ([rows.start as u64, columns.start as u64], [rows.len() as u64, columns.len() as u64]);
        let mut bytes = vec![0xa5; rows.len() * columns.len() * 8];
        let block = dataset.read_block_into(&start, &count, &mut bytes).map(|()| floats(&bytes));
        let window = Items::with_memory(vec![0xa5; 99]);
        let block_of_items = dataset.read_block(&start, &count, window).map(|items| floats(items.bytes()));
        let selection = Selection { start: start.to_vec(), step: vec![1, 1], count: count.to_vec() };
        let element = ElementType::<f64>::new().unwrap();
        let mut ways = vec![block, block_of_items, dataset.read_selection(&element, &selection)];
        if columns == (0..COLUMNS) {
            let mut bytes = vec![0xa5; rows.len() * COLUMNS * 8];
            ways.push(dataset.read_rows_into(start[0], count[0], &mut bytes).map(|()| floats(&bytes)));
            ways.push(dataset.read_rows(start[0], count[0]).map(|bytes| floats(&bytes)));
        }
        if rows == (0..ROWS) && columns == (0..COLUMNS) {
            ways.push(dataset.read().map(|items| floats(items.bytes())));
            ways.push(dataset.read_array(&element));
        }
        ways
    }

    #[track_caller]
    fn same(dataset: &Dataset, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        for (way, found) in ways(dataset, rows.clone(), columns.clone()).into_iter().enumerate() {
            assert_eq!(found.unwrap(), expected(rows.clone(), columns.clone()), "way {way}");
        }
    }

    #[track_caller]
    fn gone(dataset: &Dataset, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        for (way, found) in ways(dataset, rows.clone(), columns.clone()).into_iter().enumerate() {
            let error = found.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Gone, "way {way}: {error}");
            assert!(error.to_string().contains("was made smaller while it was read: it has the shape ("), "{error}");
        }
    }

    #[test]
    fn a_dataset_that_grew_gives_what_there_was() {
        let (_folder, file) = file();
        for name in NAMES {
            let theirs = numbers(&file, name);
            let dataset = Group::of(&file).unwrap().open_dataset(name).unwrap();
            for shape in [(ROWS, COLUMNS), (2000, COLUMNS), (2000, 50), (ROWS, 50)] {
                theirs.resize(shape).unwrap();
                same(&dataset, 0..ROWS, 0..COLUMNS);
                same(&dataset, 3..9, 0..COLUMNS);
                same(&dataset, 0..ROWS, 1..3);
                same(&dataset, 9..10, 2..3);
            }
        }
    }

    #[test]
    fn a_dataset_that_shrank_is_an_error() {
        let (_folder, file) = file();
        for name in NAMES {
            let theirs = numbers(&file, name);
            let open = || Group::of(&file).unwrap().open_dataset(name).unwrap();
            let (before, fresh) = (open(), open());
            // Some of it is in memory already.
            before.read_block(&[0, 0], &[1, 1], Items::new()).unwrap();
            for (rows, columns) in [(6, COLUMNS), (6, 2), (1, 1)] {
                theirs.resize((rows, columns)).unwrap();
                gone(&fresh, 0..ROWS, 0..COLUMNS);
                gone(&fresh, rows..rows + 1, 0..1);
                gone(&fresh, rows - 1..rows + 1, 0..1);
                same(&fresh, 0..rows, 0..columns);
                same(&fresh, rows - 1..rows, columns - 1..columns);
                if columns < COLUMNS {
                    gone(&fresh, 0..1, columns - 1..COLUMNS);
                }
                assert_eq!(before.read_array(&ElementType::<f64>::new().unwrap()).unwrap_err().kind(), ErrorKind::Gone);
            }
            theirs.resize((0, 0)).unwrap();
            gone(&fresh, 0..ROWS, 0..COLUMNS);
            gone(&fresh, 0..1, 0..1);
        }
    }

    /// Items of variable length.
    #[test]
    fn strings_that_grew_or_shrank() {
        let (_folder, file) = file();
        let texts: Vec<VarLenUnicode> = (0..ROWS).map(|row| format!("row {row}").parse().unwrap()).collect();
        let theirs = file.new_dataset::<VarLenUnicode>().shape(ROWS..).chunk(4).create("texts").unwrap();
        theirs.write(&texts).unwrap();
        let dataset = Group::of(&file).unwrap().open_dataset("texts").unwrap();
        let strings = |items: Items| -> Vec<String> {
            let places = items.bytes().chunks_exact(dataset.dtype().size());
            places.map(|place| String::from_utf8(items.string(place).to_vec()).unwrap()).collect()
        };
        let ways = |start: usize, count: usize| {
            let (start, count) = (start as u64, count as u64);
            [dataset.read(), dataset.read_block(&[start], &[count], Items::new())].map(|items| items.map(strings))
        };
        theirs.resize(5000).unwrap();
        let [all, some] = ways(2, 7);
        assert!(all.unwrap().iter().eq(texts.iter().map(|text| text.as_str())));
        assert!(some.unwrap().iter().eq(texts[2..9].iter().map(|text| text.as_str())));
        theirs.resize(5).unwrap();
        for items in ways(4, 2) {
            assert_eq!(items.unwrap_err().kind(), ErrorKind::Gone);
        }
        assert_eq!(ways(4, 1)[1].as_ref().unwrap(), &["row 4"]);
    }

    /// What lies outside of a dataset is no part of it, whatever it has by now.
    #[test]
    fn what_was_never_there() {
        let (_folder, file) = file();
        let theirs = numbers(&file, "plain");
        let dataset = Group::of(&file).unwrap().open_dataset("plain").unwrap();
        theirs.resize((ROWS, COLUMNS)).unwrap();
        let mut bytes = vec![0; 8];
        for (start, count) in
            [(&[u64::MAX, 0][..], &[1, 1][..]), (&[0, 20], &[1, 1]), (&[0], &[1]), (&[0, 0, 0], &[1; 3])]
        {
            assert!(dataset.read_block_into(start, count, &mut bytes).is_err(), "{start:?}");
        }
        let selection = Selection { start: vec![0, 0], step: vec![u64::MAX, 1], count: vec![3, 1] };
        assert!(dataset.read_selection(&ElementType::<f64>::new().unwrap(), &selection).is_err());
    }

    /// An attribute is read with the shape and type that it has then, not with those of one that had its name.
    #[test]
    fn attributes_that_are_made_anew() {
        let (_folder, file) = file();
        let group = Group::of(&file).unwrap();
        file.new_attr::<f64>().shape(3).create("a").unwrap().write(&[3.0; 3]).unwrap();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                for _ in 0..2000 {
                    let element = ElementType::<f64>::new().unwrap();
                    let (shape, values) = read_array_attribute(&group, "a", element, None).unwrap();
                    assert_eq!(shape, Shape::Simple(vec![values.len() as u64]));
                    assert!(values.iter().all(|value| *value == values.len() as f64), "{values:?}");
                }
            });
            for len in [3, 5000].into_iter().cycle() {
                if reading.is_finished() {
                    break;
                }
                hdf5::sync::sync(|| {
                    file.delete_attr("a").unwrap();
                    file.new_attr::<f64>().shape(len).create("a").unwrap().write(&vec![len as f64; len]).unwrap();
                });
            }
        });
    }
}
