"""The addresses of this app's pages. Names have no prefix: other apps and e-mails reverse them."""

from django.urls import URLPattern, path

from bookings.admin import feed as desk_feed
from bookings.admin import samples
from bookings.views import (
    about_you,
    address,
    code,
    feed,
    mine,
    moving,
    start,
    stop,
    times,
    way_in,
    what,
)
from clinic.admin import desk

urlpatterns: list[URLPattern] = [
    # The road to a booking.
    path("", start.start, name="start"),
    path("book/what/", what.what, name="what"),
    path("book/when/", times.when, name="when"),
    path("book/other-times/", times.other_times, name="other_times"),
    path("book/about-you/", about_you.about_you, name="about_you"),
    path("book/code/", code.code, name="code"),
    path("book/code/again/", code.code_again, name="code_again"),
    path("prove/<token>/", code.prove, name="prove"),
    path("book/more-time/", start.more_time, name="more_time"),
    path("book/waiting/", code.waiting, name="waiting"),
    path("book/start-over/", start.start_over, name="start_over"),
    path("book/booked/", mine.booked, name="booked"),
    # The person's own page.
    path("c/<token>/", way_in.page_link, name="page_link"),
    path("my/", mine.mine, name="mine"),
    path("my/check/", way_in.check, name="mine_check"),
    path("my/go-on/", mine.go_on, name="mine_go_on"),
    path("my/close/", mine.close, name="mine_close"),
    path("my/move/", moving.move, name="mine_move"),
    path("my/cancel/", mine.cancel, name="mine_cancel"),
    path("my/address/", address.new_address, name="mine_address"),
    path("my/address/code/", address.code, name="mine_address_code"),
    path("my/address/again/", address.code_again, name="mine_address_again"),
    path("my/address/keep/", address.keep, name="mine_address_keep"),
    path("my/tips/", stop.tips, name="mine_tips"),
    path("address/<token>/", address.link, name="new_address_link"),
    path("stop/<token>/", stop.stop, name="stop_tips"),
    path("my/calendar.ics", mine.calendar_file, name="mine_calendar"),
    # A dermatologist's calendar feed: the file, and the desk's pages about it.
    path("calendar/<token>/visits.ics", feed.feed, name="calendar_feed"),
    path("admin/my-feed/", desk.admin_view(desk_feed.my_feed), name="my_feed"),
    path(
        "admin/clinic/dermatologist/<int:pk>/feed/",
        desk.admin_view(desk_feed.feed_of),
        name="feed_of",
    ),
    # All e-mails, for the clinic to look at.
    path("admin/all-emails/", desk.admin_view(samples.all_emails), name="all_emails"),
    path(
        "admin/all-emails/<slug:key>/<slug:language>/",
        desk.admin_view(samples.sample_email),
        name="sample_email",
    ),
    path("link-ended/", way_in.link_ended, name="link_ended"),
    path("new-link/", way_in.new_link, name="new_link"),
]
