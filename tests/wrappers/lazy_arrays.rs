//! Lazy arrays, of which parts are read.

use filebacked::hdf5::types::{FloatSize, IntSize, TypeDescriptor};
use filebacked::{ErrorKind, Lazy, NdArray};
use ndarray::{Array3, ArrayD, Axis, Ix0, Ix1, Ix2, Ix3, IxDyn, NewAxis, SliceInfoElem, array, s};
use num_complex::Complex64;

use super::reread;
use crate::common::memory;

#[test]
fn arrays_in_parts() {
    let whole = Array3::from_shape_fn((7, 11, 13), |(x, y, z)| (10_000 * x + 100 * y + z) as f64);
    let lazy: Lazy<NdArray<f64, Ix3>> = reread(&NdArray(whole.clone()));
    assert_eq!(lazy.shape().unwrap(), [7, 11, 13]);
    assert_eq!(lazy.element_type().unwrap(), TypeDescriptor::Float(FloatSize::U8));
    macro_rules! parts {
        ($($part:expr;)*) => {
            $(assert_eq!(lazy.slice($part).unwrap(), whole.slice($part));)*
        };
    }
    parts! {
        s![.., .., ..];
        s![2, 3, 4];
        s![-1, .., 5..];
        s![1..6;2, ..;-1, -4..-1];
        s![..;-3, 2, ..;5];
        s![3..3, .., 0];
        s![.., 10..;-4, ..1];
    }
    assert!(!lazy.is_loaded());
    // In memory it is the same.
    lazy.get().unwrap();
    parts! { s![1..6;2, ..;-1, -4..-1]; s![.., 2, ..;-2]; }

    let dynamic: Lazy<NdArray<f64, IxDyn>> = reread(&NdArray(whole.clone()));
    assert_eq!(dynamic.slice(s![2, .., ..;4]).unwrap(), whole.slice(s![2, .., ..;4]));
    assert_eq!(dynamic.slice(s![2, ..]).unwrap_err().kind(), ErrorKind::WrongLength);
    let all: Vec<SliceInfoElem> = vec![(..).into(), 1.into(), SliceInfoElem::Slice { start: 0, end: None, step: 2 }];
    let part: ArrayD<f64> = dynamic.slice(all.as_slice()).unwrap();
    assert_eq!(part, whole.slice(s![.., 1, ..;2]).into_dyn());
    let scalar: Lazy<NdArray<f64, Ix0>> = reread(&NdArray(ndarray::arr0(1.5)));
    assert_eq!(scalar.shape().unwrap(), [0; 0]);
    assert_eq!(scalar.slice(s![]).unwrap()[()], 1.5);
}

#[test]
fn elements_and_layouts_of_others() {
    // Narrower elements, in the other byte order, in compressed chunks.
    let whole = ndarray::Array2::from_shape_fn((100, 70), |(x, y)| (70 * x + y) as i16);
    let file = memory();
    let builder = file.new_dataset::<i16>().chunk((16, 16)).deflate(4);
    builder.shape((100, 70)).create("chunks").unwrap().write(&whole).unwrap();
    let lazy: Lazy<NdArray<f64, Ix2>> = filebacked::read(&file, "chunks").unwrap();
    assert_eq!(lazy.element_type().unwrap(), TypeDescriptor::Integer(IntSize::U2));
    assert_eq!(lazy.slice(s![5..90;7, ..;-3]).unwrap(), whole.slice(s![5..90;7, ..;-3]).mapv(f64::from));
    // The copy has the chunks, compressed as they are.
    filebacked::write(&file, "copy", &lazy).unwrap();
    let (chunks, copy) = (file.dataset("chunks").unwrap(), file.dataset("copy").unwrap());
    assert_eq!((copy.chunk(), copy.storage_size()), (chunks.chunk(), chunks.storage_size()));
    assert_eq!(copy.read_2d::<i16>().unwrap(), whole);

    let lazy: Lazy<NdArray<Complex64, Ix1>> =
        reread(&NdArray(array![Complex64::new(1.0, 2.0), Complex64::new(3.0, 4.0)]));
    assert_eq!(lazy.slice(s![..;-1]).unwrap(), array![Complex64::new(3.0, 4.0), Complex64::new(1.0, 2.0)]);
    let lazy: Lazy<NdArray<bool, Ix1>> = reread(&[true, false, true]);
    assert_eq!(lazy.slice(s![1..]).unwrap(), array![false, true]);
    let lazy: Lazy<NdArray<u8, Ix2>> = reread(&NdArray(ndarray::Array2::<u8>::zeros((0, 3))));
    assert_eq!(lazy.slice(s![.., 1]).unwrap().shape(), [0]);
    let lazy: Lazy<NdArray<u32, Ix1>> = reread(&Vec::<u32>::new());
    assert_eq!(lazy.slice(s![..]).unwrap().len(), 0);
}

#[test]
fn errors() {
    let lazy: Lazy<NdArray<f64, Ix2>> = reread(&NdArray(array![[1.0, 2.0], [3.0, 4.0]]));
    for _ in 0..2 {
        let error = lazy.slice(s![2, ..]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
        assert!(
            error.to_string().starts_with("the part `2` does not lie within dimension 0, whose length is 2"),
            "{error}"
        );
        assert_eq!(lazy.slice(s![.., -3..]).unwrap_err().kind(), ErrorKind::OutOfRange);
        assert_eq!(lazy.slice(s![.., .., NewAxis]).unwrap_err().kind(), ErrorKind::Unsupported);
        // Also once it is in memory, where ndarray would panic.
        lazy.get().unwrap();
    }
    let text = |error: filebacked::Error| error.to_string();
    let lazy: Lazy<NdArray<f64, Ix2>> = reread(&[1.5]);
    let expected = "expected an array of `f64` with 2 dimensions, found `f64` of shape (1,); HDF5 path `/value`";
    assert_eq!(text(lazy.shape().unwrap_err()), expected);
    assert_eq!(text(lazy.slice(s![0, 0]).unwrap_err()), expected);
    assert_eq!(text(lazy.load().unwrap_err()), expected);
    let lazy: Lazy<NdArray<f32, Ix1>> = reread(&[1.5]);
    let expected = "expected an array of `f32`, found `f64` of shape (1,) \
                    (`ReadOptions::allow_rounding` takes the nearest); HDF5 path `/value`";
    assert_eq!(text(lazy.slice(s![..]).unwrap_err()), expected);
    assert_eq!(lazy.shape().unwrap(), [1]);
    for error in [
        reread::<_, Lazy<NdArray<f64, Ix1>>>(&None::<f64>).shape().unwrap_err(),
        reread::<_, Lazy<NdArray<f64, Ix1>>>(&vec!["a"]).slice(s![..]).unwrap_err(),
        reread::<_, Lazy<NdArray<f64, Ix1>>>(&(1, "a")).element_type().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::WrongType, "{error}");
    }
}

#[test]
fn datasets_that_change_or_do_not_fit() {
    // A dataset that others filled with bytes that are no bools.
    let file = memory();
    let dataset = file.new_dataset::<u8>().shape(4).create("bytes").unwrap();
    dataset.write(&[0_u8, 1, 2, 1]).unwrap();
    let lazy: Lazy<NdArray<bool, Ix1>> = filebacked::read(&file, "bytes").unwrap();
    assert_eq!(lazy.slice(s![..2]).unwrap_err().kind(), ErrorKind::WrongType);
    // A dataset that shrinks after it was opened.
    let dataset = file.new_dataset::<f64>().chunk(2).shape(4..).create("shrinks").unwrap();
    dataset.write(&[0.0, 1.0, 2.0, 3.0]).unwrap();
    let lazy: Lazy<NdArray<f64, Ix1>> = filebacked::read(&file, "shrinks").unwrap();
    dataset.resize(2).unwrap();
    assert_eq!(lazy.slice(s![3]).unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!((lazy.shape().unwrap(), lazy.load().unwrap().len()), (vec![2], 2));
    assert_eq!(lazy.slice(s![..2]).unwrap().sum_axis(Axis(0))[()], 1.0);
}
