"""Where an installation lives on the disk. The standard library alone: the settings ask it, and so does who starts without them."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]


def home_dir() -> Path:
    """``EARSHOT_HOME``, or ``var/`` beside manage.py."""
    return Path(os.environ.get("EARSHOT_HOME") or BASE_DIR / "var").resolve()
