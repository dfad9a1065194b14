"""Import one hooks module and take the record out of it; whatever goes wrong names its source."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pluggy

from vision_agents.core.errors import VisionAgentsError
from vision_agents.core.plugin.errors import (
    BrokenPluginError,
    IncompatiblePluginError,
    MisspeltHookError,
)
from vision_agents.core.plugin.hookspecs import Hooks
from vision_agents.core.plugin.markers import AVATAR_API, PROJECT
from vision_agents.core.plugin.names import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from pluggy import HookimplOpts

    from vision_agents.core.plugin.names import Candidate
    from vision_agents.core.plugin.records import Provider

PREFIX = f"{PROJECT}_"


class _HookManager(pluggy.PluginManager):
    """Takes every function with our prefix for a hook, marked or not, as pytest does with its."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> HookimplOpts | None:
        opts = super().parse_hookimpl_opts(plugin, name)
        if opts is None and name.startswith(PREFIX) and inspect.isroutine(getattr(plugin, name)):
            opts = {
                "wrapper": False,
                "hookwrapper": False,
                "optionalhook": False,
                "tryfirst": False,
                "trylast": False,
                "specname": None,
            }
        return opts


def load_hooks(kind: str, candidate: Candidate) -> pluggy.PluginManager:
    """Import the candidate's module and hold its hooks against the specifications.

    Every module gets a manager of its own, so a broken one leaves no trace with the others.

    Raises:
        BrokenPluginError: the import failed, with what it raised as cause.
        MisspeltHookError: a hook of ours that does not exist, or with wrong arguments.
    """
    if not _names_a_module(candidate.origin.target):  # importlib would raise nonsense
        raise BrokenPluginError(
            kind,
            candidate.name,
            candidate.origin,
            "its entry point does not name a module",
            "The package must name one as Python imports it, such as acme_avatar.hooks",
        )
    try:
        module = candidate.entry_point.load()
    except (Exception, SystemExit) as exc:  # a stranger's code: reported, never let through
        raise broken_by(kind, candidate, exc, doing="importing it") from exc
    manager = _HookManager(PROJECT)
    manager.add_hookspecs(Hooks)
    try:
        manager.register(module, name=candidate.origin.target)
        manager.check_pending()
    except pluggy.PluginValidationError as exc:
        raise _misspelt(kind, candidate, module) from exc
    return manager


def _names_a_module(target: str) -> bool:
    dotted = target.partition("[")[0].partition(":")[0].strip()
    return all(part.isidentifier() for part in dotted.split("."))


def call_provider_hook(
    kind: str, candidate: Candidate, manager: pluggy.PluginManager, hook: str, record: type
) -> Any:
    """Call the one hook of a provider's module and check what it returns.

    Raises:
        BrokenPluginError: it is missing, raised, or returned something else.
        IncompatiblePluginError: written for another version of the contract.
    """
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    if not caller.get_hookimpls():
        raise BrokenPluginError(
            kind,
            candidate.name,
            candidate.origin,
            f"its module has no function {hook}()",
            f"The package must define it and return one {record.__name__}",
        )
    try:
        results = caller()
    except (Exception, SystemExit) as exc:  # a stranger's code: reported, never let through
        raise broken_by(kind, candidate, exc, doing=f"calling {hook}()") from exc
    provider = results[0] if results else None
    if inspect.iscoroutine(provider):  # an async hook: its type says so below
        provider.close()
    if not isinstance(provider, record):
        raise BrokenPluginError(
            kind,
            candidate.name,
            candidate.origin,
            f"{hook}() returned {type(provider).__name__}, not {record.__name__}",
            f"The package must return one {record.__name__} from it",
        )
    if provider.api != AVATAR_API:  # type: ignore[attr-defined]  # every record is a Provider
        raise IncompatiblePluginError(
            kind,
            candidate.name,
            candidate.origin,
            plugin_api=provider.api,  # type: ignore[attr-defined]
            core_api=AVATAR_API,
        )
    return provider


def check_name(
    kind: str,
    candidate: Candidate,
    provider: Provider,
    names: Mapping[str, tuple[Candidate, ...]],
) -> None:
    """The record's name must be one of the entry-point keys of its own module.

    Raises:
        BrokenPluginError: it is not, so ``avatars`` would show a name nobody can use.
    """
    own = [
        name
        for name, claims in names.items()
        if any(claim.origin == candidate.origin for claim in claims)
    ]
    if normalise(provider.name) not in own:
        raise BrokenPluginError(
            kind,
            candidate.name,
            candidate.origin,
            f"its record says name={provider.name!r}, and its entry points are {', '.join(own)}",
            "The record's name must be one of the entry points that name its module",
        )


def build(
    kind: str, candidate: Candidate, factory: Callable[[Any], Any], settings: Any, base: type
) -> Any:
    """Call the factory, which imports what is heavy, and check what it built.

    Raises:
        VisionAgentsError: as the constructor raised it, such as a ``ConfigError``.
        BrokenPluginError: anything else, with a missing module explained.
    """
    try:
        built = factory(settings)
    except VisionAgentsError:
        raise  # explains itself
    except (Exception, SystemExit) as exc:  # a stranger's code: reported, never let through
        raise broken_by(kind, candidate, exc, doing="building it") from exc
    if not isinstance(built, base):
        raise BrokenPluginError(
            kind,
            candidate.name,
            candidate.origin,
            f"its factory returned {type(built).__name__}, which is no {base.__name__}",
            f"The class must derive from {base.__module__}.{base.__qualname__}",
        )
    return built


def broken_by(
    kind: str, candidate: Candidate, exc: BaseException, *, doing: str
) -> BrokenPluginError:
    """Turn what a plugin raised into an error that says what to do about it."""
    missing = (exc.name or "") if isinstance(exc, ModuleNotFoundError) else ""
    if missing.startswith("vision_agents.core."):
        problem = f"{doing} needs {missing!r}, which this vision-agents-core does not have"
        remedy = "Upgrade it with: pip install --upgrade vision-agents-core"
    elif missing and not _own(candidate, missing):
        problem = f"{doing} needs the module {missing!r}, which is not installed"
        remedy = f"Install it with: pip install {_what_brings(candidate, missing)}"
    elif isinstance(exc, SystemExit):
        problem = f"{doing} called SystemExit({exc.code!r})"
        remedy = _report_to(candidate)
    else:
        problem = f"{doing} raised {type(exc).__name__}: {exc}"
        remedy = _report_to(candidate)
    return BrokenPluginError(kind, candidate.name, candidate.origin, problem, remedy)


def _report_to(candidate: Candidate) -> str:
    name = candidate.origin.distribution
    return f"Try: pip install --upgrade {name}  and tell its authors if that does not help"


def _own(candidate: Candidate, module: str) -> bool:
    """Whether a missing module belongs to the plugin itself: its wheel is damaged then."""
    package = candidate.entry_point.module.rpartition(".")[0] or candidate.entry_point.module
    return module == package or module.startswith(f"{package}.") or package.startswith(f"{module}.")


def _what_brings(candidate: Candidate, module: str) -> str:
    """The extra of the plugin whose requirement looks like the module, or the module's name."""
    import re  # only on the way to an error

    top = normalise(module.partition(".")[0])
    dist = candidate.distribution
    for requirement in (dist.requires if dist else None) or ():
        wanted = re.match(r"[A-Za-z0-9._-]+", requirement)
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        if wanted and normalise(wanted.group()) == top:
            if extra:
                return f'"{candidate.origin.distribution}[{extra.group(1)}]"'
            return wanted.group()
    return top


def _misspelt(kind: str, candidate: Candidate, module: ModuleType) -> MisspeltHookError:
    from difflib import get_close_matches  # only on the way to an error

    known = [name for name in vars(Hooks) if name.startswith(PREFIX)]
    for name in vars(module):
        if not name.startswith(PREFIX) or not inspect.isroutine(getattr(module, name)):
            continue
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)
            return MisspeltHookError(
                kind,
                candidate.name,
                candidate.origin,
                f"its module defines a hook {name}() that does not exist",
                f"Did you mean {near[0]}()?",
            )
        allowed = list(inspect.signature(getattr(Hooks, name)).parameters)[1:]
        extra = [p for p in inspect.signature(getattr(module, name)).parameters if p not in allowed]
        if extra:
            return MisspeltHookError(
                kind,
                candidate.name,
                candidate.origin,
                f"its hook {name}() asks for {', '.join(extra)}, which this hook does not have",
                f"It may ask for: {', '.join(allowed) or 'nothing'}",
            )
    return MisspeltHookError(
        kind,
        candidate.name,
        candidate.origin,
        "its module marks a hook that does not exist",
        f"The hooks are: {', '.join(f'{name}()' for name in known)}",
    )
