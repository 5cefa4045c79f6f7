#!/usr/bin/env python3
"""Checks docs/dependencies.md against what Cargo resolves, with all features: each crate that is depended on is explained, each
package that holds C or assembly is in the table of licences, and the licences are in the files that the table names."""

import json
import re
import subprocess
import sys
from pathlib import Path

# Words that are in a licence and in no other of the table.
WORDS = {
    "HDF5": "covered by the 3-clause BSD License",
    "Zlib": "This software is provided 'as-is'",
    "ISC": "Permission to use, copy, modify, and(/or)? distribute this software for any purpose",
    "MIT": "Permission is hereby granted, free of charge",
    "BSD-3-Clause": r"Neither the name .* may be used to endorse|using the BSD license",
    "BSD-2-Clause": r"Redistributions in binary form must reproduce(?!.*Neither the name)",
}
# Crates that have C, or links that look so, among what they are tested with, or for systems that are not ours; and `mpi-sys`, whose
# few lines of it say what the constants of the installed MPI are.
NO_CODE = {"cc", "mpi-sys", "nix", "walkdir"}
FOREIGN = {".c", ".cc", ".cpp", ".S", ".s", ".asm"}


def reachable(metadata):
    """The packages that a build of the crate takes, by their names: not what only its tests take."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    found, waiting = {}, [metadata["resolve"]["root"]]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = packages[name]
        for dependency in nodes[name]["deps"]:
            if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return found.values()


def section(page, heading):
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(text):
    """The cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--all-features"]
    host = re.search(r"^host: (.*)$", subprocess.check_output(["rustc", "-vV"], text=True), flags=re.M)[1]
    metadata = json.loads(subprocess.check_output([*command, "--filter-platform", host]))
    page = Path("docs/dependencies.md").read_text()
    packages = {package["name"]: package for package in reachable(metadata)}
    root = packages["filebacked"]
    bad = []

    explained = {name for row in rows(section(page, "What each is for")) for name in re.findall(r"`([^`]+)`", row[0])}
    direct = {dependency["name"] for dependency in root["dependencies"] if dependency["kind"] != "dev"}
    for name in sorted(direct - explained):
        bad.append(f"`{name}`: the page does not say what it is for")
    for name in sorted(explained - direct):
        bad.append(f"`{name}`: the page explains it, and nothing depends on it")

    table = {row[1].strip("`"): row for row in rows(section(page, "Licences of bundled code"))}
    for name, package in sorted(packages.items()):
        folder = Path(package["manifest_path"]).parent
        has_code = package["source"] and any(path.suffix in FOREIGN for path in folder.rglob("*"))
        if has_code and name not in table and name not in NO_CODE:
            bad.append(f"`{name}`: it holds C or assembly, and the table of licences does not have it")
    for name, (_, _, _, licence, file) in table.items():
        if name not in packages:
            bad.append(f"`{name}`: the table of licences has it, and nothing depends on it")
            continue
        path = Path(packages[name]["manifest_path"]).parent / file.strip("`")
        words = WORDS[licence.split(" OR ")[0]]
        if not path.is_file():
            bad.append(f"`{name}`: there is no {path}")
        elif not re.search(words, " ".join(path.read_text().split())):
            bad.append(f"`{name}`: {path} does not read as {licence}")
    if bad:
        sys.exit("\n".join(bad))
    print(f"   {len(direct)} dependencies of {len(packages)} packages, {len(table)} licences of bundled code")


main()
