//! Tables from and to Parquet, with pyarrow on the other side.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use common::{make_files, shell};
use serde::{Deserialize, Serialize};

fn run(folder: &Path, command: &str) -> (String, i32) {
    shell(folder, &format!("filebacked {command}"))
}

/// The packages of the scripts, which are installed when they are first asked for, and again when they change.
fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/parquet.txt");
        let versions = std::fs::read_to_string(&list).unwrap().replace(['\n', '='], "-");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{versions}"));
        if !folder.is_dir() {
            let fresh = folder.with_extension(std::process::id().to_string());
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target"]);
            let output = pip.arg(&fresh).arg("-r").arg(list).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            // Another process may have been faster.
            if std::fs::rename(&fresh, &folder).is_err() {
                std::fs::remove_dir_all(&fresh).unwrap();
            }
        }
        folder
    })
}

/// Runs the script in a folder.
fn pyarrow(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/parquet.py")).args(arguments);
    let packages = packages();
    command.env("PYTHONPATH", packages).env("PYTHONPYCACHEPREFIX", packages.join(".compiled")).current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Particle {
    id: u32,
    energy: f32,
    name: Option<String>,
    charge: i8,
    is_free: bool,
    path: Vec<f64>,
    spin: Spin,
    #[serde(with = "filebacked::timestamp")]
    when: SystemTime,
    #[serde(rename = "a/b")]
    ratio: i64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Spin {
    x: f64,
    y: f64,
}

fn particles() -> Vec<Particle> {
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let particle = |id: u32| Particle {
        id,
        energy: id as f32 / 2.0,
        name: id.is_multiple_of(2).then(|| format!("particle {id}")),
        charge: (id % 3) as i8 - 1,
        is_free: id.is_multiple_of(2),
        path: (0..id % 5).map(f64::from).collect(),
        spin: Spin { x: f64::from(id), y: -f64::from(id) },
        when: begun + Duration::from_millis(1250 * u64::from(id)),
        ratio: 7 * i64::from(id),
    };
    (0..2000).map(particle).collect()
}

/// What a program wrote is what pyarrow reads, and comes back as it was.
#[test]
fn tables_go_to_parquet_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    filebacked::to_file(folder.join("run.h5"), &std::collections::BTreeMap::from([("particles", particles())]))
        .unwrap();
    assert_eq!(run(folder, "convert run.h5 particles.parquet --at particles"), (String::new(), 0));
    pyarrow(folder, &["read", "particles.parquet"]);
    assert_eq!(run(folder, "convert particles.parquet back.h5"), (String::new(), 0));
    assert_eq!(filebacked::from_file::<Vec<Particle>>(folder.join("back.h5")).unwrap(), particles());
    assert_eq!(run(folder, "check -q back.h5").1, 0);
    // Through pipes, to a place of a file that is there.
    let line = "filebacked convert back.h5 - --to parquet | filebacked convert - run.h5 --from parquet --at more/copy";
    assert_eq!(shell(folder, line), (String::new(), 0));
    let copy: Vec<Particle> = filebacked::read_at(folder.join("run.h5"), "more/copy").unwrap();
    assert_eq!(copy, particles());
    assert_eq!(filebacked::read_at::<Vec<Particle>>(folder.join("run.h5"), "particles").unwrap(), particles());
    // One dataset of records, and another program's.
    make_files(folder);
    assert_eq!(run(folder, "convert run.h5 steps.parquet --at steps"), (String::new(), 0));
    assert_eq!(run(folder, "convert steps.parquet steps.h5"), (String::new(), 0));
    let (csv, _) = run(folder, "get run.h5 steps --csv");
    assert_eq!(run(folder, "get steps.h5 / --csv"), (csv, 0));
    let frame = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/foreign/pandas-pandas.h5");
    let (output, code) = run(folder, &format!("convert '{}' frame.parquet --at table/table", frame.display()));
    assert_eq!((output.as_str(), code), ("", 0));
}

/// All types that Parquet has, in files that pyarrow wrote, come back with the types and values that they had.
#[test]
fn types_and_compressions_of_pyarrow() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pyarrow(folder, &["write", "."]);
    for name in ["types", "bare", "empty", "none", "snappy", "gzip", "zstd", "lz4", "pandas"] {
        for command in [format!("convert {name}.parquet {name}.h5"), format!("convert {name}.h5 back-{name}.parquet")] {
            assert_eq!(run(folder, &command), (String::new(), 0), "{command}");
        }
        assert_eq!(run(folder, &format!("check -q {name}.h5")).1, 0, "{name}");
    }
    pyarrow(folder, &["same", "types", "bare", "empty", "none", "snappy", "gzip", "zstd", "lz4", "pandas"]);
    // What is not missing has no mask.
    let (output, _) = run(folder, "tree types.h5 -n 0 '*/nested' '*/f64' '*/struct/x/*'");
    let found: Vec<&str> = output.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    let expected = ["/value/f64", "/value/nested", "├─ offsets", "└─ values", "   ├─ offsets", "   └─ values"];
    assert_eq!(found.get(..2), Some(&expected[..2]), "{output}");
    assert!(!output.lines().any(|line| line.starts_with("├─ mask")), "{output}");
}

/// What is no table, or no file of Parquet, is an error that says so, and leaves no file.
#[test]
fn what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_files(folder);
    pyarrow(folder, &["write", "."]);
    let types = std::fs::read(folder.join("types.parquet")).unwrap();
    std::fs::write(folder.join("cut.parquet"), &types[..types.len() / 2]).unwrap();
    std::fs::write(folder.join("nothing.parquet"), "").unwrap();
    let mut damaged = types.clone();
    damaged[4..200].fill(0xa5);
    std::fs::write(folder.join("damaged.parquet"), damaged).unwrap();
    for (command, why) in [
        ("convert run.h5 x.parquet", "`--at`"),
        ("convert run.h5 x.parquet --at field", "`--at`"),
        ("convert run.h5 x.parquet --at none", "none"),
        ("convert run.json x.parquet", "HDF5"),
        ("convert cut.parquet x.h5", "cut.parquet: "),
        ("convert nothing.parquet x.h5", "nothing.parquet: "),
        ("convert damaged.parquet x.h5", "damaged.parquet: "),
        ("convert absent.parquet x.h5", "absent.parquet: "),
        ("convert twice.parquet x.h5", "two columns are called `x`"),
        ("convert brotli.parquet x.h5", "compressed by brotli"),
        ("convert some.parquet run.h5 --at steps", "taken"),
        ("convert run.h5 /dev/full --to parquet --at steps", "space"),
    ] {
        let (output, code) = run(folder, command);
        assert!(code > 0 && output.starts_with("filebacked: ") && output.contains(why), "{command}: {code} {output}");
        assert!(!folder.join("x.h5").exists() && !folder.join("x.parquet").exists(), "{command}");
    }
    assert_eq!(shell(folder, "filebacked convert run.h5 - --to parquet --at steps | true"), (String::new(), 0));
}

/// However many rows there are, some megabytes of them are in memory.
#[test]
fn memory_does_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pyarrow(folder, &["long", "long.parquet"]);
    let measured = |command: &str| -> u64 {
        let script = "import resource, subprocess, sys; subprocess.check_call(sys.argv[1:]); \
                      print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)";
        let (output, code) = shell(folder, &format!("python3 -c '{script}' filebacked {command}"));
        assert_eq!(code, 0, "{command}: {output}");
        output.trim().parse().unwrap()
    };
    for command in ["convert long.parquet long.h5", "convert long.h5 back.parquet"] {
        let megabytes = measured(command);
        assert!(megabytes < 110, "{command} takes {megabytes} MB");
    }
    assert!(std::fs::metadata(folder.join("long.h5")).unwrap().len() > 120_000_000);
    let (output, _) = run(folder, "get long.h5 '/[-1]' --json");
    assert!(output.starts_with("{\"id\":499999,"), "{output}");
}
