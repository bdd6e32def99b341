"""The hospital of who signs a reply."""

import re
from collections.abc import Iterator
from itertools import pairwise

# Words that begin a sentence which mentions a hospital, not a hospital's name.
_OPENERS = (
    "Please Visit See Go Contact Come Call Dear Dr Doctor Your The This That Our Any Some If At From In To A An "
    "Sincerely Hello Regards Thank Thanks Wishing Best I We You He She My"
).replace(" ", "|")
NOT_A_NAME = rf"(?!(?:{_OPENERS})\b)"
WORD = r"[A-Z][\w.'’&-]*"
CENTERS = (
    "Medical Health Psychiatric Cancer Heart Eye Dental Rehabilitation Wellness Care Trauma Rheumatology Fertility "
    "Orthopedic Orthopaedic Dialysis Nursing Maternity Neurological Surgical Oncology Pediatric Children's Women's"
).replace(" ", "|")
KIND = (
    rf"(?:Hospital|Hospitals|(?:{CENTERS}) Cent(?:er|re)|Clinic|Infirmary|Sanatorium|Sanitarium|Polyclinic|Asylum|"
    r"Veterans Home)"
)
NAME = (
    rf"(?:{NOT_A_NAME}{WORD}(?: (?:of|and|the|for|&))* )+?{KIND}\b(?!'s\b|’s\b)"
    rf"(?:,? (?:of|at|under) (?:the )?{WORD}(?: (?:of |and |the |& )*{WORD})*| {WORD} (?:Branch|Campus)\b)?"
)
CJK = r"[\u4e00-\u9fff]{2,20}(?:醫院|醫學中心|診所|医院|诊所)"
INSIDE = re.compile(rf"(?:^|(?:[,;:、，；]|(?<!\bDr)\.) ?|\b(?:from|at|of|in|the|with) )(?:[Tt]he )?({NAME}|{CJK})")
DOCTOR_OF = re.compile(rf"^((?:Dr|Doctor)\.? ?(?:(?!{KIND}){WORD} ){{1,4}})(?:of|from|at) ")
CARES = re.compile(
    r"\b(?:car(?:es?|ing) (?:about|for)|(?:is|are) concerned (?:about|for)|concerned (?:about|for) your?|greets)\b",
    re.IGNORECASE,
)
"""What the signer does, who stands before it."""
REGARDS = re.compile(
    r"\b(?:wish(?:es|ing)? you|sincerely|regards|best wishes|greetings|yours|respectfully)\b"
    r"|關心您|关心您|敬上|敬覆|謹覆",
    re.IGNORECASE,
)
ANSWERS = re.compile(r"\b(?:responds?|repl(?:y|ies)|answers?|responding|replying|answering|writes)\b|答覆|回覆")
SIGNER = re.compile(r"(?:Dr|Doctor|Director|Attending|Chief|Physician|Superintendent|Professor|Prof|Resident)\b")
"""How a line begins that says who signs."""
PRESENTS = re.compile(r"(?:(?:Hello|Hi|Dear)\b[^.!:\n]{0,40}[,.!:]\s*)?(?:I am|I(?:'|’)m|[Tt]his is)\s+")
RECOMMENDS = re.compile(
    r"\b(?:see|seen|saw|visit(?:ed)?|go|going|went|come|refer(?:red)?|suggest|recommend(?:ed)?|advise|consult(?:ed)?|call|"
    r"contact|ask|admitted|transfer(?:red)?|treated|examined|register|appointment|try|would|could|should|can|may)\b",
    re.IGNORECASE,
)
_ROLES = (
    "physician doctor director attending chief surgeon dentist resident specialist department division section head "
    "nurse pharmacist dietitian nutritionist therapist psychologist psychiatrist professor of and the for at from "
    "in on behalf &"
).replace(" ", "|")
NAMES = re.compile(rf"(?:(?:[A-Z]|[^\x00-\x7f])[^\s,;:]*|(?:{_ROLES})(?![\w])|[\d/.-]+|[,;:()])(?:[\s,;:.()]+|$)")
"""A word of a name, a post or a department."""
CLAUSE = re.compile(r"(?<!\bDr)(?<!\bMr)(?<!\bMs)[.!?;。；]\s")
ABBREVIATED = re.compile(r"\b(Dr|Mr|Ms|Mrs|Prof)\.\n+")
ANSWER = re.compile(r"(?m)(?:^|(?<=[.?!]\s))(?:Answer|答)\s*[:：]\s*")
KINDS = (
    "Hospital",
    "Center",
    "Centre",
    "Clinic",
    "Infirmary",
    "Sanat",
    "Sanit",
    "Polyclinic",
    "Asylum",
    "Veterans Home",
)
KINDS_CJK = ("院", "中心", "診所", "诊所")
LINES = 6  # a sign-off is at most this long
LONGEST = 160  # characters of a sign-off line; longer ones are running text
NEAR = 1500  # characters at either end of a reply


def hospital(reply: str, doctor: str | None = None, question: str = "") -> str | None:
    """Return the hospital of who signs `reply`, as it says it; None where no sign-off names one.

    A sign-off is among the last lines, or opens the reply ("Director Wu of Green Hospital responds"). Hospitals that
    the text recommends, or that the asker's words name (`question`, quoted), are none of the signer's.
    """
    asked = set(question.split("\n")) if question else set()
    if _names_one(end := reply[-NEAR:]):
        for above, line in reversed([*pairwise(["", *_own(end, asked)])][-LINES:]):
            if len(line) <= LONGEST and _names_one(line) and (name := _in_line(line, above, doctor)):
                return name
    start = reply[: 2 * LONGEST]
    line = next(iter(_own(start, asked)), "") if _names_one(start) else ""
    return _opening(line, doctor) if _names_one(line) else None


def _names_one(text: str) -> bool:
    """Return whether there may be a hospital's name in a text: far faster than to look for one."""
    return any(kind in text for kind in KINDS) or (not text.isascii() and any(kind in text for kind in KINDS_CJK))


def _own(text: str, asked: set[str]) -> list[str]:
    """Return the lines of a text that its writer did not copy from the question, those cut at "Dr." joined."""
    quoted = [found.end() for found in ANSWER.finditer(text)] if "Answer" in text or "答" in text else []
    lines = [line for line in text[quoted[-1] if quoted else 0 :].split("\n") if line not in asked]
    joined = ABBREVIATED.sub(r"\1. ", "\n".join(lines))
    return [line for line in joined.split("\n") if line.strip()]


def _in_line(line: str, above: str, doctor: str | None) -> str | None:
    """Return the hospital in a line that says who signs: nothing but names, or a farewell, or who the signer is."""
    signed = SIGNER.match(line) is not None or _is_name(line, doctor)
    announced = above.rstrip().endswith((":", "："))
    for name, before, after in _hospitals(line, doctor):
        if RECOMMENDS.search(before):
            continue
        if CARES.search(after) or REGARDS.search(line):
            return name
        if _are_names(before) and _are_names(after) and not announced:
            return name
        if signed and _are_names(before) and ANSWERS.search(after):
            return name
    return None


def _opening(line: str, doctor: str | None) -> str | None:
    """Return the hospital of who opens a reply by saying who replies."""
    presents = PRESENTS.match(line)
    line = line[presents.end() :] if presents else line
    if not SIGNER.match(line) and not _is_name(line, doctor):
        return None
    for name, before, after in _hospitals(line, doctor):
        if _are_names(before) and (presents or ANSWERS.search(after) or _are_names(after)):
            return name
    return None


def _hospitals(line: str, doctor: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield the hospitals that a line names, each with what its clause says before and behind it."""
    named = DOCTOR_OF.match(line)
    for found in INSIDE.finditer(line, named.end(1) if named else 0):
        before, after = CLAUSE.split(line[: found.start(1)])[-1], CLAUSE.split(line[found.end(1) :])[0]
        yield _without_name(found[1], doctor).strip(" .,"), before, after


def _without_name(hospital: str, doctor: str | None) -> str:
    """Return a hospital without the doctor's name before it, as in "Wu Min of the Green Hospital"."""
    if not _is_name(hospital, doctor):
        return hospital
    return re.sub(r"^\s*(?:of|at|from) (?:the )?", "", hospital[len(doctor or "") :]).strip()


def _is_name(line: str, doctor: str | None) -> bool:
    """Return whether a line begins with the doctor's name."""
    return bool(doctor) and line.casefold().startswith((doctor or "").casefold())


def _are_names(text: str) -> bool:
    """Return whether all words are of names, posts and departments, as "Chief of Surgery"; no sentence is."""
    at = len(text) - len(text.lstrip(" ,;:.()"))
    while at < len(text):
        if not (word := NAMES.match(text, at)):
            return False
        at = word.end()
    return True
