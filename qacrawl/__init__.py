"""Doctor Q&A sites as clean, citable Parquet datasets."""

from importlib.metadata import version

__version__ = version("qacrawl")
