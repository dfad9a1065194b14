"""The contract between an agent and anything that gives it a face."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["Avatar"]


class Avatar(ABC):
    """Turns an agent's speech into a lip-synced face, in *passthrough* mode.

    It consumes the agent's audio and owns what the agent publishes: picture and sound. Nothing
    it produces ever reaches the language model or a processor.

    The agent calls, in this order: ``video_output()`` and ``attach_audio_input()`` in its
    constructor, ``start()`` when it joins a call, ``audio_output()`` when it publishes, and
    ``close()`` when it leaves; ``interrupt()`` at every barge-in. The barge-in order is the
    agent's: by the time ``interrupt()`` is called, the input stream has been flushed and
    ``audio_output().flush()`` has cut what was waiting here.
    """

    provider_name: str = ""
    """Which avatar this is, in events and metrics."""

    def __init__(self) -> None:
        self.events = EventManager()
        self.metrics = MetricsCollector()
        self._input_audio_stream: AudioOutputStream | None = None

    @abstractmethod
    def video_output(self) -> VideoStreamTrack:
        """The picture to publish: the same track for the whole call, there before ``start()``."""

    @abstractmethod
    def audio_output(self) -> AudioOutputStream:
        """The sound to publish: the same stream for the whole call, there before ``start()``."""

    @abstractmethod
    async def start(self) -> None:
        """Open the provider's connection and begin to consume ``input_audio_stream``.

        Returns when speech can be taken. Cancelling it, or an error from it, may leave it half
        open; the agent then calls ``close()``.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close the connection and end every task; idempotent, bounded, from any state."""

    async def interrupt(self) -> None:
        """Stop the utterance in flight at the provider; nothing, unless there is something to tell.

        Called outside the audio path; the agent gives it a bounded time and then cancels it.
        """

    @property
    def input_audio_stream(self) -> AudioOutputStream:
        """What the agent says: chunks of PCM, an end mark per utterance, a flush per barge-in.

        Raises:
            ValueError: nothing is attached yet.
        """
        if self._input_audio_stream is None:
            raise ValueError(
                "no audio input is attached to this avatar yet: an Agent does it in its "
                "constructor; without one, call attach_audio_input(stream) first"
            )
        return self._input_audio_stream

    def attach_audio_input(self, stream: AudioOutputStream) -> None:
        """Take the agent's speech from ``stream``; override to consume it in another way."""
        self._input_audio_stream = stream
