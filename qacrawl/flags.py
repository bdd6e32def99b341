"""Options of the command line for our settings, made from their model: what a setting is, is said there alone.

Typer makes options of a function's parameters, so `takes` gives a command a parameter for each setting. All are text
here: the model judges them, in the same words wherever a value comes from. Nor does Typer read the environment: it
would take a variable for an option, which wins over `--set`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from qacrawl import log, options, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.options import Common, Options

_SET = typer.Option(
    "--set",
    "-s",
    metavar="NAME=VALUE",
    help="A setting of qacrawl, all of which are in docs/settings.md, or of Scrapy. --set QACRAWL_DELAY=3 and the "
    "variable QACRAWL_DELAY=3 do what --delay 3 does.",
)


@dataclass(frozen=True)
class Given:
    """What a user gave a command."""

    options: Options
    scrapy: Mapping[str, str]
    """Settings of Scrapy's, as text."""


def takes(*fields: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have a command take options for these fields of `Options`, and `--set`; it gets them as `given`.

    Its parameters `site` and `sites`, names or files as a user gives them, reach it as slugs.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [parameter for name, parameter in signature.parameters.items() if name != "given"]
        more = [*map(_parameter, fields), _keyword("setting", list[str], _SET)]

        @wraps(command)
        def run(**values: Any) -> None:
            pairs = _pairs(values.pop("setting"))
            chosen = {field: values.pop(field) for field in fields}
            given = _read(pairs, {field: value for field, value in chosen.items() if value is not None})
            if "site" in values:
                values["site"] = _slug(values["site"], given)
            if "sites" in values:
                values["sites"] = [_slug(site, given) for site in values["sites"]]
            command(**values, given=given)

        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run.__signature__ = inspect.Signature([*keyword, *more])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *more]}
        return run

    return decorate


def _slug(site: str, given: Given) -> str:
    """Return the slug of the site that a user means."""
    if site in registry.names():
        return site
    from qacrawl import sitefile  # which reads pages, and takes as long to load as all the rest

    return sitefile.find(site, given.options.output)


def _parameter(field: str) -> inspect.Parameter:
    """Return the parameter that Typer makes the option of a field from."""
    info, flag = Options.model_fields[field], options.flag(field)
    kind = bool if info.annotation is bool else list[str] if isinstance(info.default, tuple) else str
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if kind is bool else flag,
        metavar=None if kind is bool else options.metavar(field),
        help=info.description,
        show_default=options.default(field) or False,
        rich_help_panel=None if field in Common.model_fields else "Seldom needed",
    )
    return _keyword(field, kind, option)


def _keyword(name: str, kind: Any, option: Any) -> inspect.Parameter:
    """Return an optional parameter."""
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _pairs(texts: list[str] | None) -> dict[str, str]:
    """NAME=VALUE settings."""
    pairs = [text.partition("=") for text in texts or ()]
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise QacrawlError(f"--set takes NAME=VALUE, not {name!r}", Exit.USAGE)
    return {name: value for name, _, value in pairs}


def _read(pairs: Mapping[str, str], chosen: Mapping[str, Any]) -> Given:
    """Return the settings that are meant, Scrapy's apart from ours."""
    read = options.read(pairs, chosen)
    log.use(read.log_format)
    scrapy = {name: value for name, value in pairs.items() if name not in options.NAMES}
    if scrapy:
        from qacrawl.fetch import scrapy_settings  # which takes half a second

        scrapy_settings.check(scrapy)
    return Given(read, scrapy)
