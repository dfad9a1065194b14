"""``vision-agents sync-check`` on an avatar that flashes, and on one whose face says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

import pytest
from click.testing import Result

from vision_agents.core.testing.discovery import importable, write_distribution

Run: TypeAlias = Callable[..., Result]

HOOKS = """
    from dataclasses import dataclass
    from vision_agents.core.plugin import (
        AVATAR_API, AvatarProvider, AvatarSettings, Capabilities, construct, hookimpl, setting)

    @dataclass(frozen=True, kw_only=True)
    class FlashSettings(AvatarSettings):
        blind: bool = setting(False)

    @hookimpl
    def vision_agents_avatar_provider() -> AvatarProvider:
        return AvatarProvider(
            name="flash", api=AVATAR_API, summary="flashes", settings=FlashSettings,
            capabilities=Capabilities(), factory=construct("flash_face.avatar:FlashAvatar"))
"""

AVATAR = """
    import asyncio
    from vision_agents.core.avatars import Avatar, AVSynchronizer
    from vision_agents.core.media import PcmData
    from vision_agents.core.media.frames import blank_frame
    from vision_agents.core.testing.markers import FlashRenderer

    RATE, FPS = 24_000, 30

    class FlashAvatar(Avatar):
        provider_name = "flash"

        def __init__(self, *, blind):
            super().__init__()
            self._sync = AVSynchronizer(160, 120, FPS)
            self._blind, self._task = blind, None

        def video_output(self): return self._sync.video_output
        def audio_output(self): return self._sync.audio_output

        async def start(self):
            self._task = asyncio.create_task(self._speak())

        async def close(self):
            if self._task:
                self._task.cancel()
                await asyncio.wait([self._task])
            self._sync.close()

        async def _speak(self):
            renderer, step = FlashRenderer(160, 120, FPS), RATE // FPS
            rest = PcmData(RATE, "s16")
            async for chunk in self.input_audio_stream:
                if chunk.data is None:
                    continue
                whole = rest.append(chunk.data)
                pieces = list(whole.chunks(step))
                short = pieces and len(pieces[-1]) < step
                rest = pieces.pop() if short else PcmData(RATE, "s16")
                for piece in pieces:
                    await self._sync.write_audio(piece)
                    frame = renderer.frame(piece)
                    if self._blind:
                        blank = blank_frame(160, 120)
                        blank.pts, blank.time_base = frame.pts, frame.time_base
                        frame = blank
                    await self._sync.write_video(frame)
                    await self._sync.wait_for_demand()
"""


@pytest.fixture(autouse=True)
def flash(tmp_path: Path) -> Iterator[None]:
    folder = tmp_path / "site-packages"
    write_distribution(
        folder,
        "flash-face",
        entry_points={"vision_agents.avatars": {"flash": "flash_face.hooks"}},
        modules={"flash_face.hooks": HOOKS, "flash_face.avatar": AVATAR},
    )
    with importable(folder):
        yield


def test_measures_what_is_published_and_plots_it(run: Run, tmp_path: Path) -> None:
    plot = tmp_path / "offset.svg"
    result = run("sync-check", "--avatar", "flash", "--seconds", "3", "--plot", str(plot))
    assert result.exit_code == 0, result.output
    assert "flash: lip-sync (flash and beep)" in result.output
    assert "6 seen and heard, 0 not seen, 0 not heard" in result.output
    drawn = ElementTree.fromstring(plot.read_text())
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}circle")) == 6


def test_an_avatar_nobody_has(run: Run) -> None:
    result = run("sync-check", "--avatar", "nobody")
    assert result.exit_code == 1
    assert "no avatar named 'nobody'" in result.output
