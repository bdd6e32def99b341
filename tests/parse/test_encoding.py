"""A page is read in the encoding that it declares, by the names of the Encoding Standard, whatever is broken in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qacrawl.parse.encoding import decode
from qacrawl.parse.labels import CODECS

CHINESE = "請問胃痛可以喝咖啡嗎"
SIMPLE = "请问胃痛可以喝咖啡吗"
ENGLISH = "It’s my mother’s knee"


def page(text: bytes, charset: str) -> bytes:
    return b'<html><head><meta charset="%s"></head><body><p>%s</p></body></html>' % (charset.encode(), text)


def inside(text: bytes, charset: str, content_type: str | None = None) -> str:
    """What is read of a paragraph in a page that declares an encoding in its meta tag."""
    found = decode(page(text, charset), content_type)
    assert found is not None
    return found.partition("<p>")[2].partition("</p>")[0]


BROKEN = {
    "Big5, cut inside a character": (CHINESE.encode("big5")[:-1] + b"...", "big5", CHINESE[:-1] + "\ufffd..."),
    "GBK, a byte that is none": (b"\xff" + SIMPLE.encode("gbk"), "gb2312", "\ufffd" + SIMPLE),
    "EUC-KR, cut": ("무릎이 아파요".encode("euc-kr")[:-1] + b" ", "ks_c_5601-1987", "무릎이 아파\ufffd "),
    "Shift_JIS, cut": ("膝が痛い".encode("cp932")[:-1] + b" ", "x-sjis", "膝が痛\ufffd "),
    "UTF-8, a surrogate": (ENGLISH.encode() + b"\xed\xa0\xbd", "utf-8", ENGLISH + "\ufffd" * 3),
    "UTF-8, bytes of another": (ENGLISH.encode() + b"\xa9\xe9\xe8\xe0\xf4\xee ", "utf8", ENGLISH + "\ufffd" * 6 + " "),
    "UTF-8 in its old name": (ENGLISH.encode() + b"\xff", "unicode-1-1-utf-8", ENGLISH + "\ufffd"),
    "Thai": (b"\xe0\xa8\xe7\xba\xdb", "tis-620", "เจ็บ\ufffd"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("where", ["meta", "header"])
def test_a_broken_character_costs_only_itself(name: str, where: str) -> None:
    raw, charset, expected = BROKEN[name]
    if where == "meta":
        assert inside(raw, charset) == expected
    else:
        assert inside(raw, "nonsense", f"text/html; Charset='{charset}'") == expected


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins_even_over_broken_characters(mark: str) -> None:
    raw = CHINESE.encode(mark) + ("\ud800".encode("utf-16-le", "surrogatepass") if mark == "utf-16" else b"\xff")
    assert decode(raw, "text/html; charset=big5") == CHINESE + "\ufffd"


LABELS = [
    ("latin1", b"\x93knee\x94 \x81", "“knee” \x81"),
    ("us-ascii", b"\x80 5", "€ 5"),
    ("iso88599", b"\xfe\xf0", "şğ"),
    ("gb_2312-80", "镕㐀".encode("gb18030") + b"\x80", "镕㐀€"),
    ("big5", "啲嘢".encode("big5hkscs"), "啲嘢"),
    ("x-x-big5", CHINESE.encode("big5"), CHINESE),
    ("windows-949", "뷁".encode("cp949"), "뷁"),
    ("sjis", "①髙".encode("cp932"), "①髙"),
    ("koi8", "колено".encode("koi8-r"), "колено"),
    ("x-mac-ukrainian", "коліно".encode("mac-cyrillic"), "коліно"),
    ("logical", "ברך".encode("iso8859-8"), "ברך"),
    ("iso-2022-jp", "膝が痛い".encode("iso2022_jp"), "膝が痛い"),
    ("utf-16", ENGLISH.encode(), ENGLISH),
    ("utf-16be", ENGLISH.encode() + b"\xff", ENGLISH + "\ufffd"),
    ("x-user-defined", b"\x93knee\x94", "“knee”"),
    (" BIG5 ", CHINESE.encode("big5"), CHINESE),
]


@pytest.mark.parametrize(("label", "raw", "text"), LABELS)
def test_a_label_means_what_browsers_read_under_it(label: str, raw: bytes, text: str) -> None:
    assert inside(raw, label) == text


def test_the_user_defined_encoding_of_a_header_is_private() -> None:
    assert inside(b"a\x80\xff", "utf-8", "text/html; charset=x-user-defined") == "a\uf780\uf7ff"


@pytest.mark.parametrize("label", ["hz-gb-2312", "iso-2022-kr", "iso-2022-cn-ext", "replacement"])
def test_what_can_hide_markup_is_not_read(label: str) -> None:
    assert decode(page(b"~{<:Ky2;~} \x1b$)C", label)) == "\ufffd"
    assert inside(b"plain ASCII", label) == "plain ASCII"


@pytest.mark.parametrize(
    "label", ["utf-7", "rot13", "base64", "idna", "punycode", "unicode_escape", "undefined", "x" * 9000]
)
def test_no_name_of_a_python_codec_is_an_encoding(label: str) -> None:
    assert (
        inside(b"+ADw- caf\xe9", label * 5000 if label == "xx" else label, f"text/html; charset={label}")
        == "+ADw- café"
    )


DECLARATIONS = {
    "pragma": b'<META content="text/html; charset=big5" http-equiv=Content-Type>',
    "XML": b"<?xml version=\"1.0\" encoding='big5'?>",
    "spaces": b"<meta\n charset = big5 />",
    "a comment before": b"<!-- <meta charset=gbk> --><meta charset=big5>",
    "an unknown one before": b"<meta charset=klingon><meta charset=big5>",
    "a quoted angle before": b'<meta name="x" content="a>b"><meta charset="big5">',
    "a description before": b'<meta name="description" content="charset=gbk"><meta charset="big5">',
    "a title before": b'<meta property=og:title content="charset=gbk trouble"><meta content="text/html; charset=big5" '
    b'HTTP-EQUIV=" content-type ">',
    "a header of another kind": b'<meta http-equiv="refresh" content="5; url=/?charset=gbk"><meta charset=big5>',
    "an attribute that ends like it": b'<meta data-charset="gbk" charset="big5">',
    "charset in a value of it": b"<meta name='charset=gbk' charset=big5>",
    "an attribute twice": b"<meta charset=big5 charset=gbk>",
    "no spaces between": b'<meta name="x"content="charset=gbk"charset="big5">',
    "not ended": b"<meta name=x <meta charset=big5>",
    "in a script before": b"<script>s = '<meta charset=gbk>'</script ><meta charset=big5>",
    "in a title before": b"<title>How <meta charset=gbk> works</title><meta charset=big5>",
    "in an attribute before": b"<body data-x='<meta charset=gbk>'><meta charset=big5>",
    "in an end tag before": b'</p title="<meta charset=gbk>"><meta charset=big5>',
    "an empty comment before": b"<!--><meta charset=big5><!-- -->",
    "a comment ended wrong": b"<!-- <meta charset=gbk> --!><meta charset=big5>",
    "an apostrophe before": b"<p title=don't><meta charset=big5>",
    "a quote not closed before": b'<p title="x><meta charset=big5>',
    "far down": b"<script>" + b"x" * 5000 + b"</script><meta charset=big5>",
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_page_may_declare_its_encoding_in_many_ways(name: str) -> None:
    assert decode(DECLARATIONS[name] + CHINESE.encode("big5") + b"\xff") == (
        DECLARATIONS[name].decode() + CHINESE + "\ufffd"
    )


def test_of_two_declarations_the_header_wins_unless_only_the_other_fits() -> None:
    big5 = CHINESE.encode("big5")
    assert inside(big5 + b"\xff", "gbk", "text/html; charset=big5") == CHINESE + "\ufffd"
    assert inside(big5 + b"\xff", "latin1", "text/html; charset=big5") == CHINESE + "\ufffd"
    assert inside(big5, "big5", "text/html; charset=utf-8") == CHINESE


def test_without_a_declaration_a_page_is_utf_8_or_windows_1252() -> None:
    assert decode(ENGLISH.encode() + b"\xff ") == ENGLISH + "\ufffd "
    assert decode(b"caf\xe9, \x93knee\x94") == "café, “knee”"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_byte_order_mark_where_the_header_or_xml_says_so(codec: str) -> None:
    text = f'<?xml version="1.0"?><p>{CHINESE * 50}</p>'
    assert decode(text.encode(codec)) == text
    assert (
        decode(text[21:].encode(codec), f"text/html; charset={codec.replace('-le', 'le').replace('-be', 'be')}")
        == (text[21:])
    )


@given(st.sampled_from(sorted(CODECS)), st.binary(max_size=60), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_bytes_in_any_encoding_raise(label: str, raw: bytes, header: bool) -> None:
    found = decode(page(raw, label), f"text/html; charset={label}" if header else None)
    assert found is None or isinstance(found, str)
