//! Hand-written libhdf5 programs for strings, lists and records: what one would write who has these values, and wants
//! them in columns.

use std::ffi::{CStr, CString, c_char};
use std::mem::offset_of;
use std::path::Path;
use std::time::Duration;

use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::{h5d, h5s, h5t};

use crate::cases::{Sample, Station};
use crate::measure::{Side, time};
use crate::raw::{Number, Parent, create, ok, open, side};

/// A type that is closed when this is dropped.
struct Type(hid_t);

impl Drop for Type {
    fn drop(&mut self) {
        // SAFETY: the type is open.
        unsafe { h5t::H5Tclose(self.0) };
    }
}

/// Strings of `size` bytes, padded with NULs; or of variable length.
fn text_type(size: Option<usize>) -> Type {
    // SAFETY: a copy of a type, which is changed and not in use yet.
    unsafe {
        let text = ok(h5t::H5Tcopy(*h5t::H5T_C_S1));
        h5t::H5Tset_cset(text, h5t::H5T_cset_t::H5T_CSET_UTF8);
        match size {
            Some(size) => {
                h5t::H5Tset_size(text, size);
                h5t::H5Tset_strpad(text, h5t::H5T_str_t::H5T_STR_NULLPAD);
            }
            None => {
                h5t::H5Tset_size(text, h5t::H5T_VARIABLE);
            }
        }
        Type(text)
    }
}

/// h5py's bool.
fn bool_type() -> Type {
    // SAFETY: a new type, and a value of its base for each name.
    unsafe {
        let bools = ok(h5t::H5Tenum_create(*h5t::H5T_NATIVE_INT8));
        for (name, value) in [(c"FALSE", 0i8), (c"TRUE", 1)] {
            ok(h5t::H5Tenum_insert(bools, name.as_ptr(), (&raw const value).cast()).into());
        }
        Type(bools)
    }
}

impl Parent {
    /// Writes `len` items of these types that are at `data`.
    ///
    /// # Safety
    /// There are as many.
    unsafe fn items(self, name: &str, (file, memory): (hid_t, hid_t), len: usize, data: *const u8) {
        let (name, dims) = (CString::new(name).unwrap(), [len as hsize_t]);
        // SAFETY: valid handles, and as many items as the caller says.
        unsafe {
            let space = ok(h5s::H5Screate_simple(1, dims.as_ptr(), std::ptr::null()));
            let set = ok(h5d::H5Dcreate2(self.handle(), name.as_ptr(), file, space, 0, 0, 0));
            ok(h5d::H5Dwrite(set, memory, 0, 0, 0, data.cast()).into());
            h5d::H5Dclose(set);
            h5s::H5Sclose(space);
        }
    }

    /// Reads all items, as `memory` has them; how many they are is known.
    fn read_items<T>(self, name: &str, memory: hid_t, len: usize) -> Vec<T> {
        let name = CString::new(name).unwrap();
        let mut data: Vec<T> = Vec::with_capacity(len);
        // SAFETY: valid handles; the library fills the memory that is reserved.
        unsafe {
            let set = ok(h5d::H5Dopen2(self.handle(), name.as_ptr(), 0));
            ok(h5d::H5Dread(set, memory, 0, 0, 0, data.as_mut_ptr().cast()).into());
            h5d::H5Dclose(set);
            data.set_len(len);
        }
        data
    }

    fn column<T: Number>(self, name: &str, values: impl Iterator<Item = T>) {
        let values: Vec<T> = values.collect();
        // SAFETY: all of the vector.
        unsafe { self.items(name, T::types(), values.len(), values.as_ptr().cast()) };
    }

    fn bools(self, name: &str, values: impl Iterator<Item = bool>) {
        let (bools, values) = (bool_type(), values.collect::<Vec<_>>());
        // SAFETY: all of the vector; bools are bytes of 0 and 1.
        unsafe { self.items(name, (bools.0, bools.0), values.len(), values.as_ptr().cast()) };
    }

    fn read_bools(self, name: &str, len: usize) -> Vec<bool> {
        self.read_items::<u8>(name, bool_type().0, len).into_iter().map(|byte| byte != 0).collect()
    }

    fn padded<'a>(self, name: &str, values: impl Iterator<Item = &'a String> + Clone) {
        let size = values.clone().map(String::len).max().unwrap_or(1);
        let len = values.clone().count();
        let (text, mut bytes) = (text_type(Some(size)), vec![0; len * size]);
        for (place, value) in bytes.chunks_exact_mut(size).zip(values) {
            place[..value.len()].copy_from_slice(value.as_bytes());
        }
        // SAFETY: as many strings of the size.
        unsafe { self.items(name, (text.0, text.0), len, bytes.as_ptr()) };
    }

    fn read_padded(self, name: &str, len: usize) -> impl Iterator<Item = String> {
        let c_name = CString::new(name).unwrap();
        // SAFETY: valid handles.
        let size = unsafe {
            let set = ok(h5d::H5Dopen2(self.handle(), c_name.as_ptr(), 0));
            let text = Type(ok(h5d::H5Dget_type(set)));
            h5d::H5Dclose(set);
            h5t::H5Tget_size(text.0)
        };
        let bytes: Vec<u8> = self.read_items::<u8>(name, text_type(Some(size)).0, len * size);
        (0..len).map(move |index| {
            let place = &bytes[index * size..][..size];
            let end = place.iter().position(|byte| *byte == 0).unwrap_or(size);
            String::from_utf8(place[..end].to_vec()).unwrap()
        })
    }
}

fn checked<T: PartialEq>(path: &Path, value: &T, read: impl FnOnce(Parent) -> T) -> Duration {
    let (took, back) = time(|| open(path, read));
    assert!(back == *value);
    took
}

/// Strings of one size.
pub(crate) fn strings(values: &Vec<String>) -> Side<'_> {
    side(
        "raw libhdf5",
        move |path| create(path, |file| file.padded("value", values.iter())),
        move |path| checked(path, values, |file| file.read_padded("value", values.len()).collect()),
    )
}

/// Strings of variable length.
pub(crate) fn variable_strings(values: &Vec<String>) -> Side<'_> {
    side(
        "raw libhdf5",
        move |path| {
            let (text, strings) = (text_type(None), values.iter().map(|value| CString::new(value.as_str()).unwrap()));
            let strings: Vec<CString> = strings.collect();
            let addresses: Vec<*const c_char> = strings.iter().map(|string| string.as_ptr()).collect();
            // SAFETY: as many addresses of C strings.
            create(path, |file| unsafe {
                file.items("value", (text.0, text.0), addresses.len(), addresses.as_ptr().cast());
            });
        },
        move |path| {
            checked(path, values, |file| {
                let (text, dims) = (text_type(None), [values.len() as hsize_t]);
                let addresses: Vec<*const c_char> = file.read_items("value", text.0, values.len());
                // SAFETY: the library allocated C strings, which it frees here.
                unsafe {
                    let strings = addresses.iter().map(|at| CStr::from_ptr(*at).to_str().unwrap().to_owned()).collect();
                    let space = ok(h5s::H5Screate_simple(1, dims.as_ptr(), std::ptr::null()));
                    h5t::H5Treclaim(text.0, space, 0, addresses.as_ptr().cast_mut().cast());
                    h5s::H5Sclose(space);
                    strings
                }
            })
        },
    )
}

/// Lists as offsets and values.
pub(crate) fn lists(values: &Vec<Vec<f64>>) -> Side<'_> {
    side(
        "raw libhdf5",
        move |path| {
            create(path, |file| {
                let mut end = 0;
                let ends = values.iter().map(|list| {
                    end += list.len() as u64;
                    end
                });
                file.column("offsets", std::iter::once(0).chain(ends));
                file.column("values", values.iter().flatten().copied());
            });
        },
        move |path| {
            checked(path, values, |file| {
                let offsets: Vec<u64> = file.read_array("offsets", values.len() + 1);
                let all: Vec<f64> = file.read_array("values", offsets[values.len()] as usize);
                offsets.windows(2).map(|ends| all[ends[0] as usize..ends[1] as usize].to_vec()).collect()
            })
        },
    )
}

/// The compound type of a record in memory, and the packed one in a file.
fn sample_types() -> (Type, Type) {
    // SAFETY: fields of their types where they are in the record.
    unsafe {
        let memory = Type(ok(h5t::H5Tcreate(h5t::H5T_class_t::H5T_COMPOUND, size_of::<Sample>())));
        let (triple, bools) = (Type(ok(h5t::H5Tarray_create2(*h5t::H5T_NATIVE_DOUBLE, 1, [3].as_ptr()))), bool_type());
        for (name, offset, field) in [
            (c"id", offset_of!(Sample, id), *h5t::H5T_NATIVE_UINT64),
            (c"at", offset_of!(Sample, at), triple.0),
            (c"weight", offset_of!(Sample, weight), *h5t::H5T_NATIVE_FLOAT),
            (c"code", offset_of!(Sample, code), *h5t::H5T_NATIVE_INT16),
            (c"valid", offset_of!(Sample, valid), bools.0),
        ] {
            ok(h5t::H5Tinsert(memory.0, name.as_ptr(), offset, field).into());
        }
        let file = Type(ok(h5t::H5Tcopy(memory.0)));
        ok(h5t::H5Tpack(file.0).into());
        (file, memory)
    }
}

/// Records of numbers as a compound dataset, to and from the memory that they are in.
pub(crate) fn samples(values: &Vec<Sample>) -> Side<'_> {
    side(
        "raw libhdf5",
        move |path| {
            let (file_type, memory) = sample_types();
            // SAFETY: as many records of the type.
            create(path, |file| unsafe {
                file.items("value", (file_type.0, memory.0), values.len(), values.as_ptr().cast());
            });
        },
        move |path| checked(path, values, |file| file.read_items("value", sample_types().1.0, values.len())),
    )
}

/// Records as a group of columns.
pub(crate) fn stations(values: &Vec<Station>) -> Side<'_> {
    side(
        "raw libhdf5",
        move |path| {
            create(path, |file| {
                file.column("id", values.iter().map(|station| station.id));
                file.padded("name", values.iter().map(|station| &station.name));
                file.column("x", values.iter().map(|station| station.x));
                file.column("y", values.iter().map(|station| station.y));
                file.column("z", values.iter().map(|station| station.z));
                file.bools("flag", values.iter().map(|station| station.flag));
                file.group("opt", |opt| {
                    opt.column("values", values.iter().map(|station| station.opt.unwrap_or(f64::NAN)));
                    opt.bools("mask", values.iter().map(|station| station.opt.is_none()));
                });
            });
        },
        move |path| {
            checked(path, values, |file| {
                let len = values.len();
                let numbers = |name: &str| file.read_array::<f64>(name, len);
                let (id, flag) = (file.read_array::<u64>("id", len), file.read_bools("flag", len));
                let (x, y, z) = (numbers("x"), numbers("y"), numbers("z"));
                let opt = |opt: Parent| (opt.read_array::<f64>("values", len), opt.read_bools("mask", len));
                let (opt, missing): (Vec<f64>, Vec<bool>) = file.open("opt", opt);
                let station = |(i, name): (usize, String)| {
                    let opt = (!missing[i]).then_some(opt[i]);
                    Station { id: id[i], name, x: x[i], y: y[i], z: z[i], flag: flag[i], opt }
                };
                file.read_padded("name", len).enumerate().map(station).collect()
            })
        },
    )
}
