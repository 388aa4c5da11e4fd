"""Comparison: one question, put to several models or to versions of a persona, side by side."""
