"""The audit of dependencies tells what the source says, and says so where there is none."""

import json

import httpx

from tests import audit


def source(*answers):
    def answer(request):
        asked = json.loads(request.content)["queries"]
        return httpx.Response(
            200, json={"results": [answers[i] if i < len(answers) else {} for i in range(len(asked))]}
        )

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_warning_is_told_unless_it_is_explained(monkeypatch):
    packages = [("django", "5.2.0"), ("numpy", "2.1.0")]
    with source({"vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}) as client:
        assert audit.warnings(packages, client) == ["django 5.2.0: PYSEC-1", "django 5.2.0: PYSEC-2"]
        monkeypatch.setitem(audit.ACCEPTED, "PYSEC-1", "nothing here calls it")
        assert audit.warnings(packages, client) == ["django 5.2.0: PYSEC-2"]


def test_without_the_source_it_is_skipped_with_a_reason(monkeypatch, capsys):
    monkeypatch.setattr(audit, "SOURCE", "http://127.0.0.1:9/")
    assert audit.main() == 0
    assert "skipped: http://127.0.0.1:9/ cannot be reached" in capsys.readouterr().out


def test_it_asks_of_what_is_installed():
    assert {"django", "numpy"} <= {name.lower() for name, _ in audit.installed()}
