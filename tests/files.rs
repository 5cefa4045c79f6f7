//! Whole files among other programs.

#![cfg(unix)]

use std::cell::RefCell;
use std::process::{Child, Command};

use serde::{Serialize, Serializer};

/// Starts a program while it is serialized: that inherits what is open.
struct Starting(RefCell<Option<Child>>);

impl Serialize for Starting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        *self.0.borrow_mut() = Some(Command::new("sleep").arg("60").spawn().unwrap());
        serializer.serialize_u8(1)
    }
}

#[test]
fn a_program_that_was_started_meanwhile_holds_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let starting = Starting(RefCell::default());
    filebacked::to_file(&path, &starting).unwrap();
    let opened = filebacked::hdf5::File::open_rw(&path).map(|file| file.member_names().unwrap());
    let mut child = starting.0.take().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(opened.unwrap(), ["value"]);
}
