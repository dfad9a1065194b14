"""The server of the tests comes up although others take ports too."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from vision_agents.plugins.livekit.sandbox import LiveKitServer


@pytest.mark.wire
@pytest.mark.livekit
def test_port_that_was_taken_meanwhile_is_changed_for_another(
    livekit_server: LiveKitServer,
) -> None:
    with socket.socket() as other:
        server = LiveKitServer()
        try:
            chosen = urlsplit(server.connection.url).port
            other.bind(("127.0.0.1", chosen))
            other.listen()
            server.start()
            assert urlsplit(server.connection.url).port != chosen
            assert server.running
        finally:
            server.close()


def test_program_that_is_no_server_is_told_with_its_last_words(tmp_path: Path) -> None:
    program = tmp_path / "livekit-server"
    program.write_text("#!/bin/sh\necho 'no such option'\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="no such option"), LiveKitServer(program):
        pytest.fail("it never came up")
