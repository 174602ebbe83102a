"""The order of the rooms, where import-linter's contracts leave a gap: complete, and true at run time."""

import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("accounts", "discovery", "graph", "tasks")
GRAPHQL_PLUMBING = ("discovery.platform.graphql", "discovery.schema", "discovery.realtime", "discovery.front")
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
    modules = set()
    for package in packages:
        if package in imports.modules:
            modules |= imports.find_modules_that_directly_import(package)
    return {module for module in modules if is_within(module, ROOMS)}


def test_every_module_is_in_a_layer(imports):
    ours = {module for module in imports.modules if is_within(module, ROOMS)} - set(ROOMS)
    assert {module for module in ours if not is_within(module, layers())} == set()


def test_no_layer_names_a_module_that_is_gone(imports):
    assert layers() - imports.modules == set()


def test_only_training_rooms_import_torch(imports):
    assert importers(imports, "torch"), "the graph of imports knows torch"
    strangers = importers(imports, "torch", "torch_geometric")
    assert {module for module in strangers if not is_within(module, ["graph.ml", "graph.bench"])} == set()


def knows_graphql(module):
    return "api" in module.split(".") or is_within(module, GRAPHQL_PLUMBING)


def test_only_the_api_rooms_know_graphql(imports):
    assert importers(imports, "strawberry"), "the graph of imports knows strawberry"
    strangers = importers(imports, "strawberry", "strawberry_django", "graphql", "discovery.platform.graphql")
    assert {module for module in strangers - set(SCHEMA_READERS) if not knows_graphql(module)} == set()


def test_nothing_but_the_schema_asks_an_api_room(imports):
    rooms = {module for module in imports.modules if module.endswith(".api")}
    assert len(rooms) > 5, "the graph of imports knows the api rooms"
    asking = {importer for room in rooms for inside in [room, *imports.find_descendants(room)]
              for importer in imports.find_modules_that_directly_import(inside)}  # fmt: skip
    assert {module for module in asking - set(SCHEMA_READERS) if not knows_graphql(module)} == set()


def test_platform_imports_nothing_of_ours(imports):
    inside = {"discovery.platform", *imports.find_descendants("discovery.platform")}
    reached = {other for module in inside for other in imports.find_modules_directly_imported_by(module)}
    assert {other for other in reached if is_within(other, ROOMS) and other not in inside} == set()


@pytest.mark.parametrize("room", ["accounts", "graph"])
def test_of_discovery_the_lower_rooms_import_platform_alone(imports, room):
    inside = {room, *imports.find_descendants(room)}
    reached = {other for module in inside for other in imports.find_modules_directly_imported_by(module)}
    climbing = {other for other in reached if is_within(other, ["discovery"])}
    assert {other for other in climbing if not is_within(other, ["discovery.platform"])} == set()


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
