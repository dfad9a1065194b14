"""How to write a provider: say how to talk to the service, and nothing else.

A provider is two small classes. ``connect`` opens a session; the session sends speech::

    class AcmeAvatar(ProviderAvatar):
        provider_name = "acme"
        capabilities = Capabilities(sample_rate_hz=24_000, chunk_s=0.5, max_session_s=600)

        async def connect(self, media: MediaSink) -> ProviderSession:
            media.phase("token")                       # names the wait, for errors and metrics
            token = await self._rest.new_session()     # AuthError, BusyError, ... from statuses
            async with AsyncExitStack() as undo:       # cancelled or failed: nothing stays open
                media.phase("socket")
                socket = await undo.enter_async_context(open_socket(token.url))
                room = await undo.enter_async_context(
                    join_room(token, on_video=media.write_video, on_audio=media.write_audio)
                )
                media.phase("ready")
                await socket.wait_ready()              # speech sent earlier would be lost
                return AcmeSession(socket, room, media, undo.pop_all())

    class AcmeSession(ProviderSession):
        async def send(self, pcm, *, utterance): await self._socket.speak(pcm.to_bytes(), utterance)
        async def end(self, *, utterance): await self._socket.speak_end(utterance)
        async def interrupt(self, *, utterance): await self._socket.interrupt()
        async def keep_alive(self): await self._socket.ping()
        async def wait_closed(self): return await self._socket.closed()     # a SessionEnd
        async def disconnect(self, reason): await self._undo.aclose()

What comes back goes into the sink: ``media.write_video(frame)``, ``media.write_audio(pcm)``, and
``media.report(Started(utterance))`` and its like where the service tells about playback.

Everything else stands once in core: resampling, chunking, pacing, the end of each utterance,
time-outs with the phase named, retries, keep-alive, renewal before a cap, noticing a stall,
reconnecting, barge-in, and a voice that goes on when the face cannot. Not for a provider to do:
reconnect by itself, queue speech, drop late media, start tasks that outlive ``disconnect``.

Errors: raise the :mod:`~vision_agents.core.errors` kind that fits (``AuthError``, ``QuotaError``,
``BusyError``, ``ProtocolError``, ``DisconnectedError``); ``retryable`` decides what happens next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.session import (
    EndReason,
    Limits,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.avatars.provider.sink import MediaSink
from vision_agents.core.plugin.records import Capabilities

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.avatar import ProviderAvatar
    from vision_agents.core.sync.utterances import Cleared, Finished, Started
else:

    def __getattr__(name: str) -> object:
        if name == "ProviderAvatar":  # lazily: it needs aiortc, av and numpy
            from vision_agents.core.avatars.provider.avatar import ProviderAvatar

            return ProviderAvatar
        if name in ("Cleared", "Finished", "Started"):
            from vision_agents.core.sync import utterances

            return getattr(utterances, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Capabilities",
    "Cleared",
    "EndReason",
    "Finished",
    "Limits",
    "MediaSink",
    "ProviderAvatar",
    "ProviderSession",
    "SessionEnd",
    "Started",
]
