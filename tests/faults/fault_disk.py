"""The disk is full as a model, an export or a file that somebody hands in is written: nothing half is kept, and it goes on with room.

A small file system of its own is mounted for each, which takes root; elsewhere these are skipped. About three minutes.
"""

import contextlib
import os
import subprocess
import time

import httpx
import pytest
from django.utils import timezone

from discovery.models import DataExport
from discovery.privacy.export import data_export_request
from graph.models import ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from tasks.errands import errand_send
from tests import factories
from tests.faults.installation import DISCOVER
from tests.processes import wait_for

pytestmark = [
    pytest.mark.worker,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system"),
]
MODEL = "{ viewer { discover(first: 5) { degraded modelVersion { id } edges { node { __typename } } } } }"


class SmallDisk:
    def __init__(self, place):
        self.place, self._filler = place, place / "filler"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __enter__(self):
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(self.place)], check=False
        )
        if mounted.returncode:
            pytest.skip("this container may not mount a file system")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.place)], check=True)

    def fill(self, *, but=0):
        """Leave ``but`` bytes of room."""
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 65_536)
        os.truncate(self._filler, self._filler.stat().st_size - but)

    def free(self):
        self._filler.unlink()

    def others(self):
        return sorted(path.name for path in self.place.rglob("*") if path.is_file() and path != self._filler)


def ended(key):
    run = TrainingRun.objects.filter(key=key).first()
    return run if run is not None and run.state != "RUNNING" else None


def test_the_disk_is_full_as_a_model_is_written(installation, artifact_dir):
    sample_community_create(listeners=120, now=timezone.now())
    ada = factories.sharer("asking")
    with SmallDisk(artifact_dir) as disk:
        installation.web().worker(clock=False)
        errand_send("tasks.training.train", "first")
        assert wait_for(lambda: ended("first"), seconds=180, what="a first model").state == "DONE"
        served = installation.ask(ada, MODEL).data["viewer"]["discover"]
        assert served["modelVersion"]
        files = disk.others()
        disk.fill(but=100_000)
        errand_send("tasks.training.train", "second")
        run = wait_for(lambda: ended("second"), seconds=180, what="the second to fail")
        print(f"the run is {run.state}: {run.error}")
        assert run.state == "FAILED"
        assert "No space left" in run.error
        assert disk.others() == files, "no half of one"
        assert ModelVersion.objects.count() == 1
        assert installation.ask(ada, MODEL).data["viewer"]["discover"] == served
        assert installation.get("/readyz").body["components"]["model"]["ok"]
        disk.free()
        errand_send("tasks.training.train", "third")
        assert wait_for(lambda: ended("third"), seconds=180, what="a third").state == "DONE"
        wait_for(
            lambda: installation.ask(ada, MODEL).data["viewer"]["discover"]["modelVersion"] != served["modelVersion"],
            seconds=20, what="the new model",
        )  # fmt: skip
        installation.ensure_alive("web", "worker")
        installation.end()


def test_the_disk_is_full_as_an_export_is_written(installation):
    ada = factories.sharer("ada")
    factories.listens(ada, factories.track(), times=5_000)
    with SmallDisk(installation.home / "exports") as disk:
        installation.web().worker()
        disk.fill(but=20_000)
        export = data_export_request(user=ada)
        wait_for(lambda: "No space left" in installation.log("worker"), seconds=60, what="the failure")
        export.refresh_from_db()
        assert (export.state, disk.others()) == ("REQUESTED", []), (
            "it is asked for, and no half of it is there"
        )
        disk.free()
        began = time.monotonic()
        wait_for(
            lambda: DataExport.objects.filter(pk=export.pk, state="READY").exists(), seconds=100, what="it"
        )
        print(f"written {time.monotonic() - began:.0f} s after there was room")
        assert disk.others() == [export.path.name]
        installation.end()


@pytest.mark.parametrize("where", ["uploads", "temporary"])
def test_the_disk_is_full_as_a_file_is_handed_in(installation, where):
    ada = factories.sharer("ada")
    with SmallDisk(installation.home / where) as disk:
        installation.web(
            TMPDIR=installation.home / "temporary"
        ) if where == "temporary" else installation.web()
        disk.fill(but=500_000)
        body = os.urandom(4 << 20)
        answers = []
        for files, content in ((None, body), ({"file": ("history.json", body)}, None)):
            answers.append(upload(installation, ada, content=content, files=files))
        print([(answer.status_code, answer.text[:160]) for answer in answers])
        for answer in answers:
            assert answer.status_code == 507
            assert answer.json()["errors"][0]["extensions"]["code"] == "STORAGE_FULL"
        assert disk.others() == []
        assert installation.ask(ada, DISCOVER).status == 200
        disk.free()
        assert upload(installation, ada, content=body).status_code == 201
        installation.end()


def upload(installation, user, **body):
    return httpx.post(
        f"{installation.address()}/imports/", headers=installation.headers(user), timeout=60, **body
    )
