"""What a supervised session costs: CPU in steady speech, and the delay before speech is sent on.

    python benchmarks/provider_session.py [--sessions 10] [--seconds 8] [--pairs 3]

The agent speaks in real time, the service in memory answers with sound and a 25 fps picture of
64 x 48, and a call pulls both; nothing is encoded. ``bare`` is all that without a session: speech
goes straight into the service's puppet, and its media straight into the synchroniser. The
difference is what the session costs, its chunks, gate, echo and watchdogs.
Bars: 1 % of a core a session; a chunk and 5 ms from speech to the call of ``send``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge.audio_track import OutboundAudioTrack
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.provider import MemoryAvatar, MemoryService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from aiortc import MediaStreamTrack

RATE_HZ = 24_000
PIECE_S = 0.02
CONNECT_S = 1.0
CPU_BAR_PCT = 1.0
DELAY_BAR_MS = 5.0

Figures = dict[str, float]


def tone() -> PcmData:
    """One piece of speech."""
    wave = np.sin(np.arange(round(PIECE_S * RATE_HZ)) / 5) * 8000
    return PcmData(RATE_HZ, "s16", wave.astype(np.int16))


async def every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    due_s = time.monotonic()
    while True:
        await act()
        due_s += seconds
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))


async def pull(track: MediaStreamTrack) -> None:
    while True:
        await track.recv()


@asynccontextmanager
async def doing(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Supervised:
    """An avatar, the agent's speech into it, and when each piece of it was there."""

    def __init__(self) -> None:
        self._service = MemoryService(rate_hz=RATE_HZ)
        self._avatar = MemoryAvatar(self._service)
        self._input = AudioOutputStream(send_timeout_s=5.0)
        self._audio = OutboundAudioTrack(self._avatar.audio_output())
        self._given_s: list[float] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Supervised]:
        self._avatar.attach_audio_input(self._input)
        await self._avatar.start()
        try:
            pulls = (pull(self._audio), pull(self._avatar.video_output()))
            async with doing(*pulls, every(PIECE_S, self._speak)):
                yield self
        finally:
            await self._avatar.close()
            await self._avatar.events.shutdown()

    async def _speak(self) -> None:
        self._given_s.append(time.monotonic())
        await self._input.send(AudioOutputChunk(tone(), utterance_id=1))

    def delays_ms(self) -> list[float]:
        """From the last piece that fills a chunk to the call of ``send``, for each chunk."""
        sent_s, delays = 0.0, []
        for at_s, what, detail in self._service.sessions[0].calls:
            if what == "send":
                sent_s += detail[1]
                last = round(sent_s / PIECE_S + 0.49) - 1
                delays.append((at_s - self._given_s[last]) * 1000)
        return delays[5:]  # what was said during the start waited for the session


class Bare:
    """The same media without a session."""

    def __init__(self) -> None:
        service = MemoryService(rate_hz=RATE_HZ)
        self._puppet = service.puppet()
        self._sync = AVSynchronizer(*service.size, service.fps)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bare]:
        audio = OutboundAudioTrack(self._sync.audio_output)
        pulls = (pull(audio), pull(self._sync.video_output))
        try:
            async with doing(*pulls, every(PIECE_S, self._speak), every(0.04, self._play)):
                yield self
        finally:
            self._sync.close()

    async def _speak(self) -> None:
        self._puppet.speak("1", tone().samples)

    async def _play(self) -> None:
        step = self._puppet.step()
        await self._sync.write_video(step.frame)
        for packet in PcmData(RATE_HZ, "s16", step.samples).chunks(round(PIECE_S * RATE_HZ)):
            await self._sync.write_audio(packet)

    def delays_ms(self) -> list[float]:
        return []


async def measure(kind: type[Supervised | Bare], sessions: int, seconds: float) -> Figures:
    async with AsyncExitStack() as stack:
        running: list[Supervised | Bare] = []
        for _ in range(sessions):
            running.append(await stack.enter_async_context(kind().running()))
        await asyncio.sleep(CONNECT_S)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
        delays = [delay for session in running for delay in session.delays_ms()]
    figures = {"cpu_pct": round(cpu_s / wall_s * 100 / sessions, 2)}
    for percent in (50, 95) if delays else ():
        figures[f"delay_p{percent}_ms"] = round(float(np.percentile(delays, percent)), 2)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    costs_pct, delays_ms = [], []
    for _ in range(given.pairs):
        bare, supervised = (
            asyncio.run(measure(kind, given.sessions, given.seconds)) for kind in (Bare, Supervised)
        )
        print(f"{given.sessions} calls, bare {bare}, supervised {supervised}", flush=True)
        costs_pct.append(supervised["cpu_pct"] - bare["cpu_pct"])
        delays_ms.append(supervised["delay_p95_ms"])
    figures = {
        "cpu_pct": round(statistics.median(costs_pct), 2),
        "delay_p95_ms": statistics.median(delays_ms),
    }
    print(f"a session costs {figures['cpu_pct']} % of a core (bar {CPU_BAR_PCT:g})")
    print(f"a whole chunk is sent after {figures['delay_p95_ms']} ms, p95 (bar {DELAY_BAR_MS:g})")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0 if figures["cpu_pct"] <= CPU_BAR_PCT and figures["delay_p95_ms"] <= DELAY_BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
