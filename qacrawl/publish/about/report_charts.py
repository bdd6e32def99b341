"""Bar charts of report.html, drawn beforehand: SVG without scripts, styles or links, in the page's own colours."""

import os
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

    None for no counts, where vl-convert (the extra `report`) is not installed, and where the variable QACRAWL_CHARTS
    is 0: to start vl-convert takes a second of each publish.
    """
    if os.environ.get("QACRAWL_CHARTS") == "0":
        return None
    try:
        import vl_convert
    except ImportError:
        return None
    return clean(vl_convert.vegalite_to_svg(_spec(counts, across))) if counts else None


def _spec(counts: Mapping[str, int], across: bool) -> dict[str, Any]:
    """The chart in Vega-Lite, as it is: to import altair, which writes the same, takes a second."""
    whole = {"title": None, "format": ",d", "tickMinStep": 1, "tickCount": 5}
    names = {"title": None, "labelLimit": 150, "labelOverlap": True, "labelAngle": 0}
    count = {"field": "count", "type": "quantitative", "axis": whole}
    name = {"field": "name", "type": "nominal", "sort": None, "axis": names}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"name": name, "count": count} for name, count in counts.items()]},
        "mark": {"type": "bar", "cornerRadiusEnd": 2, "size": 16 if across else min(28, 280 / len(counts))},
        "encoding": {"x": count, "y": name} if across else {"x": name, "y": count},
        "width": WIDTH,
        "height": 22 * len(counts) + 30 if across else 220,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        "background": "transparent",
        "config": {"view": {"stroke": None}, "axis": {"labelFontSize": 12, "ticks": False, "domain": False}},
    }


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
