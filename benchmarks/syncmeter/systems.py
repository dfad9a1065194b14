"""The systems under test, as a sender sees them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import av

if TYPE_CHECKING:
    from syncmeter.signal import Samples


class System(Protocol):
    """A synchroniser with a provider in front and the two senders of a call behind."""

    async def write_video(self, frame: av.VideoFrame) -> None: ...
    async def write_audio(self, samples: Samples, rate_hz: int) -> None: ...
    async def flush(self) -> None: ...
    async def picture(self) -> av.VideoFrame:
        """The next published picture, when it leaves."""
        ...

    async def sound(self) -> Samples:
        """The next published 20 ms, 48 kHz mono, when they leave."""
        ...

    async def __aenter__(self) -> System: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Ours:
    """``AVSynchronizer`` published as an edge does it: both tracks straight out of it."""

    def __init__(self, width: int, height: int, fps: int, max_queue: int) -> None:
        from vision_agents.core.avatars import AVSynchronizer
        from vision_agents.core.edge import OutboundAudioTrack

        self._sync = AVSynchronizer(width, height, fps, max_queue)
        self._track = OutboundAudioTrack(self._sync.audio_output)

    async def write_video(self, frame: av.VideoFrame) -> None:
        await self._sync.write_video(frame)

    async def write_audio(self, samples: Samples, rate_hz: int) -> None:
        from vision_agents.core.media.pcm import PcmData

        await self._sync.write_audio(PcmData(rate_hz, "s16", samples))

    async def flush(self) -> None:
        await self._sync.flush()

    async def picture(self) -> av.VideoFrame:
        return await self._sync.video_output.recv()

    async def sound(self) -> Samples:
        samples: Samples = (await self._track.recv()).to_ndarray()[0]
        return samples

    async def __aenter__(self) -> Ours:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sync.close()
