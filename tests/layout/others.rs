//! The same file, opened by other programs than h5py and h5dump.

use super::{Table, common, hdf5, to_file};
use common::Packages;

/// The environment that AnnData is in, with PyTables, pandas and netCDF4.
const PACKAGES: Packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };

/// PyTables, pandas, AnnData's `read_elem` and netCDF4: what each gives is asserted in the script.
#[test]
fn programs_of_python() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.h5");
    to_file(&path, &Table).unwrap();
    let output = PACKAGES.python("others.py", [&path]);
    assert_eq!(output.lines().collect::<Vec<_>>(), ["pytables", "pandas", "anndata", "netcdf4"]);
}

/// What h5repack writes anew, also in the latest formats, is the same to h5diff, and to this crate.
#[test]
fn h5repack_and_h5diff() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.h5");
    to_file(&path, &Table).unwrap();
    // With a filter for all, h5repack 1.10 fails at some of what is in there, and does not say at what.
    for options in [&[][..], &["--latest"]] {
        let repacked = folder.path().join("repacked.h5");
        let args = options.iter().map(|option| (*option).into()).chain([path.clone(), repacked.clone()]);
        let Some(_) = common::hdf5_tool("h5repack", args) else { return };
        // It fails where there is a difference. What is empty it does not compare, and says so.
        let Some(differences) = common::hdf5_tool("h5diff", [&path, &repacked]) else { return };
        assert!(!differences.contains("differences found"), "{options:?}: {differences}");
        let tree = |path| filebacked::tree(&hdf5::File::open(path).unwrap()).unwrap().to_string();
        assert_eq!(tree(&repacked), tree(&path), "{options:?}");
    }
}
