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

/// A type of some bytes, which has arrays of sequences of arrays of sequences.
#[test]
fn parts_of_variable_length_are_few() {
    use super::datatype;
    use super::look::Part;

    let (mut body, part) = (vec![0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0], Part("element type", 0));
    for _ in 0..4 {
        let mut outer = vec![0x3a, 0, 0, 0];
        outer.extend((16384 * 16_u32).to_le_bytes());
        outer.push(1);
        outer.extend(16384_u32.to_le_bytes());
        outer.extend([0x19, 0, 0, 0, 16, 0, 0, 0]);
        outer.append(&mut body);
        body = outer;
    }
    let file = Image(Vec::new(), None);
    let look = Look::new(&file, 8, 8);
    assert_eq!(datatype::read(&look, part, &body).unwrap().size(), Some(16384 * 16));
    let found = datatype::varlens(&look, part, &body).unwrap();
    assert!(!found.is_empty() && found.iter().map(datatype::Varlen::count).sum::<usize>() <= (1 << 14) + 4);
}

/// A file that is long, and takes no room on a disk.
#[test]
fn structures_are_no_larger_than_any_is() {
    use super::look::Part;

    struct Long;
    impl Bytes for Long {
        fn len(&self) -> u64 {
            1 << 50
        }

        fn read(&self, _: u64, into: &mut [u8]) -> Result<()> {
            into.fill(0);
            Ok(())
        }
    }
    let look = Look::new(&Long, 8, 8);
    let error = look.bytes(Part("local heap", 96), 1 << 40).unwrap_err();
    assert!(
        error.to_string().contains("the local heap at address 96 is not sound: it is larger than 128 MiB"),
        "{error}"
    );
    assert_eq!(look.bytes(Part("local heap", 96), 1 << 20).unwrap().len(), 1 << 20);
}
