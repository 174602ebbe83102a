#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import gc
import os
import sys

import django
from django.core.management import execute_from_command_line

from discovery.platform.private_files import private_umask

if __name__ == "__main__":
    private_umask()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    gc.disable()  # what is imported stays: to look through it for garbage again and again is a tenth of the start
    django.setup()
    gc.freeze()
    gc.enable()
    from django.db import DatabaseError

    from discovery.platform.prepared import told_or_raised

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        told_or_raised(error)
