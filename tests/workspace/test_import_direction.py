"""Who may import whom, read from the syntax trees: nothing is imported to find out.

Only imports that run are counted. What stands under ``if TYPE_CHECKING:`` is for the type checker,
and an import inside a function happens when it is called: a layer may reach up there, late.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.distributions import Distribution

# Each layer may import itself and what stands before it.
LAYERS = ["errors", "media", "sync", "avatars", "edge", "agents"]

# What plugins may use of core: never the agent.
FOR_PLUGINS = {
    "avatars", "edge", "errors", "events", "media", "metrics", "plugin", "sync", "testing", "tts",
    "stt", "llm", "agents.inference",
}  # fmt: skip

# The one plugin that others build on: a room client, no provider.
SHARED_PLUGIN = "livekit"

HEAVY = {"aiortc", "av", "numpy", "livekit", "aiohttp", "websockets", "anam", "click", "rich"}


def imports(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[str]:
    """Absolute names of the modules that importing this module imports."""
    for node in running_statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield absolute(node, module, is_package=is_package)


def running_statements(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and is_type_checking(child.test):
            for statement in child.orelse:
                yield statement
                yield from running_statements(statement)
            continue
        yield child
        yield from running_statements(child)


def is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*base, *([node.module] if node.module else [])])


def edges(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """(importing module, imported module) for every import that runs at import time."""
    for module, path in distribution.modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for target in imports(tree, module, is_package=path.name == "__init__.py"):
            yield module, target


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[:2] == ["vision_agents", "core"] and len(parts) > 2 and parts[2] in LAYERS:
        return parts[2]
    return None


def test_core_layers_import_downwards(distribution: Distribution) -> None:
    if distribution.name != "core":
        return
    upwards = [
        f"{module} imports {target}"
        for module, target in edges(distribution)
        if (low := layer_of(module)) and (high := layer_of(target))
        if LAYERS.index(high) > LAYERS.index(low)
    ]
    assert upwards == []


def test_core_never_imports_a_plugin(distribution: Distribution) -> None:
    if distribution.name != "core":
        return
    assert [e for e in edges(distribution) if e[1].startswith("vision_agents.plugins")] == []


def test_a_plugin_imports_no_other_plugin(distribution: Distribution) -> None:
    allowed = {distribution.name, SHARED_PLUGIN}
    foreign = [
        f"{module} imports {target}"
        for module, target in edges(distribution)
        if target.startswith("vision_agents.plugins.") and target.split(".")[2] not in allowed
    ]
    assert foreign == []


def test_a_plugin_uses_cores_public_rooms_only(distribution: Distribution) -> None:
    if distribution.name == "core":
        return
    wrong = [
        f"{module} imports {target}"
        for module, target in edges(distribution)
        if target.startswith("vision_agents.core.")
        if not any(
            target == f"vision_agents.core.{room}"
            or target.startswith(f"vision_agents.core.{room}.")
            for room in FOR_PLUGINS
        )
    ]
    assert wrong == []


def test_the_sync_engine_is_pure(distribution: Distribution) -> None:
    """No event loop, no I/O, no threads: time is an argument."""
    if distribution.name != "core":
        return
    impure = {"asyncio", "threading", "socket", "time", "aiortc"}
    found = [
        f"{module} imports {target}"
        for module, target in edges(distribution)
        if layer_of(module) == "sync" and target.split(".")[0] in impure
    ]
    assert found == []


def test_an_entry_point_loads_nothing_heavy(distribution: Distribution) -> None:
    """Loading one imports the leaf's ``__init__`` and its target: both only name what is there."""
    targets = {
        target
        for group in distribution.project["project"].get("entry-points", {}).values()
        for target in group.values()
    }
    light = {distribution_leaf_module(distribution), *targets}
    heavy = [
        f"{module} imports {target}"
        for module, target in edges(distribution)
        if module in light and target.split(".")[0] in HEAVY
    ]
    assert heavy == []


def distribution_leaf_module(distribution: Distribution) -> str:
    name = distribution.name
    return "vision_agents.core" if name == "core" else f"vision_agents.plugins.{name}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import av", {"av"}),
        ("from ..media import pcm", {"vision_agents.core.media"}),
        ("if TYPE_CHECKING:\n    import av", set()),
        ("if TYPE_CHECKING:\n    import av\nelse:\n    import os", {"os"}),
        ("def f():\n    import av", set()),
        ("class A:\n    import av", {"av"}),
        ("try:\n    import av\nexcept ImportError:\n    av = None", {"av"}),
    ],
)
def test_the_reader_itself(source: str, expected: set[str]) -> None:
    found = imports(ast.parse(source), "vision_agents.core.sync.engine", is_package=False)
    assert set(found) == expected
