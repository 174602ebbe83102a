"""Two processes tell friends of one person's plays at once, each in a transaction of its own."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from graph.ingest import follow
from graph.ingest.outbox import news_deliver
from graph.models import FriendNews
from tests import factories


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time_tells_of_a_person(monkeypatch):
    """The later of two rows does not overtake the first, which is in other hands; those tell both."""
    told = []
    monkeypatch.setattr(follow, "publish", lambda _channels, *messages: told.extend(messages) or True)
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    lately = timezone.now() - timedelta(minutes=30)
    plays = factories.listens(ben, factories.track(), times=2, at=lately)
    rows = [FriendNews.objects.create(user=ben, listens=[listen.pk]) for listen in plays]
    held, free = Event(), Event()

    def other():
        with transaction.atomic():
            FriendNews.objects.select_for_update().get(pk=rows[0].pk)
            held.set()
            free.wait(20)
        connection.close()

    worker = Thread(target=other)
    worker.start()
    try:
        assert held.wait(20)
        assert news_deliver(user_id=ben.pk)
        assert (told, FriendNews.objects.count()) == ([], 2)
    finally:
        free.set()
        worker.join()
    news_deliver(user_id=ben.pk)
    assert [message["listen"] for message in told] == [row.listens[0] for row in rows]
