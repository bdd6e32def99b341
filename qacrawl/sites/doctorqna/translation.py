"""What the machine translation lost, as far as the English text shows it by itself."""

import re

_SORRY = (
    r"(?:(?:I(?:['’]m| am)|we(?:['’]re| are)) (?:very |really |so )?sorry|sorry|my apologies|(?:I|we) apologi[sz]e)"
    r"(?: for (?:the|any) (?:confusion|inconvenience))?[,.;:]?\s+(?:but |however,? )?"
)
_CANNOT = (
    r"(?:(?:I|we) (?:can(?:['’]t|not| not)|(?:am|are) (?:not able|unable) to|won['’]t)"
    r"|(?:I['’]m|we['’]re) (?:not able|unable) to)"
)
# What translators say that they can't do, and askers don't: "I'm sorry, but I can't sleep" is one's own trouble.
_SERVICE = (
    r"(?:be able to )?(?:(?:assist|help)(?: you)?(?: (?:with|in) (?:that|this|your|the|these|any|translat)|[.!]|\s*$)"
    r"|translate|fulfill?|comply|(?:process|complete|answer|respond to|accommodate) (?:that|this|your|the|such)"
    r"|(?:provide|offer|give)(?: you)?(?: with)?(?: a| an| any| the| that| this| specific| direct| personal| more)*"
    r" (?:translation|medical|advice|assistance|information|diagnos|help|guidance|content|recommendation|support)"
    r"|engage in (?:\w+ ){0,2}(?:discussion|conversation|content|activit|topic)"
    r"|(?:discuss|create|generate|produce) (?:that|this|such|any|content|explicit|sexual))"
)
REFUSAL = re.compile(
    rf"(?i)\W*+(?:(?:{_SORRY})?{_CANNOT} {_SERVICE}"
    r"|as an? (?:AI|artificial intelligence|(?:large )?language model|(?:AI |machine )?translat(?:or|ion))\b"
    r"|(?:it (?:seems|looks like|appears)|there (?:seems|appears))[^.\n]{0,60}\b(?:no text"
    r"|(?:text|content|message|input)[^.\n]{0,30} (?:missing|incomplete|empty|cut off|not provided))"
    r"|(?:please|could you(?: please)?|can you(?: please)?) (?:provide|share|send|give)(?: me)?(?: with)? the"
    r" (?:\w+ ){0,2}(?:text|content|passage|sentence)s?\b[^.\n]{0,40}\b(?:translat|you(?:['’]d| would) like)"
    r"|(?:here is|here['’]s|the following is|below is) the (?:English )?translat(?:ion|ed)\b"
    r"|(?:sure|certainly|of course)[,!.] (?:here(?: is|['’]s)|I can help (?:you )?(?:with )?translat))"
)
"""How the words of a translator begin that stand in place of the asker's."""
CUT = re.compile(rf"(?i)\W*+{_SORRY}{_CANNOT}\s*(?:\.{{3}}|…)?\W*")
"""The same, cut off by the site."""

ADVICE = re.compile(
    r"(?i)(?:(?:hello|hi|dear|good (?:day|morning|evening))\b[^.,!:\n]{0,30}[.,!:]\s*)?"
    r"(?:it(?:['’]s| is) (?:strongly |highly |generally |usually |best |always |very )*"
    r"(?:recommended|advis(?:able|ed)|suggested|important|essential|crucial|best|necessary) (?:that you|to|for you)"
    r"|you (?:should|may want to|might want to|are advised to|can try)"
    r"|(?:I|we) (?:would |strongly |highly )*(?:recommend|suggest|advise|encourage)(?: that)? you"
    r"|(?:please|make sure to|be sure to) (?:consult|see|seek|visit|contact)\b"
    r"|(?:based on|according to|from) (?:your description|what you(?:['’]ve| have) described|the symptoms you)"
    r"|I(?:['’]m| am) sorry to hear (?:that you|about your)"
    r"|I understand (?:that you|your concern))"
)
"""How advice begins, which nobody asks with."""
FIRST_PERSON = re.compile(
    r"\b(?:I(?! (?:understand|recommend|suggest|advise|would|strongly|am sorry))(?!['’]m sorry)|my|me|mine|we|our)\b"
)
QUOTED = re.compile(r"(?m)^[^\w\n]{0,5}(?:Answer|Reply|Response)\s*[:：]")
ASKED = re.compile(r"(?i)\W*+(?:Question|Asked|Q)\s*[:：]")
WORD = re.compile(r"[a-z]{4,}")
FEW = 6
"""Words of which it can be told whether they were said before."""
MOST = 0.6


def lost(subject: str, question: str, reply: str) -> list[str]:
    """Return notes on what was lost: a refusal or advice in place of the asker's words, a reply that repeats them."""
    notes = []
    if any(is_refusal(text) for text in (subject, question)) or is_advice(question):
        notes.append("translator_refusal")
    if repeats(question, reply):
        notes.append("reply_repeats_question")
    return notes


def is_refusal(text: str) -> bool:
    """Return whether a text begins with words of a translator that stand in place of a translation."""
    return REFUSAL.match(text) is not None or CUT.fullmatch(text) is not None


def is_advice(question: str) -> bool:
    """Return whether a question asks nothing, says nothing of who asks, and begins with advice."""
    return "?" not in question and ADVICE.match(question) is not None and FIRST_PERSON.search(question) is None


def repeats(question: str, reply: str) -> bool:
    """Return whether what stands before "Answer:" in a reply are mostly words of the question."""
    answer = QUOTED.search(reply)
    before = reply[: answer.start()] if answer else ""
    if answer is None or not before.strip():
        return False
    if ASKED.match(before):
        return True
    said = set(WORD.findall(before.lower()))
    return len(said) >= FEW and len(said & set(WORD.findall(question.lower()))) >= MOST * len(said)
