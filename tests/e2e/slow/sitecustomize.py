"""Put on the path of a server under test: drafts take their time to be saved, so that a click comes in the middle."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from engine.personas import drafts

SAVE_S = 0.25
_save = drafts.Drafts.save


def save(self, actor, draft_id, changes, **more):
    """Save, slowly."""
    saved = _save(self, actor, draft_id, changes, **more)
    time.sleep(SAVE_S)
    return saved


drafts.Drafts.save = save
