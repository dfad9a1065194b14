"""Tell the plugins of the group ``vision_agents.hooks`` what happens to an avatar."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING

from vision_agents.core.errors import PluginError
from vision_agents.core.plugin.known import OBSERVERS
from vision_agents.core.plugin.loading import load_hooks
from vision_agents.core.plugin.names import Candidate
from vision_agents.core.plugin.registry import entry_points_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint

    import pluggy

    from vision_agents.core.events.avatar import AvatarEvent
    from vision_agents.core.plugin.records import SessionInfo

logger = logging.getLogger(__name__)


class Observers:
    """The installed observers, loaded once when made; one per Agent.

    A package that cannot be loaded is logged once and left out; several may share a name.
    """

    def __init__(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        self._plugins: dict[str, pluggy.PluginManager] = {}
        self._failed: set[str] = set()
        for entry_point in entry_points_of(OBSERVERS, entry_points):
            candidate = Candidate.of(entry_point)
            label = f"{candidate.name} from {candidate.origin}"
            if label in self._plugins:
                continue
            try:
                self._plugins[label] = load_hooks("observer", candidate)
            except PluginError:
                logger.warning("observer %s is left out", label, exc_info=True)

    def __len__(self) -> int:
        return len(self._plugins)

    def avatar_event(self, session: SessionInfo, event: AvatarEvent) -> None:
        """Hand ``event`` to one observer after the other; never raises for one of them.

        What an observer raises is logged with its name and traceback the first time only.
        """
        for label, manager in self._plugins.items():
            try:
                results = manager.hook.vision_agents_avatar_event(session=session, event=event)
                _refuse_coroutines(results)
            except Exception:  # a stranger's code: reported once, and the session goes on
                if label not in self._failed:
                    self._failed.add(label)
                    logger.exception(
                        "observer %s failed on %s; further failures of it are not logged",
                        label,
                        type(event).__name__,
                    )


def _refuse_coroutines(results: list[object]) -> None:
    """An ``async def`` observer returns a coroutine that nobody would ever await."""
    for result in results:
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError(
                "vision_agents_avatar_event must be a plain function, not async: "
                "start a task of your own in it if you need to await"
            )
