"""Triggers in a test's database that write down, in the same transaction, what a process did.

A kill cannot take these lines back. `after_end` is asked when the mark's transaction commits, of what is
committed by then: it is true where the visit was cancelled or moved already. `pause` seconds before that
make the race as wide as it can be, in the same way with the lock and without.
"""

import psycopg

from tests import databases

AFTER_THE_END = ("link", "cancelled", "address_changed")  # kinds that a cancelled visit is owed
TRIGGERS = """
CREATE TABLE faults_mark (message bigint, copies int, after_end boolean, at timestamptz);
CREATE TABLE faults_lease (message bigint, overdue interval);
CREATE FUNCTION faults_note_mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pg_sleep({pause});
    INSERT INTO faults_mark
    SELECT NEW.id, NEW.copies, NEW.kind NOT IN {after_the_end} AND EXISTS (
        SELECT FROM bookings_consultation visit WHERE visit.id = NEW.consultation_id
        AND (visit.status = 'cancelled' OR NEW.kind IN ('confirmed', 'moved')
             AND visit.revision <> NEW.revision)), clock_timestamp();
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER faults_note_mark AFTER UPDATE ON bookings_message
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.phase = 'dot' AND (OLD.phase = '' OR NEW.lease <> OLD.lease))
    EXECUTE FUNCTION faults_note_mark();
CREATE FUNCTION faults_note_lease() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults_lease VALUES (NEW.id, clinic_now() - OLD.lease_until);
    RETURN NULL;
END $$;
CREATE TRIGGER faults_note_lease AFTER UPDATE ON bookings_message FOR EACH ROW
    WHEN (OLD.state = 'sending' AND (NEW.state <> 'sending' OR NEW.lease <> OLD.lease))
    EXECUTE FUNCTION faults_note_lease();
"""


def begin(database: str, *, pause: float = 0.0) -> None:
    """From now on, in this database."""
    said = TRIGGERS.format(pause=pause, after_the_end=AFTER_THE_END)
    with psycopg.connect(databases.url_of(database, owner=True), autocommit=True) as owner:
        owner.execute(said)
