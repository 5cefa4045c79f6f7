//! What is beneath errors: what `source` gives, a row a case.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io;
use std::num::ParseIntError;
use std::str::Utf8Error;

use filebacked::{
    Error, ErrorKind, Hdf5Error, Lazy, NdArray, WriteOptions, from_file, from_slice, hdf5, to_file, to_vec,
};
use ndarray::{ArrayD, IxDyn};

/// The source of an error of that kind, whose text the error's own has.
#[track_caller]
fn source<T: std::error::Error + 'static>(error: &Error, kind: ErrorKind) -> &T {
    assert_eq!(error.kind(), kind, "{error}");
    let source = error.source().unwrap_or_else(|| panic!("no source: {error}"));
    let typed = source.downcast_ref::<T>();
    typed.unwrap_or_else(|| panic!("a source of another type: {source:?}"))
}

#[test]
fn the_system_is_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no folder").join("run.h5");
    for error in [from_file::<u8>(&missing).unwrap_err(), to_file(&missing, &1).unwrap_err()] {
        let system: &io::Error = source(&error, ErrorKind::Io);
        assert_eq!(system.kind(), io::ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(&system.to_string()), "{error}");
    }
}

#[test]
fn libhdf5_is_the_source() {
    let error = to_vec(&NdArray(ArrayD::from_elem(IxDyn(&[1; 33]), 1.5))).unwrap_err();
    let library: &Hdf5Error = source(&error, ErrorKind::Hdf5);
    let (first, last) = (library.frames().first().unwrap(), library.frames().last().unwrap());
    assert!(first.func().starts_with("H5S"), "{library:?}");
    assert!(error.to_string().contains(last.desc()), "{error}");
    assert!(library.to_string().contains(first.func()) && library.to_string().contains(last.desc()), "{library}");

    // That of the `hdf5` crate, where it called libhdf5, and where it refused to.
    let file = hdf5::File::with_options().with_fapl(|list| list.core_filebacked(false)).create("memory").unwrap();
    let error = Error::from(file.dataset("nothing").unwrap_err());
    let library: &Hdf5Error = source(&error, ErrorKind::Hdf5);
    assert!(matches!(library, Hdf5Error::Library { .. }) && !library.frames().is_empty(), "{library:?}");
    let error = Error::from(file.new_dataset::<u8>().shape(3).create("x").unwrap().read_2d::<u8>().unwrap_err());
    let refused: &Hdf5Error = source(&error, ErrorKind::Hdf5);
    assert!(matches!(refused, Hdf5Error::Refused { .. }) && refused.frames().is_empty(), "{refused:?}");
    assert_eq!(error.to_string(), format!("libhdf5 failed: {refused}"));
}

#[test]
fn other_sources() {
    let image = to_vec(&BTreeMap::from([("one", 1)])).unwrap();
    let error = from_slice::<BTreeMap<u8, u8>>(&image).unwrap_err();
    source::<ParseIntError>(&error, ErrorKind::BadKey);

    let mut image = to_vec("some text").unwrap();
    let place = image.windows(9).position(|window| window == b"some text").unwrap();
    image[place] = 0xff;
    let error = from_slice::<String>(&image).unwrap_err();
    assert_eq!(source::<Utf8Error>(&error, ErrorKind::Unsupported).valid_up_to(), 0);

    // What decompresses says why it does not.
    let numbers: Vec<u64> = (0..20_000_u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).collect();
    for options in [WriteOptions::new().deflate(4), WriteOptions::new().lzf()] {
        let mut image = options.to_vec(&numbers).unwrap();
        let middle = image.len() / 2;
        image[middle..middle + 2000].fill(0xff);
        let error = from_slice::<Vec<u64>>(&image).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        let reason = error.source().unwrap().to_string();
        assert!(error.to_string().starts_with(&format!("a compressed chunk is damaged: {reason}")), "{error}");
    }
}

/// A lazy value that cannot be read is an error of what it is written to, with that of reading beneath.
#[test]
fn one_error_is_the_source_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &BTreeMap::from([("a", "text")])).unwrap();
    let lazy: BTreeMap<String, Lazy<u8>> = from_file(&path).unwrap();
    let error = WriteOptions::new().python("model").to_vec(&lazy).unwrap_err();
    let cause: &Error = source(&error, ErrorKind::WrongType);
    assert!(cause.to_string().starts_with("expected `u8`, found"), "{cause}");
    assert!(error.to_string().contains(&cause.to_string()), "{error}");
}

/// What this crate finds by itself has none.
#[test]
fn errors_without_a_source() {
    let image = to_vec(&300).unwrap();
    let errors = [
        from_slice::<u8>(&image).unwrap_err(),
        from_slice::<String>(&image).unwrap_err(),
        from_slice::<u8>(b"no file").unwrap_err(),
    ];
    for error in errors {
        assert!(error.source().is_none(), "{error}: {:?}", error.source());
    }
}
