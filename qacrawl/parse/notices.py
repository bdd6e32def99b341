"""Pages that are no article and say so: by their title or a heading, or by a short notice that is all they say."""

import re

from qacrawl.parse.blocks import Block

# What stands alone in the title or in a heading, perhaps beside the site's name; the first that fits is the reason.
_HEADS = {
    "captcha": (
        r"(?:just a|one) moment(?:,? please)?",
        r"attention required",
        r"(?:human|robot|security|browser|bot) (?:check|verification)",
    ),
    "maintenance": (
        r"(?:(?:we are|scheduled|planned|site|system|website|under|down for) )*maintenance(?: mode| break| work)?",
        r"(?:we(?:'|’| wi)ll|we) be (?:right )?back(?: soon| shortly| later| in .*)?|be back (?:soon|shortly)",
        r"(?:(?:site|page|website) (?:is )?)?temporarily (?:down|closed|offline|unavailable)",
    ),
    "login": (
        r"(?:please |you (?:must|need to|have to) )?(?:log|sign)[ -]?(?:in|on)(?: (?:required|first|here|to .*))?",
        r"(?:member|user|account|patient) (?:log|sign)[ -]?in",
        r"(?:(?:enter|forgot|forgotten|reset) )?(?:your )?password(?: required)?",
    ),
    "error_page": (
        r"(?:http )?(?:error )?(?:code )?(?:40[013458]|410|429|50[0234])(?: error)?(?:[:,]? (?:-+ )?(?:page |file )?"
        r"(?:not found|error|forbidden|gone|unauthori[sz]ed|bad|internal|service|gateway|too many|access denied).*)?",
        r"(?:page|file|article|document)? ?not found",
        r"(?:an? )?(?:(?:unknown|unexpected|server|internal|application|database|fatal) )*error(?: page| occurred)?",
        r"(?:oops|sorry)(?:[!,.…]+ (?:something|the page|that page|page|we|an error).*)?|something went wrong",
        r"(?:bad gateway|forbidden|access denied|service unavailable|too many requests|gateway time-?out)",
    ),
}
# What is said in a heading among other words, or in the text of a page that says little else.
_NOTICES = {
    "captcha": (
        r"captcha",
        r"(?:you are|you(?:'|’)re|are you) (?:not )?(?:a )?(?:human|robot|bot)(?: being)?(?=[^\w]*(?:$|\n|or\b))",
        r"\b(?:not|no) a robot\b|unusual traffic|checking your browser",
    ),
    "maintenance": (
        r"\b(?:under(?:going)?|down for|closed for|due to) (?:(?:scheduled|planned|routine|site|system) )*maintenance\b"
        r"(?! (?:dose|dosage|dosing|therapy|treatment|medication|phase))",
        r"\b(?:site|page|service|server|system)\b[^.\n]{0,20}\btemporarily (?:down|unavailable|closed)",
    ),
    "login": (
        r"\b(?:please|must|need to|have to) (?:log|sign)[ -]?in\b",
        r"\b(?:log|sign) in to (?:read|see|view|continue)\b",
    ),
    "error_page": (
        r"\b(?:page|address|url|file|document|article)\b[^.,\n]{0,40}\b(?:not (?:be )?found|does(?: not|n['’]t) exist)",
        r"\b(?:404|410)\W{1,3}not found|internal server error|bad gateway|gateway time-?out|\b403\W{1,3}forbidden",
        r"(?:^|\b(?:503|the|this) )service (?:is )?(?:temporarily )?unavailable",
        r"too many requests|something went wrong\b[^.\n]{0,30}[.!]?$",
        r"\b(?:error|http)(?: code)?:? (?:40[013458]|410|429|50[0234])\b|^access (?:is |was )?denied",
    ),
}
HEADS, NOTICES = (
    {reason: re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE) for reason, patterns in words.items()}
    for words in (_HEADS, _NOTICES)
)
BESIDE = re.compile(r"\s+[|·:–—-]\s+|\s*[|·]\s*")
SHORT = 3000  # characters of text: a longer page is not just a notice
NOTICE = 600  # characters of text on a page that says no more than a notice


def reason(blocks: list[Block], title: str, *, is_article: bool) -> str | None:
    """Return the reason code of a short page that says it is no article; None where it says nothing of the kind.

    What an asker or a doctor says on a page whose landmarks are missing is no notice, whatever the words: only the
    headings count where something else shows that it is the page of an article (`is_article`).
    """
    said = [block.text for block in blocks if block.place == ""] or [block.text for block in blocks]
    length = sum(map(len, said))
    if length > SHORT:
        return None
    heads = [title, *(block.text for block in blocks if block.heading)]
    parts = [part.strip(" .!?…\n") for head in heads for part in (head, *BESIDE.split(head))]
    for code, pattern in HEADS.items():
        if any(pattern.fullmatch(part) for part in parts):
            return code
    texts = heads if is_article or length > NOTICE else [*heads, *said]
    return next((code for code, pattern in NOTICES.items() if any(map(pattern.search, texts))), None)
