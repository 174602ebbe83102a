"""Marks of rows: which rows bear one, and that nothing else passes for marked."""

import pytest

from accounts.models import User
from accounts.presentation import ensure_shown, rows_shown, viewer_key
from discovery.platform.errors import NotPresented
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factories.listener("ada")


def refused(row, viewer):
    with pytest.raises(NotPresented):
        ensure_shown(row, viewer_key(viewer), None, "Query", "node")
    return True


def test_rows_bear_the_mark_of_the_viewer_they_were_read_for(ada):
    (row,) = rows_shown(ada, User.objects.filter(pk=ada.pk)).answer
    ensure_shown(row, viewer_key(ada), None, "Query", "node")
    assert refused(row, factories.listener("ben"))
    assert refused(User.objects.get(pk=ada.pk), ada)


def test_rows_joined_with_others_by_or_are_not_taken_for_shown(ada):
    stranger = factories.listener("stranger")
    joined = rows_shown(ada, User.objects.filter(pk=ada.pk)).answer | User.objects.filter(pk=stranger.pk)
    assert len(joined) == 2
    assert all(refused(row, ada) for row in joined)
    assert [row.pk for row in rows_shown(ada, joined).answer] == [ada.pk]


def test_a_proxy_of_a_kind_is_asked_as_the_kind(ada):
    class Visitor(User):
        class Meta:
            proxy = True
            app_label = "accounts"

    assert refused(Visitor.objects.get(pk=ada.pk), ada)
