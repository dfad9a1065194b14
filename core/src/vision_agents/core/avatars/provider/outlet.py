"""The way out: sound marked with the utterance that it speaks, pictures, and reports."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from vision_agents.core.errors import StreamClosed, StreamFull
from vision_agents.core.media.audio_stream import AudioOutputChunk

if TYPE_CHECKING:
    import av

    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.synchronizer import AVSynchronizer
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData
    from vision_agents.core.sync.utterances import Cleared, Finished, Started

logger = logging.getLogger(__name__)


class Outlet:
    """Hands the engine what is to be heard and seen now.

    A flush that waits in the agent's stream was a cut already: what comes is from before it.
    """

    def __init__(
        self,
        provider: str,
        *,
        director: Director,
        speech: AudioOutputStream,
        engine: AVSynchronizer,
    ) -> None:
        self._provider = provider
        self._director = director
        self._speech = speech
        self._engine = engine
        self._overflowed = False

    def play_sound(self, pcm: PcmData, position_s: float) -> None:
        """Let sound be heard that reaches up to ``position_s`` of the script."""
        if self._speech.flush_waits:
            return
        line = self._director.played(position_s)
        self._write(AudioOutputChunk(pcm, utterance_id=0 if line is None else line.utterance_id))
        self.tell_ends()

    def play_picture(self, frame: av.VideoFrame) -> None:
        if not self._speech.flush_waits:
            self._engine.write_video_nowait(frame)

    def tell_ends(self) -> None:
        """Mark in the sound where utterances are over."""
        for line in self._director.finished_lines(time.monotonic()):
            self._write(AudioOutputChunk(None, final=True, utterance_id=line.utterance_id))

    def report(self, mark: Started | Finished | Cleared) -> None:
        """Pass on what the service says about playback, in the agent's numbers."""
        self._engine.audio_output.playback.provider_report(mark)

    def _write(self, chunk: AudioOutputChunk) -> None:
        try:
            self._engine.audio_output.send_nowait(chunk)
        except StreamClosed:
            pass  # the avatar is being closed: nobody hears it
        except StreamFull:
            if not self._overflowed:
                logger.warning("%s: sound is dropped: nobody takes it", self._provider)
            self._overflowed = True
