"""Runs a script beside the device's own modules, in node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE.parents[2] / "discovery/static/discovery/device"


def node(folder, script, said, *, store=None):
    """What a script answers to ``said``; ``store``: what stands in the place of the device's own."""
    if shutil.which("node") is None:
        pytest.skip("no node on this machine")
    shutil.copytree(MODULES, folder / "device", dirs_exist_ok=True)
    if store is not None:
        shutil.copy(store, folder / "device" / "store.js")
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / script, folder)
    done = subprocess.run(
        ["node", script], cwd=folder, input=json.dumps(said), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
