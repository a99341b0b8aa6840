"""The API's own pages: its OpenAPI document, the page that explains it, and what each problem means."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.api.problems import TITLES, type_of


class Schema(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document."""


class Explained(SpectacularSwaggerSplitView):
    """The document to read and to try out; its script has an address of its own (strict CSP)."""

    template_name = "clinic/api.html"
    url_name = "api_schema"


class ProblemType(APIView):
    """What the `type` of a problem document leads to."""

    @extend_schema(exclude=True)
    def get(self, request: Request, code: str) -> Response:
        if code not in TITLES:
            raise Http404
        return Response({"type": type_of(code), "title": str(TITLES[code])})
