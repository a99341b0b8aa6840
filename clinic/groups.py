"""The staff's groups and what each may do: given by migrations, so that every database has them."""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

RECEPTION, DERMATOLOGISTS, LEAD = "Reception", "Dermatologists", "Lead"


def give(apps: Apps, schema_editor: Any, *, app: str, may: dict[str, list[str]]) -> None:
    """Lets groups do things to the rows of one app: {"Lead": ["view_treatment", ...]}.

    Django makes permissions only after the last migration; on a fresh database they are made here.
    """
    alias = schema_editor.connection.alias
    config: Any = apps.get_app_config(app)
    config.models_module = True  # a migration's app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for name, codenames in may.items():
        group, _made = group_model.objects.using(alias).get_or_create(name=name)
        permissions = permission_model.objects.using(alias).filter(
            content_type__app_label=app, codename__in=codenames
        )
        found = {permission.codename for permission in permissions}
        if missing := set(codenames) - found:
            raise LookupError(f"There is no permission {sorted(missing)} in {app}.")
        group.permissions.add(*permissions)
