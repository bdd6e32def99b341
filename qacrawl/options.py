"""Our own settings: what a user may choose, each named once, with its type, default, bounds and meaning.

A setting `delay` is `--delay` on the command line, `QACRAWL_DELAY` for `--set`, in Scrapy's settings and in the
environment; the first of these that has it wins. No Scrapy here: commands that fetch nothing read settings as well.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema

from qacrawl import urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.log import Format

PREFIX = "QACRAWL_"
VARIABLES = {
    "QACRAWL_CHARTS": "0 leaves tables in place of the charts of a snapshot's report.",
    "QACRAWL_WORK": "Folder of working copies of what lies in s3:// buckets; ~/.cache/qacrawl.",
}
"""Variables of the environment that are ours but no settings: they belong to a machine, not to a crawl."""
LONGEST_VALUE = 80
"""Characters of a wrong value that an error shows."""


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _addresses(value: Any) -> Any:
    """Several URLs in one text stand apart by commas or blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _services(value: Any) -> Any:
    """Several addresses in one text stand apart by blanks: within one there may be commas."""
    return tuple(value.split()) if isinstance(value, str) else value


def _numbers(value: Any) -> Any:
    """Return the first and the last number that "A-B", or "A" alone, or a pair means."""
    if value is None or value == "":
        return None
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", value.strip()) if isinstance(value, str) else None
    return (int(match[1]), int(match[2] or match[1])) if match else value


def _in_order(pair: tuple[int, int] | None) -> tuple[int, int] | None:
    if pair and not 1 <= pair[0] <= pair[1]:
        raise ValueError
    return pair


def _steps(value: Any) -> Any:
    """Return the pairs that "30:7 365:60" means; None where it is empty."""
    if not isinstance(value, str):
        return value
    steps = value.replace(",", " ").split()
    if not all(re.fullmatch(r"\d{1,5}(\.\d+)?:\d{1,5}(\.\d+)?", step, re.ASCII) for step in steps):
        raise ValueError
    return tuple(tuple(map(float, step.split(":"))) for step in steps) or None


def _rising(steps: tuple[tuple[float, float], ...] | None) -> tuple[tuple[float, float], ...] | None:
    ages = [age for age, _ in steps or ()]
    if ages != sorted(set(ages)):
        raise ValueError
    return steps


Text = Annotated[str | None, BeforeValidator(_none_if_empty), WithJsonSchema({"format": "text"})]
Address = Annotated[str, AfterValidator(urls.address)]
Page = Annotated[str, AfterValidator(urls.canonical), WithJsonSchema({"format": "an http(s) URL"})]
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(_addresses),
    WithJsonSchema({"format": "http(s) URLs"}),
]
Services = Annotated[tuple[str, ...], BeforeValidator(_services), WithJsonSchema({"format": "addresses of apprise"})]
Numbers = Annotated[
    tuple[int, int] | None,
    BeforeValidator(_numbers),
    AfterValidator(_in_order),
    WithJsonSchema({"format": "A-B with 1 <= A <= B"}),
]
Days = Annotated[float, Field(ge=0, le=36_600)]
Interval = Annotated[
    Days | None,
    BeforeValidator(_none_if_empty),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 36_600}),
]
Steps = Annotated[
    tuple[tuple[float, float], ...] | None,
    BeforeValidator(_steps),
    AfterValidator(_rising),
    WithJsonSchema({"format": "AGE:DAYS AGE:DAYS..., with rising ages"}),
]
Seconds = Annotated[float, Field(ge=0, le=366 * 24 * 3600)]
Share = Annotated[float, Field(ge=0, le=1)]


class Common(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What users choose of a crawl."""

    output: str = Field(
        "output",
        min_length=1,
        description="Folder of all sites, or s3://bucket/prefix.",
        json_schema_extra={"metavar": "DIR"},
    )
    frontier: Text = Field(
        None,
        description="sqlite:///path or postgresql://user@host/db; by default a SQLite file in the site's folder.",
        json_schema_extra={"metavar": "URL"},
    )
    contact: Text = Field(None, description="Your address, for the user agent.")
    start_urls: Addresses = Field(
        (),
        description="Start here instead of at the site's home page; its host is crawled.",
        json_schema_extra={"metavar": "URL"},
    )
    numbers: Numbers = Field(
        None, description="Only the articles with these numbers.", json_schema_extra={"metavar": "A-B"}
    )
    delay: Seconds = Field(
        1.0, description="Seconds between the starts of two requests to a host; robots.txt may ask for more."
    )
    concurrency: int = Field(1, ge=1, le=64, description="Requests to a host at once.")
    max_pages: int = Field(0, ge=0, description="End after so many pages; go on next time. 0 is no limit.")
    max_seconds: Seconds = Field(0.0, description="End after so many seconds. 0 is no limit.")
    full: bool = Field(False, description="Ask for every page again, also for those that are not due.")
    refetch: bool = Field(False, description="Like full, and have each page sent and read again, changed or not.")
    keep_reserved: bool = Field(
        False,
        description="Keep records in snapshots whose site says that no model may be trained on them; the card says so.",
    )
    worker: bool = Field(False, description="Share the crawl with others (PostgreSQL).")
    allow_private: bool = Field(False, description="Admit loopback and private addresses.")
    quiet: bool = Field(False, description="Say only how it ended, and what went wrong.")
    log_format: Format = Field("text", description="json: the log is a JSON object a line, on stderr.")
    notify: Services = Field(
        (),
        description="Address of apprise that is told when a run fails, is held back, or is well again.",
        json_schema_extra={"metavar": "URL"},
    )
    metrics: Text = Field(
        None,
        description="Write figures of the run to this file, for Prometheus.",
        json_schema_extra={"metavar": "FILE"},
    )


class Options(Common, frozen=True):
    """All settings: those, and what is seldom touched."""

    bot_url: Page = Field(
        "https://github.com/qacrawl/qacrawl/blob/main/docs/crawler.md",
        description="Page that tells site owners what this crawler is, for the user agent.",
        json_schema_extra={"metavar": "URL"},
    )
    tries: int = Field(3, ge=1, le=100, description="Requests for a URL in one run, before it counts as failed.")
    retry_pause: Seconds = Field(
        2.0, description="Seconds before the second try; twice as many before the third, and so on."
    )
    failures_in_a_row: int = Field(
        8, ge=1, le=1_000_000, description="Pages of a host that fail one after another before the run ends."
    )
    listings_without_news: int = Field(
        1000,
        ge=0,
        description="New listings that may lead to no new article in one run; others wait for the next. 0 is no limit.",
    )
    publish_hours: float = Field(
        6.0,
        ge=0,
        le=24 * 366,
        description="Hours after which a run publishes what it has so far, again and again. 0: only at its end.",
    )
    longest_wait: Seconds = Field(
        900.0, description="Seconds; a host that asks for more ends the run, the next one goes on."
    )
    read_seconds: float = Field(
        30.0, ge=0.1, le=24 * 3600, description="Seconds that one page may take to be read; beyond it is a reject."
    )
    read_megabytes: int = Field(
        1024, ge=200, le=1 << 20, description="MiB that the process which reads a page may hold; beyond it is a reject."
    )
    keep_own_names: bool = Field(
        False, description="Leave askers' own names in the texts of their questions and replies."
    )
    names_model: Text = Field(
        None,
        description="Folder or package of a spaCy pipeline that finds people; names of third persons become [name].",
        json_schema_extra={"metavar": "FOLDER"},
    )
    gate_rejects: Share = Field(
        0.10,
        description="Share of the articles read that may be rejects; beyond it a snapshot is held back (exit code 3).",
    )
    gate_coverage: Share = Field(
        0.20, description="Share by which the coverage of any field may fall from one snapshot to the next."
    )
    gate_gone: Share = Field(0.05, description="Share of the records that may be gone at once.")
    revisit_answered: Steps = Field(
        None,
        description="Articles with a reply: up to AGE days old they are visited again after so many DAYS, older ones "
        "as the last step says. By default what the site asks for, else 30:7 365:60 36500:180.",
        json_schema_extra={"metavar": "STEPS"},
    )
    revisit_open: Steps = Field(
        None,
        description="The same of articles without a reply, which may still come; 14:1 90:7 36500:90.",
        json_schema_extra={"metavar": "STEPS"},
    )
    revisit_reject: Interval = Field(
        None,
        description="Days until a page that became no record is visited again; 7.",
        json_schema_extra={"metavar": "DAYS"},
    )
    revisit_gone: Interval = Field(
        None, description="Days until a page that is gone is looked for; 180.", json_schema_extra={"metavar": "DAYS"}
    )
    revisit_longest: Interval = Field(
        None,
        description="Days to which the headers of a page, its sitemap and its past put a visit off at most; 365.",
        json_schema_extra={"metavar": "DAYS"},
    )
    lease: float = Field(
        60.0, gt=0, le=24 * 3600, description="Seconds that a worker may be silent before others take its URLs."
    )
    part_records: int = Field(1000, ge=1, le=1_000_000, description="Pages after which a batch is committed...")
    part_seconds: Seconds = Field(
        30.0, description="...or seconds, whichever is first: what a crash makes a run read again from the archive."
    )


NAMES = {f"{PREFIX}{name.upper()}": name for name in Options.model_fields}
"""The fields of `Options` by their names as settings."""


def flag(name: str) -> str:
    """Return the option of the command line for a field; one that may be given again and again is a singular."""
    several = isinstance(Options.model_fields[name].default, tuple)
    return "--" + (name.removesuffix("s") if several else name).replace("_", "-")


def read(
    given: Mapping[str, Any] | None = None,
    chosen: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Options:
    """Return the settings that a user means.

    `chosen` are fields from the command line. They win over `given`, settings by name, of which those that don't begin
    with QACRAWL_ are not ours; these win over the environment, where an empty variable counts as none. Raise
    QacrawlError for a wrong value and for a name that begins with QACRAWL_ and is none of ours.
    """
    environ = os.environ if environ is None else environ
    given, chosen = given or {}, chosen or {}
    values = {NAMES[name]: environ[name] for name in _ours(environ, " in the environment", VARIABLES) if environ[name]}
    labels = {field: f"the variable {_name(field)}" for field in values}
    for name in _ours(given):
        values[NAMES[name]], labels[NAMES[name]] = given[name], name
    try:
        return Options.model_validate(values | dict(chosen))
    except ValidationError as problem:
        error = problem.errors()[0]
    field = str(error["loc"][0])
    label = flag(field) if field in chosen else labels[field]
    raise QacrawlError(f"{label} takes {allowed(field)}, not {_shown(error['input'])}", Exit.USAGE)


def as_settings(options: Options) -> dict[str, Any]:
    """Return all of `options` by their names as settings: what `read` makes the same options of."""
    return {_name(field): value for field, value in options}


def metavar(field: str) -> str:
    """Return the word for a field's value in a help text."""
    info = Options.model_fields[field]
    extra = info.json_schema_extra
    words: dict[Any, str] = {int: "INTEGER", float: "NUMBER"}
    return str(extra["metavar"]) if isinstance(extra, dict) else words.get(info.annotation, "TEXT")


def default(field: str) -> str:
    """Return the default of a field as a user would write it, "" where there is none."""
    value = Options.model_fields[field].default
    return (
        ""
        if value is None or value == () or value is False
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


@cache
def _schema() -> dict[str, Any]:
    return Options.model_json_schema()  # which takes a tenth of a second


def allowed(field: str) -> str:
    """Say in words what values a field may have."""
    prop = _schema()["properties"][field]
    kinds = {"boolean": "true or false", "integer": "a whole number", "number": "a number", "string": "text"}
    words = prop.get("format") or " or ".join(prop.get("enum", ())) or kinds[prop["type"]]
    above = f" above {prop['exclusiveMinimum']:g}" if "exclusiveMinimum" in prop else ""
    if "maximum" not in prop:
        return f"{words}, {prop['minimum']} or more" if "minimum" in prop else words
    if above:
        return f"{words}{above}, at most {prop['maximum']:,.0f}"
    return f"{words} from {prop['minimum']} to {prop['maximum']:,}"


def unknown(name: str, known: Iterable[str] = (), where: str = "") -> QacrawlError:
    """Return the error for a setting that there is not, with the nearest of ours and of those `known` beside."""
    meant = {short.upper(): full for full, short in NAMES.items()} | {one: one for one in (*known, *NAMES)}
    near = get_close_matches(name.upper(), meant, n=1)
    hint = f"; did you mean {meant[near[0]]}?" if near else ""
    return QacrawlError(f"there is no setting {name}{where}{hint}", Exit.USAGE)


def user_agent(contact: str | None, bot_url: str = Options.model_fields["bot_url"].default) -> str:
    """Return what we call ourselves, with a page that explains us; please give an address."""
    told = " ".join((contact or "").split()).encode("ascii", "replace").decode()
    said = f"contact: {told}" if told else "no contact address was set"
    return f"qacrawl/{version('qacrawl')} (+{bot_url}) (research crawler; obeys robots.txt; {said})"


def _name(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _ours(given: Mapping[str, Any], where: str = "", others: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the names of settings of ours in `given`. Raise QacrawlError for one that looks so and is none."""
    others = others or {}
    for name in given:
        if name in NAMES:
            yield name
        elif name.startswith(PREFIX) and name not in others:
            raise unknown(name, others, where)


def _shown(value: Any) -> str:
    """Return a wrong value on one line, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."
