"""The broker as a test sees it: what waits in it, who is alive, and workers that leave it there for a while."""

import time

import redis

from discovery.models import DataExport
from discovery.platform import pulse
from discovery.platform.redis import QUEUES
from tasks.celery import app
from tests.processes import tree_of

A_ROUND = 150  # seconds: the clock asks once a minute


def broker_set(url):
    """For what this process sends from here on: connections to another broker are kept in a pool."""
    app.conf.broker_url = url
    app._pool = app.amqp._producer_pool = None


def pause(process):
    """What is asked for from here on stays in its queue: the worker's last wish for a message runs out after a second."""
    for each in tree_of(process.pid):
        each.suspend()
    time.sleep(2)


def resume(process):
    if process.poll() is None:
        for each in tree_of(process.pid):
            each.resume()


def alive():
    """Whether there is a worker for every queue, and the clock."""
    return working([*QUEUES, pulse.CLOCK])


def working(names=QUEUES):
    try:
        return pulse.pulse_missing(names) == []
    except redis.RedisError:
        return False


def waiting(queue="privacy"):
    """How many messages nobody has taken yet."""
    return pulse.client().llen(queue)


def built(export):
    return DataExport.objects.get(pk=export.pk).state == DataExport.State.READY
