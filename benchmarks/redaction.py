"""How much personal data is found in a set of texts in the format of presidio-research, and what is found by mistake.

python benchmarks/redaction.py PATH, such as data/synth_dataset_v2.json of a copy of presidio-research, or one of our
own in benchmarks/redaction/, where an entry's metadata may have the name of who asked and the text's column.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from qacrawl.redact import people
from qacrawl.redact import text as texts
from qacrawl.redact.people import Own

KINDS = (
    "EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD IBAN_CODE US_SSN US_DRIVER_LICENSE "
    "IP_ADDRESS DOMAIN_NAME STREET_ADDRESS ZIP_CODE ID URL USERNAME ASKER GREETED SIGNED"
).split()


def covered(text: str, asker: str | None, column: str | None) -> set[int]:
    """The offsets in a text of what is found; of names, too, where an asker's or the column of the text is given."""
    plain = texts.plain(text)
    spans = [(start, end) for start, end, _ in texts.search(plain)]
    own = Own(asker) if asker else None
    if own:
        spans += own.find(plain)
    if column:
        spans += [*people.called(plain), *(people.greeted if column == "reply" else people.signed)(plain, own)]
    return {at for start, end in spans for at in range(start, end)}


def measure(path: Path) -> None:
    """Print the recall of each kind (no letter or digit of it is left) and the false alarms."""
    there: Counter[str] = Counter()
    found: Counter[str] = Counter()
    nothing = alarms = 0
    for entry in json.loads(path.read_text(encoding="utf-8")):
        text = entry["full_text"]
        about = entry.get("metadata") or {}
        seen = covered(text, about.get("asker"), about.get("column"))
        spans = [span for span in entry["spans"] if span["entity_type"] in KINDS]
        for span in spans:
            there[span["entity_type"]] += 1
            places = range(span["start_position"], span["end_position"])
            found[span["entity_type"]] += all(at in seen for at in places if text[at].isalnum())
        nothing += not spans
        alarms += not spans and bool(seen)
    for kind, number in there.items():
        print(f"{kind}\t{found[kind]} of {number}\t{found[kind] / number:.3f}")
    print(f"false alarms\t{alarms} of {nothing}")


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
