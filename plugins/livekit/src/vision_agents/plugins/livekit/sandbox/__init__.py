"""What stand-ins for providers over LiveKit are made of: a server, a stage, an avatar worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import LiveKitServer
    from .stage import PuppetStage
    from .worker import AvatarWorker, WorkerFaults
else:
    _HOMES = {
        "AvatarWorker": "worker",
        "LiveKitServer": "server",
        "PuppetStage": "stage",
        "WorkerFaults": "worker",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)


__all__ = ["AvatarWorker", "LiveKitServer", "PuppetStage", "WorkerFaults"]
