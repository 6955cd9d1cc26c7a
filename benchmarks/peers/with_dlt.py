"""dlt: a REST source with paging and a time to ask from, merged into a DuckDB file by way of parquet.

One way, into tables: nothing is written over REST, and nothing comes back. Only the left is edited. The server of the records is this
process's own (a thread of the standard library), as little work as can be for the same pages of 1,000 that a good API gives.
"""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from common import EDITED, edited_left, given, require, tell, timed

PAGE = 1000


class Records:
    """The system: records with a time of change, counted."""

    def __init__(self, records: list[dict[str, object]]) -> None:
        self.all = [{**one, "updated": 1} for one in records]
        self.clock = 1

    def edit(self, number: int) -> None:
        """Somebody edits one."""
        self.clock += 1
        self.all[number].update(FirstName=EDITED, updated=self.clock)

    def page(self, since: int, offset: int) -> dict[str, object]:
        """Records from that time on."""
        found = self.all if since <= 1 else [one for one in self.all if one["updated"] >= since]  # type: ignore[operator]  # a number
        return {"items": found[offset : offset + PAGE], "total": len(found)}


def serve(records: Records) -> str:
    """Answer in a thread; the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            body = json.dumps(records.page(int(asked.get("since", ["0"])[0]), int(asked.get("offset", ["0"])[0]))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def main() -> None:
    """Measure."""
    records, folder = given()
    os.environ |= {
        "HOME": str(folder),
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }
    import dlt  # noqa: PLC0415  # it looks at its settings when it is imported
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    system = Records(records)
    url = serve(system)
    pipeline = dlt.pipeline("peer", destination=dlt.destinations.duckdb(str(folder / "copy.duckdb")), dataset_name="copied")
    paging = {"type": "offset", "limit": PAGE, "limit_param": "limit", "offset_param": "offset", "total_path": "total"}
    incremental = {"cursor_path": "updated", "initial_value": 0}
    endpoint = {"path": "persons", "data_selector": "items", "params": {"since": "{incremental.start_value}"}, "incremental": incremental}
    resource = {"name": "persons", "primary_key": "id", "write_disposition": "merge", "endpoint": endpoint}
    config = {"client": {"base_url": url, "paginator": paging}, "resources": [resource]}

    def sync() -> None:
        pipeline.run(rest_api_source(config), loader_file_format="parquet")

    def count(where: str) -> int:
        with pipeline.sql_client() as client:
            return int(client.execute_sql(f"SELECT count(*) FROM persons WHERE {where}")[0][0])

    first = timed(sync)
    require(count("true") == len(records), "all rows made")
    none = timed(sync)
    for number in edited_left(len(records)):
        system.edit(number)
    changed = timed(sync)
    require(count(f"first_name = '{EDITED}'") == len(edited_left(len(records))) and count("true") == len(records), "all edits across")
    tell(first, none, changed)


if __name__ == "__main__":
    main()
