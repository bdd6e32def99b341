"""Addresses on the net that lead to a person: profiles, personal pages, shared files, IP addresses."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from qacrawl.redact.spans import Span

_URL = re.compile(
    r"""(?ix) (?: https?://[^\s<>"'\])}，。；、（）「」]{3,500} | www\.[a-z0-9-][^\s<>"'\])}，。；、（）「」]{2,500}
      | (?<![\w@.-]) (?: [a-z0-9-]{1,40}\. ){1,3} (?:com|me|tw|net|org|io|cc|link|bio
      |app)/[^\s<>"'\])}，。；、（）「」]{1,500} )"""
)
_BARE = re.compile(r"\.(?:com|me|tw|net|org|io|cc|link|bio|app)/")
_HOST = re.compile(r"(?i)(?:https?://)?(?:[^/@\s]*@)?((?:[\w-]+\.)*[\w-]+)(?::\d+)?(/[^?#]*)?")
_PROFILES = re.compile(
    r"""(?ix) (?:^|\.)(?: facebook\.com | fb\.(?:com|me) | instagram\.com | instagr\.am | twitter\.com | x\.com
        | t\.me | telegram\.me | line\.me | lin\.ee | wa\.me
      | linkedin\.com | tiktok\.com | snapchat\.com | pinterest\.[a-z.]+ | weibo\.(?:com|cn) | plurk\.com
      | threads\.(?:net|com) | vk\.com | ok\.ru
      | tumblr\.com | about\.me | linktr\.ee | flickr\.com | imgur\.com | photobucket\.com | myspace\.com
      | soundcloud\.com | twitch\.tv
      | patreon\.com | dropbox\.com | (?:drive|docs|photos|plus|sites)\.google\.com | photos\.app\.goo\.gl
      | onedrive\.live\.com | 1drv\.ms
      | wetransfer\.com | pixnet\.net | xuite\.net | wretch\.cc | blogspot\.[a-z.]+ | wordpress\.com
      | livejournal\.com | weebly\.com | wixsite\.com
      | substack\.com | note\.com | ameblo\.jp | hatenablog\.com | my\.space | mastodon\.[a-z]+ | bsky\.app
      | github\.(?:com|io) | gitlab\.com | vocus\.cc
      | douyin\.com | xiaohongshu\.com | kakao\.com | zalo\.me | discord\.(?:gg|com) | disqus\.com
      | geocities\.[a-z.]+ | angelfire\.com )$"""
)
_PARTLY = re.compile(
    r"(?i)(?:youtube\.com/(?:@|c/|user/|channel/)|medium\.com/@|reddit\.com/(?:u|user)/|quora\.com/profile/"
    r"|zhihu\.com/people/|"
    r"douban\.com/people/|researchgate\.net/profile/|goodreads\.com/user/|/~[\w.-]+|/(?:users?|u|profiles?|members?"
    r"|people|author)/[\w.@-]+|/@[\w.-]+)"
)
_PUBLIC = re.compile(
    r"(?i)hospital|clinic|medical|medicine|health|journal|pharma|doctor|drug|cancer|society|association|foundation"
    r"|university|"
    r"wiki|\.gov|\.edu|\.mil|\.int\b|nih\.|who\.int|webmd|mayo|pubmed|nhs\.|cdc\.|fda\.|lancet|nejm|bmj|nature\."
    r"|science|elsevier|springer|"
    r"sharer|/share|/intent/|/groups?/|/events?/|/watch|/hashtag/|/search|/help|/policies|/legal|/jobs/|/company/"
    r"|/status/"
)
_MINE = re.compile(
    r"""(?ix) (?: \b(?:my|mine|our|his|her|their|personal|own|i\ (?:keep|run|write|have|maintain|document\w*)|i'?ve
        |i\ am|i'm|me)\b [^.!?\n]{0,60}
        \b(?:web\s?sites?|sites?|blogs?|home\s?pages?|pages?|profiles?|portfolios?|channels?|diar(?:y|ies)|journal
        |albums?|photos?|pictures?|accounts?
          |links?|stories|story|web|posts?|cv|resume|url) \b [^.!?\n]{0,40}
      | \b(?:blogs?|home\s?page|personal\ (?:web\s?)?(?:site|page)|web\s?site) \s{0,3} (?::|is|at)? \s{0,3}
      | \b(?:post|share|upload)(?:e?d|ing)?\b [^.!?\n]{0,60}
      | (?:我的?|個人|个人|本人)[^。！？\n]{0,20}(?:網站|网站|網頁|网页|部落格|博客|網誌|主頁|主页|相簿|相冊|照片
      |臉書|連結|链接)[^。！？\n]{0,10} | 部落格 [：:\s]{0,3} | 博客 [：:\s]{0,3}
      ) \Z"""
)
_OWN = re.compile(
    r"(?i)\b(?:my|our|his|her) (?:own |personal |private |new |old )?(?:web ?sites?|sites?|blogs?|home ?page|page"
    r"|profile|portfolio|channel|diary|photos?|pictures?"
    r"|album|account|url)(?: (?:is|are|at|on|here|can be found at|address is))?[ :(]{0,3}\Z"
)
_BEHIND = re.compile(r"(?i)[\s,(]{0,3}(?:is|that'?s|which is)? ?(?:my|mine|me\b|our|我的)")
_BEFORE = 120
_IP4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])")
_DOTS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_COLONS = re.compile(
    r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:"
)
_IP6 = re.compile(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])")
_SAID = re.compile(r"(?i)\b(?:ip|ipv[46])(?: ?(?:address|addr|v[46]|is|was|:))*[ :=(]{0,3}\Z")
_VERSION = re.compile(r"(?i)(?:\b(?:version|ver|v|release|section|chapter|table|fig(?:ure)?|ec|no)\.? ?|[\w.§])\Z")
HINTS = frozenset(b"http https www com tw ip ipv".split())
"""Words of a text that may stand in an address; see `text.suspicious`."""


def urls(plain: str) -> Iterator[Span]:
    """Yield the addresses of personal pages in a text; those of hospitals, journals and the like stay."""
    if "://" not in plain and "www." not in plain.lower() and not _BARE.search(plain):
        return
    for found in _URL.finditer(plain):
        start, end = found.start(), found.start() + len(found[0].rstrip(".,;:!?*'-"))
        if _is_personal(plain, start, end):
            yield start, end


def _is_personal(plain: str, start: int, end: int) -> bool:
    url = plain[start:end]
    parts = _HOST.match(url)
    host, path = (parts[1], parts[2] or "") if parts else ("", "")
    before = plain[max(0, start - _BEFORE) : start]
    if _OWN.search(before):
        return True
    if _PUBLIC.search(url):
        return False
    if _PARTLY.search(url) or (_PROFILES.search(host) and (len(path) > 1 or host.count(".") > 1)):
        return True
    return bool(_MINE.search(before) or _BEHIND.match(plain, end))


def ips(plain: str) -> Iterator[Span]:
    """Yield the IP addresses in a text; versions, sections and enzymes have the same form, but small numbers."""
    if _DOTS.search(plain):
        for found in _IP4.finditer(plain):
            start, end = found.span()
            before = plain[max(0, start - 30) : start]
            said = _SAID.search(before)
            if (said or (end - start > 10 and not _VERSION.search(before))) and _is_ip(found[0]):
                yield start, end
    if has_groups(plain):
        for found in _IP6.finditer(plain):
            start, end = found.span()
            long = "::" in found[0] or found[0].count(":") == 7
            if long and (start == 0 or not (plain[start - 1].isalnum() or plain[start - 1] == ":")):
                groups = [group for group in found[0].split(":") if group]
                if len(groups) > 2 and any(len(group) > 2 for group in groups) and _is_ip(found[0]):
                    yield start, end


def has_groups(text: str) -> bool:
    """Return whether a text has what may be an IP address of version 6."""
    return "::" in text or bool(_COLONS.search(text))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
