"""The data of a snapshot: versions, near duplicates, splits, configs, Parquet files."""
