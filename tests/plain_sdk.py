"""What an SDK sends, byte for byte, and what it is answered."""

from factories import World
from httpx import Client, Response


class Sdk:
    """Sends to project web with its key, unless told otherwise."""

    def __init__(self, client: Client, world: World, project: str = "web") -> None:
        self.client = client
        self.key = world.keys[project]
        self.project_id = world.projects[project]

    @property
    def auth(self) -> dict[str, str]:
        return {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self.key}"}

    def envelope(
        self, content: bytes, *, project: object = None, query: str = "", **headers: str
    ) -> Response:
        path = f"/api/{project or self.project_id}/envelope/{query}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, content=content, headers=given or self.auth)

    def store(self, content: bytes, **headers: str) -> Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/api/{self.project_id}/store/"
        return self.client.post(path, content=content, headers=self.auth | given)


def told(answer: Response) -> tuple[int, str]:
    """The status and reason of a refusal, which SDKs look for in a header too."""
    detail = answer.json()["detail"]
    assert answer.headers["x-sentry-error"] == detail
    return answer.status_code, detail
