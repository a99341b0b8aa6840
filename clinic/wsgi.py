"""The web server's way in."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from clinic import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
try:
    embedded.join()
except embedded.EmbeddedError as error:
    sys.exit(str(error))
application = get_wsgi_application()
