"""Rehearsal: a persona's samples and limits as checks, asked of its versions on several models."""
