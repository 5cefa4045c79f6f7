//! Files that hold together, all of whose objects are looked at.

use std::collections::HashSet;
use std::path::Path;

use super::image::CacheImage;
use super::look::Look;
use super::messages::LinkTarget;
use super::superblock::Superblock;
use super::{links, object};
use crate::ground::error::{Error, Result};
use crate::h5::global_heap::Bytes;

/// A file from its first address on.
struct Image(Vec<u8>, Option<CacheImage>);

impl Bytes for Image {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let rest = usize::try_from(address).ok().and_then(|address| self.0.get(address..)).unwrap_or_default();
        let bytes = rest.get(..into.len()).ok_or_else(|| Error::corrupt("an address beyond the end of the file"))?;
        into.copy_from_slice(bytes);
        if let Some(image) = &self.1 {
            image.put(address, into);
        }
        Ok(())
    }
}

/// Looks at all objects that hard links lead to. Returns how many there are, or what is wrong and where.
fn look_at_all(image: Vec<u8>) -> std::result::Result<usize, String> {
    const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
    let starts = std::iter::once(0).chain((9..).map(|bit| 1 << bit)).take_while(|start| *start < image.len());
    let start = starts.into_iter().find(|start| image[*start..].starts_with(SIGNATURE)).ok_or("no HDF5")?;
    let mut file = Image(image[start..].to_vec(), None);
    let superblock = Superblock::of(&file).map_err(|error| error.to_string())?;
    file.1 = CacheImage::of(&file, &superblock).map_err(|error| error.to_string())?;
    let (address_size, length_size) = superblock.sizes();
    let look = || Look::new(&file, address_size, length_size);
    let root = superblock.root().ok_or("no root group")?;
    let mut met = HashSet::from([root]);
    let mut waiting = vec![("/".to_owned(), root)];
    while let Some((path, address)) = waiting.pop() {
        object::check(&look(), address).map_err(|error| format!("{path}: {error}"))?;
        links::each(&look(), address, &mut |name, target| {
            if let LinkTarget::Hard(Some(target)) = target
                && met.insert(target)
            {
                waiting.push((format!("{path}{}/", String::from_utf8_lossy(name)), target));
            }
            Ok(())
        })
        .map_err(|error| format!("links of {path}: {error}"))?;
    }
    Ok(met.len())
}

fn files_in(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_in(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn sound_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files = Vec::new();
    for folder in ["golden", "matrices", "python-filebacked", "structures"] {
        if root.join(folder).is_dir() {
            files_in(&root.join(folder), &mut files);
        }
    }
    let is_file = |path: &Path| path.extension().is_some_and(|extension| extension == "h5" || extension == "h5ad");
    files.retain(|path| is_file(path));
    assert!(files.len() > 5);
    for path in files {
        let objects = look_at_all(std::fs::read(&path).unwrap());
        assert!(objects.as_ref().is_ok_and(|objects| *objects > 1), "{}: {objects:?}", path.display());
    }
}

/// Looks at all files in the folder that the environment names, if it does:
/// `FILEBACKED_LOOK=/some/folder cargo test --lib -- --nocapture files_of_a_folder`.
#[test]
fn files_of_a_folder() {
    let Some(folder) = std::env::var_os("FILEBACKED_LOOK") else { return };
    let mut files = Vec::new();
    files_in(Path::new(&folder), &mut files);
    files.sort();
    let mut refused = 0;
    for path in files {
        match look_at_all(std::fs::read(&path).unwrap()) {
            Ok(objects) => println!("{}: {objects} objects", path.display()),
            Err(error) => {
                refused += 1;
                println!("{}: REFUSED: {error}", path.display());
            }
        }
    }
    assert_eq!(refused, 0);
}
