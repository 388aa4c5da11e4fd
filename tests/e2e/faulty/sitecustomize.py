"""Put on the path of a server under test: while the file of STUDIO_TEST_FAULT is there, a key test fails as no test
ever should, with the text of the key in the exception."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from engine.routing import model_catalogue

_test_key = model_catalogue.ModelCatalogue.test_key


def test_key(self, actor, provider, **more):
    """Fail, or test."""
    if Path(os.environ["STUDIO_TEST_FAULT"]).exists():
        with self._keys._database.read() as unit:
            row = unit.keys.one(actor.person_id, provider)
        from engine.accounts.keys import _binding

        key = self._keys._vault.open(row.sealed, _binding(row))
        raise RuntimeError(f"the wheel that held {key} came off")
    return _test_key(self, actor, provider, **more)


model_catalogue.ModelCatalogue.test_key = test_key
