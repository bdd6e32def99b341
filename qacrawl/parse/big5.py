"""Big5 as browsers read it (https://encoding.spec.whatwg.org/#big5): Python's codec, and what the standard has beside.

Python's `big5hkscs` is HKSCS-2004. It lacks what came in 2008 and the duplicates, and gives eleven signs as other ones,
such as the tilde in "20～29".
"""

import codecs
import re

_OTHERWISE = (
    "877A:㡵𡵓𣚞𦀡㻬 87A1:𥣞㫵竼龗𤅡𨤍𣇪𠪊𣉞䌊蒄龖鐯䤰蘓墖靊鈘秐稲晠権袝瑌篅枂稬剏遆㓦珄"
    "𥶹瓆鿇垳䤯呌䄱𣚎堘穲𧭥讏䚮𦺈䆁𥶙箮𢒼鿈𢓁𢓉𢓌鿉蔄𣖻䂴鿊䓡𪷿拁灮鿋 "
    "8E69:箸 8E6F:簆 8E7E:糎 8EAB:緒 8EB4:縝 8ECD:者 8ED0:耨 8F57:菁 8F69:蒨 8F6E:萏 8FCB:覦覩 8FFE:起 906D:都 "
    "907A:銹 90DC:靜 90F1:響 91BF:鼖 9244:蔃 92AF:兙兛兝兞 92C8:鍮 92D1:瑹 9447:浧 94CA:禛 95D9:邗 9644:靝 "
    "96ED:瀞 96FC:嬨 9B76:爁 9B78:矗 9B7B:纇 9BC6:駖 9BDE:釔 9BEC:惞 9BF6:澶 9C42:輶 9C53:侻 9C62:營 9C68:鄄 "
    "9C6B:鷰 9C77:菏 9CBC:尐秣 9CD0:婧 9D57:輋 9D5A:筑 9DC4:拐 9EA9:恢 9EEF:痹 9EFD:汊 9F60:鬮 9F66:鼗 9FCB:僭 "
    "9FD8:弌 A063:蠏 A077:拎 A0D5:瑨 A0DF:煢 A0E4:牐 A145:‧ A14E:﹑ A1C2:¯ A1E3:～ A1F2:⊕⊙ A241:∕﹨ A244:￥ "
    "A246:￠￡ A3C0:␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟␡€ C6CF:廴 C6D3:无 C6D5:癶 C6D7:隶 C6DE:〃仝 FA5F:倩 FA66:偽 "
    "FABD:包 FAC5:卄 FAD5:卿 FB48:嘅 FBB8:婷 FBF3:幵 FBF9:廐 FC4F:彘 FC6C:悤 FCB9:撐 FCE2:晴 FCF1:杞 FDB7:沜渝 "
    "FDBB:港 FDF1:煮 FE52:猪 FE6F:瑜 FEAA:瓩 FEDD:砉"
)
"""Where Python's codec differs from the standard: a pair of bytes, the characters of it and those that follow."""


def _pairs() -> dict[bytes, str]:
    pairs: dict[bytes, str] = {}
    for run in _OTHERWISE.split(" "):
        first, _, chars = run.partition(":")
        pairs |= {(int(first, 16) + at).to_bytes(2, "big"): char for at, char in enumerate(chars)}
    return pairs


OTHERWISE = _pairs()
# Where a run of pairs ends that Python's codec reads alike, or takes for broken; what is left are eleven pairs.
_ALIKE = rb"[\x00-\x80\xff]++|(?:[\x81-\xa0\xa3-\xfe][\x40-\x7e\x80-\xff]?+)++"
_NOT_ALIKE = rb"\xa1[\x45\x4e\xc2\xe3\xf2\xf3]|\xa2[\x41\x42\x44\x46\x47]"
_PART = re.compile(rb"((?:%b|(?!%b)[\xa1\xa2][\x40-\x7e\x80-\xff]?+)*+)(%b)?" % (_ALIKE, _NOT_ALIKE, _NOT_ALIKE))


def decode(body: bytes) -> str:
    """Return the text of bytes in Big5 with the Hong Kong supplement; a broken character becomes U+FFFD."""
    parts = []
    for found in _PART.finditer(body):
        parts += [found[1].decode("big5hkscs", _ERRORS), OTHERWISE.get(found[2], "")]
    return "".join(parts)


def _otherwise(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for bytes that Python's codec does not know: the standard's character, or U+FFFD.

    A broken character is one byte, or two where the second is no ASCII: that may be markup.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    is_pair = pair[:1] not in (b"\x80", b"\xff") and pair[1:] >= b"\x80"
    known = OTHERWISE.get(pair)
    return known or "\ufffd", error.start + (2 if known or is_pair else 1)


_ERRORS = "qacrawl_big5"
codecs.register_error(_ERRORS, _otherwise)
