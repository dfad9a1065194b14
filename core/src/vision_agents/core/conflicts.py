"""Notices the peer's wheel, which owns the same folder as ours and overwrites it file by file."""

from __future__ import annotations

from vision_agents.core.errors import ConflictError

__all__ = ["PEER", "check_installation"]

PEER = "vision-agents"
OURS = "vision-agents-core"


def check_installation(path: list[str] | None = None) -> None:
    """Refuse to run beside the peer's distribution; reads metadata only, about a millisecond.

    ``path`` replaces ``sys.path``, for tests.

    Raises:
        ConflictError: it is installed; says which to uninstall and how to mend our files.
    """
    from importlib.metadata import distributions  # 20 ms that an import of core need not pay

    found = distributions(name=PEER) if path is None else distributions(name=PEER, path=path)
    for distribution in found:
        raise ConflictError(PEER, distribution.version, ours=OURS)
