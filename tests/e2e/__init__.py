"""A real browser before a real server."""
