//! Ends a build that cannot succeed, and says what is missing and what to do.
//!
//! The build script of `filebacked` itself comes too late for this. It asks libhdf5 for its version, so Cargo runs it after the
//! build of HDF5. This one needs nothing.

use std::env;
use std::ffi::OsString;
use std::process::{Command, exit};

/// The version that HDF5's `CMakeLists.txt` asks for.
const OLDEST: (u32, u32) = (3, 26);

fn main() {
    // Not `PATH`: it differs between a terminal and an editor, and each change of it would build `filebacked` again. A build
    // script that failed runs again anyway.
    println!("cargo::rerun-if-changed=build.rs");
    // The machines of docs.rs are as they are, and no reader of the docs can install anything there.
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    if let Err(missing) = check() {
        eprintln!("{}", message(&missing));
        exit(1);
    }
}

fn check() -> Result<(), String> {
    // A program that the user chose may do anything, such as to fetch cmake first.
    if for_target("CMAKE").is_some() {
        return Ok(());
    }
    let Ok(output) = Command::new("cmake").arg("--version").output() else {
        return Err("there is no `cmake` in `PATH`.".to_owned());
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cmake --version` fails: {}.\n{}", output.status, said.trim()));
    }
    // A version that cannot be read is no reason to end a build that may succeed.
    if let Some((major, minor)) = version(&String::from_utf8_lossy(&output.stdout))
        && (major, minor) < OLDEST
    {
        return Err(format!("`cmake` is version {major}.{minor}."));
    }
    // Elsewhere, and where a generator is chosen, cmake finds what it needs by other ways.
    let takes_make = cfg!(unix) && for_target("CMAKE_GENERATOR").is_none();
    if takes_make && !["make", "gmake"].into_iter().any(is_in_path) {
        return Err(
            "there is a `cmake`, but no `make` in `PATH`. (CMAKE_GENERATOR=Ninja takes ninja instead.)".to_owned()
        );
    }
    Ok(())
}

/// What an environment variable says, found as the crate `cmake` finds it: for a target first, for all last.
fn for_target(name: &str) -> Option<OsString> {
    let [target, host] = ["TARGET", "HOST"].map(|name| env::var(name).unwrap_or_default());
    let kind = if target == host { "HOST" } else { "TARGET" };
    let names = [
        format!("{name}_{target}"),
        format!("{name}_{}", target.replace('-', "_")),
        format!("{kind}_{name}"),
        name.to_owned(),
    ];
    for name in &names {
        println!("cargo::rerun-if-env-changed={name}");
    }
    names.iter().find_map(env::var_os)
}

/// The two numbers of `cmake version 3.26.4`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("cmake version ")?.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn is_in_path(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

fn message(missing: &str) -> String {
    let (major, minor) = OLDEST;
    // That of the system can be the one that is too old.
    let elsewhere =
        if missing.contains("version") { "" } else { "            (or: apt install cmake make, brew install cmake)" };
    format!(
        "\
filebacked builds HDF5 from source, and needs cmake {major}.{minor} or newer for it: {missing}

There are three ways out:

1. Install the tools, and build again:
       pip install cmake{elsewhere}
2. Link the HDF5 of the system:
       apt install libhdf5-dev      (or: brew install hdf5)
   and in Cargo.toml:
       filebacked = {{ version = \"...\", default-features = false, features = [\"sprs\"] }}
3. Link another HDF5, with Cargo.toml as in 2, and the folder above its `include` and `lib` in the environment:
       HDF5_DIR=/path/to/hdf5 cargo build
"
    )
}
