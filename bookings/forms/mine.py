"""What a patient types on their own page: the answer of the light check, a reason, an address."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.forms.people import AddressField
from bookings.forms.words import WordsField
from clinic.forms import western_digits


class CheckForm(forms.Form):
    """The light check before details are shown."""

    answer = forms.CharField(
        label=_("Year of birth, or the last 4 digits of the mobile number"),
        help_text=_("Of the person the visit is for. For example 1990."),
        max_length=12,
        widget=forms.TextInput(
            attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off", "class": "code"}
        ),
        error_messages={
            "required": _("Enter the year of birth, or the last 4 digits of the mobile number."),
            "max_length": _("Enter 4 digits."),
        },
    )

    def clean_answer(self) -> str:
        answer = western_digits(self.cleaned_data["answer"]).strip()
        if len(answer) != 4 or not answer.isascii() or not answer.isdigit():
            raise forms.ValidationError(_("Enter 4 digits."), code="digits")
        return answer


class CancelForm(forms.Form):
    """Why; nobody has to say."""

    reason = WordsField(
        label=_("Why are you cancelling?"),
        help_text=_("You need not say. It helps us to offer better times."),
        max_length=300,
        required=False,
    )


class MoveForm(forms.Form):
    """Why; nobody has to say. The time stands beside it, in bookings/times.html."""

    reason = WordsField(
        label=_("Why are you moving it?"),
        help_text=_("You need not say. It helps us to offer better times."),
        max_length=300,
        required=False,
    )


class NewAddressForm(forms.Form):
    """Where the e-mails should go from now on."""

    email = AddressField(
        label=_("Your new e-mail address"),
        help_text=_("We send a code there. Until you have used it, our e-mails go to the old one."),
    )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


class NewLinkForm(forms.Form):
    """Where a new link should go."""

    email = AddressField(
        label=_("Your e-mail address"),
        help_text=_("The one that our e-mails about your visit went to."),
    )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()
