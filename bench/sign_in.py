"""How much do attempts to sign in slow the API down?

    python bench/sign_in.py [--attempts N]

Runs a server with two workers and asks the API 200 times alone. Then 4 clients try wrong passwords meanwhile: from one
address, whose limit ends it soon, and from a new loopback address each time, so that every password is checked. Prints
the medians, and how the attempts were answered. Linux only.
"""

import argparse
import statistics
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import urlencode

from running import Running, folder, mark, running

REQUESTS = 200
REQUESTS_A_ROUND = 10
CLIENTS = 4
#: How many times slower the API may be during the attempts.
RATIO_TARGET = 3.0
_PATH = "/api/0/organizations/acme/releases/"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


def main() -> None:
    """Measure without attempts, then during them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--attempts", type=int, default=200)
    attempts = parser.parse_args().attempts
    with folder() as data, running(data / "data") as server:
        ask(server, REQUESTS)
        alone = ask(server, REQUESTS)
        print(f"alone                        {alone:8.1f} ms")
        for name, is_one_address in (("one address", True), ("many addresses", False)):
            during, statuses = under_attack(server, attempts, is_one_address=is_one_address)
            ratio = during / alone
            print(
                f"attempts, {name:<18} {during:8.1f} ms   {ratio:4.1f} times, target {RATIO_TARGET:.1f}   "
                f"{mark(ratio, RATIO_TARGET)}   answers {dict(sorted(statuses.items()))}"
            )


def under_attack(
    server: Running, attempts: int, *, is_one_address: bool
) -> tuple[float, "Counter[int]"]:
    """Return the median of the API while the attempts are made, and how these were answered."""
    statuses: Counter[int] = Counter()
    clients = [
        threading.Thread(
            target=attempt,
            args=(server, number, attempts // CLIENTS, statuses, is_one_address),
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    medians = []
    while any(client.is_alive() for client in clients):
        medians.append(ask(server, REQUESTS_A_ROUND))
    return statistics.median(medians), statuses


def ask(server: Running, requests: int) -> float:
    """Return the median of the API's answers, in milliseconds."""
    connection = server.connect()
    lengths = []
    for _ in range(requests):
        begun = time.perf_counter()
        status = answer(connection, "GET", _PATH, {"Authorization": f"Bearer {server.token}"})
        assert status == 200, status
        lengths.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return statistics.median(lengths)


def attempt(
    server: Running,
    client: int,
    attempts: int,
    statuses: "Counter[int]",
    is_one_address: bool,
) -> None:
    """Try wrong passwords one after the other, each for another account."""
    for number in range(attempts):
        source = "127.0.0.1" if is_one_address else f"127.1.{client}.{number % 250 + 1}"
        connection = HTTPConnection("127.0.0.1", server.port, 60, (source, 0))
        form = {"email": f"user{client}-{number}@example.com", "password": "wrong"}
        statuses[answer(connection, "POST", "/sign-in/", _FORM, urlencode(form))] += 1
        connection.close()


def answer(
    connection: HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str | None = None,
) -> int:
    """Send a request, read the whole answer, and return its status."""
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    response.read()
    return response.status


if __name__ == "__main__":
    main()
