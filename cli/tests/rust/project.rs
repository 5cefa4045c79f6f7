//! A program that reads and writes files by the types that were printed for them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Case;
use crate::common::{PROGRAM, shell};

/// Prints types for all files, builds one program of them, and runs it; what fails, in words. With `more`, the crate has all cargo
/// features.
pub(crate) fn run(folder: &Path, cases: &[Case], more: bool) -> Vec<String> {
    let mut failures = Vec::new();
    let sources = folder.join("project/src");
    std::fs::create_dir_all(&sources).unwrap();
    let (mut modules, mut calls) = (String::new(), String::new());
    for (number, case) in cases.iter().enumerate() {
        let line = format!("filebacked rust '{}' --name Whole", case.path.display());
        let (source, code) = shell(folder, &line);
        if code != 0 {
            failures.push(format!("{}: {source}", case.name));
            continue;
        }
        let module = format!("file_{number}");
        std::fs::write(sources.join(format!("{module}.rs")), &source).unwrap();
        let options = if source.contains("pub fn options()") {
            format!("{module}::options()")
        } else {
            "WriteOptions::new()".to_owned()
        };
        writeln!(modules, "#[allow(dead_code)]\nmod {module};").unwrap();
        writeln!(
            calls,
            "    run::<{module}::Whole>({:?}, {:?}, {:?}, {options});",
            case.name,
            case.path,
            folder.join(format!("copy-{number}.h5"))
        )
        .unwrap();
    }
    let main = format!("{modules}\n{MAIN}\nfn main() {{\n{calls}}}\n");
    std::fs::write(sources.join("main.rs"), main).unwrap();
    failures.extend(unformatted(&sources));
    let program = match build(&folder.join("project"), more) {
        Ok(program) => program,
        Err(why) => {
            failures.push(why);
            return failures;
        }
    };
    let output = Command::new(program).env("HDF5_USE_FILE_LOCKING", "FALSE").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_meant = |line: &&str| {
        let mut exceptions =
            cases.iter().flat_map(|case| case.exceptions.iter().map(move |exception| (case, exception)));
        exceptions.any(|(case, exception)| {
            exception.kind == "another" && line.starts_with(&format!("{} is another:", case.name))
        })
    };
    failures.extend(text.lines().filter(|line| !is_meant(line)).map(str::to_owned));
    if !output.status.success() {
        failures.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    failures
}

/// What the program does with each file. The values are compared as text, in which NaN is equal to itself.
const MAIN: &str = r#"
use filebacked::WriteOptions;

fn run<T>(name: &str, path: &str, copy: &str, options: WriteOptions)
where
    T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug + Clone + PartialEq,
{
    let value: T = match filebacked::from_file(path) {
        Ok(value) => value,
        Err(error) => return println!("{name} is not read: {error}"),
    };
    if let Err(error) = options.to_file(copy, &value) {
        return println!("{name} is not written: {error}");
    }
    match filebacked::from_file::<T>(copy) {
        Ok(again) => {
            let is_same = value == again;
            let (value, again) = (format!("{value:?}"), format!("{again:?}"));
            if !is_same && value != again {
                let at = value.bytes().zip(again.bytes()).take_while(|(one, other)| one == other).count();
                let part = |text: &str| {
                    let text = String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(60)..]).replace('\n', " ");
                    text.chars().take(120).collect::<String>()
                };
                println!("{name} is another: {} -> {}", part(&value), part(&again));
            }
        }
        Err(error) => println!("{name} is not read again: {error}"),
    }
}
"#;

/// Sources that rustfmt would change, if there is rustfmt.
fn unformatted(sources: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(sources)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name != "main.rs"))
        .collect();
    files.sort();
    let mut failures = Vec::new();
    // The rules of a folder above are not those of whoever uses the source.
    let rules = sources.join("rustfmt.toml");
    std::fs::write(&rules, "").unwrap();
    for edition in ["2021", "2024"] {
        let mut command = Command::new("rustfmt");
        command.args(["--check", "--edition", edition, "--config-path"]).arg(&rules).args(&files);
        match command.output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                failures.push(format!("{text}{}", String::from_utf8_lossy(&output.stderr)));
            }
            Err(_) => return Vec::new(),
        }
    }
    failures
}

/// Builds the program, with what was built for these tests.
fn build(project: &Path, more: bool) -> Result<PathBuf, String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().unwrap();
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let manifest = read(package.join("Cargo.toml"));
    // The same packages with the same features are not built twice.
    let section = |name: &str| {
        let text = manifest.split(&format!("\n[{name}]\n")).nth(1).unwrap();
        text.split("\n[").next().unwrap().trim().replace("path = \"..\"", &format!("path = {:?}", root)).to_owned()
    };
    let profiles = read(root.join("Cargo.toml"));
    let profiles = profiles.split("[profile").skip(1).map(|part| format!("[profile{part}"));
    let profiles: Vec<String> = profiles.map(|part| part.split("\n[lints").next().unwrap().to_owned()).collect();
    let (dependencies, mut for_tests) = (section("dependencies"), section("dev-dependencies"));
    // What is in both is that of the tests.
    let name = |line: &str| line.split(['=', ' ']).next().unwrap_or_default().to_owned();
    let tests: Vec<String> = for_tests.lines().map(name).collect();
    let dependencies: Vec<&str> = dependencies.lines().filter(|line| !tests.contains(&name(line))).collect();
    let others = for_tests.lines().filter(|line| !line.starts_with("filebacked = "));
    for_tests = others.map(|line| format!("{line}\n")).collect();
    let mut features = vec![if cfg!(feature = "bundled") { "default" } else { "sprs" }];
    let manifest = read(root.join("Cargo.toml"));
    if more {
        let all = manifest.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
        let all = all.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
        // Those that choose a libhdf5 are there already, and nothing that is printed needs an MPI.
        let is_more = |name: &&str| !["default", "bundled", "mpi"].contains(name);
        features.extend(all.map(|(name, _)| name).filter(is_more));
        let line = manifest.lines().find_map(|line| line.strip_prefix("nalgebra = {")).unwrap();
        for_tests.push_str(&format!("nalgebra = {{{}\n", line.replace(", optional = true", "")));
    }
    let options = format!("default-features = false, features = {features:?}");
    for_tests.push_str(&format!("filebacked = {{ path = {root:?}, {options} }}\n"));
    // What was built for these tests has it.
    let dependencies =
        dependencies.join("\n").replace(", optional = true", if more { "" } else { ", optional = true" });
    let text = format!(
        "[package]\nname = \"printed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{for_tests}{}\n\n{}",
        dependencies,
        profiles.concat()
    );
    std::fs::write(project.join("Cargo.toml"), text).unwrap();
    std::fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let built = Path::new(PROGRAM).parent().unwrap();
    let target = built.parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--offline", "--quiet"]).current_dir(project);
    if built.ends_with("release") {
        command.arg("--release");
    }
    command.env("CARGO_INCREMENTAL", "0").env("CARGO_TARGET_DIR", target);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    // Nobody reads the fields by themselves; any other warning is a fault.
    if !output.status.success() || text.contains("warning:") {
        return Err(text);
    }
    Ok(built.join(format!("printed{}", std::env::consts::EXE_SUFFIX)))
}
