#!/usr/bin/env python
"""Django's commands, on the embedded servers unless DATABASE_URL and REDIS_URL name others."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from clinic import embedded

# These need no server, and must work where there is none (the image build, for one).
WITHOUT_SERVERS = (
    "collectstatic",
    "compilemessages",
    "makemessages",
    "help",
    "version",
    "mailcatcher",
    "ledger_key",
    "run",  # joins by itself, as the first of its steps
)


def main() -> None:
    """Join the servers, run the command; what a person cannot help ends in one plain sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    try:
        if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_SERVERS:
            embedded.join()
        execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        sys.exit(
            f"The database did not answer ({reason}). Check DATABASE_URL and DATABASE_OWNER_URL, and "
            "that PostgreSQL runs there; unset them to use the embedded one."
        )


if __name__ == "__main__":
    main()
