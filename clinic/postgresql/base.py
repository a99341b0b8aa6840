"""Django's PostgreSQL backend, whose health check asks the line and not the server."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A kept connection on which nothing lies to be read is good; only else is the server asked.

    PostgreSQL says nothing unasked but its last words, and a line that was closed reads as its end.
    Django's own check costs each request a round trip (docs/decisions/009).
    """

    def is_usable(self) -> bool:
        """After an error the server is not asked: a statement that was prepared before a migration fails
        for as long as its connection lives, and so does all writing to a demoted server.
        """
        if self.errors_occurred:
            return False
        line = None if self.connection is None or self.connection.closed else self.connection
        if line is not None:
            poll = select.poll()
            poll.register(line.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
            if not poll.poll(0):
                return True
        return super().is_usable()
