"""A page without its people's words: other letters in each word, alike everywhere; what a parser goes by stays."""

import ast
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from html import escape, unescape
from pathlib import Path

import qacrawl
from qacrawl import departments

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxz"
_HAN = "山水木火土日月星風雨雲雪花草鳥魚馬牛羊犬石金竹米衣食住行走立坐見聞言字文書車舟門戶窗田川海江河湖春夏秋冬東西"
"""Characters that stand for Chinese ones."""
_DAY = re.compile(r"\d{2,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}")
_ALSO = frozenset("care cares cared year years month months week weeks day days old aged ago".split())
"""Words that patterns spell in pieces."""
_LONG = 5
"""Figures in a row, or with single dashes and spaces between, that may be a telephone or a patient's number."""
_PIECE = re.compile(
    r"(?P<entity>&#?\w{1,31};)"
    r"|(?P<day>" + _DAY.pattern + r")"
    r"|(?P<article>#\d+)"
    r"|(?P<number>\d(?:[ -]?\d){" + str(_LONG - 1) + r",})"
    r"|(?P<han>[\u3400-\u9fff\uf900-\ufaff]+)"
    r"|(?P<word>[^\W\d_]+)"
)
_MARKUP = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))"
    r"|(?P<script><script\b(?P<how>[^>]*)(?<!/)>(?P<code>.*?)(?:</script\s*>|\Z))"
    r"|(?P<style><style\b[^>]*>.*?(?:</style\s*>|\Z))"
    r"|(?P<tag><[a-z/!?](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>)"
    r"|(?P<text>[^<]+|<)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = re.compile(r"""([\w:-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")
_SPOKEN = {"title", "alt", "content", "value", "placeholder", "aria-label", "summary", "label", "datetime"}
"""Attributes that may hold words."""
_LINKS = {"href", "src", "action", "data-href", "cite"}
_PERSONAL = re.compile(r"@|%40|^(?:mailto|tel|sms|callto|line|skype):", re.IGNORECASE)
_NAMES = re.compile(r"(?P<string>\"(?:[^\"\\]|\\.)*\")(?P<colon>\s*:)?")


@cache
def landmarks(site: str) -> tuple[frozenset[str], re.Pattern[str]]:
    """Return what stays: words in lower case, and a pattern of Chinese phrases.

    They are those in the constants of the modules that read a site's pages, so a parser finds what it looks for.
    """
    folder = Path(qacrawl.__file__).parent
    paths = [*(folder / "parse").rglob("*.py"), *(folder / "sites" / site).rglob("*.py")]
    said = [text for path in sorted(paths) for text in _constants(ast.parse(path.read_text(encoding="utf-8")))]
    said.append(Path(departments.__file__).with_name("names.tsv").read_text(encoding="utf-8"))
    spelt = [re.sub(r"\\[a-zA-Z]", " ", text) for text in said]  # of a pattern, "\\bdays?" has "days" and "day"
    spelt += [re.sub(r"\w\?", "", text) for text in spelt]
    words = {word.lower() for text in spelt for word in re.findall(r"[^\W\d_]{2,}", text) if word.isascii()}
    han = {run for text in said for run in re.findall(r"[\u3400-\u9fff]{2,}", text)} | {"男", "女", "科"}
    return frozenset(words | _ALSO), re.compile("|".join(sorted(han, key=lambda run: (-len(run), run))))


def _constants(tree: ast.Module) -> Iterator[str]:
    """Yield the strings and bytes in a module, but for its docstrings."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in told and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("utf-8", "replace")


class Scrambler:
    """Replaces words by others of the same length: the same word by the same one under a key, which nobody else has."""

    def __init__(self, site: str, key: bytes) -> None:
        self.key = key
        self.words, self.phrases = landmarks(site)

    def page(self, markup: str, keeps: Callable[[str], bool]) -> str:
        """Return a page, HTML or plain text, in other words; addresses for which `keeps` holds stay as they are."""
        return "".join(self._markup(found, keeps) for found in _MARKUP.finditer(markup))

    def text(self, text: str) -> str:
        """Return text in other words. Entities, days, short numbers and landmarks stay."""
        return _PIECE.sub(self._piece, text)

    def _markup(self, found: re.Match[str], keeps: Callable[[str], bool]) -> str:
        kind, whole = found.lastgroup, found[0]
        if found["script"]:
            data = "ld+json" in found["how"].lower()
            code = _NAMES.sub(lambda one: self._string(one, keeps), found["code"]) if data else ""
            return whole.replace(found["code"], code, 1) if found["code"] else whole
        if found["tag"]:
            return _VALUE.sub(lambda value: self._value(value, keeps), whole)
        if found["comment"]:
            return f"<!--{self.text(whole[4:].removesuffix('-->'))}-->"
        return self.text(whole) if kind == "text" else whole

    def _value(self, found: re.Match[str], keeps: Callable[[str], bool]) -> str:
        """Return an attribute."""
        name, between, value = found.groups()
        quote = value[0] if value[0] in "\"'" else ""
        said = unescape(value[1:-1] if quote else value)
        if name.lower() in _LINKS:
            said = said if keeps(said) else self._address(said)
        elif name.lower() in _SPOKEN and not said.lower().startswith(("text/html", "width=", "http")):
            said = self.text(said)
        else:
            return found[0]
        return f"{name}{between}{quote}{escape(said, quote=bool(quote))}{quote}" if quote else f"{name}{between}{said}"

    def _address(self, address: str) -> str:
        """Return an address that leads nowhere: host and words are others, or all where it is a person's."""
        if _PERSONAL.search(address):
            return self.text(address)
        scheme, colon, rest = address.partition("//") if "//" in address[:8] else ("", "", address)
        return scheme + colon + self.text(rest) if colon else address

    def _string(self, found: re.Match[str], keeps: Callable[[str], bool]) -> str:
        """Return a string of JSON, of which names stay, and moments."""
        said = found["string"]
        if found["colon"] or re.fullmatch(r'"(?:@.*|[\d\s:TZ+./-]*|https?://schema\.org.*)"', said):
            return found[0]
        if said[1:].startswith(("http://", "https://")):
            return said if keeps(said[1:-1]) else f'"{self._address(said[1:-1])}"'
        return re.sub(r"(\\u[0-9a-fA-F]{4}|\\.)|([^\\]+)", lambda one: one[1] or self.text(one[2]), said)

    def _piece(self, found: re.Match[str]) -> str:
        kind, said = found.lastgroup, found[0]
        if kind == "number":
            return "".join("0" if char.isdigit() else char for char in said)
        if kind == "han":
            return self._han(said)
        return self._word(said) if kind == "word" and said.lower() not in self.words else said

    def _word(self, word: str) -> str:
        """Return other letters: vowels for vowels, capitals for capitals."""
        if len(word) == 1:
            return word
        made = []
        for place, (char, number) in enumerate(zip(word, self._numbers(word.lower(), len(word)), strict=True)):
            pool = _VOWELS if char.lower() in _VOWELS or (not char.isascii() and place % 2) else _CONSONANTS
            letter = pool[number % len(pool)]
            made.append(letter.upper() if char.isupper() else letter)
        return "".join(made)

    def _han(self, run: str) -> str:
        """Return other characters, but for the phrases that stay."""
        made, at = [], 0
        for phrase in self.phrases.finditer(run):
            made += [*self._others(run[at : phrase.start()]), phrase[0]]
            at = phrase.end()
        return "".join([*made, *self._others(run[at:])])

    def _others(self, chars: Iterable[str]) -> Iterator[str]:
        for char in chars:
            yield _HAN[self._numbers(char, 1)[0] % len(_HAN)]

    @cache  # noqa: B019 (one page is scrambled, then this ends)
    def _numbers(self, word: str, length: int) -> bytes:
        """Return a byte a letter, the same for the same word."""
        made = b""
        while len(made) < length:
            made += hmac.digest(self.key, f"{len(made)} {word}".encode(), "sha256")
        return made[:length]


def key_of(secret: bytes) -> bytes:
    """Return a key of its own for scrambling: pseudonyms are made with the other."""
    return sha256(b"fixture" + secret).digest()
