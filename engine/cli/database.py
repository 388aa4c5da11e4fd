"""`doctor` and `migrate`: is the installation sound, and how to bring the database up to date."""

from db.migrate import migrate
from engine.cli.output import AsJson, print_json
from engine.doctor import examine
from engine.settings import load_settings
from engine.studio import connect


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, data folder, database, local model and ledger."""
    findings = examine(load_settings())
    if as_json:
        print_json({"ok": True, "findings": [{"what": finding.what, "found": finding.found} for finding in findings]})
        return
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{finding.what:<{width}}  {finding.found}")


def migrate_database(as_json: AsJson = False) -> None:
    """Bring the database to this version."""
    database = connect(load_settings())
    try:
        migrate(database)
    finally:
        database.close()
    if as_json:
        print_json({"migrated": True})
    else:
        print("The database is at this version.")
