"""The product's own samples, with markup in everything that a person could have written. New ones go there."""

from typing import Any

from c2b.mailing import samples

OURS = ("stage", "kind")  # words of the program, looked up in the catalogue


def hostile(value: Any, key: str = "") -> Any:
    """The same with the second word of every text in bold."""
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    if not isinstance(value, str) or " " not in value or key in OURS:
        return value
    first, second, *rest = value.split(" ")
    return " ".join([first, f"<b>{second}</b>", *rest])


SAMPLES: dict[str, list[dict[str, Any]]] = hostile(samples.SAMPLES)
