"""What a long run counts, for the table in docs/reliability.md."""

import json
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[2] / "benchmarks" / "results" / "reliability.json"


@pytest.fixture(scope="session")
def tally(request):
    """Count outcomes: ``tally(kind, what, outcome=how often, …)``; the largest count stays.

    Written only by a run that the marker lets in, ``pytest tests/reliability -m ""``.
    """
    counted = {}

    def count(kind, what, **outcomes):
        before = counted.setdefault(kind, {}).get(what, {})
        if sum(outcomes.values()) >= sum(before.values()):
            counted[kind][what] = outcomes

    yield count
    session = request.session
    if any(item.get_closest_marker("reliability") for item in session.items):
        table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
        counted = {kind: dict(sorted(rows.items())) for kind, rows in counted.items()}
        table = {**table, **counted, "failed tests": session.testsfailed}
        TABLE.write_text(json.dumps(table, indent=1) + "\n")
