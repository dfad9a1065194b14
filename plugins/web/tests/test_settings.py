"""Settings that cannot work say what would."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.plugins.web import WebEdge, WebSettings
from vision_agents.plugins.web.hooks import vision_agents_edge_provider


def test_the_constructor_takes_exactly_the_settings() -> None:
    arguments = list(inspect.signature(WebEdge.__init__).parameters)[1:]
    assert arguments == [field.name for field in fields(WebSettings)]


def test_the_record_builds_the_edge() -> None:
    record = vision_agents_edge_provider()
    assert record.name == "web"
    edge = record.factory(record.settings.from_env(environ={}, port=0, codec="H264"))
    assert isinstance(edge, WebEdge)
    assert edge.settings.codec == "H264"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"port": 70_000}, "0 (any free one) to 65535"),
        ({"max_viewers": 0}, "at least 1"),
        ({"bitrate_kbps": 100}, "min_bitrate_kbps=500, bitrate_kbps=100"),
        ({"ice_servers": "stun:one.example:3478 example.com"}, "'example.com' is no ICE server"),
        ({"host": "0.0.0.0"}, "token=..."),
        ({"host": "192.0.2.2", "token": ""}, "VISION_AGENTS_WEB_TOKEN"),
        ({"codec": "AV1"}, "'VP8' or 'H264'"),
    ],
)
def test_what_cannot_work_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WebSettings.from_env(environ={}, **values)
    assert says in str(caught.value)


def test_the_environment_counts_and_secrets_do_not_show() -> None:
    settings = WebSettings.from_env(
        environ={
            "VISION_AGENTS_WEB_HOST": "0.0.0.0",
            "VISION_AGENTS_WEB_PORT": "9000",
            "VISION_AGENTS_WEB_TOKEN": "sesame",
            "VISION_AGENTS_WEB_ICE_CREDENTIAL": "hush",
        }
    )
    assert (settings.host, settings.port, settings.token) == ("0.0.0.0", 9000, "sesame")
    assert "sesame" not in repr(settings)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_loopback_needs_no_token(host: str) -> None:
    assert WebSettings(host=host).is_loopback
