"""Numbers by which an office knows a person: IDs, passports, social security, insurance, charts of hospitals.

By shape and check digit (Taiwan, China, Hong Kong; social security of the US, national insurance of the UK), or by the
words before them.
"""

import re
from collections.abc import Iterator

from qacrawl.redact import announce, checks
from qacrawl.redact.announce import Announced
from qacrawl.redact.spans import Span, clusters

_S = r"[ \-._,/]?"
_EDGE, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_TAIWAN = re.compile(rf"{_EDGE}[A-Za-z]{_S}[1289A-Da-d](?:{_S}[0-9]){{8}}{_END}")
_CHINA = re.compile(rf"{_EDGE}[1-9](?:{_S}[0-9]){{16}}{_S}[0-9Xx]{_END}")
_HONG_KONG = re.compile(rf"{_EDGE}([A-Z]{{1,2}}) ?([0-9]{{6}}) ?(?:\(([0-9A])\)|([0-9A]){_END})")
_US = re.compile(r"(?<![0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9-])")
_UK = re.compile(rf"{_EDGE}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{{2}} ?[0-9]{{2}} ?[0-9]{{2}} ?[A-D]{_END}")
_KOREA = re.compile(r"(?<![0-9-])[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-[1-8][0-9]{6}(?![0-9-])")
_NUMBER = r"(?:\ ?(?:numbers?|no\b\.?|num\b|nr\b\.?|\#|code|ids?|號碼|号码|字號|號|号|證號|证号|卡號|卡号))"
_WHOSE = (
    r"(?:(?:national|personal|citizen|resident|identity|tax|taxpayer|employee|student|member|membership|patient"
    r"|policy|insurance|insured"
    r"|subscriber|beneficiary|group|government|state|alien|voter|military|worker|user|passport|hospital|clinic"
    r"|customer|client|account"
    r"|medicare|medicaid|health|medical|nhs|photo|chart|case|file|record|history|bank|visa|residen(?:ce|t)|permit"
    r"|license|licence)\ ){1,3}"
)
_SAID = re.compile(
    rf"""(?ix) (?:
      (?: \b(?: (?:{_WHOSE})? (?:id|identification|identity)(?:\ card)? | passports? | ssn | nino | nric | hkid
      | aadhaar | curp | cpf | dni | nie | mrn
            | (?:{_WHOSE})? (?:social\ (?:security|insurance)|national\ insurance|health\ (?:insurance|card)
            |medical\ (?:record|chart|card)|insurance\ card)
            | (?:driver'?s?'?|driving)\ (?:license|licence|permit) ) (?![a-z])
        | 身[分份]證 | 身份证 | 健保卡? | 護照 | 护照 | 社保卡? | 医保卡? | 病[歷历]號? | 病历号 | 居留證 | 駕照
        | [統统]一[編编][號号] | 保單 | 证件 | 證件 )
        {_NUMBER}{{0,2}}
      | (?: \b(?:{_WHOSE})?(?:account|policy|chart|member|insurance|license|licence|plate|tin|sin|nhs|visa|permit|arc
      |routing|file|reference)(?![a-z])
        | 帳[號戶] | 账[号户] | 保险 | 銀行 | 银行 ) (?: {_NUMBER}{{1,2}} | (?=\ ?[:=\#]) | (?<=[號户戶号]) ) )
    \s{{0,2}} (?:[:=\#-]|is\b|was\b|are\b|是|為|为|\(){{0,3}} \s{{0,2}} (?P<prefix>(?<![a-z])[A-Z]{{1,3}}[\ -]?)? \Z"""
)
_PAPER = re.compile(
    r"(?i)(?:pub ?med|medline|pmc|clinicaltrials?(?:\.gov)?|trial|gene|dbsnp|snp|study|article|question|page|thread"
    r"|post|product|drug|"
    r"item|order|cas|doi|pubchem|compound|uniprot|protein|omim|mesh|orphanet|go|kegg|ncbi|ensembl|transcript"
    r"|catalog(?:ue)?|sample)"
    r"(?: central)? ?(?:reference )?(?:identifier|id|ids|accession)?[ .:=#-]*(?:numbers?|no\.?|id)?[ :=#.]*(?:is )?\Z"
)
_VALUE = re.compile(r"[A-Za-z]{0,3}[ -]?[0-9](?:[ \-._/]?[A-Z0-9]){4,21}(?:\([0-9A-Z]\))?(?![0-9])")


def ids(plain: str) -> Iterator[Span]:
    """Yield the numbers of persons in a text."""
    for start, end in clusters(plain):
        first, last = max(0, start - 6), end + 6
        yield from _by_shape(plain, first, last)
        if said := _SAID.search(plain[max(0, start - announce.BEFORE) : start]):
            begins = start - len(said["prefix"] or "")
            before = plain[max(0, begins - announce.BEFORE) : begins]
            value = _VALUE.match(plain, begins)
            if value and sum(map(str.isdigit, value[0])) >= 6 and not _PAPER.search(before):
                yield begins, value.end()


def _by_shape(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield the numbers between two offsets that need no words before them."""
    for found in _TAIWAN.finditer(plain, first, last):
        if checks.taiwan(re.sub("[^A-Z0-9]", "", found[0].upper())):
            yield found.span()
    for found in _CHINA.finditer(plain, first, last):
        if checks.china(re.sub("[^X0-9]", "", found[0].upper())):
            yield found.span()
    for found in _HONG_KONG.finditer(plain, first, last):
        if checks.hong_kong(found[1], found[2], found[3] or found[4]):
            yield found.span()
    for shape in (_US, _UK, _KOREA):
        for found in shape.finditer(plain, first, last):
            if not Announced(plain, found.start()).is_other(found.end()):
                yield found.span()
