"""The names users' code is written against are there, true, and cheap to import."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PUBLIC = {
    "vision_agents.core": {"Agent", "User", "VisionAgentsError"},
    "vision_agents.core.avatars": {"AVSynchronizer", "Avatar"},
    "vision_agents.core.avatars.tracks": {"QueuedVideoTrack"},
    "vision_agents.core.avatars.provider": {
        "Capabilities",
        "EndReason",
        "Limits",
        "MediaSink",
        "ProviderAvatar",
        "ProviderSession",
        "SessionEnd",
    },
    "vision_agents.core.agents": {"Agent", "User"},
    "vision_agents.core.agents.inference": {
        "AudioOutputChunk",
        "AudioOutputFlush",
        "AudioOutputStream",
    },
    "vision_agents.core.media": {"PcmData", "as_pcm"},
    "vision_agents.core.edge": {"AudioSink", "Edge", "OutboundAudioTrack"},
    "vision_agents.core.events": {"BaseEvent", "EventManager"},
    "vision_agents.core.metrics": {"MetricsCollector"},
    "vision_agents.core.errors": {"VisionAgentsError"},
    "vision_agents.core.plugin": {"AVATAR_API", "AvatarProvider", "Registry", "hookimpl"},
    "vision_agents.core.testing": set(),
}

# What takes long to import; a light module may name them, and loads them when they are used.
HEAVY = {"aiortc", "av", "click", "numpy", "opentelemetry", "rich"}
LIGHT = [
    "vision_agents.core",
    "vision_agents.core.avatars",
    "vision_agents.core.plugin",
    "vision_agents.core.edge",
    "vision_agents.core.events",
    "vision_agents.core.metrics",
    "vision_agents.core.tts",
    "vision_agents.core.stt",
    "vision_agents.core.llm",
    "vision_agents.core.cli",
]


@pytest.mark.parametrize("module", PUBLIC)
def test_the_contracts_names_are_there(module: str) -> None:
    imported = importlib.import_module(module)
    exported = set(getattr(imported, "__all__", ()))
    assert exported >= PUBLIC[module]
    for name in exported:
        assert getattr(imported, name) is not None


def test_avatars_exports_exactly_two_names() -> None:
    from vision_agents.core import avatars

    assert set(avatars.__all__) == {"AVSynchronizer", "Avatar"}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_misspelt_name_is_an_attribute_error(module: str) -> None:
    with pytest.raises(AttributeError, match="Avatarr"):
        _ = importlib.import_module(module).Avatarr


def test_light_modules_load_nothing_heavy() -> None:
    """In a process of its own: this one has loaded everything."""
    program = f"import sys, {', '.join(LIGHT)}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_the_namespace_is_nobodys() -> None:
    import vision_agents

    assert getattr(vision_agents, "__file__", None) is None
