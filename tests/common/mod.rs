//! What the tests share: programs that are not this crate.

#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/requirements.txt");

/// Runs a script of `tests/python`; returns what it prints. A script that fails is a test that fails.
pub(crate) fn python<I: IntoIterator<Item: AsRef<OsStr>>>(script: &str, args: I) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let mut command = Command::new("python3");
    command.arg("-B").arg(&script).args(args).env("PYTHONPATH", packages()).env("PYTHONUTF8", "1");
    let output = command.output().unwrap_or_else(|error| panic!("python3 cannot be run: {error}"));
    text(&output, &script.display())
}

/// What `h5dump` prints, given `args`. `None`, and a note, where it is not installed; but CI installs it.
pub(crate) fn h5dump<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Option<String> {
    match Command::new("h5dump").args(args).output() {
        Ok(output) => Some(text(&output, &"h5dump")),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: h5dump cannot be run ({error})");
            None
        }
        Err(error) => panic!("h5dump cannot be run: {error}"),
    }
}

/// The folder of the packages that the scripts import: installed when first asked for, and again when they change.
///
/// It is filled beside its place and then renamed, so that no test ever sees a part of it.
fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let version = Command::new("python3").arg("--version").output().expect("python3 cannot be run");
        let mut hasher = DefaultHasher::new();
        (fs::read_to_string(REQUIREMENTS).unwrap(), version.stdout).hash(&mut hasher);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{:016x}", hasher.finish()));
        if folder.is_dir() {
            return folder;
        }
        let fresh = folder.with_extension(std::process::id().to_string());
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        text(&command.arg(&fresh).arg("-r").arg(REQUIREMENTS).output().unwrap(), &"pip");
        // A test in another process may have been faster; its folder is as good.
        if fs::rename(&fresh, &folder).is_err() {
            fs::remove_dir_all(&fresh).unwrap();
        }
        assert!(folder.is_dir(), "{} was not made", folder.display());
        folder
    })
}

/// The standard output of a program that ended well and had nothing to complain about.
fn text(output: &Output, program: &dyn std::fmt::Display) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {}\n{errors}", output.status);
    let text = String::from_utf8(output.stdout.clone()).expect("output in UTF-8");
    assert!(!text.contains("unable to") && !errors.contains("unable to"), "{program}:\n{text}\n{errors}");
    text
}
