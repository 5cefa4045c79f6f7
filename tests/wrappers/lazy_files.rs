//! What becomes of the files that lazy values are in, and what is copied from file to file.

use std::collections::BTreeMap;

use filebacked::{ErrorKind, Lazy, LazyMap, from_file, hdf5, to_file, to_vec};
use ndarray::s;
use serde::{Deserialize, Serialize};

use super::lazy::{Eager, Matrix, Whole, eager, matrix};
use super::reread;
use crate::common::memory;

#[test]
fn links_and_references_in_a_copy() {
    let file = memory();
    let group = file.create_group("group").unwrap();
    filebacked::write(&group, "x", &[1.5, 2.5]).unwrap();
    group.link_hard("x", "hard").unwrap();
    group.link_soft("x", "soft").unwrap();
    group.link_soft("/nowhere", "dangling").unwrap();
    group.link_external("elsewhere.h5", "/x", "external").unwrap();

    #[derive(Serialize, Deserialize)]
    struct Part {
        x: Vec<f64>,
    }
    let lazy: Lazy<Part> = filebacked::read(&file, "group").unwrap();
    filebacked::write(&file, "copy", &lazy).unwrap();
    let other = memory();
    filebacked::to_group(&lazy, &other).unwrap();
    for copy in [file.group("copy").unwrap(), other.group("/").unwrap()] {
        assert_eq!(copy.loc_info_by_name("x").unwrap().num_links, 2);
        assert_eq!(copy.dataset("soft").unwrap().read_raw::<f64>().unwrap(), [1.5, 2.5]);
        let mut names = copy.member_names().unwrap();
        names.sort();
        assert_eq!(names, ["dangling", "external", "hard", "soft", "x"]);
        assert!(copy.dataset("dangling").is_err());
    }
}

#[test]
fn the_file_it_comes_from_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &eager(1)).unwrap();
    for round in 0..3 {
        let mut lazy: Whole = from_file(&path).unwrap();
        lazy.id.set(round);
        to_file(&path, &lazy).unwrap();
        // What it was read from is still there for it.
        assert_eq!(lazy.field.load().unwrap(), matrix());
    }
    assert_eq!(from_file::<Eager>(&path).unwrap(), Eager { id: 2, ..eager(1) });
    // Also where it is removed.
    let lazy: Whole = from_file(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(reread::<_, Eager>(&lazy), Eager { id: 2, ..eager(1) });
}

#[test]
fn the_file_stays_open() {
    use hdf5::file::FileCloseDegree;

    let folder = tempfile::tempdir().unwrap();
    for (index, degree) in
        [FileCloseDegree::Strong, FileCloseDegree::Weak, FileCloseDegree::Default].into_iter().enumerate()
    {
        let path = folder.path().join(format!("{index}.h5"));
        to_file(&path, &matrix()).unwrap();
        let open = || hdf5::File::with_options().with_fapl(|list| list.fclose_degree(degree)).open(&path).unwrap();
        let file = open();
        let lazy: Lazy<Matrix> = filebacked::from_group(&file).unwrap();
        drop(file);
        assert_eq!(lazy.slice(s![3, 4]).unwrap()[()], 304.0);
        let file = open();
        file.close().unwrap();
        assert_eq!(lazy.load().unwrap(), matrix());
        drop(lazy);
        // Nothing holds it any more.
        hdf5::File::open_rw(&path).unwrap().create_group("new").unwrap();
    }
}

/// Closes all that is open in a file, whoever has it open.
fn close_by_force(file: hdf5::File) {
    use hdf5_sys::h5f::H5F_OBJ_ALL;
    use hdf5_sys::{h5f, h5i};

    // SAFETY: a file's handle, and room for as many handles as there are; who has them finds that they are gone.
    hdf5::sync::sync(|| unsafe {
        let count = h5f::H5Fget_obj_count(file.id(), H5F_OBJ_ALL);
        let mut ids = vec![0; usize::try_from(count).unwrap()];
        h5f::H5Fget_obj_ids(file.id(), H5F_OBJ_ALL, ids.len(), ids.as_mut_ptr());
        for id in ids {
            while h5i::H5Iis_valid(id) > 0 {
                h5i::H5Idec_ref(id);
            }
        }
    });
}

#[test]
fn a_file_that_is_closed_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &eager(1)).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let lazy: Whole = filebacked::from_group(&file).unwrap();
    let map: LazyMap<String, Lazy<String>> = filebacked::read(&file, "map").unwrap();
    close_by_force(file);
    let gone = "the file was closed by force, with all that was open in it, before the value was loaded";
    let error = lazy.field.load().unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Gone, gone.to_owned()));
    assert_eq!(lazy.field.shape().unwrap_err().kind(), ErrorKind::Gone);
    assert_eq!(lazy.field.slice(s![0, 0]).unwrap_err().kind(), ErrorKind::Gone);
    assert_eq!(map.get("c").unwrap_err().kind(), ErrorKind::Gone);
    assert_eq!(serde_json::to_string(&lazy.text).unwrap_err().to_string(), gone);
    let error = to_vec(&BTreeMap::from([("x", &lazy.field)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert_eq!(
        error.to_string(),
        format!("a lazy value that is not loaded could not be copied: {gone}; at `x`, HDF5 path `/x`")
    );
    assert!(to_vec(&map).is_err());
    drop((lazy, map));
    // All else goes on.
    assert_eq!(from_file::<Eager>(&path).unwrap(), eager(1));
}

#[test]
fn a_file_that_is_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &(vec![0.5; 100_000], vec!["text".repeat(100), "b".to_owned()])).unwrap();
    let lazy: (Lazy<Vec<f64>>, Lazy<Vec<String>>) = from_file(&path).unwrap();
    let before = std::fs::metadata(&path).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(2000).unwrap();
    for (path_in_file, error) in [("/0", lazy.0.load().map(drop)), ("/1", lazy.1.get().map(drop))] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone);
        assert_eq!(
            error.to_string(),
            format!(
                "the file was cut short after it was opened: it has 2000 bytes, and had {before}; HDF5 path \
                 `{path_in_file}`, file `{}`",
                path.display()
            )
        );
    }
    assert!(!lazy.1.is_loaded());
    let error = to_vec(&BTreeMap::from([("x", &lazy.0)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
}

#[test]
fn errors_say_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    to_file(&path, &BTreeMap::from([("a", BTreeMap::from([("steps", vec![1, 300])]))])).unwrap();
    type Steps = BTreeMap<String, Lazy<BTreeMap<String, Vec<u8>>>>;
    let lazy: Steps = from_file(&path).unwrap();
    assert_eq!(
        lazy["a"].load().unwrap_err().to_string(),
        format!(
            "expected `u8`, found 300, stored as `i32` of shape (2,); at `steps/[1]`, HDF5 path `/a/steps`, file `{}`",
            path.display()
        )
    );
    let error =
        from_file::<BTreeMap<String, BTreeMap<String, Lazy<u8>>>>(&path).unwrap()["a"]["steps"].load().unwrap_err();
    assert_eq!(error.hdf5_path(), "/a/steps");
    // What is not there is an error at once.
    #[derive(Deserialize, Debug)]
    struct Asked {
        #[allow(dead_code)]
        b: Lazy<u8>,
    }
    assert_eq!(from_file::<Asked>(&path).unwrap_err().kind(), ErrorKind::MissingField);
}

#[test]
fn links_that_lead_back() {
    let file = memory();
    let group = file.create_group("node").unwrap();
    filebacked::write(&group, "x", &1.5).unwrap();
    group.link_hard("/node", "next").unwrap();
    #[derive(Serialize, Deserialize, Debug)]
    struct Node {
        x: f64,
        next: Option<Box<Lazy<Node>>>,
    }
    let node: Node = filebacked::read(&file, "node").unwrap();
    // It is not followed, until it is.
    let error = node.next.as_ref().unwrap().get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cycle);
    assert!(serde_json::to_string(&node).is_err());
    // The copy leads back to itself.
    let lazy: Lazy<Node> = filebacked::read(&file, "node").unwrap();
    filebacked::write(&file, "copy", &lazy).unwrap();
    assert_eq!(file.loc_info_by_name("copy").unwrap().token, file.loc_info_by_name("copy/next/next").unwrap().token);
    assert_eq!(file.loc_info_by_name("copy").unwrap().num_links, 2);
}

#[test]
fn groups_far_too_deep() {
    let file = memory();
    let mut group = file.create_group("top").unwrap();
    for _ in 0..1100 {
        group = group.create_group("g").unwrap();
    }
    let lazy: Lazy<BTreeMap<String, ()>> = filebacked::read(&file, "top").unwrap();
    assert_eq!(to_vec(&lazy).unwrap_err().kind(), ErrorKind::TooDeep);
    let lazy: Lazy<()> = filebacked::read(file.group("top/g/g/g").unwrap(), "g").unwrap();
    assert_eq!(to_vec(&lazy).unwrap_err().kind(), ErrorKind::TooDeep);
    let deep = (0..300).fold(String::from("top"), |path, _| path + "/g");
    let lazy: Lazy<()> = filebacked::read(file.group(&deep).unwrap(), "g").unwrap();
    std::thread::Builder::new().stack_size(1 << 20).spawn(move || to_vec(&lazy).unwrap()).unwrap().join().unwrap();
}
