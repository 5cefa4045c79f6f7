#!/usr/bin/env python3
"""Checks the links of README.md as the registry shows it: they are whole addresses or headings of the page itself, and those
into the package lead to files of it. The argument is the folder of the unpacked package."""

import re
import sys
from pathlib import Path

SOURCE = "https://docs.rs/crate/filebacked/latest/source/"


def anchor(heading):
    """What GitHub and crates.io call a heading in addresses."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


package = Path(sys.argv[1])
text = re.sub(r"^```.*?^```", "", (package / "README.md").read_text(), flags=re.S | re.M)
anchors = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, flags=re.M)}
links = re.findall(r"\]\(([^)\s]+)\)", text)
bad = []
for link in links:
    if link.startswith(SOURCE):
        if not (package / link.removeprefix(SOURCE).partition("#")[0]).exists():
            bad.append(f"{link}: the package has no such file")
    elif link.startswith("#"):
        if link[1:] not in anchors:
            bad.append(f"{link}: the page has no such heading")
    elif not link.startswith("https://"):
        bad.append(f"{link}: on the registry's page, it leads nowhere")
if not links:
    bad.append("README.md has no links at all: this check does not find them")
if bad:
    sys.exit("\n".join(bad))
print(f"   {len(links)} links of README.md")
