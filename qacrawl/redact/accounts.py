"""User names and accounts of messengers, where a text announces them, and @handles."""

import re
from collections.abc import Iterator

from qacrawl.redact.spans import Span, around, words

_HANDLE = re.compile(r"@(?=[\w.]*[A-Za-z])[A-Za-z0-9_](?:[\w.-]{1,38}\w)(?![\w@]|\.\w)", re.ASCII)
_NO_HANDLE = frozenset(
    "bedtime night noon home work morning evening lunch dinner breakfast least most hospital clinic all once rest "
    "time baseline "
    "school room the this that and media import param page".split()
)
_NAME = r"@?[A-Za-z0-9](?:[\w.:-]{1,38}[A-Za-z0-9_])(?![\w@])"
_APP = (
    r"(?:we\s?chat|whats\s?app|telegram|skype|instagram|insta|facebook|twitter|tik\s?tok|snap(?:chat)?"
    r"|kakao(?:\s?talk)?|viber|discord|signal|"
    r"messenger|qq|weibo|zalo|reddit|linkedin|ig|fb|tg|微信|微博|賴|赖|飛信|line|LINE|臉書|推特|小紅書|抖音|WhatsApp"
    r"|新浪|ptt|批踢踢|dcard|kik|威信|薇信)"
)
_ID = r"(?:\s?(?:id|account|acc|handle|user\s?name|user|name|number|no\.?|帳號|账号|帐号|號|号|名稱|暱稱|好友))"
_IS = r"(?:\s?(?:[:=]|is|was|是|為|为|叫|->|→|➡\ufe0f?|👉)\s?)"
_ACCOUNT = "(?:用戶名稱?|用户名|帳號|账号|帐号|暱稱|昵称|使用者名稱)"
_SURE = re.compile(
    rf"""(?ix) (?:(?<![a-z])|(?=[用帳账暱昵使])) (?: {_APP}(?:\s?\()?{_ID}{{1,2}} (?:{_IS}|\s|\(){{0,2}}
      | (?!line){_APP}\s?[:=]\s?
      | (?-i:LINE)\s?:\s?
      | (?:\b(?:user\s?-?names?|user\s?ids?|screen\s?names?|nick\s?names?|nick|log\s?-?ins?|handles?|account\ names?
      |gamer\s?tags?|forum\ names?|alias)\b
          | {_ACCOUNT} )
        (?:\s(?:on|at|in|for|here|there)(?:\s[\w.]+){{0,3}}?)? (?:{_IS}|\s?[(]\s?|\s?[,]\s?)
      | (?: {_ACCOUNT}\s?
      | \b(?:known\ as|goes?\ by|under\ the\ (?:user\s?)?name|log(?:ged)?\ in\ as|register(?:ed)?\ as
      | post(?:ed|ing)?\ as|sign(?:ed)?\ (?:up|in)\ as)
        (?:\ the\ user(?:name)?)?\s ) (?P<odd>)
      | \buser\s?-?name\s (?P<plainly>)
    ) ["'“‘「]? (?P<name>{_NAME}) """
)
_MAYBE = re.compile(
    rf"""(?ix) (?: (?<![a-z])(?:my\ |on\ |via\ |through\ |add\ (?:me\ )?(?:on\ )?|加)?{_APP}{_IS}?\s?(?:me\ )?(?:at
        |as|under|to|@|是)?\s?
      | \b(?:add|find|follow|dm|pm|message|ping|contact|reach)\ me\ (?:on|at|via|under|by|as)?\s?(?:{_APP})?\s?(?:at
      |as|under|:)?\s?
      | \buser\s (?:is\s|:\s?)? ) ["'“‘「(]? (?P<name>{_NAME}) """
)
_COMMON = frozenset(
    "not required the a an my was is are be and or for to of in on by with wrong invalid busy blocked here there "
    "unknown hidden same field "
    "your his her who that this it also only account name number id please email e-mail phone will would can could "
    "has have had".split()
)
_ODD = re.compile(r"[0-9_]|[a-z][A-Z]|[a-z]\.[a-z]|[a-z]-[a-z]*[0-9]")
_QQ = re.compile(r"(?i)(?<![a-z])qq\s?(?:id|number|號碼?|号码?)?\s?(?:[:=]|is|是)?\s?([1-9][0-9]{4,11})(?![0-9])")
_DOSE = re.compile(
    r"(?i)[0-9.,/-]+(?:mg|ml|g|mcg|cm|mm|kg|hz|am|pm|st|nd|rd|th|x|iu|h|d|w|m|y|s|yo|years?|days?)?\Z|.*\.(?:com|tw"
    r"|org|net|gov|edu)\Z"
)
HINTS = frozenset(
    b"user username users userid wechat whatsapp telegram skype line insta instagram ig qq handle nick "
    b"nickname login screenname "
    b"snapchat discord viber kakao kakaotalk facebook fb twitter tiktok "
    b"alias weibo zalo reddit tg ptt dcard kik".split()
)
"""Words of a text that may announce an account; see `text.suspicious`."""
CJK = "微賴帳號账號暱昵威薇"
_WORDS = re.compile(r"(?i)(?<![a-z])(?:" + "|".join(sorted(word.decode() for word in HINTS)) + rf")(?![a-z])|[{CJK}]")
_BEFORE, _BEHIND = 24, 100
"""Characters around such a word in which the account stands."""


def users(plain: str) -> Iterator[Span]:
    """Yield the names by which people are found in messengers, forums and networks."""
    if "@" in plain:
        for found in _HANDLE.finditer(plain):
            start = found.start()
            word = found[0][1:].lower()
            if word not in _NO_HANDLE and not (start and (plain[start - 1].isalnum() or plain[start - 1] in "@._")):
                yield found.span()
    if HINTS.isdisjoint(words(plain)) and not any(sign in plain for sign in CJK):
        return
    for start, end in around(plain, (found.span() for found in _WORDS.finditer(plain)), _BEFORE, _BEHIND):
        yield from _announced(plain, start, end)


def _announced(plain: str, start: int, end: int) -> Iterator[Span]:
    """Yield the accounts between two offsets that words announce."""
    for found in _SURE.finditer(plain, start, end):
        name = found["name"]
        odd = found["odd"] is not None or found["plainly"] is not None
        if name.lower() not in _COMMON and not _DOSE.match(name) and (not odd or _ODD.search(name)):
            yield found.span("name")
    yield from (found.span(1) for found in _QQ.finditer(plain, start, end))
    for found in _MAYBE.finditer(plain, start, end):
        if _ODD.search(found["name"]) and not _DOSE.match(found["name"]):
            yield found.span("name")
