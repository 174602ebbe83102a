"""strawberry-django looks for GDAL wherever it is imported: twelve names, with a compiler started for some, and all that twice.

There are no maps here. After maps_never() nobody looks, and what is imported is as on a machine that has none: the same everywhere.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

from django.core.exceptions import ImproperlyConfigured

GDAL = "django.contrib.gis.gdal.libgdal"


class NoMaps(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> None:
        if fullname == GDAL:
            raise ImproperlyConfigured("There are no maps here.")


def maps_never() -> None:
    if not any(isinstance(finder, NoMaps) for finder in sys.meta_path):
        sys.meta_path.insert(0, NoMaps())
