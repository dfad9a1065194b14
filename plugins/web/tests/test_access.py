"""Who may talk to the server."""

from __future__ import annotations

import pytest

from vision_agents.plugins.web.access import refuse_host, refuse_origin, token_is_right


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8484", "localhost", "LOCALHOST:9", "[::1]:8484", "127.0.0.2:1"]
)
def test_names_of_this_machine_are_served(host: str) -> None:
    assert refuse_host(host, loopback_only=True) is None


@pytest.mark.parametrize(
    "host", ["evil.example:8484", "127.0.0.1.evil.example", "", "[::1", "192.0.2.2"]
)
def test_a_rebound_name_is_refused_and_told_why(host: str) -> None:
    refusal = refuse_host(host, loopback_only=True)
    assert refusal is not None
    assert "localhost" in refusal
    assert "token=" in refusal


def test_behind_a_token_any_name_is_served() -> None:
    assert refuse_host("agent.example", loopback_only=False) is None


@pytest.mark.parametrize("origin", [None, "http://localhost:8484", "https://LOCALHOST:8484"])
def test_the_own_page_and_programs_are_let_in(origin: str | None) -> None:
    assert refuse_origin(origin, host="localhost:8484") is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:9999",
        "null",
        "",
        "http://localhost:8484.evil.example",
    ],
)
def test_other_origins_are_refused(origin: str) -> None:
    refusal = refuse_origin(origin, host="localhost:8484")
    assert refusal is not None
    assert "the page that it serves itself" in refusal


def test_tokens() -> None:
    assert token_is_right("", wanted=None)
    assert token_is_right("schlüssel", wanted="schlüssel")
    assert not token_is_right("schlussel", wanted="schlüssel")
    assert not token_is_right("", wanted="x")
