"""Scrapy's feed exporters, where a record needs more than they do."""

import json
from typing import Any

from pydantic import BaseModel
from scrapy.exporters import CsvItemExporter


class CsvExporter(CsvItemExporter):
    """Writes lists of entries, such as `similar_qa`, as JSON in one cell; Scrapy's writes what Python calls them."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        """Return the text of one cell."""
        if isinstance(value, tuple) and any(isinstance(entry, BaseModel) for entry in value):
            return json.dumps([entry.model_dump(mode="json") for entry in value], ensure_ascii=False)
        return super().serialize_field(field, name, value)
