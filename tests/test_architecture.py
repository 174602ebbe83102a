"""The order of the rooms, where import-linter's contracts leave a gap: complete, and true at run time."""

import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("accounts", "discovery", "graph", "tasks")
GRAPHQL_ROOMS = ("accounts.api", "graph.api", "discovery.api", "discovery.gql", "discovery.schema")
# Modules of Django's command line and tests look at the schema without defining any of it.
SCHEMA_READERS = ("discovery.management.commands.export_schema", "discovery.urls")


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph(*ROOMS, include_external_packages=True)


def layers():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    lines = next(contract["layers"] for contract in lint["contracts"] if contract["type"] == "layers")
    return {name.strip("() ") for line in lines for name in line.replace("|", ":").split(":")}


def is_within(module, rooms):
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def importers(imports, *packages):
    """Our modules that import one of the packages directly."""
    found = set()
    for package in packages:
        if package in imports.modules:
            found |= imports.find_modules_that_directly_import(package)
    return {module for module in found if is_within(module, ROOMS)}


def test_every_module_is_in_a_layer(imports):
    ours = {module for module in imports.modules if is_within(module, ROOMS)} - set(ROOMS)
    assert {module for module in ours if not is_within(module, layers())} == set()


def test_no_layer_names_a_module_that_is_gone(imports):
    optional = {"discovery.candidates", "graph.services", "accounts.admin"}
    assert layers() - imports.modules - optional == set()


def test_only_the_ml_room_imports_torch(imports):
    assert importers(imports, "torch"), "the graph of imports knows torch"
    strangers = importers(imports, "torch", "torch_geometric")
    assert {module for module in strangers if not is_within(module, ["graph.ml"])} == set()


def test_only_the_api_rooms_define_graphql(imports):
    assert importers(imports, "strawberry"), "the graph of imports knows strawberry"
    strangers = importers(imports, "strawberry", "strawberry_django", "graphql")
    assert {
        module for module in strangers if not is_within(module, [*GRAPHQL_ROOMS, *SCHEMA_READERS])
    } == set()


@pytest.mark.parametrize("module", ["discovery.asgi", "discovery.wsgi", "tasks.celery"])
def test_torch_is_not_loaded_by(module):
    program = f"""
import sys
import django.conf, {module}
from django.urls import get_resolver
get_resolver().url_patterns
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("torch", "torch_geometric")))
"""
    if module == "tasks.celery":
        program = program.replace(
            "from django.urls", f"{module}.app.loader.import_default_modules()\nfrom django.urls"
        )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
