"""What is to be known of the export before a run learns it. Pure, like `preflight`."""

from pipeline.said import Said
from pipeline.train.facts import Check, Facts, Level

LEAST_REPLAY = 0.10
"""Below this share of general rows a small set forgets more (decided by 2605.26097)."""


def data_checks(facts: Facts) -> list[Check | None]:
    """Return the checks of the files, their rows and what they mix."""
    return [
        _export(facts),
        _rows(facts),
        _tokens(facts),
        _test(facts),
        _placeholders(facts),
        _cut(facts),
        _domains(facts),
        _replay(facts),
    ]


def _export(facts: Facts) -> Check:
    if facts.changed_files:
        return Check("export", "broken", {"files": facts.changed_files})
    return Check("export", "good", {"count": facts.file_count})


def _rows(facts: Facts) -> Check:
    counts = {file.dataset: file.rows * file.repeat for file in facts.data}
    if not sum(counts.values()):
        return Check("rows", "broken")
    parts = tuple(
        Said("{count:,} {dataset}", count=count, dataset=dataset)
        for dataset, count in counts.items()
    )
    return Check("rows", "good", {"count": sum(counts.values()), "datasets": parts})


def _tokens(facts: Facts) -> Check | None:
    total = sum(each.tokens for each in facts.tokens)
    if not total:
        return None
    parts = tuple(f"{each.dataset} {each.tokens / total:.0%}" for each in facts.tokens)
    learned = sum(each.learned for each in facts.tokens)
    values = {"count": round(total), "learned": round(learned), "datasets": parts}
    return Check("tokens", "good", dict(values))


def _test(facts: Facts) -> Check:
    if not facts.test_rows:
        return Check("test", "look")
    return Check("test", "good", {"count": facts.test_rows})


def _placeholders(facts: Facts) -> Check:
    if facts.placeholder_rows:
        values: dict[str, object] = {"count": facts.placeholder_rows, "example": facts.placeholder}
        return Check("placeholders", "look", values)
    return Check("placeholders", "good")


def _cut(facts: Facts) -> Check | None:
    if facts.cut is None:
        return None
    found = facts.cut
    values: dict[str, object] = {"rows": found.rows, "cutoff": facts.settings.cutoff_tokens}
    if not found.cut and not found.left_out:
        return Check("cut", "good", values)
    values |= {"count": found.cut, "out": found.left_out, "first": found.first}
    return Check("cut", "look", values)


def _domains(facts: Facts) -> Check | None:
    names = sorted({file.dataset for file in facts.data if file.role == "domain"})
    if not names:
        return None
    if len(names) == 1:
        return Check("domains", "good")
    return Check("domains", "look", {"count": len(names), "names": tuple(names)})


def _replay(facts: Facts) -> Check | None:
    rows = {role: 0 for role in ("identity", "domain", "general")}
    for file in facts.data:
        rows[file.role] += file.rows * file.repeat
    if not rows["identity"] + rows["domain"]:
        return None
    share = rows["general"] / sum(rows.values())
    level: Level = "good" if share >= LEAST_REPLAY else "look"
    return Check("replay", level, {"share": share})
