"""What to look for: the kind of fraud that a find in these goods would most likely be.

Said of goods that somebody will open, beside the reasons why: which line, which kind, how sure, and
where such a fraud shows. The shares are those of finds: they do not say how likely a find is.
"""

from __future__ import annotations

from collections.abc import Sequence

from clearway.risk.model import Goods
from clearway.terms.reason import Reason

CODE = "RISK_LOOK_FOR"
# A kind that is one find in ten, or less, helps nobody to look.
_LEAST_SHARE = 0.1
_MOST_KINDS = 2

# Names of the history's kinds; one without words is said by its name.
NAMES = {
    "undervaluation": "undervaluation",
    "misclassification": "another HS code than declared",
    "false_origin": "a false origin",
    "short_quantity": "more goods than declared",
    "over_quantity": "fewer goods than declared",
    "concealed": "goods hidden behind those declared",
    "prohibited": "prohibited goods",
    "documents": "false documents",
}
_WHERE = {
    "undervaluation": "compare the invoice with the payment and with usual prices",
    "misclassification": "compare the goods with the wording of the HS heading",
    "false_origin": "look at marks, labels and the proof of origin",
    "short_quantity": "weigh and count",
    "over_quantity": "weigh and count",
    "concealed": "unload to the last row; compare the weighed mass with the declared one",
    "prohibited": "open packages from all sides of the load",
    "documents": "ask the issuing authority for its copy",
}


def what_to_look_for(
    item: Goods, items: int, kinds: Sequence[tuple[str, float]]
) -> tuple[Reason, ...]:
    """Return one sentence on the kinds of fraud, or none where no kind stands out.

    Args:
        item: the line to look at.
        items: how many lines the declaration has.
        kinds: of `Scorer.kinds`, likeliest first.
    """
    told = [(name, share) for name, share in kinds if share >= _LEAST_SHARE][:_MOST_KINDS]
    if not told:
        return ()
    first, share = told[0]
    place = f"Item {item.item}: if" if items > 1 else "If"
    text = (
        f"{place} something is wrong, it is most likely {_name(first)}"
        f" ({share:.0%} of finds like this)"
    )
    for name, less in told[1:]:
        text += f", else {_name(name)} ({less:.0%})"
    where = _WHERE.get(first)
    text += f"; {where}." if where else "."
    return (Reason(CODE, text, f"{first} {share:.0%}", round(share, 3)),)


def _name(kind: str) -> str:
    return NAMES.get(kind, kind.replace("_", " "))
