"""No request's body is longer than the longest that is read."""

import asyncio

import pytest

from discovery.platform.web_process import bounded


@pytest.mark.parametrize(
    ("sizes", "last"), [((4, 6), "http.request"), ((4, 7), "http.disconnect"), ((11,), "http.disconnect")]
)
def test_who_sends_more_is_hung_up_on(sizes, last):
    parts = iter([{"type": "http.request", "body": b"x" * size, "more_body": True} for size in sizes])

    async def receive():
        return next(parts)

    async def all_of_it():
        received = bounded(receive, 10)
        return [(await received())["type"] for _ in sizes]

    assert asyncio.run(all_of_it())[-1] == last
