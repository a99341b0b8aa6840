"""What a patient can ask about, and how many side effects there are to read."""

from django.db.models import Count, Prefetch, Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.api.shapes import DermatologistShape
from clinic.api.asking import InBothLanguages, checked_query
from clinic.models import Dermatologist, Treatment, VersionState


class ConcernShape(serializers.Serializer):
    """What the treatment is wanted for; "I am not sure" is one of them."""

    slug = serializers.SlugField()
    name = InBothLanguages()


class TreatmentShape(serializers.Serializer):
    """A treatment in both languages."""

    slug = serializers.SlugField()
    name = InBothLanguages()
    summary = InBothLanguages()
    about = InBothLanguages()
    concerns = ConcernShape(many=True)
    dermatologists = DermatologistShape(many=True, help_text="Who talks about it.")
    risks = serializers.IntegerField(help_text="How many side effects there are to acknowledge.")


class NoQuery(serializers.Serializer):
    """Nothing stands behind the question mark."""


class Treatments(APIView):
    @extend_schema(operation_id="treatments", responses={200: TreatmentShape(many=True)}, auth=[])
    def get(self, request: Request) -> Response:
        """The treatments that a patient can ask about, in both languages."""
        checked_query(NoQuery, request)
        seeing_patients = Dermatologist.objects.seeing_patients()
        live = Count("risk_lists__risks", filter=Q(risk_lists__state=VersionState.PUBLISHED))
        # Counting drops the model's own order, so it is said again.
        offered = Treatment.objects.offered().annotate(risks=live).order_by("position", "id")
        offered = offered.prefetch_related("concerns", Prefetch("dermatologists", seeing_patients))
        return Response(TreatmentShape(offered, many=True).data)
