//! Files made anew.

use std::path::Path;

use super::{ReadOptions, WriteOptions};
use crate::file::{self, RepackedFile};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::layout::dataset_options::DatasetOptions;

/// What [`WriteOptions::repack`] made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repacked {
    /// Bytes of the file as it was.
    pub bytes_before: u64,
    /// Bytes of the file as it is now.
    pub bytes_after: u64,
    /// The datasets that the options are about, in the order of the file.
    pub datasets: Vec<RepackedDataset>,
    /// References that are null now: what they led to was left out, or no link led to it.
    pub lost_references: u64,
}

/// A dataset that is stored in another way now, or was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepackedDataset {
    /// Its path in the file.
    pub path: String,
    /// Bytes of its data in the file as it was.
    pub bytes_before: u64,
    /// Bytes of its data in the file as it is now.
    pub bytes_after: u64,
    /// Why it is stored as it was, if it is.
    pub left: Option<String>,
}

impl WriteOptions {
    /// Makes a file anew: all that can be reached from its root group, without the room that nothing uses any more, and with
    /// datasets [compressed](Self::deflate), or [in chunks](Self::chunk), as these options say for [all](Self#method.deflate) or for
    /// [some](Self::at). `target` may be the file itself. As with [`to_file`](Self::to_file), there is the old file or the whole new
    /// one at any time.
    ///
    /// Paths are those of the file: `field/*`, `**/mass`. What the options do not say of a dataset stays as it is: its compression
    /// where only the shape of chunks is said, and its chunks where only the compression is. `deflate(0)` takes filters away,
    /// and stores in one piece what cannot grow. [`skip`](Self::skip) and [`only`](Self::only) leave out groups and datasets.
    ///
    /// What nobody asked to change is as it was, whichever program wrote it: types with names, attributes in their order, links of
    /// all sorts, references (each leads to the object in the new file), fill values, comments, the user block, filters that this
    /// crate does not know, data in other files, and virtual datasets. Datasets of which little was ever written stay so, and a filter
    /// that loses digits is not applied again. Names of links are marked as UTF-8, attributes cannot grow any more (no program has
    /// them do so), and how the file finds free room is as in other files of this crate: HDF5's paged files become plain ones.
    ///
    /// # Errors
    /// If the file cannot be read, the new one cannot be written, a path leads nowhere, or there is something that would be lost:
    /// references to parts of datasets, references in data that is in other files or as fill values, and links of sorts that programs
    /// register. Also if `target` is the file itself, and this program has it open for writing, or another changed it meanwhile.
    /// `target` is as it was then.
    ///
    /// ```
    /// use filebacked::{WriteOptions, from_file, to_file};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// to_file(&path, &std::collections::BTreeMap::from([("steps", vec![1.5; 100_000]), ("energy", vec![0.0; 10])]))?;
    /// let repacked = WriteOptions::new().at("steps", |steps| steps.deflate(6)).repack(&path, &path)?;
    /// assert!(repacked.bytes_after < repacked.bytes_before / 50);
    /// assert_eq!(repacked.datasets[0].path, "/steps");
    /// assert_eq!(from_file::<std::collections::BTreeMap<String, Vec<f64>>>(&path)?["steps"], [1.5; 100_000]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn repack(&self, source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<Repacked> {
        self.repack_within(&ReadOptions::new(), source, target)
    }

    /// As [`repack`](Self::repack), of a file that is read with other [limits](ReadOptions#limits).
    ///
    /// # Errors
    /// As there.
    ///
    /// ```
    /// use filebacked::{ReadOptions, WriteOptions, to_file};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let (path, copy) = (directory.path().join("run.h5"), directory.path().join("copy.h5"));
    /// to_file(&path, &std::collections::BTreeMap::from([("text", "a long text".repeat(100))]))?;
    /// WriteOptions::new().repack_within(&ReadOptions::new().trusted(true), &path, &copy)?;
    /// assert_eq!(filebacked::read_at::<String>(&copy, "text")?.len(), 1100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn repack_within(
        &self,
        reading: &ReadOptions,
        source: impl AsRef<Path>,
        target: impl AsRef<Path>,
    ) -> Result<Repacked> {
        self.repack_file(reading, source.as_ref(), target.as_ref())
    }

    fn repack_file(&self, reading: &ReadOptions, source: &Path, target: &Path) -> Result<Repacked> {
        self.check_for_values()?;
        let says_values =
            |options: &DatasetOptions| options.strings.is_some() || options.records.is_some() || options.maps.is_some();
        if self.rules().python.is_some() || self.rules().storing().any(says_values) {
            let message = "`strings`, `records`, `maps` and `python` say how values are laid out, and a file is repacked as it is \
                           laid out: read the value, and write it again";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let rules = self.rules().start(|| "/".to_owned());
        let access = (reading.access(), self.access());
        let RepackedFile { bytes, repacked } =
            reading.limits().during(|| file::repack(source, target, self.syncs(), access, &rules, self.watch()))?;
        let datasets = repacked.restored.into_iter().map(|restored| RepackedDataset {
            path: restored.path,
            bytes_before: restored.bytes.0,
            bytes_after: restored.bytes.1,
            left: restored.left.map(str::to_owned),
        });
        Ok(Repacked {
            bytes_before: bytes.0,
            bytes_after: bytes.1,
            datasets: datasets.collect(),
            lost_references: repacked.lost,
        })
    }
}
