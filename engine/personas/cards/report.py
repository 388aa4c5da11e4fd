"""What came of an import or an export, line by line, in words for people."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Report:
    """What was kept and where, and what was not."""

    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def lossless(self) -> bool:
        """Whether nothing was left out."""
        return not self.dropped

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {"lossless": self.lossless, "kept": list(self.kept), "dropped": list(self.dropped)}


@dataclass(slots=True)
class Notes:
    """A report in the making."""

    kept: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def keep(self, line: str) -> None:
        """Say that something was kept, once."""
        if line not in self.kept:
            self.kept.append(line)

    def drop(self, line: str) -> None:
        """Say that something was left out, once."""
        if line not in self.dropped:
            self.dropped.append(line)

    def report(self) -> Report:
        """The report."""
        return Report(tuple(self.kept), tuple(self.dropped))
