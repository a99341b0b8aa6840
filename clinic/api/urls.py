"""The last addresses under /api/: its document, its page, its problems, and everything else."""

from django.urls import path, re_path

from clinic.api.pages import Explained, ProblemType, Schema
from clinic.api.problems import no_such_address

urlpatterns = [
    path("", Explained.as_view(), name="api"),
    path("schema/", Schema.as_view(), name="api_schema"),
    path("problems/<str:code>/", ProblemType.as_view(), name="api_problem"),
    re_path(r"^(?P<rest>.*)$", no_such_address),
]
