"""The record, and what stands around it: a page as fetched, what a parser reads, what is refused.

Pydantic is the only definition. The JSON Schema, the Arrow schema and `docs/fields.md` are derived from
`QARecord` by `schema.py`; its field order is the order of the Parquet columns.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

SCHEMA_VERSION = 2
"""Raised when a column is removed, renamed, reordered or changes its type or meaning; and with the columns of 2."""
READS = (1, SCHEMA_VERSION)
"""Versions of parts that are read: a column that an older one lacks is null, [] or the zero of its type there."""
OLDEST = 150
"""Years; nobody was older."""
LARGEST = 16 << 20
"""Bytes of a page that is read, after content decoding."""
TEXTS = ("title", "question_subject", "question", "reply", "more_info")
"""Columns of a record that hold running text."""

Text = Annotated[str, StringConstraints(min_length=1)]
"""Text of a page: lines end with one newline, paragraphs with two, NFC, no trailing spaces, never empty."""

Age = Annotated[int, Field(ge=0, le=OLDEST, json_schema_extra={"arrow": "int16"})]
"""Whole years."""

Votes = Annotated[int, Field(ge=-(2**31), lt=2**31, json_schema_extra={"arrow": "int32"})]
"""Votes for what somebody wrote; below 0 where more are against it."""

Rank = Annotated[int, Field(ge=0, lt=2**15, json_schema_extra={"arrow": "int16"})]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Sex = Literal["female", "male", "other"]


class Signal(NamedTuple):
    """What a site says of the use of a page, in one line of a file, a header or a meta tag."""

    source: Literal["robots.txt", "tdmrep.json", "header", "meta"]
    rule: str
    """The line, with the name of the rule before it."""
    trains: bool | None = None
    """Whether models may be trained on it; None where it does not say."""
    indexes: bool = True
    """Whether the page may be in an index."""
    follows: bool = True
    """Whether its links may be followed."""
    is_read: bool = True
    """Whether all of it could be read."""
    seen_at: datetime | None = None
    """When the response came that says it, UTC; None: with the page."""


class Page(BaseModel):
    """A page as fetched: the bytes, and what is known of them before anyone reads them."""

    model_config = ConfigDict(frozen=True)

    site: str
    url: str
    """Canonical URL."""
    address: str | None = None
    """Where it was, which its links are relative to; None: at `url`."""
    body: bytes = Field(repr=False)
    """The body after transfer and content decoding, before any character decoding."""
    fetched_at: AwareDatetime
    content_type: str | None = None
    """The Content-Type header, unread."""
    status: int = 200
    run_id: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    signals: tuple[Signal, ...] = Field((), repr=False)
    """What is said of its use; by the site's files and by headers, until `usage.page` adds what it says itself."""

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()


class SimilarQA(BaseModel):
    """One entry of a page's "Similar Q&A": another question, cut short by the site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text | None = Field(None, description="Title of the other question, as the link says it.")
    url: Text | None = Field(
        None,
        description="Canonical URL of the other question, or the link's address as the page has it where that is no "
        "page of the site; null where the page has no link.",
    )
    question_excerpt: Text | None = Field(None, description='Start of the question; the site ends it with "...".')
    doctor: Text | None = Field(None, description="Who replied there.")
    specialty: Text | None = Field(None, description="Department of that reply.")
    reply_excerpt: Text | None = Field(None, description="Start of the reply; the site cuts it.")


class RelatedFAQ(BaseModel):
    """One tag of a page's "Related FAQ"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = Field(description="The tag.")
    specialty: Text | None = Field(None, description="Department in brackets after the tag.")
    url: Text | None = Field(
        None,
        description="Canonical URL of the tag's listing, or the link's address as the page has it where that is no "
        "page of the site; null where the page has no link.",
    )


class OtherReply(BaseModel):
    """One more reply of a page, beside the record's `reply`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: Text | None = Field(None, description="Who replied, as the page shows the name.")
    reply: Text = Field(description="The reply, redacted as `reply` is.")
    reply_date: date | None = Field(None, description="Day of the reply, as the page says it (no time zone).")
    votes: Votes | None = Field(None, description="Votes for it; null where the page says none.")
    accepted: bool = Field(False, description="Whether the page marks it as accepted.")


class UsageSignal(BaseModel):
    """What a site says of the use of a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Text = Field(description="Where it says so: `robots.txt`, `tdmrep.json`, `header` or `meta`.")
    rule: Text = Field(description='What it says, as written: "Content-Usage: train-ai=n"; cut where it is long.')
    seen_at: AwareDatetime = Field(description="When the response came that says it, UTC.")


_MAY_TRAIN = (
    "Whether the site lets models be trained on the page: false where any signal reserves that, true where one allows "
    "it and none reserves it, null where none says anything of it. Snapshots leave out what is false, unless whoever "
    "makes them chose otherwise."
)
_USAGE_SIGNALS = (
    "What the site said of the use of the page when it was last visited; docs/crawler.md says what is read."
)


class QARecord(BaseModel):
    """One question with its reply, as one page showed it at one time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record_id: Text = Field(
        description='Key: "{site}:{number}" with the number in the URL, or, where the URL has none, the first 16 '
        'hex digits of the SHA-256 of the canonical URL; behind it "#{rank}" for the second question of a page and '
        "those after it. The same in every version of a record."
    )
    site: Text = Field(description="Slug of the source, as `qacrawl sites` lists it.")
    url: Text = Field(description="Canonical URL of the page.")
    lang: Text = Field(description="Language of the page, BCP 47.")
    title: Text | None = Field(
        None, description='The site\'s own headline, without " - Department". Not written by the asker.'
    )
    specialty: Text | None = Field(None, description="Department, as the page says it.")
    question_subject: Text | None = Field(None, description="The asker's headline.")
    question: Text = Field(
        description="The question. Lines and paragraphs as on the page; contact data and the asker's name are "
        "redacted, names of others are not."
    )
    asker: Text | None = Field(
        None,
        description="Who asked: by default a pseudonym, a keyed hash of the name shown; the same name gives the "
        "same pseudonym within one output folder. Names are chosen by askers: equal names need not be one person.",
    )
    asker_sex: Sex | None = Field(
        None,
        description='Sex as the page says it. Unreliable on doctorqna.com, which says "female" on every page seen, '
        "whatever the asker; do not use it there.",
    )
    asker_age_min: Age | None = Field(
        None, description='Lower end of the asker\'s age in years: 10 for "10~19 year old".'
    )
    asker_age_max: Age | None = Field(
        None, description='Upper end of the asker\'s age in years, inclusive: 19 for "10~19 year old".'
    )
    ask_date: date | None = Field(None, description="Day of the question, as the page says it (no time zone).")
    doctor: Text | None = Field(None, description='Who replied, without "Dr."; null when the page shows no reply.')
    reply_specialty: Text | None = Field(None, description="Department of the reply, as its line says it.")
    hospital: Text | None = Field(
        None,
        description="Hospital of who replied, as the line says it that names them, or the reply's sign-off; null where "
        "neither names one.",
    )
    reply: Text | None = Field(
        None,
        description="The doctor's reply with its sign-off; contact data and the asker's name are redacted, names of "
        "others are not. Null with the note `unanswered`.",
    )
    reply_date: date | None = Field(None, description="Day of the reply, as the page says it (no time zone).")
    more_info: Text | None = Field(
        None, description="A long article by the site, not by the doctor, shown below the reply. Probably generated."
    )
    similar_qa: tuple[SimilarQA, ...] = Field((), description='"Similar Q&A" of the page, in its order.')
    related_faq: tuple[RelatedFAQ, ...] = Field((), description='"Related FAQ" of the page, in its order.')
    other_replies: tuple[OtherReply, ...] = Field(
        (), description="The page's other replies, in its order, each text once. Their authors' names are public there."
    )
    question_votes: Votes | None = Field(None, description="Votes for the question; null where the page says none.")
    reply_votes: Votes | None = Field(None, description="Votes for the reply; null where the page says none.")
    reply_accepted: bool | None = Field(
        None,
        description="Whether the page marks the reply as accepted; null without a reply, or where no site marks one.",
    )
    rank: Rank = Field(0, description="Which question of its page this is, from 0 for the first.")
    department: Text | None = Field(
        None,
        description="The department under the one name that qacrawl has for it on all sites, a slug "
        "(qacrawl/departments/names.tsv); null where the page names none, or one that is not known.",
    )
    follows: Text | None = Field(
        None, description="`record_id` of the question that this one says it follows; it need not be in the dataset."
    )
    fetched_at: AwareDatetime = Field(
        description="When the page was fetched, UTC (for `extract`: when the file was last changed)."
    )
    run_id: Text | None = Field(None, description="The run that fetched the page; null for a saved page.")
    page_sha256: Sha256 = Field(description="SHA-256 of the page's bytes after content decoding, hex.")
    warc_file: Text | None = Field(
        None, description="File in `archive/` that holds the response; null for a saved page."
    )
    warc_offset: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Byte at which the response's record starts in that file."
    )
    parser_version: Text = Field(
        description='What read the page: "{site}/{version}"; "/{model}" too, if one took names out.'
    )
    notes: tuple[Text, ...] = Field((), description="Soft findings, as codes; docs/notes.md explains each.")
    may_train: bool | None = Field(None, description=_MAY_TRAIN)
    usage_signals: tuple[UsageSignal, ...] = Field((), description=_USAGE_SIGNALS)


class Fields(TypedDict, total=False):
    """What a parser reads from a page: plain values under the names of `QARecord`. Absent is absent, never ""."""

    lang: str
    title: str
    specialty: str
    question_subject: str
    question: str
    asker: str
    asker_sex: Sex
    asker_age_min: int
    asker_age_max: int
    ask_date: date
    doctor: str
    reply_specialty: str
    hospital: str
    reply: str
    reply_date: date
    more_info: str
    similar_qa: list[SimilarQA]
    related_faq: list[RelatedFAQ]
    other_replies: list[OtherReply]
    question_votes: int
    reply_votes: int
    reply_accepted: bool
    follows: str
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Article:
    """A parser's answer for a Q&A page."""

    fields: Fields
    more: tuple[Fields, ...] = ()
    """Those of the page's other questions, in its order."""

    @property
    def questions(self) -> tuple[Fields, ...]:
        """The fields of each question."""
        return (self.fields, *self.more)


@dataclass(frozen=True, slots=True)
class Several:
    """The records of a page with more than one question, in its order."""

    records: tuple[QARecord, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A parser's answer for a page that lists others: the canonical URLs it leads to, in its order."""

    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A parser's or the validation's answer for a page that is no record: a reason code, the fields at fault."""

    reason: str
    fields: tuple[str, ...] = ()


class Reject(BaseModel):
    """A page that became no record, with where it came from; a row of `rejects/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: Text = Field(description="Slug of the source, as `qacrawl sites` lists it.")
    url: Text = Field(description="Canonical URL of the page.")
    reason: Text = Field(description="Code of what is wrong; docs/notes.md explains each.")
    fields: tuple[Text, ...] = Field((), description="Fields at fault.")
    fetched_at: AwareDatetime = Field(description="When the page was fetched, UTC.")
    run_id: Text | None = Field(None, description="The run that fetched the page; null for a saved page.")
    page_sha256: Sha256 = Field(description="SHA-256 of the page's bytes after content decoding, hex.")
    warc_file: Text | None = Field(
        None, description="File in `archive/` that holds the response; null for a saved page."
    )
    warc_offset: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Byte at which the response's record starts in that file."
    )
    parser_version: Text = Field(
        description='What read the page: "{site}/{version}"; "/{model}" too, if one took names out.'
    )
    may_train: bool | None = Field(None, description=_MAY_TRAIN)
    usage_signals: tuple[UsageSignal, ...] = Field((), description=_USAGE_SIGNALS)


def records_of(result: object) -> tuple[QARecord, ...]:
    """Return the records that a page came to: one, several or none."""
    return result.records if isinstance(result, Several) else (result,) if isinstance(result, QARecord) else ()


def is_gone(result: object) -> bool:
    """Return whether what was made of a page says that it is gone: nothing is stored, as after such a status."""
    return isinstance(result, Reject) and result.reason == "gone"
