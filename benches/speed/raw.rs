//! Hand-written libhdf5 programs that write the same layout, and read it: the limit.

use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::{h5d, h5f, h5g, h5p, h5s, h5t};

use crate::measure::{Side, time};

/// A number of Rust's with its types in the file and in memory.
pub(crate) trait Number: Copy + PartialEq + Default + 'static {
    fn types() -> (hid_t, hid_t);
}

macro_rules! numbers {
    ($($type:ty = $file:ident $memory:ident),*) => {
        $(impl Number for $type {
            fn types() -> (hid_t, hid_t) {
                (*h5t::$file, *h5t::$memory)
            }
        })*
    };
}
numbers!(f64 = H5T_IEEE_F64LE H5T_NATIVE_DOUBLE, f32 = H5T_IEEE_F32LE H5T_NATIVE_FLOAT);
numbers!(i32 = H5T_STD_I32LE H5T_NATIVE_INT32, u64 = H5T_STD_U64LE H5T_NATIVE_UINT64);

/// The property lists of this crate's files, made once.
struct Lists {
    file: hid_t,
    access: hid_t,
    memory: hid_t,
    group: hid_t,
    compact: hid_t,
}

fn lists() -> &'static Lists {
    static LISTS: std::sync::LazyLock<Lists> = std::sync::LazyLock::new(|| {
        // SAFETY: fresh property lists of the classes that the properties belong to.
        hdf5::sync::sync(|| unsafe {
            let order = h5p::H5P_CRT_ORDER_TRACKED | h5p::H5P_CRT_ORDER_INDEXED;
            let file = h5p::H5Pcreate(*h5p::H5P_CLS_FILE_CREATE);
            h5p::H5Pset_link_creation_order(file, order);
            let bounds = |access| {
                h5p::H5Pset_libver_bounds(
                    access,
                    h5f::H5F_libver_t::H5F_LIBVER_EARLIEST,
                    h5f::H5F_libver_t::H5F_LIBVER_V110,
                )
            };
            let access = h5p::H5Pcreate(*h5p::H5P_CLS_FILE_ACCESS);
            bounds(access);
            let memory = h5p::H5Pcreate(*h5p::H5P_CLS_FILE_ACCESS);
            bounds(memory);
            h5p::H5Pset_fapl_core(memory, 1 << 16, 0);
            let group = h5p::H5Pcreate(*h5p::H5P_CLS_GROUP_CREATE);
            h5p::H5Pset_link_creation_order(group, order);
            h5p::H5Pset_obj_track_times(group, 0);
            let compact = h5p::H5Pcreate(*h5p::H5P_CLS_DATASET_CREATE);
            h5p::H5Pset_obj_track_times(compact, 0);
            h5p::H5Pset_layout(compact, h5d::H5D_layout_t::H5D_COMPACT);
            Lists { file, access, memory, group, compact }
        })
    });
    &LISTS
}

fn path_name(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

pub(crate) fn ok(status: i64) -> i64 {
    assert!(status >= 0, "libhdf5 failed");
    status
}

/// A group or file to make objects in.
#[derive(Clone, Copy)]
pub(crate) struct Parent(hid_t);

impl Parent {
    pub(crate) fn handle(self) -> hid_t {
        self.0
    }

    pub(crate) fn scalar<T: Number>(self, name: &str, value: T) {
        let name = CString::new(name).unwrap();
        let (file_type, memory_type) = T::types();
        // SAFETY: valid handles, and memory for one number.
        unsafe {
            let space = ok(h5s::H5Screate(h5s::H5S_class_t::H5S_SCALAR));
            let set = ok(h5d::H5Dcreate2(self.0, name.as_ptr(), file_type, space, 0, lists().compact, 0));
            ok(h5d::H5Dwrite(set, memory_type, 0, 0, 0, (&raw const value).cast()).into());
            h5d::H5Dclose(set);
            h5s::H5Sclose(space);
        }
    }

    pub(crate) fn read_scalar<T: Number>(self, name: &str) -> T {
        let name = CString::new(name).unwrap();
        let mut value = T::default();
        // SAFETY: valid handles, and memory for one number.
        unsafe {
            let set = ok(h5d::H5Dopen2(self.0, name.as_ptr(), 0));
            ok(h5d::H5Dread(set, T::types().1, 0, 0, 0, (&raw mut value).cast()).into());
            h5d::H5Dclose(set);
        }
        value
    }

    pub(crate) fn text(self, name: &str, value: &str) {
        let name = CString::new(name).unwrap();
        // SAFETY: valid handles, and memory for one string of the type's size.
        unsafe {
            let text = ok(h5t::H5Tcopy(*h5t::H5T_C_S1));
            h5t::H5Tset_size(text, value.len());
            h5t::H5Tset_strpad(text, h5t::H5T_str_t::H5T_STR_NULLPAD);
            h5t::H5Tset_cset(text, h5t::H5T_cset_t::H5T_CSET_UTF8);
            let space = ok(h5s::H5Screate(h5s::H5S_class_t::H5S_SCALAR));
            let set = ok(h5d::H5Dcreate2(self.0, name.as_ptr(), text, space, 0, lists().compact, 0));
            ok(h5d::H5Dwrite(set, text, 0, 0, 0, value.as_ptr().cast()).into());
            h5d::H5Dclose(set);
            h5s::H5Sclose(space);
            h5t::H5Tclose(text);
        }
    }

    pub(crate) fn read_text(self, name: &str) -> String {
        let name = CString::new(name).unwrap();
        // SAFETY: valid handles, and memory for one string of the type's size.
        unsafe {
            let set = ok(h5d::H5Dopen2(self.0, name.as_ptr(), 0));
            let text = ok(h5d::H5Dget_type(set));
            let mut bytes = vec![0u8; h5t::H5Tget_size(text)];
            ok(h5d::H5Dread(set, text, 0, 0, 0, bytes.as_mut_ptr().cast()).into());
            h5t::H5Tclose(text);
            h5d::H5Dclose(set);
            String::from_utf8(bytes).unwrap()
        }
    }

    pub(crate) fn group<R>(self, name: &str, fill: impl FnOnce(Self) -> R) -> R {
        let name = CString::new(name).unwrap();
        // SAFETY: valid handles.
        let group = unsafe { ok(h5g::H5Gcreate2(self.0, name.as_ptr(), 0, lists().group, 0)) };
        let result = fill(Self(group));
        // SAFETY: the group is open and not used after this.
        unsafe { h5g::H5Gclose(group) };
        result
    }

    pub(crate) fn open<R>(self, name: &str, read: impl FnOnce(Self) -> R) -> R {
        let name = CString::new(name).unwrap();
        // SAFETY: valid handles.
        let group = unsafe { ok(h5g::H5Gopen2(self.0, name.as_ptr(), 0)) };
        let result = read(Self(group));
        // SAFETY: the group is open and not used after this.
        unsafe { h5g::H5Gclose(group) };
        result
    }

    fn array<T: Number>(self, name: &str, dims: &[hsize_t], data: &[T]) {
        self.array_made_by(0, name, dims, data);
    }

    fn array_made_by<T: Number>(self, list: hid_t, name: &str, dims: &[hsize_t], data: &[T]) {
        let name = CString::new(name).unwrap();
        let (file_type, memory_type) = T::types();
        // SAFETY: valid handles, and as many numbers as the shape has.
        unsafe {
            let space = ok(h5s::H5Screate_simple(dims.len() as i32, dims.as_ptr(), std::ptr::null()));
            let set = ok(h5d::H5Dcreate2(self.0, name.as_ptr(), file_type, space, 0, list, 0));
            ok(h5d::H5Dwrite(set, memory_type, 0, 0, 0, data.as_ptr().cast()).into());
            h5d::H5Dclose(set);
            h5s::H5Sclose(space);
        }
    }

    pub(crate) fn read_array<T: Number>(self, name: &str, len: usize) -> Vec<T> {
        let name = CString::new(name).unwrap();
        let mut data: Vec<T> = Vec::with_capacity(len);
        // SAFETY: valid handles; the library fills the memory that is reserved.
        unsafe {
            let set = ok(h5d::H5Dopen2(self.0, name.as_ptr(), 0));
            ok(h5d::H5Dread(set, T::types().1, 0, 0, 0, data.as_mut_ptr().cast()).into());
            h5d::H5Dclose(set);
            data.set_len(len);
        }
        data
    }
}

/// Makes a file and fills it.
pub(crate) fn create(path: &Path, fill: impl FnOnce(Parent)) {
    let (name, lists) = (path_name(path), lists());
    // SAFETY: valid lists and a C string.
    let file = unsafe { ok(h5f::H5Fcreate(name.as_ptr(), h5f::H5F_ACC_EXCL, lists.file, lists.access)) };
    fill(Parent(file));
    // SAFETY: the file is open and not used after this.
    unsafe { ok(h5f::H5Fclose(file).into()) };
}

/// Opens a file and reads from it.
pub(crate) fn open<R>(path: &Path, read: impl FnOnce(Parent) -> R) -> R {
    let name = path_name(path);
    // SAFETY: a valid list and a C string.
    let file = unsafe { ok(h5f::H5Fopen(name.as_ptr(), h5f::H5F_ACC_RDONLY, lists().access)) };
    let result = read(Parent(file));
    // SAFETY: the file is open and not used after this.
    unsafe { ok(h5f::H5Fclose(file).into()) };
    result
}

/// Makes a file in memory, fills it, and gives its image.
pub(crate) fn image(fill: impl FnOnce(Parent)) -> Vec<u8> {
    let lists = lists();
    // SAFETY: valid lists and a C string, then a buffer of the size that the library gave.
    unsafe {
        let file = ok(h5f::H5Fcreate(c"raw-memory".as_ptr(), h5f::H5F_ACC_TRUNC, lists.file, lists.memory));
        fill(Parent(file));
        h5f::H5Fflush(file, h5f::H5F_scope_t::H5F_SCOPE_GLOBAL);
        let size = h5f::H5Fget_file_image(file, std::ptr::null_mut(), 0);
        let mut image = vec![0u8; size as usize];
        h5f::H5Fget_file_image(file, image.as_mut_ptr().cast(), image.len());
        h5f::H5Fclose(file);
        image
    }
}

/// Opens the image of a file and reads from it.
pub(crate) fn from_image<R>(image: &[u8], read: impl FnOnce(Parent) -> R) -> R {
    // SAFETY: a list of its own for the image, which the library copies.
    unsafe {
        let access = ok(h5p::H5Pcopy(lists().memory));
        h5p::H5Pset_file_image(access, image.as_ptr().cast_mut().cast(), image.len());
        let file = ok(h5f::H5Fopen(c"raw-memory".as_ptr(), h5f::H5F_ACC_RDONLY, access));
        let result = read(Parent(file));
        h5f::H5Fclose(file);
        h5p::H5Pclose(access);
        result
    }
}

/// A side made of functions that call libhdf5, under its lock.
pub(crate) fn side<'a>(
    name: &'static str,
    mut write: impl FnMut(&Path) + 'a,
    mut read: impl FnMut(&Path) -> Duration + 'a,
) -> Side<'a> {
    Side {
        name,
        write: Box::new(move |path| hdf5::sync::sync(|| time(|| write(path)).0)),
        read: Some(Box::new(move |path| hdf5::sync::sync(|| read(path)))),
        part: 1.0,
    }
}

/// One dataset of numbers, in one buffer.
pub(crate) fn array<'a, T: Number>(dims: &'a [hsize_t], data: Vec<T>) -> Side<'a> {
    let expected = data.clone();
    side(
        "raw libhdf5",
        move |path| create(path, |file| file.array("value", dims, &data)),
        move |path| {
            let (took, back) = time(|| open(path, |file| file.read_array::<T>("value", expected.len())));
            assert!(back == expected);
            took
        },
    )
}

/// One dataset of numbers, shuffled and deflated by libhdf5 in chunks of 1 MiB.
pub(crate) fn compressed<'a, T: Number>(data: Vec<T>, level: u32) -> Side<'a> {
    let (expected, dims) = (data.clone(), [data.len() as hsize_t]);
    // SAFETY: a fresh property list of the class that the properties belong to.
    let list = hdf5::sync::sync(|| unsafe {
        let list = ok(h5p::H5Pcreate(*h5p::H5P_CLS_DATASET_CREATE));
        let chunk = [((1 << 20) / size_of::<T>()) as hsize_t];
        h5p::H5Pset_chunk(list, 1, chunk.as_ptr());
        h5p::H5Pset_shuffle(list);
        h5p::H5Pset_deflate(list, level);
        list
    });
    side(
        "raw libhdf5",
        move |path| create(path, |file| file.array_made_by(list, "value", &dims, &data)),
        move |path| {
            let (took, back) = time(|| open(path, |file| file.read_array::<T>("value", expected.len())));
            assert!(back == expected);
            took
        },
    )
}
