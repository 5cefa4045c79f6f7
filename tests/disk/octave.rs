//! GNU Octave reads what is written: numbers, arrays and groups; it has no reader for HDF5's strings, enums and compounds, and
//! makes a number of a null dataspace.

use std::path::Path;

use crate::common;

/// Loads each variable by itself, as Octave stops at the first that it cannot read.
const SCRIPT: &str = r#"
function show(name, value)
  if isstruct(value)
    printf("%s: struct of %s\n", name, strjoin(fieldnames(value)', " "));
  elseif numel(value) <= 10
    printf("%s: %s %s = %s\n", name, class(value), mat2str(size(value)), mat2str(value(:)'));
  else
    printf("%s: %s %s\n", name, class(value), mat2str(size(value)));
  end
end
for name = {"array", "arrays", "attrs", "bytes", "columns", "flag", "grid", "list", "long", "map", "nothing", ...
            "nullable", "numbers", "ragged", "table", "text", "tuple", "units", "with_nul"}
  try
    loaded = load("-hdf5", PATH, name{1});
    show(name{1}, loaded.(name{1}));
  catch
    printf("%s: not read\n", name{1});
  end
end
loaded = load("-hdf5", PATH, "ragged");
show("ragged.values", loaded.ragged.values);
loaded = load("-hdf5", PATH, "nullable");
show("nullable.values", loaded.nullable.values);
"#;

/// Octave's dimensions are those of HDF5 in reverse.
const SHOWN: &str = "\
array: double [4 3 2]
arrays: struct of _0 _1
attrs: double [1 1] = 9.81
bytes: uint8 [1 3] = [0 255 128]
columns: not read
flag: not read
grid: int16 [3 2] = [1 2 3 -1 -2 -3]
list: double [1 3] = [1.79769313486232e+308 2.2250738585072e-308 Inf]
long: int64 [1 10000]
map: struct of __2E a_2Fb
nothing: double [1 0] = []
nullable: struct of values
numbers: struct of _0 _1 _2 _3 _4 _5 _6 _7 _8 _9
ragged: struct of offsets values
table: not read
text: not read
tuple: not read
units: uint64 [1 1] = 2
with_nul: uint8 [1 3] = [97 0 98]
ragged.values: uint16 [1 3] = [1 2 3]
nullable.values: int32 [1 3] = [1 0 -3]
";

#[test]
fn octave_reads_numbers_arrays_and_groups() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden");
    for file in ["0.1-hdf5-1.10.8.h5", "0.1-hdf5-2.2.h5"] {
        let script = SCRIPT.replace("PATH", &format!("{:?}", folder.join(file).display().to_string()));
        let Some(shown) = common::octave(&script) else { return };
        assert_eq!(shown, SHOWN, "{file}");
    }
}
