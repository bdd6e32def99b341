"""REDACT: personal data taken out of records."""
