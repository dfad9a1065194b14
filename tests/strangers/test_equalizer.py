"""A stranger's wheel beside core's, in a clean environment: found by name, heard in a call."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributions import ROOT

from .conftest import Environment

EXAMPLE = ROOT / "examples" / "equalizer_avatar"

CALL = """
import asyncio, json
from vision_agents.core import Agent
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.testing.parts import ToneVoice

async def main():
    bright = []
    edge = LoopbackEdge(on_video=lambda frame, at_s: bright.append(float(
        frame.to_ndarray(format="gray").mean())))
    avatar = {"name": "Spectrum", "width": 128, "height": 72}
    agent = Agent(avatar=avatar, edge=edge, tts=ToneVoice())
    async with agent.join():
        spoken = await agent.say("hello from a stranger")
    print(json.dumps({
        "class": f"{type(agent.avatar).__module__}.{type(agent.avatar).__name__}",
        "heard": spoken.heard_text, "pictures": len(bright), "dark": min(bright),
        "bright": max(bright)}))

asyncio.run(main())
"""


@pytest.mark.timeout(200)
def test_a_strangers_wheel_is_found_and_speaks(
    environment: Callable[..., Environment], uv: Callable[..., None], wheels: Path, tmp_path: Path
) -> None:
    uv("build", "--wheel", "--out-dir", wheels, EXAMPLE)
    made = environment("vision-agents-core[cli,testing]", "equalizer-avatar")
    (row,) = json.loads(made.run("vision-agents", "avatars", "--json", cwd=tmp_path))
    assert (row["name"], row["aliases"]) == ("equalizer", ["spectrum"])
    assert (row["distribution"], row["version"]) == ("equalizer-avatar", "0.3.0")
    assert "All is well." in made.run("vision-agents", "doctor", "equalizer", cwd=tmp_path)
    told = json.loads(made.run("python", "-W", "error", "-c", CALL, cwd=tmp_path))
    assert told["class"] == "equalizer_avatar.avatar.EqualizerAvatar"
    assert told["heard"] == "hello from a stranger"
    assert told["pictures"] >= 10
    assert told["bright"] > told["dark"] + 3  # the bars rose with the voice
    made.run("pytest", "-q", "-c", EXAMPLE / "pyproject.toml", EXAMPLE / "tests", cwd=tmp_path)
