"""Browser sessions (SESSION_ENGINE), stored under a digest of their key: who reads the table cannot sign in with it.

A session and its row among the person's devices come to an end together.
"""

import hashlib
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as ClearSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone


def session_digest(key: str) -> str:
    """Under which the session of this key (the browser's cookie) is stored."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]


class SessionStore(ClearSessionStore):
    """Django's, but for the name of the row."""

    @property
    def digest(self) -> str | None:
        return session_digest(self.session_key) if self.session_key else None

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        there = self.model.objects.filter(session_key=self.digest, expire_date__gt=timezone.now())
        session: AbstractBaseSession | None = there.first() if self.digest else None
        if session is None:
            self._session_key = None
        return session

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(session_digest(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = session_digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        from accounts.models import Device  # this module is loaded before the apps are

        if (key := session_key or self.session_key) is not None:
            super().delete(session_digest(key))
            Device.objects.filter(session_digest=session_digest(key)).delete()

    def cycle_key(self) -> None:
        """The device goes on under the new key; Django deletes the session of the old one."""
        from accounts.models import Device

        before = self.digest
        data = self._session  # type: ignore[attr-defined]  # loads it
        self.create()
        self._session_cache = data
        if before is not None:
            Device.objects.filter(session_digest=before).update(session_digest=self.digest)
            self.model.objects.filter(session_key=before).delete()

    async def _aget_session_from_db(self) -> AbstractBaseSession | None:
        return await sync_to_async(self._get_session_from_db)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()
