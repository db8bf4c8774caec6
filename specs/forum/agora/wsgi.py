"""The forum as a WSGI application (`agora.wsgi:application`); AGORA_ON holds what --on would."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from agora import config, switches

switches.activate(switches.parse(os.environ.get("AGORA_ON", "none")))
config.start()
application = get_wsgi_application()
