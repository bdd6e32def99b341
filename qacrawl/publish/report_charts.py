"""Bar charts of report.html, drawn beforehand: SVG without scripts, styles or links, in the page's own colours."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

WIDTH = 420
"""Pixels, about a phone's: on larger screens the page puts charts side by side."""

_TAGS = {"svg", "g", "path", "text", "line"}
_ATTRIBUTES = {"class", "d", "display", "transform", "width", "height", "viewBox", "x", "y", "x2", "y2"}
_ATTRIBUTES |= {"font-size", "text-anchor", "stroke-width", "opacity"}
_SVG = "{http://www.w3.org/2000/svg}"


def draw(counts: Mapping[str, int], across: bool) -> str | None:
    """A bar for each name, which is shown as it is; `across`: names below each other, bars to the right.

    None where altair or vl-convert (the extra `report`) is not installed, and for no counts.
    """
    try:
        import altair
        import vl_convert
    except ImportError:
        return None
    if not counts:
        return None
    return clean(vl_convert.vegalite_to_svg(_spec(altair, counts, across)))


def _spec(altair: Any, counts: Mapping[str, int], across: bool) -> dict[str, Any]:
    """The chart in Vega-Lite, with the colours left to the page."""
    rows = [{"name": name, "count": count} for name, count in counts.items()]
    whole = altair.Axis(title=None, format=",d", tickMinStep=1, tickCount=5)
    names = altair.Axis(title=None, labelLimit=170, labelOverlap=True)
    count, name = altair.X if across else altair.Y, altair.Y if across else altair.X
    size = {"height": 22 * len(rows), "width": WIDTH - 170} if across else {"height": 190, "width": WIDTH - 60}
    chart = altair.Chart(altair.Data(values=rows), background="transparent", padding=4, **size)
    bars = chart.mark_bar(cornerRadiusEnd=2).encode(
        count("count:Q", axis=whole), name("name:N", axis=names, sort=None, scale=altair.Scale(paddingInner=0.2))
    )
    styled = bars.configure_view(stroke=None).configure_axis(labelFontSize=12, ticks=False, domain=False)
    spec: dict[str, Any] = styled.to_dict()
    return spec


def clean(svg: str) -> str:
    """An SVG with nothing in it but shapes and text: whatever a renderer puts there, nothing can run or load."""
    root = etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    for node in list(root.iter()):
        if not isinstance(node.tag, str) or node.tag.removeprefix(_SVG) not in _TAGS:
            if (parent := node.getparent()) is not None:
                parent.remove(node)
            continue
        for attribute in set(node.attrib) - _ATTRIBUTES:
            del node.attrib[attribute]
    root.set("aria-hidden", "true")  # the table beside it says the same
    del root.attrib["width"], root.attrib["height"]
    etree.cleanup_namespaces(root)
    cleaned: str = etree.tostring(root, encoding="unicode")
    return cleaned
