"""An agent's stay in its call: everything starts together, goes on or breaks off, and closes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vision_agents.core.agents.parts import start_in_time, start_together
from vision_agents.core.errors import ConfigError

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.lifetime import Lifetime
    from vision_agents.core.agents.parts import Background, Parts
    from vision_agents.core.agents.reports import Reports
    from vision_agents.core.agents.speech import Speech
    from vision_agents.core.agents.user import User
    from vision_agents.core.avatars.avatar import Avatar
    from vision_agents.core.avatars.provider.avatar import OnFailure
    from vision_agents.core.edge.call import Call
    from vision_agents.core.edge.edge import Edge

__all__ = ["Stay", "agree_on_failure"]

AVATAR_GRACE_S = 1.0


class Stay:
    """Brings an agent's parts into its call and out of it: with the avatar, or voice only."""

    def __init__(
        self,
        parts: Parts,
        speech: Speech,
        reports: Reports,
        lifetime: Lifetime,
        background: Background,
    ) -> None:
        self._parts = parts
        self._speech = speech
        self._reports = reports
        self._lifetime = lifetime
        self._background = background
        self._video: VideoStreamTrack | None = None
        if parts.avatar is not None:
            self._video = parts.avatar.video_output()
            parts.avatar.attach_audio_input(speech.input)

    async def enter(
        self, edge: Edge, call: Call, user: User, *, timeout_s: float, on_failure: OnFailure
    ) -> None:
        """Start every part and publish; ``on_failure`` is for the avatar's start."""
        await start_together(
            start_in_time("edge", lambda: edge.join(call, user), timeout_s),
            *self._parts.starts(timeout_s),
            self._start_avatar(timeout_s, on_failure),
        )
        self._reports.follow(self._speech)
        await edge.publish(audio=self._speech.output, video=self._video)
        self._lifetime.enter()
        self._background.spawn("edge", lambda: self._watch(edge))
        self._reports.joined()

    async def break_off(self, exc: BaseException) -> None:
        """The call cannot go on: whoever waits for speech or for its end is told why."""
        self._lifetime.end(exc)
        await self._speech.cut()

    async def leave(self) -> None:
        """Leave the call and close every part, from any state; what they raise is reported."""
        entered = self._lifetime.leave()
        if self._speech.busy:
            await self._speech.cut()
        await self._background.end()
        # First nobody reads picture and sound any more, then their sources end.
        self._reports.failed(*await self._parts.close_edge())
        self._speech.input.close()
        self._reports.failed(*await self._parts.close_sources())
        if self._video is not None:
            self._video.stop()
        self._lifetime.close()
        if entered:
            self._reports.left()

    async def _start_avatar(self, timeout_s: float, on_failure: OnFailure) -> None:
        avatar = self._parts.avatar
        if avatar is None:
            return
        began_s = time.monotonic()
        try:
            name = avatar.provider_name or "avatar"
            # Its own time-out comes first where it has one: that names what it waited for.
            await start_in_time(name, avatar.start, timeout_s + AVATAR_GRACE_S)
        except Exception as exc:  # a reporting boundary: whatever fails, the voice goes on
            if on_failure == "raise":
                raise
            await self._give_up_avatar(exc)
        else:
            self._reports.avatar_started(time.monotonic() - began_s)
            self._speech.come_back_as(avatar.audio_output())

    async def _give_up_avatar(self, exc: Exception) -> None:
        """Go on with the voice alone; nothing has been published yet."""
        self._reports.avatar_lost(exc)
        self._speech.go_unread()
        self._reports.failed(*await self._parts.close_avatar())
        if self._video is not None and self._video.readyState != "live":
            self._video = None

    async def _watch(self, edge: Edge) -> None:
        """Learn that the call is over, whichever way."""
        try:
            await edge.wait_ended()
        except Exception as exc:  # a reporting boundary: say() and finish() raise it
            self._reports.failed(("edge", exc))
            await self.break_off(exc)
        else:
            self._lifetime.end()


def agree_on_failure(avatar: Avatar | None, wanted: OnFailure | None) -> OnFailure:
    """What losing the avatar means: to the agent, and to a provider that decides in mid-call."""
    if wanted not in ("voice", "raise", None):
        raise ConfigError(f"on_avatar_failure is 'voice' or 'raise', not {wanted!r}")
    if wanted is None:
        return getattr(avatar, "on_avatar_failure", "voice")
    if avatar is not None and hasattr(avatar, "on_avatar_failure"):
        avatar.on_avatar_failure = wanted
    return wanted
