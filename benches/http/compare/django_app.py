"""A service that checks a key by djangorestframework-api-key: django_app.py KEY_FILE"""

import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a secret for a benchmark on loopback",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    INSTALLED_APPS=["rest_framework", "rest_framework_api_key"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": sys.argv[1] + ".sqlite3",
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    API_KEY_CUSTOM_HEADER="HTTP_X_API_KEY",
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402
from rest_framework_api_key.permissions import HasAPIKey  # noqa: E402
from waitress import create_server  # noqa: E402


class Key(APIView):
    permission_classes = [HasAPIKey]

    def get(self, request, tenant, name):
        permissions = ["tenant.apiKey:read", "passes:write"]
        return Response({"name": name, "enabled": True, "permissions": permissions})


urlpatterns = [path("api/<tenant>/admin/apiKeys/<name>", Key.as_view())]

call_command("migrate", verbosity=0)
_, key = APIKey.objects.create_key(name="key-000003")
with open(sys.argv[1], "w") as file:
    file.write(key)

server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=4)
print(f"django on http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
