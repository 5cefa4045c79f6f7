//! The same file, opened by other programs than h5py and h5dump.

use super::{Table, hdf5, to_file};
use filebacked::{Appender, Lazy, Value, from_file};
use indexmap::IndexMap;

use crate::common;
use crate::common::Packages;

/// The environment that AnnData is in, with PyTables, pandas and netCDF4.
const PACKAGES: Packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };

/// h5py, PyTables, pandas, AnnData's `read_elem` and netCDF4: what each makes of every object is asserted in the script.
#[test]
fn programs_of_python() {
    let folder = tempfile::tempdir().unwrap();
    let (path, growing) = (folder.path().join("table.h5"), folder.path().join("growing.h5"));
    to_file(&path, &Table).unwrap();
    grow(&hdf5::File::create(&growing).unwrap()).unwrap();
    let output = PACKAGES.python("others.py", [&path, &growing]);
    assert_eq!(output.lines().collect::<Vec<_>>(), ["h5py", "pytables", "pandas", "anndata", "netcdf4"]);
}

/// Appends to sequences of the sorts that programs tell apart.
fn grow(file: &hdf5::File) -> filebacked::Result<()> {
    let mut numbers = Appender::create(file, "numbers")?;
    [1.5, 2.5, 3.5].iter().try_for_each(|number| numbers.push(number))?;
    numbers.finish()?;
    let mut records = Appender::create(file, "records")?;
    [(1_u8, 1.5), (2, 2.5)].iter().try_for_each(|record| records.push(record))?;
    records.finish()?;
    let mut names = Appender::create(file, "names")?;
    ["one", "three"].iter().try_for_each(|name| names.push(name))?;
    names.finish()
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
        let tree = |path| filebacked::tree(hdf5::File::open(path).unwrap()).unwrap().to_string();
        // It writes attributes in an order of its own.
        assert_eq!(sorted(&tree(&repacked)), sorted(&tree(&path)), "{options:?}");
    }
}

/// The lines of a tree, the attributes of each object by their names.
fn sorted(tree: &str) -> Vec<String> {
    let lines: Vec<_> = tree.lines().map(|line| line.replace("└─ @", "├─ @")).collect();
    let mut sorted: Vec<_> = lines.chunk_by(|a, b| a.contains("─ @") && b.contains("─ @")).map(<[_]>::to_vec).collect();
    sorted.iter_mut().for_each(|lines| lines.sort());
    sorted.concat()
}

/// Loads the variables `v0`, `v1`, ..., each by itself, as Octave stops at the first that it cannot read.
const SCRIPT: &str = r#"
function show(name, value)
  if isstruct(value)
    fields = fieldnames(value)';
    if isempty(fields)
      printf("%s: struct\n", name);
    end
    for field = fields
      show([name "." field{1}], value.(field{1}));
    end
  elseif numel(value) <= 10
    printf("%s: %s %s = %s\n", name, class(value), mat2str(size(value)), mat2str(value(:)'));
  else
    printf("%s: %s %s\n", name, class(value), mat2str(size(value)));
  end
end
for number = 0:COUNT - 1
  name = sprintf("v%d", number);
  try
    loaded = load("-hdf5", PATH, name);
    show(name, loaded.(name));
  catch
    printf("%s: not read\n", name);
  end
end
"#;

/// What GNU Octave makes of each value: with a line for each dataset that it can read.
#[test]
fn octave() {
    let folder = tempfile::tempdir().unwrap();
    let (path, flat) = (folder.path().join("table.h5"), folder.path().join("flat.h5"));
    to_file(&path, &Table).unwrap();
    // It loads what is at the top by its name, which is to be one of its own.
    let rows: IndexMap<String, IndexMap<String, Lazy<Value>>> = from_file(&path).unwrap();
    let values: Vec<(String, &Lazy<Value>)> = rows
        .iter()
        .flat_map(|(row, values)| values.iter().map(move |(name, value)| (format!("{row}/{name}"), value)))
        .collect();
    to_file(
        &flat,
        &values.iter().enumerate().map(|(at, value)| (format!("v{at}"), value.1)).collect::<IndexMap<_, _>>(),
    )
    .unwrap();
    let script = SCRIPT.replace("PATH", &format!("{:?}", flat.display().to_string()));
    let Some(shown) = common::octave(&script.replace("COUNT", &values.len().to_string())) else { return };
    let shown = shown.lines().map(|line| {
        let end = line.find([':', '.']).unwrap();
        let at: usize = line[1..end].parse().unwrap();
        format!("{}{}", values[at].0, &line[end..])
    });
    let mut expected = include_str!("octave.txt").lines();
    for shown in shown {
        let expected = expected.next().unwrap_or_default();
        // Of a null dataspace it makes a number that stands nowhere.
        assert!(expected.strip_suffix('?').map_or(shown == expected, |start| shown.starts_with(start)), "{shown}");
    }
    assert_eq!(expected.next(), None);
}
