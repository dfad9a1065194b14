"""One LemonSlice session: what it says about itself, and what it can be told."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider import EndReason, Limits, SessionEnd
from vision_agents.core.errors import DisconnectedError, ProtocolError, ProviderTimeoutError
from vision_agents.plugins.lemonslice import wire
from vision_agents.plugins.lemonslice.api import PROVIDER, LemonSliceApi
from vision_agents.plugins.livekit.guest import AvatarGuest

if TYPE_CHECKING:
    from vision_agents.core.metrics import MetricsCollector
    from vision_agents.plugins.livekit.events import DataReceived

logger = logging.getLogger(__name__)

# A third of the idle time-out: two lost calls do not lose the avatar.
KEEP_ALIVE_SHARE = 1 / 3
IMAGE_TIMEOUT_S = 30.0


class LemonSliceGuest(AvatarGuest):
    """Owns the API client it was made with."""

    def __init__(
        self, api: LemonSliceApi, session_id: str, *, idle_timeout: int, metrics: MetricsCollector
    ) -> None:
        keep_alive_s = idle_timeout * KEEP_ALIVE_SHARE if idle_timeout > 0 else None
        super().__init__(
            session_id,
            limits=Limits(
                session_id=session_id,
                keep_alive_s=keep_alive_s,
                idle_timeout_s=float(idle_timeout) if idle_timeout > 0 else None,
            ),
        )
        self._api = api
        self._metrics = metrics
        self._since_s = time.monotonic()
        self._can_reset = True
        self._image_changed: asyncio.Future[bool] | None = None
        self.over = False

    async def keep_alive(self) -> None:
        """Put the idle time-out off; also while a person talks for long, nothing else would."""
        if not self._can_reset:
            return
        try:
            await self._api.control(self.session_id, "reset-idle-timeout")
        except ProtocolError as error:
            # Not every deployment knows this event (the public schemas differ, 2026-07).
            if error.status_code != 400:
                raise
            self._can_reset = False
            logger.warning(
                "LemonSlice does not take reset-idle-timeout (%s): the avatar leaves after "
                "idle_timeout without speech",
                error,
            )

    async def user_speaking(self, speaking: bool) -> None:
        await self.send_data(wire.user_state(speaking), wire.USER_STATE_TOPIC)

    async def act(self, name: str) -> None:
        """Play a gesture (models cwm-1 and cwm-1-lite)."""
        await self.send_data(wire.action(name), wire.ACTION_TOPIC)

    async def control(self, event: str, **fields: object) -> None:
        """Any other control event."""
        await self._api.control(self.session_id, event, **fields)

    async def update_image(self, image_url: str) -> None:
        """Change the face; returns when the service has done it, which takes seconds.

        Raises:
            ProtocolError: the service could not use the image.
            ProviderTimeoutError: it did not say within 30 s.
        """
        changed = self._image_changed = asyncio.get_running_loop().create_future()
        await self._api.control(self.session_id, "update-image", image_url=image_url)
        try:
            async with asyncio.timeout(IMAGE_TIMEOUT_S):
                if not await changed:
                    raise ProtocolError("the new image could not be used", provider=PROVIDER)
        except TimeoutError:
            raise ProviderTimeoutError(
                "the new image", provider=PROVIDER, timeout_s=IMAGE_TIMEOUT_S
            ) from None

    def on_data(self, message: DataReceived) -> SessionEnd | None:
        if message.topic != wire.DATA_TOPIC:
            return None
        match wire.parse(message.payload):
            case wire.IdleTimeout():
                return SessionEnd(EndReason.IDLE, "idle_timeout passed without speech")
            case wire.Trouble(text=text, fatal=True):
                return SessionEnd(
                    EndReason.FAILED,
                    text,
                    DisconnectedError(f"the avatar failed: {text}", provider=PROVIDER),
                )
            case wire.Trouble(text=text):
                logger.warning("LemonSlice session %s: %s", self.session_id, text)
            case wire.Latencies(seconds=seconds):
                for name, value in seconds.items():
                    self._metrics.record(
                        "avatar.provider.latency.ms", value * 1000, provider=PROVIDER, phase=name
                    )
            case wire.ImageChanged(ok=ok):
                if self._image_changed is not None and not self._image_changed.done():
                    self._image_changed.set_result(ok)
        return None

    async def end(self, reason: EndReason) -> None:
        """Terminate it: a worker that was only put out of the room may be billed on."""
        if self.over:
            return
        self.over = True
        try:
            await self._api.terminate(self.session_id)
        finally:
            billed_s = time.monotonic() - self._since_s
            self._metrics.add("avatar.session.billed.s", billed_s, provider=PROVIDER)
            logger.info(
                "LemonSlice session %s over after %.1f s: %s",
                self.session_id,
                billed_s,
                reason.value,
            )
            await self._api.close()
