"""Messages between page and server."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.plugins.web import wire


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "hello", "token": ""}', wire.Hello(token="")),
        ('{"type": "offer", "sdp": "v=0"}', wire.Offer(sdp="v=0")),
        ('{"type": "say", "text": "Grüße 👋"}', wire.SayText(text="Grüße 👋")),
        ('{"type": "interrupt"}', wire.Stop()),
    ],
)
def test_what_the_page_sends(text: str, message: wire.PageMessage) -> None:
    assert wire.parse(text) == message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "None"),
        ('{"type": "say"}', "'text', a string"),
        ('{"type": "offer", "sdp": 3}', "'sdp', a string"),
        ('{"type": ["say"]}', "no message has the type"),
        ("[" * 200_000, "not JSON"),
        ('{"type": "say", "text": "\\ud83d"}', "half a character"),
        ('{"type": "hello", "token": "\\udc4b"}', "half a character"),
    ],
)
def test_what_makes_no_sense_is_explained(text: str, says: str) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.parse(text)
    assert says in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_nothing_from_outside_raises_anything_else(value: object) -> None:
    with pytest.raises(wire.WireError):
        wire.parse(json.dumps({"type": value}))


def test_what_the_server_sends() -> None:
    message = wire.Welcome(
        agent="Nova", viewer="viewer-1", ice_servers=[wire.IceServer(["stun:x:1"])]
    )
    assert json.loads(wire.encode(message)) == {
        "type": "welcome",
        "agent": "Nova",
        "viewer": "viewer-1",
        "ice_servers": [{"urls": ["stun:x:1"], "username": None, "credential": None}],
    }
