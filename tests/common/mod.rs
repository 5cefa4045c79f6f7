//! What the tests share: programs that are not this crate, processes of their own, and files in memory.

#![allow(dead_code, reason = "no test uses all of it")]

pub(crate) mod checksums;
pub(crate) mod data;
pub(crate) mod lies;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use filebacked::hdf5::{File, sync::sync};

/// The packages of most scripts, and the interpreters that can have them.
const PACKAGES: Packages = Packages { requirements: "requirements.txt", interpreters: &["python3"] };

/// What scripts import, and what runs them.
#[derive(Clone, Copy)]
pub(crate) struct Packages {
    /// The file in `tests/python` that lists them.
    pub(crate) requirements: &'static str,
    /// The first of these that there is, is taken.
    pub(crate) interpreters: &'static [&'static str],
}

/// Runs a script of `tests/python`; returns what it prints. A script that fails is a test that fails.
pub(crate) fn python<I: IntoIterator<Item: AsRef<OsStr>>>(script: &str, args: I) -> String {
    PACKAGES.python(script, args)
}

/// What runs such a script, to be talked to meanwhile.
pub(crate) fn python_command<I: IntoIterator<Item: AsRef<OsStr>>>(script: &str, args: I) -> Command {
    let mut command = PACKAGES.command();
    command.arg(folder().join(script)).args(args);
    command
}

impl Packages {
    /// Runs a script of `tests/python` that imports these packages.
    pub(crate) fn python<I: IntoIterator<Item: AsRef<OsStr>>>(self, script: &str, args: I) -> String {
        let script = folder().join(script);
        let mut command = self.command();
        text(&self.output(command.arg(&script).args(args)), &script.display())
    }

    /// What runs a script of `tests/python` that imports these packages, to be talked to meanwhile.
    pub(crate) fn script(self, script: &str) -> Command {
        let mut command = self.command();
        command.arg(folder().join(script));
        command
    }

    /// Runs a program in a folder, with these packages and the one in `python/`. The error is what Python says.
    pub(crate) fn run_in(self, directory: &Path, code: &str) -> Result<(), String> {
        let output = self.output(self.command().args(["-c", code]).current_dir(directory));
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// The interpreter, with these packages and the one in `python/`.
    fn command(self) -> Command {
        let (interpreter, packages) = self.installed();
        let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let mut command = Command::new(interpreter);
        // What is compiled is kept, and not beside the scripts.
        command.env("PYTHONPYCACHEPREFIX", packages.join(".compiled")).env_remove("PYTHONDONTWRITEBYTECODE");
        command.env("PYTHONPATH", std::env::join_paths([packages, reader]).unwrap()).env("PYTHONUTF8", "1");
        command
    }

    fn output(self, command: &mut Command) -> Output {
        output(command).unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
    }

    /// The interpreter, and the folder of the packages: installed when first asked for, and again when they change.
    fn installed(self) -> (PathBuf, PathBuf) {
        static FOUND: Mutex<BTreeMap<&str, (PathBuf, PathBuf)>> = Mutex::new(BTreeMap::new());
        // A panic of another test leaves nothing half done here.
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(self.requirements).or_insert_with(|| self.install()).clone()
    }

    /// The folder is filled beside its place and then renamed, so that no test ever sees a part of it.
    fn install(self) -> (PathBuf, PathBuf) {
        let about = |interpreter: &&str| {
            // What the name leads to can be a script that looks for an interpreter each time.
            let about = "import sys; print(sys.version); print(sys.executable)";
            let output = output(Command::new(interpreter).args(["-c", about])).ok()?;
            output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
        };
        let about = self.interpreters.iter().find_map(about);
        let about = about.unwrap_or_else(|| panic!("there is none of {}", self.interpreters.join(", ")));
        let interpreter = PathBuf::from(about.lines().last().unwrap());
        let requirements = folder().join(self.requirements);
        let mut hasher = DefaultHasher::new();
        (fs::read_to_string(&requirements).unwrap(), about).hash(&mut hasher);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{:016x}", hasher.finish()));
        if folder.is_dir() {
            return (interpreter, folder);
        }
        let fresh = folder.with_extension(std::process::id().to_string());
        let mut command = Command::new(&interpreter);
        // Most modules are never imported, so none is compiled before.
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target"]);
        text(&output(command.arg(&fresh).arg("-r").arg(requirements)).unwrap(), &"pip");
        // A test in another process may have been faster; its folder is as good.
        if fs::rename(&fresh, &folder).is_err() {
            fs::remove_dir_all(&fresh).unwrap();
        }
        assert!(folder.is_dir(), "{} was not made", folder.display());
        (interpreter, folder)
    }
}

/// Starts a program that inherits no open file of this process.
///
/// libhdf5 lets programs inherit its descriptors, and with them the locks on its files: as long as the program runs, no test
/// could open such a file again. So they are closed where the program begins, and no thread uses libhdf5 until then.
pub(crate) fn start_program(command: &mut Command) -> io::Result<Child> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let close = || {
            for descriptor in 3..1024 {
                // SAFETY: there is such a descriptor, or there is an error.
                unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
            }
            Ok(())
        };
        // SAFETY: it makes calls of the system, which a process that was forked may make, and allocates nothing.
        unsafe { command.pre_exec(close) };
    }
    // This returns when the program has begun.
    sync(|| command.spawn())
}

/// The same, until it ends.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    start_program(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?.wait_with_output()
}

/// A command that runs one test of this binary, in a process of its own.
pub(crate) fn test_alone<T: Fn()>(_: T) -> Command {
    // The name of the function, after that of the binary.
    let (_, name) = std::any::type_name::<T>().split_once("::").unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command
}

/// A new file in memory.
pub(crate) fn memory() -> File {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Two of one name would be one file.
    let name = format!("memory-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    File::with_options().with_fapl(|list| list.core_filebacked(false)).create(name).unwrap()
}

/// Where the scripts are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// What `h5dump` prints, given `args`. `None`, and a note, where it is not installed; but CI installs it.
pub(crate) fn h5dump<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Option<String> {
    hdf5_tool("h5dump", args)
}

/// What one of HDF5's own programs prints, given `args`. `None`, and a note, where it is not installed; but CI installs it.
pub(crate) fn hdf5_tool<I: IntoIterator<Item: AsRef<OsStr>>>(program: &str, args: I) -> Option<String> {
    optional(Command::new(program).args(args)).map(|output| text(&output, &program))
}

/// What a script of GNU Octave's prints, on the same conditions; it complains of all that it does not read.
pub(crate) fn octave(script: &str) -> Option<String> {
    let mut output = optional(Command::new("octave-cli").args(["--no-gui", "--quiet", "--eval", script]))?;
    output.stderr.clear();
    Some(text(&output, &"octave-cli"))
}

/// Runs a script of R's, on the same conditions.
pub(crate) fn r(script: &str) -> Option<String> {
    let mut output = optional(Command::new("Rscript").args(["--vanilla", "-e", script]))?;
    // What packages say when they are loaded.
    if output.status.success() {
        output.stderr.clear();
    }
    Some(text(&output, &"Rscript"))
}

/// The output of a program that need not be installed, but in CI.
fn optional(command: &mut Command) -> Option<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    match output(command) {
        Ok(output) => Some(output),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {program} cannot be run ({error})");
            None
        }
        Err(error) => panic!("{program} cannot be run: {error}"),
    }
}

/// The standard output of a program that ended well and had nothing to complain about.
fn text(output: &Output, program: &dyn std::fmt::Display) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {}\n{errors}", output.status);
    let text = String::from_utf8(output.stdout.clone()).expect("output in UTF-8");
    assert!(!text.contains("unable to") && !errors.contains("unable to"), "{program}:\n{text}\n{errors}");
    text
}
