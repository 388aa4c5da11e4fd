"""The benchmark is code too."""
