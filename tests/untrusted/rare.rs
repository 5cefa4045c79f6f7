//! Sound files that only rare options of HDF5's own interface make. What looks at structures takes them for sound, and they are
//! read.

use std::path::Path;

use filebacked::hdf5::File;
use filebacked::hdf5::file::LibraryVersion;
use filebacked::hdf5::plist::file_create::{SharedMessageIndex, SharedMessageType};
use filebacked::hdf5::sync::sync;
use filebacked::{ErrorKind, WriteOptions};
use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5d::{H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS, H5Dclose, H5Dcreate2, H5Dwrite};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{
    H5P_CLS_DATASET_CREATE, H5P_DEFAULT, H5Pclose, H5Pcreate, H5Pset_chunk, H5Pset_chunk_opts, H5Pset_fill_value,
    H5Pset_fletcher32, H5Pset_nbit, H5Pset_scaleoffset, H5Pset_szip,
};
use hdf5_sys::h5s::{H5S_ALL, H5S_UNLIMITED, H5Sclose, H5Screate_simple};
use hdf5_sys::h5t::{H5T_NATIVE_INT32, H5T_STD_I32LE, H5Tclose, H5Tcopy, H5Tset_precision, H5Tset_size};
use hdf5_sys::h5z::{H5Z_FILTER_SZIP, H5Z_SO_scale_type_t, H5Zfilter_avail, H5Zget_filter_info};

/// Chooses filters on a list of how a dataset is made.
///
/// # Safety
/// The list is one of those, and libhdf5's lock is held.
type Choose = unsafe fn(hid_t);
/// A name, the dimensions of a dataset, how long these may become, and the dimensions of a chunk.
type Shaped<'a> = (&'a str, &'a [u64], &'a [u64], &'a [u64]);

/// Makes a dataset of 32 bits, or as many bits as `bits` says in `size` bytes, in chunks of `chunk`, and writes numbers from 0 on.
fn make(
    file: &File,
    name: &str,
    (dims, most, chunk): (&[u64], &[u64], &[u64]),
    (size, bits): (usize, usize),
    choose: Choose,
) {
    let name = std::ffi::CString::new(name).unwrap();
    let rank = dims.len() as i32;
    let values: Vec<i32> = (0..dims.iter().product::<u64>() as i32).collect();
    sync(|| {
        // SAFETY: handles of the kinds that the functions take, which are closed by those for their kinds; as many numbers in each
        // array as there are dimensions; as many values as the dataset has items, of the type that is said.
        unsafe {
            let dtype = H5Tcopy(*H5T_STD_I32LE);
            assert!(H5Tset_size(dtype, size) >= 0 && H5Tset_precision(dtype, bits) >= 0);
            let space = H5Screate_simple(rank, dims.as_ptr().cast::<hsize_t>(), most.as_ptr().cast::<hsize_t>());
            let list = H5Pcreate(*H5P_CLS_DATASET_CREATE);
            assert!(H5Pset_chunk(list, rank, chunk.as_ptr().cast::<hsize_t>()) >= 0);
            choose(list);
            let id = H5Dcreate2(file.id(), name.as_ptr(), dtype, space, H5P_DEFAULT, list, H5P_DEFAULT);
            assert!(id >= 0, "{name:?}");
            assert!(H5Dwrite(id, *H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.as_ptr().cast()) >= 0);
            assert!(H5Dclose(id) >= 0 && H5Pclose(list) >= 0 && H5Sclose(space) >= 0 && H5Tclose(dtype) >= 0);
        }
    });
}

fn new_file(path: &Path) -> File {
    let newest = LibraryVersion::latest();
    File::with_options().with_fapl(|list| list.libver_bounds(LibraryVersion::V110, newest)).create(path).unwrap()
}

/// Whether szip is built in, and packs.
fn has_szip() -> bool {
    const PACKS: u32 = 1;
    let mut info = 0;
    // SAFETY: the address of what the function sets.
    sync(|| unsafe { H5Zfilter_avail(H5Z_FILTER_SZIP) > 0 && H5Zget_filter_info(H5Z_FILTER_SZIP, &mut info) >= 0 });
    info & PACKS != 0
}

/// Chunks that are partly beyond the end of a dataset, and go by without filters there: with all filters that say by themselves
/// how long a chunk is, and all indices of chunks.
#[test]
fn chunks_at_edges_without_filters() {
    /// # Safety
    /// As [`Choose`].
    unsafe fn edges(list: hid_t) {
        // SAFETY: as the caller promises.
        assert!(unsafe { H5Pset_chunk_opts(list, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) } >= 0);
    }
    let mut filters: Vec<(&str, Choose)> = vec![
        // SAFETY: as the caller of each promises.
        ("fletcher32", |list| unsafe {
            edges(list);
            assert!(H5Pset_fletcher32(list) >= 0)
        }),
        // SAFETY: as above.
        ("nbit", |list| unsafe {
            edges(list);
            assert!(H5Pset_nbit(list) >= 0)
        }),
        ("scale-offset", |list| {
            // SAFETY: as above.
            unsafe {
                edges(list);
                assert!(H5Pset_scaleoffset(list, H5Z_SO_scale_type_t::H5Z_SO_INT, 0) >= 0);
            }
        }),
    ];
    if has_szip() {
        const NEAREST: u32 = 32;
        // Values in a block of szip's, of which a chunk has one at least.
        const BLOCK: u32 = 2;
        // SAFETY: as above.
        filters.push(("szip", |list| unsafe {
            edges(list);
            assert!(H5Pset_szip(list, NEAREST, BLOCK) >= 0)
        }));
    }
    let none = H5S_UNLIMITED;
    let shapes: [Shaped<'_>; 7] = [
        ("array", &[25, 13], &[25, 13], &[4, 4]),
        ("array that can be longer", &[25, 13], &[40, 13], &[4, 4]),
        ("array with pages", &[5001], &[5001], &[2]),
        ("growing first", &[1003, 13], &[none, 20], &[4, 4]),
        ("growing last", &[13, 1003], &[20, none], &[4, 4]),
        ("growing both", &[103, 57], &[none, none], &[4, 4]),
        ("one", &[16], &[16], &[16]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    let file = new_file(&path);
    for (filter, choose) in &filters {
        for (shape, dims, most, chunk) in shapes {
            make(&file, &format!("{shape}, {filter}"), (dims, most, chunk), (4, 17), *choose);
        }
    }
    drop(file);
    for (filter, _) in &filters {
        for (shape, dims, ..) in shapes {
            let name = format!("{shape}, {filter}");
            let count = dims.iter().product::<u64>() as i32;
            let expected: Vec<i32> = (0..count).collect();
            let read = match dims.len() {
                1 => filebacked::read_at::<Vec<i32>>(&path, &name),
                _ => filebacked::read_at::<Vec<Vec<i32>>>(&path, &name).map(|rows| rows.concat()),
            };
            assert!(read.unwrap_or_else(|error| panic!("{name}: {error}")) == expected, "{name}");
        }
    }
}

/// Scale-offset that was optional, on numbers of sizes that it does not pack.
#[test]
fn scale_offset_on_other_sizes() {
    /// # Safety
    /// As [`Choose`].
    unsafe fn choose<const KEPT: i32>(list: hid_t) {
        // SAFETY: as the caller promises. Without a fill value, its parameters need no number of C's.
        unsafe {
            assert!(H5Pset_fill_value(list, H5P_DEFAULT, std::ptr::null()) >= 0);
            assert!(H5Pset_scaleoffset(list, H5Z_SO_scale_type_t::H5Z_SO_INT, KEPT) >= 0);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sizes.h5");
    let file = new_file(&path);
    let shape: (&[u64], &[u64], &[u64]) = (&[100], &[100], &[10]);
    for (name, size, bits, choose) in [
        ("3", 3, 24, choose::<0> as Choose),
        ("3, all", 3, 24, choose::<24>),
        ("4", 4, 32, choose::<0>),
        ("5", 5, 40, choose::<0>),
        ("16", 16, 128, choose::<0>),
    ] {
        make(&file, name, shape, (size, bits), choose);
    }
    drop(file);
    let expected: Vec<i64> = (0..100).collect();
    for name in ["3", "3, all", "4", "5", "16"] {
        let read = filebacked::read_at::<Vec<i64>>(&path, name);
        assert!(read.unwrap_or_else(|error| panic!("{name}: {error}")) == expected, "{name}");
    }
}

/// Into a file with messages that objects share, nothing is written that was not allowed: libhdf5 follows their indices for each
/// object that it makes.
#[test]
fn writing_where_messages_are_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.h5");
    let index = SharedMessageIndex { message_types: SharedMessageType::all(), min_message_size: 1 };
    let mut options = File::with_options();
    let options = options.with_fcpl(|list| list.shared_mesg_indexes(&[index])).with_fapl(|list| list.libver_v110());
    let make = || {
        let file = options.create(&path).unwrap();
        WriteOptions::new().trusted(true).write(&file, "made", &[1, 2, 3]).unwrap();
        for name in ["first", "second"] {
            file.new_dataset::<i32>().shape(3).create(name).unwrap().write(&[1, 2, 3]).unwrap();
        }
        file.flush().unwrap();
        // It was said once for the open file.
        filebacked::write(&file, "made later", &[1, 2, 3]).unwrap();
    };
    make();
    let sound = std::fs::read(&path).unwrap();
    // The list of what is shared, and how often, has no checksum that is right.
    let mut damaged = sound.clone();
    let list = damaged.windows(4).position(|bytes| bytes == b"SMLI").unwrap();
    damaged[list + 4..list + 40].fill(0xff);
    type Write = fn(&WriteOptions, &Path) -> filebacked::Result<()>;
    let ways: [(&str, Write); 6] = [
        ("a path", |options, path| options.write_at(path, "new", &[1.5])),
        ("a file", |options, path| options.write(File::open_rw(path)?, "new", &[1.5])),
        ("a group", |options, path| options.to_group(&[1.5], File::open_rw(path)?.create_group("new")?)),
        ("over", |options, path| options.clone().overwrite(true).write_at(path, "first", &[1.5])),
        ("appended", |options, path| options.create_appender::<f64>(File::open_rw(path)?, "new")?.push(&1.5)),
        ("appended to a file", |options, path| {
            let mut appender = options.open_or_create_appender_file::<f64>(path, "new")?;
            appender.push(&1.5)?;
            appender.finish()
        }),
    ];
    for (how, write) in ways {
        for image in [&sound, &damaged] {
            std::fs::write(&path, image).unwrap();
            let error = write(&WriteOptions::new(), &path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit, "{how}: {error}");
            assert!(error.to_string().contains("`WriteOptions::trusted` allows it"), "{how}: {error}");
        }
        std::fs::write(&path, &sound).unwrap();
        write(&WriteOptions::new().trusted(true), &path).unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(filebacked::read_at::<Vec<i32>>(&path, "second").unwrap(), [1, 2, 3], "{how}");
        // Another time, it has to be said again.
        assert!(write(&WriteOptions::new(), &path).is_err(), "{how}");
    }
    // What is read is no danger.
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(filebacked::from_file::<serde_json::Value>(&path).unwrap()["first"], serde_json::json!([1, 2, 3]));
}
