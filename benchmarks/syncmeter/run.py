"""Play a script through a system and note what leaves, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from syncmeter.script import Script
from syncmeter.signal import Samples, make_picture, read_picture, set_pts
from syncmeter.systems import System

WIDTH, HEIGHT = 640, 360
_PLAY_OUT_S = 20.0
"""How long the last marker may take to leave, after all has arrived."""


@dataclass
class Recording:
    """Everything that left, with the seconds after the consumers started."""

    pictures: list[tuple[float, int | None]] = field(default_factory=list)
    sound: list[tuple[float, Samples]] = field(default_factory=list)


async def play(script: Script, system: System) -> Recording:
    """Returns when the last marker has left."""
    clock = asyncio.get_running_loop().time
    started_s = clock()
    recording = Recording()

    async def until(at_s: float) -> None:
        wait_s = started_s + at_s - clock()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def watch() -> None:
        await until(script.video_phase_s)
        while True:
            frame = await system.picture()
            recording.pictures.append((clock() - started_s, read_picture(frame)))

    async def listen() -> None:
        while True:
            samples = await system.sound()
            recording.sound.append((clock() - started_s, samples.copy()))

    consumers = [asyncio.create_task(watch()), asyncio.create_task(listen())]
    try:
        async with asyncio.timeout(script.end_s * 2 + 5), asyncio.TaskGroup() as provider:
            for part in (_pictures, _sound, _flushes):
                provider.create_task(part(script, system, until))
        await until(script.end_s)
        await _played_out(script, recording)
    finally:
        for task in consumers:
            task.cancel()
        ends = await asyncio.gather(*consumers, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    return recording


Until = Callable[[float], Awaitable[None]]


async def _pictures(script: Script, system: System, until: Until) -> None:
    for picture in script.pictures:
        await until(picture.arrival_s)
        frame = make_picture(picture.number, white=picture.white, width=WIDTH, height=HEIGHT)
        set_pts(frame, picture.pts_s)
        await system.write_video(frame)


async def _sound(script: Script, system: System, until: Until) -> None:
    for packet in script.sound:
        await until(packet.arrival_s)
        await system.write_audio(packet.samples, script.scenario.rate_hz, packet.pts_s)


async def _flushes(script: Script, system: System, until: Until) -> None:
    for at_s in script.flushes_s:
        await until(at_s)
        await system.flush()


async def _played_out(script: Script, recording: Recording) -> None:
    """Wait for the picture of the last marker and for the sound behind it."""
    last = script.markers[-1].picture
    for _ in range(int(_PLAY_OUT_S / 0.25)):
        await asyncio.sleep(0.25)
        newest = recording.pictures[-1][1]
        quiet = not any(samples.any() for _, samples in recording.sound[-10:])
        if newest is not None and newest >= last and quiet:
            break
    await asyncio.sleep(0.5)
