"""The clinic's addresses, and a bare view behind the same server, middleware and REST framework."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinic.urls import urlpatterns as of_the_clinic


class Bare(APIView):
    """Answers, and does nothing else: what the frame around every request costs."""

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [path("api/bare/", Bare.as_view()), *of_the_clinic]
