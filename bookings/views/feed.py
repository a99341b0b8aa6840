"""A dermatologist's calendar feed, as a calendar program asks for it: by its address alone."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.response import HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings import calendar, links
from clinic import clock
from clinic.models import Dermatologist


@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The visits of the one whose address it is; 304 where the program has them already.

    404 for what is unknown, ended or foreign, and once its owner may see no visits at the desk.
    """
    dermatologist = links.find_feed(token)
    if dermatologist is None or not _may_see_visits(dermatologist):
        raise Http404
    content = calendar.feed(dermatologist, now=clock.now())
    response = HttpResponse(content, content_type=calendar.CONTENT_TYPE)
    etag = calendar.etag_of(content)
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


def _may_see_visits(dermatologist: Dermatologist) -> bool:
    """Whether the owner can still sign in and see visits: the feed shows nobody more than the desk."""
    user = dermatologist.user
    return user is not None and user.is_staff and user.has_perm("bookings.view_consultation")
