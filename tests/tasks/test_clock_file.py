"""What the clock writes down is its user's alone, whatever the umask it was started with."""

import os
import stat

from tasks.celery import app
from tasks.pulse import Clock


def test_the_clock_s_file_is_private_from_the_beginning(tmp_path):
    before = os.umask(0o022)
    try:
        clock = Clock(app=app, schedule_filename=str(tmp_path / "clock"))
        clock.close()
    finally:
        os.umask(before)
    written = list(tmp_path.iterdir())
    assert written
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
