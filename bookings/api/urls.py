"""The addresses of this app's part of the API."""

from django.urls import path

from bookings.api.requests import Consultations, Prove, SendCode
from bookings.api.times import Times
from bookings.api.visits import Cancel, ChooseTime, Move, MyConsultation

urlpatterns = [
    path("times/", Times.as_view(), name="api_times"),
    path("consultations/", Consultations.as_view(), name="api_request"),
    path("consultation/", MyConsultation.as_view(), name="api_mine"),
    path("consultation/prove/", Prove.as_view(), name="api_prove"),
    path("consultation/code/", SendCode.as_view(), name="api_code"),
    path("consultation/time/", ChooseTime.as_view(), name="api_time"),
    path("consultation/move/", Move.as_view(), name="api_move"),
    path("consultation/cancel/", Cancel.as_view(), name="api_cancel"),
]
