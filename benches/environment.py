"""The virtual environment that the scripts of this folder run in."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "benches" / "requirements.txt"


def enter() -> None:
    """Runs the script anew in the environment, which is made when first asked for and when its packages change."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    folder = target.resolve() / "bench" / f"python-{digest}"
    if Path(sys.prefix).resolve() == folder:
        return
    if not folder.is_dir():
        python = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
        if python is None:
            sys.exit("Python 3.11 is needed: it is the last that the numpy of FileBacked runs on")
        # Made beside its place and renamed, so that it is never there in part. The interpreter can be moved; scripts
        # such as bin/pip cannot, and are not used.
        fresh = folder.with_suffix(".part")
        subprocess.run([python, "-m", "venv", "--clear", fresh], check=True)
        pip = [fresh / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        fresh.rename(folder)
    # The interpreter finds its environment by the name it is called by.
    python = str(folder / "bin" / "python")
    os.execv(python, [python, "-B", *sys.argv])
