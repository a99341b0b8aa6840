"""When a dermatologist is free: pure time arithmetic, no ORM.

Intervals are half-open [starts_at, ends_at), aware, and come out in UTC. The clinic's clock decides:
hours are what it shows. Where it is put forward, a time that it never shows is not offered; where it
is put back, a time that it shows twice is offered once per instant, told apart by its offset. A visit
takes its length on every day, whatever the clock does meanwhile (docs/decisions/010).
"""

from bookings.slots.free import AGES, Because, Reason, explain, free_times
from bookings.slots.rules import Rules, Season, Taken, Window
from bookings.slots.wall import Interval, first_moment, instants

__all__ = [
    "AGES",
    "Because",
    "Interval",
    "Reason",
    "Rules",
    "Season",
    "Taken",
    "Window",
    "explain",
    "first_moment",
    "free_times",
    "instants",
]
