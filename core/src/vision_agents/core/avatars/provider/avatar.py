"""``ProviderAvatar``: an avatar that only says how to talk to its service."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, final

from vision_agents.core.avatars.avatar import Avatar
from vision_agents.core.plugin.records import Capabilities

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.session import ProviderSession
    from vision_agents.core.avatars.provider.sink import MediaSink
    from vision_agents.core.avatars.tracks import QueuedVideoTrack
    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["OnFailure", "ProviderAvatar"]

OnFailure = Literal["voice", "raise"]


class ProviderAvatar(Avatar):
    """An avatar played by a remote service. A provider implements :meth:`connect` only.

    ``capabilities`` may also be set on the instance, before ``super().__init__``, where a setting
    decides. ``on_avatar_failure``: ``"voice"`` goes on without the face when the service is lost
    for good, ``"raise"`` raises from ``start()`` and closes the avatar.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(
        self,
        *,
        width: int = 1280,
        height: int = 720,
        fps: int = 30,
        trim_ms: float = 0.0,
        on_avatar_failure: OnFailure = "voice",
        start_timeout_s: float = 30.0,
    ) -> None:
        super().__init__()
        from vision_agents.core.avatars.synchronizer import AVSynchronizer

        self.on_avatar_failure: OnFailure = on_avatar_failure
        self.start_timeout_s = start_timeout_s
        self._sync = AVSynchronizer(
            width,
            height,
            fps,
            trim_ms=trim_ms,
            receive_skew_s=self.capabilities.receive_skew_s,
        )

    @abstractmethod
    async def connect(self, media: MediaSink) -> ProviderSession:
        """Open one session and return it when it can take speech.

        Called again for a renewal or after a loss, also while another session is alive, and with
        a sink of its own. Cancelled when it takes too long or the avatar is closed: whatever was
        opened must be undone before the cancellation leaves.

        Raises:
            ProviderError: refused or failed; ``retryable`` says whether to try again.
        """

    @final
    def video_output(self) -> QueuedVideoTrack:
        return self._sync.video_output

    @final
    def audio_output(self) -> AudioOutputStream:
        return self._sync.audio_output

    @final
    async def start(self) -> None:
        raise NotImplementedError

    @final
    async def close(self) -> None:
        self._sync.close()

    @final
    async def interrupt(self) -> None:
        """Tell the service to stop; media of the interrupted utterance are dropped from here on."""
