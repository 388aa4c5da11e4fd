"""Demo data: an invented company with people, personas and months of invented usage, marked as such."""

from engine.demo.house import Loaded, load

__all__ = ["Loaded", "load"]
