"""The codebase keeps its own rules: one word per thing, one door for states, no clock below the edge."""

import ast
import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from c2b.config import ROOT

MODULES = sorted([*ROOT.glob("c2b/**/*.py"), *ROOT.glob("jobs/*.py"), ROOT / "wsgi.py"])
CODE = [path for path in MODULES if "migrations" not in path.parts]

# One word per thing: names built from these are somebody's synonym for a word we have (see CONTRIBUTING).
SYNONYMS = {
    "deal": "campaign",
    "project": "campaign",
    "bid": "pledge",
    "preorder": "pledge",
    "goal": "threshold",
    "seller": "merchant",
    "vendor": "merchant",
    "supplier": "merchant",
    "proposal": "offer",
    "wave": "batch",
}
# A provider is an edge: signatures go by the real time; schema.py compares two clocks.
EDGES = ("cli.py", "c2b/replay/", "c2b/seed/", "core/schema.py", "payments/gateways/")


def _trees() -> Iterator[tuple[Path, ast.AST]]:
    gc.collect()  # what earlier tests left must not end within the parser: Python 3.11 would take it for a mistake
    for path in CODE:
        yield path, ast.parse(path.read_text())


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def test_words():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {name}: say {SYNONYMS[word]}"
        for path, tree in _trees()
        for line, name in _names(tree)
        for word in re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
        if word in SYNONYMS
    ]
    assert wrong == []


def test_nobody_assigns_a_state():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr == "state"
    ]
    assert wrong == []


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_nobody_below_the_edge_reads_a_clock():
    """Views, jobs, the command line and the clock module may; everything else is told `now`."""
    clocks = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "utcnow"}
    wrong = []
    for path, tree in _trees():
        name = path.relative_to(ROOT).as_posix()
        edge = "views" in path.name or name.startswith(
            ("jobs/", "c2b/web/", "c2b/operators/", "c2b/core/clock")
        )
        if edge or any(part in name for part in EDGES):
            continue
        wrong += [f"{name}:{node.lineno}" for node in ast.walk(tree) if _called(node) in clocks]
    assert wrong == []


def test_only_the_edge_commits():
    wrong = []
    for path, tree in _trees():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("c2b/core/db") or "migrations" in name:
            continue
        wrong += [f"{name}:{node.lineno}" for node in ast.walk(tree) if _called(node) == "db.session.commit"]
    assert wrong == []


@pytest.mark.parametrize("path", ["c2b", "jobs", "templates", "static", "tests", "docs"])
def test_the_files_name_no_machine_of_ours(path):
    wrong = [
        str(file.relative_to(ROOT))
        for file in (ROOT / path).rglob("*")
        if file.suffix in {".py", ".html", ".md", ".txt", ".js", ".css", ".toml"}
        and re.search(r"/work/(?![<{\d])|/root/", file.read_text(errors="ignore"))  # /work/7 is a page
        and file != Path(__file__)
    ]
    assert wrong == []


def test_long_modules_are_few():
    """A module over 300 lines is split, or its docstring says why it is one."""
    wrong = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in CODE
        if (lines := len(path.read_text().splitlines())) > 300
        and "one module because" not in (ast.get_docstring(ast.parse(path.read_text())) or "").lower()
    ]
    assert wrong == []
