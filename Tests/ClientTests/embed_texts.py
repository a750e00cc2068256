"""The embedding model of the mount, for programs that embed on their side: one `vexfs-fuse embed` a call."""

import json
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ.get("VEXFS_BUILD", pathlib.Path(__file__).resolve().parents[2] / ".build" / "debug"))


def embed(texts):
    """One vector of 384 numbers a text."""
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([BUILD / "vexfs-fuse", "embed"], input=lines, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
