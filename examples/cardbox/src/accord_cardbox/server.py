"""The system of the example: boxes of cards behind a socket. A card holds texts; every change gets the next number (``seq``).

One line of JSON asks, one line answers. A card that is dropped leaves its number behind. ``seq`` in a ``set`` or ``drop`` states the
number that the card was last seen with. It is all in memory: python -m accord_cardbox.server --port 7070 --token secret
"""

import argparse
import json
import socketserver
import sys
import threading
from typing import Any

Card = dict[str, Any]
MOST_CHARACTERS = 20_000


class Refused(Exception):
    """What is answered instead: ``error`` is moved, gone, refused or denied; ``field``: what it is about."""

    def __init__(self, error: str, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.answer = {"error": error, "text": text, "field": field}


class Boxes:
    """All cards, and the number of the last change."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._cards: dict[str, dict[str, Card]] = {}
        self._seq = 0
        self._lock = threading.Lock()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        if asked.get("token") != self._token:
            return Refused("denied", "the token is not known").answer
        with self._lock:
            try:
                answer: dict[str, Any] = getattr(self, f"_{asked['do']}")(self._cards.setdefault(asked["box"], {}), asked)
                return answer
            except Refused as refused:
                return refused.answer

    def _list(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        return self._page([card for card in box.values() if not card["gone"] and card["id"] > asked["after"]], asked["limit"])

    def _since(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        changed = sorted((card for card in box.values() if card["seq"] >= asked["seq"]), key=lambda card: card["seq"])
        return self._page(changed, asked["limit"])

    def _page(self, cards: list[Card], limit: int) -> dict[str, Any]:
        return {"cards": cards[:limit], "more": len(cards) > limit, "seq": self._seq}

    def _get(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        return {"cards": [None if (card := box.get(id)) is None or card["gone"] else card for id in asked["ids"]]}

    def _find(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        return {"cards": [card for card in box.values() if card["values"].get("ref") == asked["ref"]]}

    def _add(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        id = f"C{len(box) + 1:08}"
        return {"card": self._keep(box, {"id": id, "values": {"ref": asked["ref"]}}, asked["values"])}

    def _set(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        return {"card": self._keep(box, self._expected(box, asked), asked["values"])}

    def _drop(self, box: dict[str, Card], asked: dict[str, Any]) -> dict[str, Any]:
        card = self._expected(box, asked)
        self._seq += 1
        box[card["id"]] = {**card, "gone": True, "seq": self._seq}
        return {}

    def _expected(self, box: dict[str, Card], asked: dict[str, Any]) -> Card:
        card = box.get(asked["id"])
        if card is None or card["gone"]:
            raise Refused("gone", "there is no such card")
        if asked["seq"] not in (None, card["seq"]):
            raise Refused("moved", "the card has changed since")
        return card

    def _keep(self, box: dict[str, Card], card: Card, values: dict[str, Any]) -> Card:
        for field, value in values.items():
            if value is not None and (not isinstance(value, str) or len(value) > MOST_CHARACTERS):
                raise Refused("refused", f"a card holds texts of at most {MOST_CHARACTERS} characters", field)
            if field == "mail" and value and "@" not in value:
                raise Refused("refused", "this is no address", field)
        self._seq += 1
        box[card["id"]] = {"id": card["id"], "seq": self._seq, "gone": False, "values": {**card["values"], **values}}
        return box[card["id"]]


class Server(socketserver.ThreadingTCPServer):
    """The boxes behind a socket of this machine; port 0: any that is free."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, token: str) -> None:
        self.boxes = Boxes(token)
        super().__init__(("127.0.0.1", port), _Talk)


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            assert isinstance(self.server, Server)
            self.wfile.write(json.dumps(self.server.boxes.answer(json.loads(line))).encode() + b"\n")


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=7070)
    parser.add_argument("--token", required=True)
    said = parser.parse_args()
    with Server(said.port, said.token) as server:
        sys.stdout.write(f"listening on 127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
