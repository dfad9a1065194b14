"""The plain voice at work: speech without a face, straight from the script to the outlet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import VOICE_LEAD_S

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.provider.outlet import Outlet
    from vision_agents.core.avatars.synchronizer import AVSynchronizer


class PlainVoice:
    """Speaks what the director gives it, just ahead of playout."""

    def __init__(self, director: Director, outlet: Outlet, engine: AVSynchronizer) -> None:
        self._director = director
        self._outlet = outlet
        self._engine = engine
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to say."""
        self._wake.set()

    async def speak(self) -> None:
        """Speak until cancelled."""
        while True:
            self._wake.clear()
            if self._director.next_for_voice() is None:
                await self._wake.wait()
                continue
            await self._engine.wait_for_demand(VOICE_LEAD_S)
            piece = self._director.next_for_voice()  # a barge-in may have taken it meanwhile
            if piece is not None:
                self._director.voice.position_s = piece.end_s
                self._outlet.play_sound(piece.pcm, piece.end_s)
