"""Where radios live between two requests: Redis, with an end; and how one comes back without it.

A radio that Redis no longer knows is taken from the client's ``resume`` word, else from the log of
choices (people who agreed to experiments), else it begins again from its seed, which its id holds.
What happened to it in a private session ends with that session, here and in the client's word.
"""

from __future__ import annotations

import json
import logging

import redis
from django.conf import settings
from django.utils.translation import gettext as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts import policies
from accounts.models import User
from discovery.platform import clock
from discovery.platform.errors import Conflict
from discovery.radio import log
from discovery.radio.session import LIFETIME, Radio, from_id, resumed

logger = logging.getLogger(__name__)

SECONDS = 0.5  # a radio does not wait longer for Redis: it can do without

# Whoever took this step first has it. The list of a person's radios lives as long as the youngest of them.
_SAVE = """
local there = redis.call('GET', KEYS[1])
if there and cjson.decode(there).version >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""

_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """This process's connections to Redis."""
    url = settings.REDIS_URL
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(
            url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, decode_responses=True,
            retry=Retry(NoBackoff(), 0),  # by default a lost server is tried again for many seconds
        )  # fmt: skip
    return _clients[url]


def radio_load(*, user: User, radio_id: str, resume: str | None = None) -> Radio:
    """The radio of an id. Raises NotFound, and InvalidInput for a ``resume`` that is none of its."""
    radio = _load(user, radio_id, resume)
    return radio.forgotten() if radio.private and radio.private != private_session_of(user) else radio


def private_session_of(user: User) -> str:
    """The private session that ``user`` is in, by its beginning; empty outside of one."""
    if user.private_from is None or not policies.in_private_session(user):
        return ""
    return user.private_from.isoformat()


def _load(user: User, radio_id: str, resume: str | None) -> Radio:
    begun = from_id(radio_id, user_id=user.pk)
    told = resumed(resume, begun=begun, forgotten_at=user.records_deleted_at) if resume else None
    try:
        stored = client().get(_key(begun))
    except redis.RedisError as error:
        logger.warning("a radio goes on without Redis: %s", error)
        stored = None
    if stored is not None:
        kept = Radio.from_json(json.loads(stored))
        # A Redis that forgot and began again knows less than the client does.
        return told if told is not None and told.version > kept.version else kept
    return told if told is not None else log.heard_get(user=user, radio=begun)


def radio_save(*, user: User, radio: Radio) -> None:
    """Keep ``radio`` for a while. Raises Conflict when somebody else has taken this step meanwhile."""
    seconds = LIFETIME
    if radio.private and user.private_until is not None:
        seconds = max(int((user.private_until - clock.now()).total_seconds()), 1)
    try:
        saved = client().eval(
            _SAVE, 2, _key(radio), _list_of(radio.user_id),
            json.dumps(radio.to_json()), radio.version, seconds, LIFETIME,
        )  # fmt: skip
    except redis.RedisError as error:
        logger.warning("a radio is not kept: %s", error)
        return
    if not saved:
        raise Conflict(_("This radio has moved on meanwhile: ask for it again."), field="radioId")


def radios_delete(*, user_id: int) -> None:
    """Forget every radio of a person. Raises redis.RedisError where that cannot be said to have happened."""
    keys = client().smembers(_list_of(user_id))
    client().delete(_list_of(user_id), *keys)


def _list_of(user_id: int) -> str:
    return f"earshot:radios:{user_id}"


def _key(radio: Radio) -> str:
    return f"earshot:radio:{radio.id}"
