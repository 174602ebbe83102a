#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from discovery.platform.private_files import private_umask

if __name__ == "__main__":
    private_umask()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    execute_from_command_line(sys.argv)
