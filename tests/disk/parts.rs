//! Parts of arrays in chunks, through filters: of h5py's files and of this crate's.

use filebacked::hdf5::{self, File};
use filebacked::ndarray::{self, Array1, ArrayD, IxDyn, SliceInfoElem, s};
use filebacked::{DatasetOptions, ErrorKind, Lazy, NdArray, WriteOptions, read};

use crate::common;

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// Some part of an array: an index, a range, or one with steps, along each dimension, also from the end.
    fn part(&mut self, dims: &[usize]) -> Vec<SliceInfoElem> {
        let one = |dim: usize, numbers: &mut Self| {
            let at = |index: usize, numbers: &mut Self| match numbers.below(2) {
                0 => index as isize,
                _ => index as isize - dim as isize,
            };
            if numbers.below(4) == 0 {
                return SliceInfoElem::Index(at(numbers.below(dim), numbers));
            }
            let (start, step) =
                (numbers.below(dim), 1 + numbers.below([1, 3, dim][numbers.0 as usize % 3].max(1)) as isize);
            let end = start + 1 + numbers.below(dim - start);
            let end = (end < dim).then_some(end as isize);
            SliceInfoElem::Slice {
                start: at(start, numbers),
                end,
                step: if numbers.below(3) == 0 { -step } else { step },
            }
        };
        dims.iter().map(|dim| one(*dim, self)).collect()
    }
}

/// Reads some parts of the array `name`, and all of it.
fn check(file: &File, name: &str, expected: &ArrayD<f64>, numbers: &mut Numbers) {
    let lazy: Lazy<NdArray<f64, IxDyn>> = read(file, name).unwrap();
    assert_eq!(lazy.shape().unwrap(), expected.shape(), "{name}");
    let whole: Vec<SliceInfoElem> = vec![(..).into(); expected.ndim()];
    assert_eq!(lazy.slice(whole.as_slice()).unwrap(), expected, "{name}");
    for _ in 0..25 {
        let part = numbers.part(expected.shape());
        let found = lazy.slice(part.as_slice()).unwrap_or_else(|error| panic!("{name}, {part:?}: {error}"));
        assert_eq!(found, expected.slice(part.as_slice()), "{name}, {part:?}");
    }
    assert!(!lazy.is_loaded());
}

fn counted(shape: &[usize], value: impl FnMut(usize) -> f64) -> ArrayD<f64> {
    let count: usize = shape.iter().product();
    ArrayD::from_shape_vec(shape, (0..count).map(value).collect()).unwrap()
}

#[derive(hdf5::H5Type, serde::Serialize, serde::Deserialize, Clone, PartialEq, Debug)]
#[repr(C)]
struct Record {
    flag: bool,
    id: u32,
    at: [f64; 2],
}

#[test]
fn of_what_h5py_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parts.h5");
    assert_eq!(common::python("parts.py", [&path]).trim(), "done");
    let file = File::open(&path).unwrap();
    let names = file.member_names().unwrap();
    assert_eq!(names.len(), 11 * (6 * 5 + 3) + 1);
    let mut numbers = Numbers(1);
    for name in names {
        if name.starts_with("records") {
            let all = |index: usize| {
                let (id, at) = (index as u32, [index as f64, index as f64 + 0.5]);
                Record { flag: index.is_multiple_of(3), id, at }
            };
            let lazy: Lazy<NdArray<Record, ndarray::Ix1>> = read(&file, &name).unwrap();
            let found = lazy.slice(s![3..280;-3]).unwrap();
            assert!(found.iter().cloned().eq((3..280).rev().step_by(3).map(all)), "{name}");
            continue;
        }
        let dims = file.dataset(&name).unwrap().shape();
        let expected = match name.split(' ').next().unwrap() {
            "filled" => ArrayD::from_shape_fn(dims, |at| if (10..13).contains(&at[0]) { 5.0 } else { -7.0 }),
            "grown" => counted(&dims, |index| index as f64),
            "scaleoffset" => counted(&dims, |index| (index % 300) as f64),
            _ => counted(&dims, |index| (index * 37 % 101) as f64),
        };
        check(&file, &name, &expected, &mut numbers);
    }
}

#[test]
fn of_what_this_crate_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("ours.h5")).unwrap();
    let plain = || DatasetOptions::new().above(0);
    let mut ways = vec![
        ("gzip", plain().deflate(4)),
        ("all", plain().deflate(1).shuffle(true).fletcher32(true)),
        ("lzf", plain().lzf()),
        ("checked lzf", plain().lzf().fletcher32(true)),
        ("chunks alone", plain()),
    ];
    #[cfg(feature = "blosc-zstd")]
    ways.push(("zstd", plain().blosc_zstd(5)));
    #[cfg(feature = "blosc-lz4")]
    ways.push(("lz4", plain().blosc_lz4(5).fletcher32(true)));
    ways.push(("noise", plain().lzf()));
    let mut numbers = Numbers(2);
    for (way, options) in ways {
        for (shape, chunk) in [
            (&[5000][..], &[333][..]),
            (&[5000], &[1]),
            (&[130, 170], &[50, 64]),
            (&[300, 9], &[64, 9]),
            (&[9, 50, 60], &[3, 20, 40]),
        ] {
            let name = format!("{way} {shape:?} {chunk:?}");
            let array = match way {
                "noise" => counted(shape, |_| numbers.below(1 << 30) as f64 * 1.37e-3),
                _ => counted(shape, |index| index as f64 * 0.5),
            };
            let options = WriteOptions::new().at("", |_| options.clone().chunk(chunk));
            options.write(&file, &name, &NdArray(array.clone())).unwrap();
            check(&file, &name, &array, &mut numbers);
        }
    }
}

/// Chunks of some size, whose parts are read by more than one thread: converted, and not.
#[test]
fn of_large_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("large.h5")).unwrap();
    let array = NdArray(ArrayD::from_shape_fn(vec![3000, 700], |at| (at[0] * 700 + at[1]) as f32));
    for (name, options) in
        [("gzip", WriteOptions::new().deflate(1)), ("lzf", WriteOptions::new().lzf().fletcher32(true))]
    {
        options.chunk([200, 100]).write(&file, name, &array).unwrap();
        let lazy: Lazy<NdArray<f32, ndarray::Ix2>> = read(&file, name).unwrap();
        assert_eq!(lazy.slice(s![5..2900, 3..;2]).unwrap().into_dyn(), array.slice(s![5..2900, 3..;2]).into_dyn());
        assert_eq!(lazy.slice(s![..;-501, 699]).unwrap().into_dyn(), array.slice(s![..;-501, 699]).into_dyn());
        let lazy: Lazy<NdArray<f64, ndarray::Ix2>> = read(&file, name).unwrap();
        let wide = array.mapv(f64::from);
        assert_eq!(lazy.slice(s![5..2900, 3..;2]).unwrap().into_dyn(), wide.slice(s![5..2900, 3..;2]).into_dyn());
    }
}

/// A part of which a chunk is damaged is an error, and all others are read.
#[test]
fn damage_is_met_where_it_is() {
    let array = NdArray(Array1::from_iter((0..50_000).map(|step| (f64::from(step) * 1e-3).sin())));
    let options = WriteOptions::new().lzf().fletcher32(true).chunk([5000]);
    let mut image = options.to_vec(&array).unwrap();
    // Somewhere in the middle.
    let middle = image.len() / 2;
    image[middle] ^= 0x55;
    let lazy: Lazy<NdArray<f64, ndarray::Ix1>> = filebacked::from_slice(&image).unwrap();
    let parts: Vec<_> = (0..10).map(|chunk| lazy.slice(s![5000 * chunk..5000 * (chunk + 1);2])).collect();
    let broken: Vec<_> = parts.iter().filter_map(|part| part.as_ref().err()).collect();
    assert!(broken.len() == 1 && broken[0].kind() == ErrorKind::Corrupt, "{broken:?}");
    for (part, chunk) in parts.iter().zip(0..) {
        if let Ok(part) = part {
            assert_eq!(part, array.slice(s![5000 * chunk..5000 * (chunk + 1);2]));
        }
    }
}
