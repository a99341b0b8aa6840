"""The patient's pages: road.py up to the proven address, mine.py for the person's own page."""
