"""The proof of growth: a page of a list costs what stands on it, and not what the whole community has."""

import pytest
from django.db import connection

from tests import factories
from tests.api.client import App
from tests.plans import plan, questions
from tests.proofs.lists import LISTS, PEOPLE, RANKINGS

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

# What grows with the community, not with what one person has.
EVERYBODYS = {
    "accounts_user", "accounts_friendship", "accounts_consent", "accounts_block", "graph_listen", "graph_feedback",
    "graph_artistplaycount", "graph_playlist", "graph_playlistentry", "graph_itemrecommendation", "graph_naming",
    "discovery_socialuse", "oauth2_provider_accesstoken",
}  # fmt: skip


if connection.vendor == "sqlite":  # the suite runs what is marked so on both

    @pytest.mark.parametrize("name", LISTS)
    def test_a_page_reads_no_table_of_everybody_from_end_to_end(name, serve, monkeypatch):
        ada = factories.sharer("ada")
        walk = LISTS[name](ada, serve if name in RANKINGS else monkeypatch if name in PEOPLE else None)
        app = App(ada)
        walk.page(app)  # what a process reads once
        with questions() as asked:
            walk.page(app)
        assert asked
        steps = [(step, sql) for sql, params in asked for step in plan(sql, params)]
        whole = {table: sql for (how, table, _by), sql in steps if how == "SCAN" and table in EVERYBODYS}
        assert whole == {}
