"""The stand-in as a process of its own, so that it can be killed with everything in it."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vision_agents.plugins.lemonslice.sandbox import API_KEY, flashes
from vision_agents.plugins.lemonslice.sandbox.service import SandboxService

START_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """``url`` is where it listens, as of a ``SandboxService`` here."""

    url: str
    process: Process

    def kill(self) -> None:
        """SIGKILL: nothing is said or closed by it; the kernel alone sees to its sockets."""
        self.process.send_signal(signal.SIGKILL)


@asynccontextmanager
async def service_process(port: int = 0) -> AsyncIterator[ServiceProcess]:
    """The stand-in in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(port), stdout=PIPE, stdin=PIPE
    )
    assert process.stdout is not None
    try:
        url = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
        yield ServiceProcess(url.decode().strip(), process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serve(port: int) -> None:
    service = SandboxService(flashes, api_key=API_KEY)
    await service.start(port)
    sys.stdout.write(f"{service.url}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until the test is gone
    await service.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
