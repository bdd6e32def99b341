"""Makes records, rejects and the parts that hold them, for tests that start behind the crawl."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from qacrawl import store
from qacrawl.records import QARecord, Reject, RelatedFAQ, SimilarQA

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOST = "https://doctorqna.com/en/article"
TOPICS = "knee ear skin sleep stomach back eye throat heart hand foot tooth lung nail hair".split()
WORDS = (
    "pain morning evening swollen red since weeks doctor medicine tablet walking sitting cold warm night hospital "
    "left right worried itching burning dry wet small large never always sometimes after before eating running tired"
).split()


def sentence(seed: str, words: int = 30) -> str:
    """Words that depend on `seed` alone; two seeds share hardly any three in a row."""
    digest = b"".join(sha256(f"{seed}/{at}".encode()).digest() for at in range(words // 32 + 1))
    return " ".join(WORDS[byte % len(WORDS)] for byte in digest[:words])


def record(number: int, day: int = 0, **changes: Any) -> QARecord:
    """A record fetched `day` days after START; the same number and changes give the same record."""
    at = START + timedelta(days=day, seconds=number)
    values: dict[str, Any] = {
        "record_id": f"doctorqna:{number}",
        "site": "doctorqna",
        "url": f"{HOST}/{number}",
        "lang": "en",
        "title": f"Title {number}",
        "specialty": "Dermatology" if number % 3 else "Neurology",
        "question_subject": f"Subject {number}",
        "question": f"My {TOPICS[number % len(TOPICS)]} number {number}.\n{sentence(str(number))}",
        "asker": f"asker-{number % 11:016x}",
        "asker_sex": "female",
        "asker_age_min": 20,
        "asker_age_max": 29,
        "ask_date": date(2020, 1, 1) + timedelta(days=number % 700),
        "doctor": f"Doctor {number % 5}",
        "reply_specialty": "Dermatology",
        "hospital": "Green Harbour Hospital",
        "reply": f"Answer {number}.\n{sentence(f'reply {number}')}",
        "reply_date": date(2020, 1, 3) + timedelta(days=number % 700),
        "similar_qa": (
            SimilarQA(title=f"Title {number + 1}", url=f"{HOST}/{number + 1}"),
            SimilarQA(title="Elsewhere", url=f"{HOST}/999999"),
        ),
        "related_faq": (RelatedFAQ(name="Itch", specialty="Dermatology"), RelatedFAQ(name="Rash")),
        "fetched_at": at,
        "run_id": f"run-{day}",
        "page_sha256": sha256(f"{number} {changes}".encode()).hexdigest(),
        "warc_file": f"run-{day}-00000.warc.gz",
        "warc_offset": number * 1000,
        "parser_version": "doctorqna/1",
    }
    return QARecord(**(values | changes))


def reject(number: int, day: int = 0, **changes: Any) -> Reject:
    """A reject of the page that `record(number, day)` would come from."""
    made = record(number, day)
    origin = {name: getattr(made, name) for name in Reject.model_fields if name not in ("reason", "fields")}
    return Reject(**(origin | {"reason": "maintenance"} | changes))


def part(folder: Path, rows: Iterable[QARecord] | Iterable[Reject]) -> Path:
    """Write rows as a part of the site folder `folder`; return its path."""
    rows = list(rows)
    kind = "parts" if isinstance(rows[0], QARecord) else "rejects"
    return folder / kind / store.write_part(folder, rows)
