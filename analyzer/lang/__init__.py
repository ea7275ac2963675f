"""The per-language tables and their reader."""
