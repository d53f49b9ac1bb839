"""What is to be known of the base model and its chat template before a run. Pure."""

from pipeline.train.facts import Check, Facts, Level

LEAST_IDENTITY_RATE = 8e-4
"""At 3e-4 a name was never said after three passes, at 1e-3 always (30 pairs; docs/log.md)."""


def model_checks(facts: Facts) -> list[Check | None]:
    """Return the checks of the model, its licence, its template and what they teach."""
    return [
        _model(facts),
        _licence(facts),
        _system(facts),
        _prompt(facts),
        _template(facts),
        _end(facts),
        _rate(facts),
    ]


def _model(facts: Facts) -> Check:
    if facts.model_fault:
        return Check("model", "broken", {"reason": facts.model_fault})
    if facts.model_code:
        return Check("code", "broken")
    return Check("model", "good")


def _licence(facts: Facts) -> Check | None:
    if facts.licence is None or facts.model_fault:
        return None
    if facts.licence:
        return Check("licence", "good", {"file": facts.licence})
    return Check("licence", "look")


def _system(facts: Facts) -> Check | None:
    is_missing = facts.policy == "text" and not facts.system_text.strip()
    return Check("system", "broken") if is_missing else None


def _prompt(facts: Facts) -> Check | None:
    if not _teaches_identity(facts):
        return None
    if facts.policy == "model" and facts.default_prompt:
        return Check("prompt", "look")
    return Check("prompt", "good")


def _template(facts: Facts) -> Check | None:
    if facts.template_fault:
        return Check("template", "broken", {"reason": facts.template_fault})
    compared = facts.compared
    if compared is None or not compared.rows:
        return None
    if compared.differing:
        return Check("template", "look", {"count": compared.differing, "rows": compared.rows})
    return Check("template", "good", {"count": compared.rows})


def _end(facts: Facts) -> Check | None:
    compared = facts.compared
    if compared is None or not compared.rows:
        return None
    values: dict[str, object] = {"token": compared.end_text, "count": compared.rows}
    if compared.ended:
        return Check("end", "good", values)
    return Check("end", "look", values)


def _rate(facts: Facts) -> Check | None:
    if not _teaches_identity(facts):
        return None
    rate = facts.settings.learning_rate
    level: Level = "good" if rate >= LEAST_IDENTITY_RATE else "look"
    return Check("rate", level, {"rate": f"{rate:g}"})


def _teaches_identity(facts: Facts) -> bool:
    return any(file.role == "identity" and file.rows for file in facts.data)
