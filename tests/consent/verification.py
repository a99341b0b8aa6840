"""The command that verifies, and a row for it to find that the database's owner spoiled."""

from django.core.management import CommandError, call_command

from tests.consent.attacker import Attacker, Scene

CHANGED = "UPDATE consent_reading SET opened_at = opened_at - interval '1 s' WHERE id = %s"


def spoil(here: Scene, place: int) -> None:
    """A column of one record's reading is changed by the owner."""
    one = Attacker(here)
    with one.unguarded():
        one.run(CHANGED, here.records[place].reading_id)
    one.close()


def exit_code(*arguments: str) -> int:
    """The command's, as a shell would see it."""
    try:
        call_command("verify_ledger", *arguments)
    except SystemExit as end:
        return int(end.code or 0)
    except CommandError as error:
        return error.returncode
    return 0
