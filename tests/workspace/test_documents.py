"""What the documents say is true: code runs, commands exist, links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.distributions import ROOT, distributions

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(d.folder / "README.md" for d in distributions()),
    *sorted(ROOT.glob("examples/**/README.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
INDENTED = re.compile(r"(?:^    .*\n)+", re.M)
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


@dataclass(frozen=True)
class Block:
    """A piece of code in a document."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str, documents: list[Path] = DOCUMENTS) -> list[Block]:
    found = []
    for document in documents:
        text = document.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(document, line, match.group(1), match.group(2)))
        for match in INDENTED.finditer(FENCE.sub("", text)):
            found.append(Block(document, 0, "sh", match.group()))
    return [block for block in found if block.language in languages]


def commands() -> list[tuple[Block, list[str]]]:
    """Every command line of the documents, split as a shell would."""
    return [
        (block, shlex.split(line, comments=True))
        for block in blocks("sh", "bash", "console")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.strip()
    ]


@pytest.mark.parametrize("block", blocks("python", documents=[ROOT / "README.md"]), ids=str)
def test_the_readmes_code_runs(block: Block, tmp_path: Path) -> None:
    """As a script of a user's own, in an empty folder, with warnings as errors."""
    script = tmp_path / "script.py"
    script.write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_code_in_documents_names_what_exists(block: Block) -> None:
    missing = []
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vision_agents"):
            module = importlib.import_module(node.module or "")
            missing += [
                f"{node.module}.{alias.name}"
                for alias in node.names
                if not hasattr(module, alias.name) and not is_module(f"{node.module}.{alias.name}")
            ]
    assert missing == []


def is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True


def test_commands_of_dev_py_exist() -> None:
    import dev

    named = {words[words.index("dev.py") + 1] for _, words in commands() if "dev.py" in words[:-1]}
    assert named, "no document names a command of dev.py"
    assert named <= set(dev.COMMANDS)


def test_sessions_of_nox_exist() -> None:
    source = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    named = set()
    for _, words in commands():
        if "nox" in words and "-s" in words:
            named |= {word.split("(")[0] for word in words[words.index("-s") + 1 :]}
    assert named, "no document names a session"
    assert named <= sessions


def test_distributions_to_install_exist() -> None:
    ours = {d.project["project"]["name"] for d in distributions()}
    extras = {
        d.project["project"]["name"]: set(d.project["project"].get("optional-dependencies", {}))
        for d in distributions()
    }
    for block, words in commands():
        if words[:2] != ["pip", "install"]:
            continue
        for word in words[2:]:
            name, _, wanted = word.rstrip("]").partition("[")
            if not name.startswith("vision-agents-") or name == "vision-agents-acme":
                continue
            assert name in ours, f"{block}: {word}"
            assert set(filter(None, wanted.split(","))) <= extras[name], f"{block}: {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8")))
    local = [target for target in targets if "://" not in target]
    dead = [target for target in local if not (document.parent / target).exists()]
    assert dead == []
