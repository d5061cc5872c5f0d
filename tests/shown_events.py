"""Events that tests send, and their addresses."""

from typing import Any

from factories import ago, error_event

Json = dict[str, Any]


def path(event_id: str, child: str = "", project: str = "web") -> str:
    return f"/projects/acme/{project}/events/{event_id}/{child}"


def rich() -> Json:
    """An event with all that is shown, and secrets in many places."""
    secret = "hunter2"
    frame = {"filename": "shop/cart.py", "function": "checkout", "lineno": 41, "colno": 3}
    frame |= {"pre_context": ["a", "b"], "context_line": "c", "post_context": ["d"]}
    frame |= {
        "vars": {"password": secret, "total": 7},
        "in_app": True,
        "module": "shop.cart",
        "data": {"x": secret, "sourcemap": "a.map"},
    }
    frame |= {"abs_path": "/srv/shop/cart.py"}
    raised = {"type": "ValueError", "value": "boom", "stacktrace": {"frames": [frame]}}
    raised |= {"mechanism": {"type": "wsgi", "handled": False, "data": {"token": secret}}}
    return error_event(
        exception={"values": [raised]},
        release="web@1.0.0",
        dist="7",
        environment="production",
        timestamp=ago(hours=1).timestamp(),
        tags={"colour": "red"},
        user={"id": 7, "email": "eve@example.com", "plan": "pro", "data": {"api_key": secret}},
        contexts={"browser": {"name": "Firefox"}, "state": {"secret": secret}, "x": 7},
        extra={"secret": secret, "cart": [1, 2]},
        modules={"flask": "3.1", "acme": 7},
        sdk={"name": "sentry.python", "version": "2.0"},
        logentry={"message": "order %s", "params": [17]},
        request={
            "url": "https://acme.example.com/cart?token=hunter2&a=1#b",
            "method": "post",
            "headers": {"Cookie": secret, "Accept": "*/*"},
            "cookies": "a=1; sessionid=hunter2",
            "data": {"password": secret},
            "env": {"SERVER_NAME": "web-1"},
        },
        breadcrumbs={"values": [{"timestamp": 1.5, "message": "m", "data": {"token": secret}}, 7]},
        threads={"values": [{"id": 1, "name": "main", "crashed": True}]},
        csp={"effective_directive": "img-src"},
        debug_meta={"images": [{"type": "sourcemap"}, 7]},
    )
