"""The example speaks, shuts its mouth, and leaves nothing behind."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from vision_agents.core import Agent
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.testing.parts import ToneVoice


@pytest.fixture
def example() -> ModuleType:
    """``my_avatar.py`` as a module."""
    path = Path(__file__).parents[1] / "my_avatar.py"
    spec = importlib.util.spec_from_file_location("my_avatar", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["my_avatar"] = module
    spec.loader.exec_module(module)
    return module


async def test_its_mouth_follows_the_speech(example: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    avatar = example.MyAvatar(width=320, height=180)
    agent = Agent(edge=RecorderEdge(path), tts=ToneVoice(word_s=0.5), avatar=avatar)
    async with agent.join():
        spoken = await agent.say("hello there")
    assert spoken.heard_text == "hello there"
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    # Below the middle of the face: dark where the mouth is open.
    dark = [int((picture[105:150, 130:190] < 60).sum()) for picture in pictures]
    assert len(pictures) >= 30
    assert np.median(dark[5:25]) > 4 * max(dark[-1], 1)
