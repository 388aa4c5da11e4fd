"""Metering: who may call, what it may cost, and the ledger that says what it did cost."""
