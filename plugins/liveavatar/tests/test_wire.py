from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.plugins.liveavatar import wire


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            '{"type":"session.state_updated","event_id":"9a","state":"connected"}',
            wire.SessionUpdated(wire.SessionState.CONNECTED),
        ),
        (
            '{"type":"session.state_updated","state":"disconnected"}',
            wire.SessionUpdated(wire.SessionState.CLOSED),
        ),
        (
            '{"type":"agent.speak_started","event_id":"b1","source_event_id":"u-17"}',
            wire.SpeakStarted("u-17"),
        ),
        ('{"type":"agent.speak_started","event_id":"u-17"}', wire.SpeakStarted("u-17")),
        (
            '{"type":"agent.speak_ended","event_id":"c0","source_event_id":"u-17"}',
            wire.SpeakEnded("u-17", interrupted=False),
        ),
        (
            '{"type":"agent.speak_interrupted","source_event_id":"u-17"}',
            wire.SpeakEnded("u-17", interrupted=True),
        ),
        (
            '{"type":"agent.state_updated","event_id":"b2","previous_state":"idle",'
            '"new_state":"talking"}',
            wire.SpeakStarted(""),
        ),
        (
            '{"type":"agent.state_updated","previous_state":"talking","new_state":"listening"}',
            wire.SpeakEnded("", interrupted=False),
        ),
        (
            '{"type":"agent.audio_buffer_cleared","source_event_id":"i-3"}',
            wire.Answered("agent.interrupt", "i-3"),
        ),
        (
            '{"type":"error","event_id":"d4","error":{"type":"invalid_request_error",'
            '"message":"audio packet too large","event_id":"u-17"}}',
            wire.Refused("invalid_request_error", "audio packet too large", "u-17", False),
        ),
        (
            '{"type":"agent.audio_buffer_appended","event_id":"77","source_event_id":"u-17"}',
            wire.Answered("agent.speak", "u-17"),
        ),
        (
            '{"type":"warning","warning":"slow"}',
            wire.Refused("warning", "slow", "", True),
        ),
        ('{"type":"agent.idle_started"}', wire.Ignored("agent.idle_started")),
        ('{"type":"agent.never_heard_of"}', wire.Ignored("agent.never_heard_of")),
    ],
)
def test_both_dialects_are_understood(text: str, event: wire.Event) -> None:
    assert wire.decode(text) == event


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"type":7}', "null", b"\xff"])
def test_what_is_no_message_is_told_as_such(text: str | bytes) -> None:
    with pytest.raises(wire.MalformedMessageError):
        wire.decode(text)


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists))
def test_odd_fields_never_raise_anything_else(value: object) -> None:
    for kind in ("error", "agent.speak_started", "session.state_updated", "agent.state_updated"):
        fields = dict.fromkeys(("error", "state", "event_id", "previous_state"), value)
        wire.decode(json.dumps({"type": kind, **fields}))


@given(st.integers(0, 48_000))
def test_speech_survives_the_wire(samples: int) -> None:
    pcm = bytes(range(256)) * (samples * 2 // 256)
    message = json.loads(wire.speak("u-1", pcm).text)
    assert (message["type"], message["event_id"]) == ("agent.speak", "u-1")
    assert base64.b64decode(message["audio"]) == pcm


def test_chunk_over_the_limit_is_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="send chunks of about one second"):
        wire.speak("u-1", bytes(800_000))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes are not whole"):
        wire.speak("u-1", b"abc")


def test_commands_carry_their_names() -> None:
    assert json.loads(wire.speak_end("u").text)["type"] == "agent.speak_end"
    assert json.loads(wire.interrupt("i").text)["type"] == "agent.interrupt"
    assert json.loads(wire.listening("l", start=True).text)["type"] == "agent.start_listening"
    assert json.loads(wire.listening("l", start=False).text)["type"] == "agent.stop_listening"
    assert json.loads(wire.keep_alive("k").text)["type"] == "session.keep_alive"
