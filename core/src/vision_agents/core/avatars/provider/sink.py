"""Where a session puts the picture and sound that come back from its service."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import av

    from vision_agents.core.avatars.provider.session import ProviderSession
    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.sync.utterances import Cleared, Finished, Started

__all__ = ["MediaSink"]

Connect: TypeAlias = "Callable[[MediaSink], Awaitable[ProviderSession]]"
"""What opens one session."""


class MediaSink:
    """Takes the media of one session; handed to ``connect`` and dead after its session.

    Every method returns at once, may be called from the event loop's thread only, and does
    nothing once the session is over, so a late callback needs no check.
    """

    def __init__(
        self,
        *,
        on_video: Callable[[av.VideoFrame], None],
        on_audio: Callable[[PcmLike], None],
        on_report: Callable[[Started | Finished | Cleared], None],
        on_phase: Callable[[str], None],
    ) -> None:
        self._on_video = on_video
        self._on_audio = on_audio
        self._on_report = on_report
        self._on_phase = on_phase
        self._open = True

    def write_video(self, frame: av.VideoFrame) -> None:
        """Take a picture of any size; the frame belongs to the sink from now on."""
        if self._open:
            self._on_video(frame)

    def write_audio(self, pcm: PcmLike) -> None:
        """Take sound of any rate, as it came; silence too, it says that the service is alive."""
        if self._open:
            self._on_audio(pcm)

    def report(self, mark: Started | Finished | Cleared) -> None:
        """Pass on what the service says about playback, with the number given to ``send``."""
        if self._open:
            self._on_report(mark)

    def phase(self, name: str) -> None:
        """While connecting: say what is being waited for from here on, such as ``"room"``.

        The name stands in the time-out error, and each phase's seconds in metrics and events.
        """
        if self._open:
            self._on_phase(name)

    def close(self) -> None:
        """Take nothing more. The supervisor's, not the provider's, to call."""
        self._open = False
