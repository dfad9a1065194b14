"""A real LiveKit server on loopback, for tests and for trying things out without an account."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from vision_agents.plugins.livekit.connection import LiveKitConnection

INSTALL = (
    "go install github.com/livekit/livekit-server/cmd/server@v1.8.4 (or set LIVEKIT_SERVER to a "
    "binary you have)"
)
START_TIMEOUT_S = 15.0
START_TRIES = 3
_PORT_TAKEN = "address already in use"
STOP_TIMEOUT_S = 5.0

# Media on one UDP port of the loopback device and nowhere else; a public STUN server would be the
# default for the server and for all its clients. ICE lite leaves it to the client to choose the
# path: the server's own agent waits a second for something better first (joining 1.25 s, not 0.3).
_CONFIG = """\
port: {port}
bind_addresses: ["127.0.0.1"]
rtc:
  tcp_port: {tcp_port}
  udp_port: {udp_port}
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  use_ice_lite: true
  interfaces: {{includes: [lo]}}
  ips: {{includes: [127.0.0.1/32]}}
  stun_servers: ["127.0.0.1:{udp_port}"]
keys: {{{key}: {secret}}}
logging: {{level: warn}}
"""


def find_server() -> Path | None:
    """The server's binary: LIVEKIT_SERVER, else livekit-server on PATH, else Go's bin folder."""
    named = os.environ.get("LIVEKIT_SERVER")
    if named:
        return Path(named)
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    go_bin = os.environ.get("GOBIN") or Path(os.environ.get("GOPATH", Path.home() / "go"), "bin")
    built = Path(go_bin) / "server"  # the name `go install` gives it, and a very common one
    if built.is_file() and b"livekit" in _version(built):
        return built
    return None


def _version(binary: Path) -> bytes:
    shown = subprocess.run([binary, "--version"], capture_output=True, timeout=10, check=False)
    return shown.stdout


class LiveKitServer:
    """One server process on free ports of 127.0.0.1. Use it as a context manager.

    Synchronous on purpose: a server outlives event loops. ``stop`` and ``start`` again on the same
    ports is a restart as clients see it; ``pause`` and ``resume`` freeze the process.

    Raises:
        FileNotFoundError: no binary was found; says how to get one.
        RuntimeError: the server did not come up; carries its last output.
    """

    def __init__(self, binary: Path | None = None) -> None:
        found = binary or find_server()
        if found is None:
            raise FileNotFoundError(f"no LiveKit server found; get one with: {INSTALL}")
        self._binary = found
        self._folder = tempfile.TemporaryDirectory(prefix="livekit-")
        self._process: subprocess.Popen[bytes] | None = None
        self._config = Path(self._folder.name) / "livekit.yaml"
        self._log = Path(self._folder.name) / "server.log"
        self._came_up = False
        self.connection = self._choose_ports()

    def _choose_ports(self) -> LiveKitConnection:
        port, tcp_port, udp_port = _free_ports()
        connection = LiveKitConnection(
            f"ws://127.0.0.1:{port}", "devkey", "a-secret-of-at-least-32-characters"
        )
        self._config.write_text(
            _CONFIG.format(
                port=port,
                tcp_port=tcp_port,
                udp_port=udp_port,
                key=connection.api_key,
                secret=connection.api_secret,
            )
        )
        return connection

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it answers; nothing when it runs.

        Whoever else took one of the ports in the meantime gets it: the first start tries others.
        """
        tries = 1 if self._came_up else START_TRIES
        while not self.running:
            tries -= 1
            try:
                self._start()
            except RuntimeError as error:
                if not tries or _PORT_TAKEN not in str(error):
                    raise
                self._log.unlink()
                self.connection = self._choose_ports()
        self._came_up = True

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, "--config", self._config], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(self.connection.http_url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = self.log_tail()
                self.stop()
                raise RuntimeError(f"{self._binary} did not come up:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process; idempotent, at most a few seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)  # a paused one could not end
        # Not SIGTERM: it would wait for the participants to leave.
        process.kill()
        process.wait(STOP_TIMEOUT_S)

    def pause(self) -> None:
        """Freeze the process: sockets stay open, nothing moves."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines the server wrote."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        self._folder.cleanup()

    def __enter__(self) -> LiveKitServer:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answers(http_url: str) -> bool:
    try:
        with urllib.request.urlopen(http_url, timeout=1) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_ports() -> tuple[int, int, int]:
    """Two TCP ports and one UDP port nobody has now."""
    kinds = (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)
    sockets = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    try:
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        first, second, third = (int(held.getsockname()[1]) for held in sockets)
    finally:
        for held in sockets:
            held.close()
    return first, second, third
