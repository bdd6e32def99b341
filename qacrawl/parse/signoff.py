"""The hospital that a reply's sign-off names."""

import re

# Words that begin a sentence which mentions a hospital, not a hospital's name.
_OPENERS = (
    "Please Visit See Go Contact Come Call Dear Dr Doctor Your The This That Our Any Some If At From In To A An "
    "Sincerely Hello Regards Thank Thanks Wishing Best"
).replace(" ", "|")
NOT_A_NAME = rf"(?!(?:{_OPENERS})\b)"
WORD = r"[A-Z][\w.'’&-]*"
KIND = r"(?:Hospital|Hospitals|Medical Cent(?:er|re)|Health Cent(?:er|re)|Clinic|Infirmary|Sanatorium|Polyclinic)"
NAME = (
    rf"(?:{NOT_A_NAME}{WORD}(?: (?:of|and|the|for|&))* )+?{KIND}\b(?!'s\b|’s\b)"
    rf"(?:,? (?:of|at|under) (?:the )?{WORD}(?: (?:of |and |the |& )*{WORD})*| {WORD} (?:Branch|Campus)\b)?"
)
CJK = r"[\u4e00-\u9fff]{2,20}(?:醫院|醫學中心|診所|医院|诊所)"
WHOLE = re.compile(rf"(?:(?:from|at|of) )?(?:[Tt]he )?({NAME}|{CJK})")
INSIDE = re.compile(rf"(?:^|[,;:.、] ?|\b(?:from|at|of|in|the|with) )(?:[Tt]he )?({NAME}|{CJK})")
DOCTOR_OF = re.compile(rf"^(?:Dr|Doctor)\.? ?(?:{WORD},? ){{1,4}}(?:of|from|at) ")
FAREWELL = re.compile(
    r"\b(?:car(?:es?|ing) (?:about|for)|concerned (?:about|for)|wish(?:es|ing)? you|sincerely|regards|best wishes|"
    r"greetings|yours|respectfully|greets)\b|關心您|关心您|敬上|敬覆|謹覆",
    re.IGNORECASE,
)
LINES = 6  # a sign-off is at most this long
LONGEST = 160  # characters of a sign-off line; longer ones are running text


def hospital(reply: str) -> str | None:
    """The hospital in the last lines of `reply`, as they say it; None where they name none, or only a department."""
    lines = [line for line in reply[-1500:].split("\n") if line.strip()][-LINES:]
    for line in reversed(lines):
        if len(line) <= LONGEST and (name := _in_line(line)):
            return name
    return None


def _in_line(line: str) -> str | None:
    """A hospital that is a part of the line between commas, or that stands in a line that says farewell."""
    place = DOCTOR_OF.sub("", line)
    for part in re.split(r"[,;、，；]\s*", place):
        if match := WHOLE.fullmatch(DOCTOR_OF.sub("", part.strip(" .。!"))):
            return match[1].strip(" .,")
    if FAREWELL.search(line) or re.match(r"(?:Dr|Doctor|Director|Attending|Chief)\b", line):
        match = INSIDE.search(place)
        return match[1].strip(" .,") if match else None
    return None
