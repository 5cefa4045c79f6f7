//! What passes for a group: see [`AsGroup`].

use std::cell::{Ref, RefMut};
use std::rc::Rc;
use std::sync::{Arc, MutexGuard, RwLockReadGuard, RwLockWriteGuard};

/// A group of an open file: a [`Group`](hdf5::Group), or a [`File`](hdf5::File), which stands for its root group.
///
/// Every function that takes a group takes either of them, by reference or by value, and what leads to one: `Box`, `Rc`, `Arc`, and
/// the guards of locks. No other type implements this trait.
///
/// A dataset is no group, and may be in several: say in which one, as in `dataset.file()?.group("mesh")?`.
///
/// ```
/// use std::sync::Arc;
/// use filebacked::{hdf5, read, tree, write};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let file = Arc::new(hdf5::File::create(&path)?);
/// write(&file, "steps", &10)?;
/// write(file.create_group("mesh")?, "title", "plate")?;
/// assert_eq!(read::<String>(&file.group("mesh")?, "title")?, "plate");
/// # drop(file);
/// assert_eq!(read::<u32>(hdf5::File::open(&path)?, "steps")?, 10);
/// println!("{}", tree(&hdf5::File::open(&path)?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no group of an HDF5 file",
    label = "expected an `hdf5::File` or `hdf5::Group`, or a reference to one",
    note = "write `&hdf5::File::open(path)?` for the root of a file, and `&file.group(\"name\")?` for a group in it",
    note = "of another version of the `hdf5` crate, the types are other ones: use `filebacked::hdf5`"
)]
pub trait AsGroup: sealed::Sealed {
    /// The group; of a file, its root group.
    fn as_group(&self) -> &hdf5::Group;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for hdf5::Group {}

impl AsGroup for hdf5::Group {
    fn as_group(&self) -> &hdf5::Group {
        self
    }
}

impl sealed::Sealed for hdf5::File {}

impl AsGroup for hdf5::File {
    fn as_group(&self) -> &hdf5::Group {
        self
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {
        $(
            impl<T: AsGroup + ?Sized> sealed::Sealed for $pointer {}

            impl<T: AsGroup + ?Sized> AsGroup for $pointer {
                fn as_group(&self) -> &hdf5::Group {
                    (**self).as_group()
                }
            }
        )*
    };
}
pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>, Ref<'_, T>, RefMut<'_, T>);
pointers!(MutexGuard<'_, T>, RwLockReadGuard<'_, T>, RwLockWriteGuard<'_, T>);
