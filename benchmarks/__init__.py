"""Measured comparisons with peers: `make bench`. Only ratios count; the times are those of one machine on one day."""
