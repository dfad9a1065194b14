"""What comes back from one session: judged as it arrives, and played, held or dropped."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.director import Verdict
from vision_agents.core.avatars.provider.held import Held
from vision_agents.core.avatars.provider.levels import loudness
from vision_agents.core.media.pcm import as_pcm
from vision_agents.core.sync.utterances import Cleared, Finished, Started

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.provider.mouth import Mouth
    from vision_agents.core.avatars.provider.outlet import Outlet
    from vision_agents.core.media.pcm import PcmLike


class Reception:
    """Takes the media of one session; ``on_open`` is told when its gate opens."""

    def __init__(self, director: Director, outlet: Outlet, *, on_open: Callable[[], None]) -> None:
        self.mouth: Mouth | None = None
        """There once the session is open; before, only its first picture is taken."""
        self.first_picture: av.VideoFrame | None = None
        self.pictured = asyncio.Event()
        """Set with the first picture."""
        self._director = director
        self._outlet = outlet
        self._on_open = on_open
        self._held = Held()

    def release(self) -> None:
        """It has the floor: play what it said too early."""
        self._held.pour(self._outlet.play_sound, self._outlet.play_picture)

    def drop_held(self) -> None:
        """What it said too early is not wanted any more."""
        self._held.clear()

    def sound(self, sound: PcmLike) -> None:
        mouth = self.mouth
        if mouth is None:
            return
        pcm = as_pcm(sound)
        now_s = time.monotonic()
        was_open = mouth.gate.is_open(now_s)
        allowed, any_loud = True, False
        for seconds, loud in loudness(pcm):
            allowed = mouth.sound(seconds, loud=loud, now_s=now_s) and allowed
            any_loud = any_loud or loud
        if mouth.gate.is_open(now_s) and not was_open:
            self._on_open()
        if not allowed:
            return
        verdict = self._director.verdict(mouth)
        if verdict is Verdict.PLAY:
            self._outlet.play_sound(pcm, mouth.position_s)
        elif verdict is Verdict.HOLD:
            self._held.sound(pcm, mouth.position_s, loud=any_loud)

    def picture(self, frame: av.VideoFrame) -> None:
        if self.first_picture is None:
            self.first_picture = frame
            self.pictured.set()
        mouth = self.mouth
        if mouth is None:
            return
        now_s = mouth.seen_at_s = time.monotonic()
        verdict = self._director.verdict(mouth)
        if verdict is Verdict.PLAY and mouth.gate.is_open(now_s):
            self._outlet.play_picture(frame)
        elif verdict is Verdict.HOLD:
            self._held.picture(frame)

    def report(self, mark: Started | Finished | Cleared) -> None:
        """Take what the service says about playback, in the session's numbers."""
        mouth = self.mouth
        if mouth is None:
            return
        if isinstance(mark, Cleared):
            mouth.gate.cleared(time.monotonic())
            self._on_open()
        span = mouth.span(mark.utterance_id)
        if span is None or self._director.verdict(mouth) is not Verdict.PLAY:
            return
        if isinstance(mark, Finished):
            position_s = None if mark.position_s is None else mark.position_s + span.offset_s
            mark = Finished(span.utterance_id, position_s, mark.interrupted)
        else:
            mark = type(mark)(span.utterance_id)
        self._outlet.report(mark)
