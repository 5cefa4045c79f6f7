#!/usr/bin/env python3
"""What a user's types take to compile, against the same program with serde_json: see benches/README.md.

    benches/compile/measure.py          the table: user time and code of each further group of types
    benches/compile/measure.py check    fails if a group is more LLVM code than limits.json says
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
LIMITS = FOLDER / "limits.json"

FORMATS = ["filebacked", "serde_json"]
# Groups of types in the programs of the table, whose difference counts, and in those of the check.
FEW, MANY = 2, 12
CHECKED_FEW, CHECKED_MANY = 2, 4
REPEATS = 5
# By how much a count may exceed the limit: other versions of rustc and serde make a little more or less.
MARGIN = 1.03

# The rest of the profiles is as users have it. This is as the crate's own, so that HDF5 is not built once more.
MANIFEST = """
[package]
name = "groups"
version = "0.0.0"
edition = "2024"

[dependencies]
filebacked = {{ path = {root} }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"

[profile.dev.package."*"]
debug = false

[profile.dev.package.hdf5-metno-src]
opt-level = 3
debug = false

[profile.dev.package.libdeflate-sys]
opt-level = 3

[profile.dev.package.libz-sys]
opt-level = 3

[workspace]
"""


class Project:
    """A cargo project of programs with groups of types, each in one of the formats."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / "src" / "bin"
        programs.mkdir(parents=True)
        (folder / "Cargo.toml").write_text(MANIFEST.format(root=json.dumps(str(ROOT))))
        (folder / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())

    def program(self, form: str, groups: int) -> str:
        """Adds a program and returns its name; it is compiled anew afterwards."""
        path = json.dumps(str(FOLDER / "group.rs"))
        modules = "".join(f"#[path = {path}]\nmod group_{at};\n" for at in range(groups))
        calls = "".join(f"    group_{at}::round_trip({at});\n" for at in range(groups))
        name = f"{form}_{groups}"
        source = f"use {form} as format;\n\n{modules}\nfn main() {{\n{calls}}}\n"
        (self.folder / "src" / "bin" / f"{name}.rs").write_text(source)
        return name

    def compile(self, program: str, profile: str, *flags: str) -> float:
        """Compiles a program, and what it depends on if that is not there; returns the user time in seconds."""
        command = ["cargo", "rustc", "--quiet", "--profile", profile, "--bin", program, "--", *flags]
        environment = {
            **os.environ,
            "CARGO_TARGET_DIR": str(TARGET),
            "CARGO_INCREMENTAL": "0",
            "CMAKE": str(ROOT / ".cargo" / "cmake"),
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(command, cwd=self.folder, env=environment, check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def output(program: str, profile: str) -> Path:
    return TARGET / ("debug" if profile == "dev" else profile) / program


def code_size(program: Path) -> int:
    """Bytes of machine code in a program."""
    listed = subprocess.run(["size", "--format=sysv", program], capture_output=True, text=True, check=True).stdout
    sections = (line.split() for line in listed.splitlines())
    return next(int(section[1]) for section in sections if section[:1] == [".text"])


def measure(project: Project) -> None:
    """Prints the table."""
    sizes = [FEW, MANY]
    print(f"Each further group of types, from {FEW} to {MANY}; times are medians of {REPEATS}, in turn.\n")
    print("| | " + " | ".join(FORMATS) + " | ratio |")
    print("|---|---|---|---|")
    for profile in ["release", "dev"]:
        times = {(form, groups): [] for groups in sizes for form in FORMATS}
        # The first round builds the dependencies and does not count.
        for at in range(REPEATS + 1):
            for (form, groups), taken in times.items():
                time = project.compile(project.program(form, groups), profile)
                taken += [time] if at > 0 else []
        seconds, code = [], []
        for form in FORMATS:
            programs = [output(f"{form}_{groups}", profile) for groups in sizes]
            for program in programs:
                subprocess.run([program], check=True)
            few, many = (statistics.median(times[form, groups]) for groups in sizes)
            seconds.append((many - few) / (MANY - FEW))
            few, many = map(code_size, programs)
            code.append((many - few) / (MANY - FEW))
        row(f"{profile}, user time", seconds, lambda time: f"{time:.3f} s")
        row(f"{profile}, code", code, lambda size: f"{size / 1000:.1f} kB")


def row(name: str, values: list[float], show) -> None:
    ours, other = values
    print(f"| {name} | {show(ours)} | {show(other)} | {ours / other:.2f} |", flush=True)


def check(project: Project) -> None:
    """Compares the LLVM code of each further group with what it may be."""

    def count(groups: int) -> tuple[int, int]:
        program = project.program("filebacked", groups)
        project.compile(program, "dev", "--emit=link,llvm-ir", "-Ccodegen-units=1", "-Cdebuginfo=0")
        written = (TARGET / "debug" / "deps").glob(f"{program}-*.ll")
        return llvm_code(max(written, key=lambda path: path.stat().st_mtime))

    few, many = count(CHECKED_FEW), count(CHECKED_MANY)
    failed = False
    for (what, limit), least, most in zip(json.loads(LIMITS.read_text()).items(), few, many, strict=True):
        each = (most - least) / (CHECKED_MANY - CHECKED_FEW)
        is_over = each > limit * MARGIN
        failed |= is_over
        print(f"{what} for each further group: {each:.0f} of {limit}" + (": too many" if is_over else ""))
    if failed:
        sys.exit("A user's types take longer to compile than they did: see \"How fast types compile\" in benches/README.md.")


def llvm_code(path: Path) -> tuple[int, int]:
    """Functions, and lines in them."""
    functions = lines = 0
    inside = False
    with path.open() as text:
        for line in text:
            if line.startswith("define "):
                functions += 1
                inside = True
            elif line.startswith("}"):
                inside = False
            elif inside:
                lines += 1
    return functions, lines


if __name__ == "__main__":
    tasks = {(): measure, ("check",): check}
    task = tasks.get(tuple(sys.argv[1:]))
    if task is None:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="filebacked-compile-") as made:
        task(Project(Path(made)))
