"""LemonSlice's REST interface: sessions, and what can be told to one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vision_agents.core.errors import ConfigError, ProtocolError, ProviderError
from vision_agents.plugins.lemonslice.wire import session_body
from vision_agents.plugins.livekit.rest import RestClient

if TYPE_CHECKING:
    from vision_agents.plugins.lemonslice.settings import LemonSliceSettings
    from vision_agents.plugins.livekit.guest import Invitation

PROVIDER = "lemonslice"
# Starting was seen to take 10 s; the supervisor's own limit for a start ends it if that is less.
CREATE_TIMEOUT_S = 20.0
CONTROL_TIMEOUT_S = 2.0
CONTROL_ATTEMPTS = 2


class LemonSliceApi:
    """One key's way to the service. ``close`` it when done.

    Raises, in all calls: the provider errors of ``RestClient.request``.
    """

    def __init__(self, settings: LemonSliceSettings) -> None:
        self._settings = settings
        self._rest = RestClient(
            settings.base_url, provider=PROVIDER, headers={"X-API-Key": settings.api_key}
        )

    async def create(self, invitation: Invitation) -> str:
        """Start a session whose worker joins our room; its id.

        Never repeated by itself: an answer that was lost may have started one, which then joins a
        room that nobody is in any more.
        """
        reply = await self._rest.request(
            "POST",
            "/liveai/sessions",
            body=session_body(self._settings, invitation),
            image=await self._image(),
            phase="the LemonSlice session",
            timeout_s=CREATE_TIMEOUT_S,
        )
        session_id = reply.get("session_id")
        if not isinstance(session_id, str) or not session_id:
            raise ProtocolError("a session was started, but without an id", provider=PROVIDER)
        return session_id

    async def status(self, session_id: str) -> dict[str, Any]:
        """``session_status`` and, when it is over, ``cost``."""
        return await self._rest.request(
            "GET",
            f"/liveai/sessions/{session_id}",
            phase="the state of the LemonSlice session",
            timeout_s=CONTROL_TIMEOUT_S,
        )

    async def control(self, session_id: str, event: str, **fields: Any) -> None:
        """Tell a session something: ``terminate``, ``reset-idle-timeout``, ``update-image``, ..."""
        await self._rest.request(
            "POST",
            f"/liveai/sessions/{session_id}/control",
            body={"event": event, **fields},
            phase=f"an answer to {event}",
            timeout_s=CONTROL_TIMEOUT_S,
            attempts=CONTROL_ATTEMPTS,
        )

    async def terminate(self, session_id: str) -> None:
        """End a session; one that has ended already is fine too."""
        try:
            await self.control(session_id, "terminate")
        except ProviderError as error:
            if error.status_code != 404:
                raise

    async def check_key(self) -> None:
        """Ask for something that costs nothing."""
        await self._rest.request(
            "GET", "/liveai/sessions?page=1&limit=1", phase="a check of the key"
        )

    async def close(self) -> None:
        """Release the connections; idempotent."""
        await self._rest.close()

    async def _image(self) -> bytes | None:
        path = self._settings.agent_image_path
        if path is None:
            return None
        try:
            return await asyncio.to_thread(Path(path).read_bytes)
        except OSError as error:
            raise ConfigError(f"agent_image_path: {error}") from error
