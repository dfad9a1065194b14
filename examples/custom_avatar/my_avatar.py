"""An avatar of your own: a drawn face whose mouth opens as far as the speech is loud.

Everything an avatar needs is here: the two outputs, start, close, and a loop that reads the
agent's speech and writes pictures and sound. Replace ``Face`` by your renderer or your service.
Run as a script, it shows itself in the browser and says what you type there.
"""

from __future__ import annotations

import asyncio
import contextlib
from fractions import Fraction

import av
import numpy as np

from vision_agents.core import Agent, User
from vision_agents.core.agents.inference import AudioOutputStream
from vision_agents.core.avatars import Avatar, AVSynchronizer
from vision_agents.core.avatars.tracks import QueuedVideoTrack
from vision_agents.core.edge import Interrupt
from vision_agents.core.media import PcmData


class MyAvatar(Avatar):
    provider_name = "my_avatar"

    def __init__(self, width: int = 640, height: int = 360, fps: int = 30) -> None:
        super().__init__()
        self._fps = fps
        self._face = Face(width, height)
        # Our picture and our sound count one and the same time, so the engine can be exact.
        self._sync = AVSynchronizer(width=width, height=height, fps=fps, shared_timeline=True)
        self._sync.set_idle_frame(self._face.draw(0.0))
        self._task: asyncio.Task[None] | None = None
        self._pictures = 0  # made so far: the video's time, in 1/fps
        self._sound_s = 0.0  # passed on so far: the sound's time

    def video_output(self) -> QueuedVideoTrack:
        return self._sync.video_output

    def audio_output(self) -> AudioOutputStream:
        return self._sync.audio_output

    async def start(self) -> None:
        self._task = asyncio.create_task(self._consume(self.input_audio_stream), name="my-avatar")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._sync.close()

    async def _consume(self, stream: AudioOutputStream) -> None:
        async for chunk in stream:
            if chunk.data is not None:  # else the end of an utterance, or a barge-in
                await self._speak(chunk.data)
                # Do not run ahead of the listener. Wait with empty hands: a chunk held here
                # through a barge-in would be heard after it.
                await self._sync.wait_for_demand()
            elif chunk.final:
                await self._show(0.0)

    async def _speak(self, pcm: PcmData) -> None:
        """Pass 20 ms of speech on, with the pictures that begin in it."""
        loudness = float(np.abs(pcm.to_float32().samples).mean())
        while self._pictures / self._fps < self._sound_s + pcm.duration:
            await self._show(min(1.0, loudness * 6))
        pcm = pcm.copy()
        pcm.pts, pcm.time_base = (
            round(self._sound_s * pcm.sample_rate),
            Fraction(1, pcm.sample_rate),
        )
        self._sound_s += pcm.duration
        await self._sync.write_audio(pcm)

    async def _show(self, mouth: float) -> None:
        frame = self._face.draw(mouth)
        frame.pts, frame.time_base = self._pictures, Fraction(1, self._fps)
        self._pictures += 1
        await self._sync.write_video(frame)


class Face:
    """Draws in yuv420p, the format that goes all the way to the encoder without a conversion."""

    def __init__(self, width: int, height: int) -> None:
        y, x = np.mgrid[0:height, 0:width]
        self._x = (x - width / 2) / height
        self._y = (y - height / 2) / height
        self._head = self._x**2 / 0.32**2 + self._y**2 / 0.42**2 < 1
        self._eyes = (np.abs(self._x) - 0.13) ** 2 + (self._y + 0.1) ** 2 < 0.035**2
        self._chroma = np.full((height // 2, width), 128, np.uint8)

    def draw(self, mouth: float) -> av.VideoFrame:
        """``mouth`` from 0, shut, to 1, wide open."""
        luma = np.where(self._head, 190, 40).astype(np.uint8)
        lips = self._x**2 / 0.12**2 + (self._y - 0.2) ** 2 / (0.008 + 0.07 * mouth) ** 2 < 1
        luma[lips | self._eyes] = 25
        return av.VideoFrame.from_ndarray(np.vstack([luma, self._chroma]), format="yuv420p")


async def main() -> None:
    user = User(name="My avatar")
    agent = Agent(edge="web", tts="local", avatar=MyAvatar(), agent_user=user)
    async with agent.join(), asyncio.TaskGroup() as speaking:
        assert agent.edge is not None
        print(f"Open {agent.edge.url}  (Ctrl-C ends)")
        async for command in agent.edge.commands():
            if isinstance(command, Interrupt):
                await agent.interrupt()
            else:
                speaking.create_task(agent.say(command.text))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
