"""``python -m tests.audit``: whether anybody warns of a version that is installed here, as https://osv.dev knows of it.

One request for all packages. Exit status 1 where there is a warning that `ACCEPTED` does not explain; 0, with a reason, where
the source cannot be reached.
"""

from __future__ import annotations

import sys
from importlib.metadata import distributions
from typing import Any

import httpx

SOURCE = "https://api.osv.dev/v1/querybatch"
ACCEPTED: dict[str, str] = {}  # by id: why it does not concern us


def installed() -> list[tuple[str, str]]:
    """Names and versions, without the local part that builds of PyTorch have."""
    return sorted({(one.metadata["Name"], one.version.split("+")[0]) for one in distributions()})


def warnings(packages: list[tuple[str, str]], client: httpx.Client) -> list[str]:
    """One line for each that is not explained. Raises httpx.HTTPError where nobody answers."""
    asked = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages
    ]
    answer = client.post(SOURCE, json={"queries": asked}).raise_for_status()
    results: list[dict[str, Any]] = answer.json()["results"]
    return [
        f"{name} {version}: {vulnerability['id']}"
        for (name, version), result in zip(packages, results, strict=True)
        for vulnerability in result.get("vulns", [])
        if vulnerability["id"] not in ACCEPTED
    ]


def main() -> int:
    try:
        with httpx.Client(timeout=5) as client:
            told = warnings(installed(), client)
    except httpx.HTTPError as error:
        print(f"dependency audit skipped: {SOURCE} cannot be reached ({type(error).__name__})")
        return 0
    print("\n".join(told) or "dependency audit: no warnings")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
