"""A real supysonic in a process of its own: ``python -m tests.discovery.library.server HOME PORT``.

It scans ``HOME/music`` as it starts, and again when it is asked to (``/scan``).
"""

import sys
from pathlib import Path

from supysonic.config import DefaultConfig
from supysonic.db import close_connection, init_database
from supysonic.managers.folder import FolderManager
from supysonic.managers.user import UserManager
from supysonic.scanner import Scanner
from supysonic.web import create_application
from werkzeug.serving import run_simple

NAME, PASSWORD = "listener", "sésame ☼ & open"


class Config(DefaultConfig):  # type: ignore[misc]  # without types
    def __init__(self, home):
        super().__init__()
        self.BASE = {**self.BASE, "database_uri": f"sqlite:///{home / 'supysonic.db'}"}
        self.WEBAPP = {**self.WEBAPP, "cache_dir": str(home / "cache"), "mount_webui": False}


def main(home: Path, port: int) -> None:
    config = Config(home)
    (home / "music").mkdir(exist_ok=True)
    fresh = not (home / "supysonic.db").exists()
    init_database(config.BASE["database_uri"])
    if fresh:
        UserManager.add(NAME, PASSWORD, admin=True)
        FolderManager.add("music", str(home / "music"))
    close_connection()
    scan()
    app = create_application(config)
    app.add_url_rule("/scan", view_func=lambda: scan() or "")
    run_simple("127.0.0.1", port, app, threaded=True)


def scan():
    scanner = Scanner()
    scanner.queue_folder("music")
    scanner.start()
    scanner.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
