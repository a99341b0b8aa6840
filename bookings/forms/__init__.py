"""The forms of the patient's pages: road.py for the way to a booking, mine.py for the person's own page."""
