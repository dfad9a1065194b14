"""Data messages of the worker, also the ones that make no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vision_agents.plugins.lemonslice import wire


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"type": "bot_ready", "session_id": "livekit-1"}, wire.BotReady()),
        ({"type": "idle_timeout"}, wire.IdleTimeout()),
        ({"type": "error", "error": "no GPU", "fatal": True}, wire.Trouble("no GPU", True)),
        ({"type": "error", "error": "hm"}, wire.Trouble("hm", False)),
        ({"type": "video_generation_error"}, wire.Trouble("video generation failed", False)),
        ({"type": "image_change_complete"}, wire.ImageChanged(True)),
        ({"type": "image_change_error"}, wire.ImageChanged(False)),
        (
            {"type": "metric", "time_to_first_push": 1.02, "tts_audio_delay": 110, "ok": True},
            wire.Latencies({"time_to_first_push": 1.02, "tts_audio_delay": 0.11}),
        ),
        ({"type": "brand_new"}, None),
        ({"no": "type"}, None),
        ([1, 2], None),
    ],
)
def test_messages(told: Any, meant: wire.Message | None) -> None:
    assert wire.parse(json.dumps(told).encode()) == meant


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"{", b"null"])
def test_garbage_is_ignored(payload: bytes) -> None:
    assert wire.parse(payload) is None


def test_what_we_send() -> None:
    assert json.loads(wire.user_state(True)) == {"state": "speaking"}
    assert json.loads(wire.user_state(False)) == {"state": "idle"}
    assert json.loads(wire.action("wave")) == {"action": "wave"}
