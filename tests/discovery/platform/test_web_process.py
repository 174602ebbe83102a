"""What a web process does for itself."""

import subprocess
import sys

FILES = """
import resource
from discovery.platform import web_process

_soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
web_process.files_many()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], hard, web_process.MOST_FILES)
"""


def test_it_opens_as_many_files_as_it_may():
    done = subprocess.run(
        [sys.executable, "-c", FILES], capture_output=True, text=True, timeout=60, check=True
    )
    soft, hard, most = map(int, done.stdout.split())
    assert soft == (most if hard < 0 else min(most, hard))
