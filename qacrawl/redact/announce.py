"""The words before a number that say what it is, and those that say what it is not."""

import re
from functools import cached_property

from qacrawl.redact.spans import DATE

_FILL = (
    r"(?:[\s:=#(-]|(?:no|nr|num)\b\.?|numbers?\b|is\b|are\b|was\b|at\b|on\b|the\b|my\b|me\b|us\b|him\b|her\b|to\b"
    r"|under\b|of\b"
    r"|via\b|new\b|號碼|号码|號|号|是|為|为|我的?|:|\.){0,6}"
)
BEFORE = 60
"""Characters before a number in which it is announced."""

_PHONE = re.compile(
    rf"""(?ix) (?: \b(?:tel(?:e?ph?one?s?|[ée]fono|efon)?|phones?|mobile|fax|whats\s?app|handphone|cell\s?phone|mob
        |hp|hotline|landline)
      (?:\ (?:or|and|/)\ (?:fax|mobile|text|whatsapp))?
      | 電\s?話 | 手\s?機 | 傳\s?真 | 专线 | 專線 | 手机 | 电话 | 传真 | 联系方式 | 聯絡方式 | 市話 | 行動 | 致電
      | 致电 | 撥打 | 拨打 )
    {_FILL} \Z
    | \b(?:call(?:ing|ed)?|text(?:ing)?|dial|sms|reach(?:ed|able)?|contact(?:ed)?|messages?|answer(?:ing|s)?|registered)
      (?:\ (?:me|us|him|her|them))?(?:\ (?:back|anytime))?\ (?:at|on|to|under|via)[\s:]{{1,3}}\Z"""
)
"""What announces a phone number in any form."""
_CALL = re.compile(
    rf"""(?ix) (?: \b(?:call(?:ing|ed)?|text(?:ing)?|dial|ring|rang|sms|reach(?:ed|able)?|contact(?:ed)?|messages?
        |answer(?:ing)?
      |registered|office|desk|home|work|cell(?=:|\ (?:number|no|is|:)|\Z)|pager|direct|add\ me|my\ number|his\ number
      |her\ number)
      (?:\ (?:me|us|him|her|them))? (?:\ (?:back|anytime))? | 打給?我?  | 聯[絡繫系] | 联[系络] | 來電 | 来电 | 回電 )
    {_FILL} \Z"""
)
"""What announces a phone number that looks like one."""
_BEHIND = re.compile(
    r"(?i)\s?[-(,]?\s?(?:(?:is|was) (?:my|his|her|our|the) )?(?:office|number|fax|mobile|mob|cell|phone|home|work"
    r"|desk|tel)\b(?! (?:visits?|days?|hours?|mg|test))"
)
_NONE = re.compile(
    r"""(?ix) (?: \b(?:pm(?:id|c(?:id)?)|doi|isbn|issn|nct|eudract|isrctn|lot|batch|icd|ndc|cas|ref|atc|umls|omim
        |loinc|snomed|mesh|rs
      |patent|model|version|article|q_no|grant|order|invoice|serial|gtin|ean|upc|barcode|orcid|arxiv|chembl|pubchem
      |cid|part|sku
      |trial|protocol|issue|vol(?:ume)?|pp?|pages?|ec|gene|accession|registration|license\ for\ the\ drug|build
      |chr\d{0,2}|chromosome)
      (?:\s?(?:no|nr|id|number|code|identifier)\b\.?)? [\s:=#.-]{0,3} (?:[0-9][\d.-]{2,18}(?:,|\ and|\ or|、|/)\s?)?
      | 字第 | 許可證 | 許可証 | 批號 | 批号 | 訂單 | 發票 | 文號 | [\#$€£¥%]\s? | (?:NT|US|HK|RMB|USD|TWD|EUR
      |GBP)\s?\$?\s? | =\s? )\Z"""
)
_UNIT = re.compile(
    r"""(?ix) \s?(?: (?:[mkµu]?g|mcg|ng|pg|[mdk]?l|cc|iu|u|cm|mm|km|m|kcal|kj|mmol|meq|hz|khz|mhz|bpm|mmhg|years?
        |yrs?|months?|weeks?|days?|hours?
      |hrs?|min(?:ute)?s?|sec(?:ond)?s?|times|tablets?|pills?|capsules?|drops?|units?|doses?|people|patients|cases
      |women|men|persons|births
      |copies|cells|steps|dollars?|yuan|euros?|pounds?|nt|usd|participants|children|adults|pregnancies|deaths
      |platelets|points)(?![a-z])
      | %|‰|°|℃|/\s?(?:[mdµu]?l|hpf|mm|cumm|[µu]l|day) | 元|塊|歲|岁|次|天|年|月|日|週|周|顆|粒|毫|公|克|單位|单位|人
      |萬|万|億|度|錠|片|例|名 )"""
)
_LETTER, _LETTER_OR_SIGN = re.compile(r"[^\W\d_]"), re.compile(r"[^\W\d_]|[#$€£¥%=]")
"""What there must be in words that announce a number, and in those that say that it is none."""


class Announced:
    """What the words before a number say of it; they are read once, and only if it is asked for."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._start = text, start

    @cached_property
    def _before(self) -> str:
        return self._text[max(0, self._start - BEFORE) : self._start]

    @cached_property
    def _called(self) -> int:
        if not _LETTER.search(self._before):
            return 0
        return 2 if _PHONE.search(self._before) else 1 if _CALL.search(self._before) else 0

    @cached_property
    def _other(self) -> bool:
        said = _LETTER_OR_SIGN.search(self._before) and _NONE.search(self._before)
        return bool(said or DATE.match(self._text, self._start))

    def is_phone(self, end: int) -> int:
        """Return how surely a number that ends there is one to call: 2 in any form, 1 if it looks so, 0."""
        return 2 if self._called == 2 or _BEHIND.match(self._text, end) else self._called

    def is_other(self, end: int) -> bool:
        """Return whether a number that ends there is of no person: a paper's number, a price, an amount."""
        return bool(_UNIT.match(self._text, end)) or self._other
