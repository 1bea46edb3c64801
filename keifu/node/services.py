"""What runs a node and shows it: a unit for systemd, a container file, and a dashboard for Grafana."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from keifu import __version__
from keifu.chain.held import state_folder
from keifu.node.metrics import PREFIX

__all__ = ["CONTAINER_FILE", "DASHBOARD_FILE", "UNIT_FILE", "container_of", "dashboard_of", "unit_of", "write_services"]

UNIT_FILE, CONTAINER_FILE, DASHBOARD_FILE = "keifu-node.service", "Containerfile", "dashboard.json"
COMPILED = "compiled"
STOP_SECONDS = 45  # that systemd waits for a node that drains
WIDTH, HEIGHT, ACROSS = 8, 7, 3  # of a panel, in Grafana's units of a 24th of the page

# Panels of every kind: title, expression without the prefix, unit.
_EVERY = (
    ("Ready", "ready", "bool"),
    ("Newest block", "chain_head_block", "none"),
    ("Rounds a second", "rate(steps_total[5m])", "ops"),
    ("Endpoint failures an hour", "increase(rpc_failures_total[1h])", "none"),
    ("Requests refused, by reason", "increase(http_refused_total[1h])", "none"),
    ("Alerts, by what became of them", "increase(alerts_total[1h])", "none"),
)
_OWN = {
    "operator": (
        ("Heartbeats a minute", "60 * rate(heartbeats_total[5m])", "none"),
        ("Promotion that is served", "promotion_seq", "none"),
        ("Age of the newest heartbeat", "time() - heartbeat_time_seconds", "s"),
        ("Times that the bytes were hashed", "increase(digests_total[1d])", "none"),
    ),
    "watcher": (
        ("Block that is accounted for", "followed_block", "none"),
        ("Heartbeats judged, by verdict", "increase(judged_total[1h])", "none"),
        ("Faults, by state", "increase(evidence_total[1d])", "none"),
        ("Operators' answers refused", "increase(peers_refused_total[1h])", "none"),
    ),
    "juror": (
        ("Seats that wait", "drawn_seats", "none"),
        ("Seats without a decision", "undecided_seats", "none"),
        ("Votes sent, by step", "increase(votes_total[7d])", "none"),
        ("Seats that lapsed", "increase(missed_seats_total[7d])", "none"),
    ),
    "keeper": (
        ("Jobs, by how they ended", "increase(jobs_total[1d])", "none"),
        ("Jobs left, by reason", "increase(jobs_passed_total[1h])", "none"),
    ),
    "compute": (
        ("Paid answers a second", "rate(answers_total[1m])", "ops"),
        ("Requests that are being answered", "open_requests", "none"),
        ("Payments refused, by reason", "increase(unpaid_total[1h])", "none"),
        ("Requests not answered, by reason", "increase(faults_total[1h])", "none"),
        ("Signed for and not yet claimed, smallest units", "unclaimed", "none"),
        ("Vouchers claimed, by outcome", "claims", "none"),
        ("Channels covered, and demands by state", "promised", "none"),
    ),
    "relayer": (
        ("Requests a minute, by outcome", "60 * rate(relayed_total[5m])", "none"),
        ("Requests that wait", "open_requests", "none"),
        ("Gas of the last hour, wei", "gas_hour_wei", "none"),
    ),
    "reexecutor": (
        ("Seats that wait", "drawn_seats", "none"),
        ("Words sent, by step", "increase(words_total[7d])", "none"),
        ("Seats that lapsed", "increase(missed_seats_total[7d])", "none"),
    ),
    "attestor": (("Requests that were signed", "attested", "none"),),
    "notary": (
        ("Newest block that was signed", "signed_block", "none"),
        ("Headers judged, by verdict", "increase(judged_total[1h])", "none"),
        ("Contradictions, by state", "increase(evidence_total[1d])", "none"),
        ("Notaries' answers refused", "increase(peers_refused_total[1h])", "none"),
    ),
    "storage": (
        ("Shards, by state", "shards", "none"),
        ("Bytes stored", "stored_bytes", "bytes"),
        ("Bytes a second, by where they went", "rate(storage_bytes_total[5m])", "Bps"),
        ("Transactions of the provider, by kind", "increase(provider_sent_total[1d])", "none"),
        ("Misses in a row", "misses", "none"),
        ("Pay that waits, wei", "earned_wei", "none"),
        ("Bytes of the day that nobody paid for", "free_bytes", "bytes"),
    ),
}
_WORDS = ("rate", "increase", "time")  # of expressions, that are no metrics


def write_services(kind: str, at: Path, folder: Path) -> None:
    """Write all three into `at`, for a node that will be in `folder`."""
    (at / UNIT_FILE).write_text(unit_of(kind, folder))
    (at / CONTAINER_FILE).write_text(container_of(kind, folder))
    (at / DASHBOARD_FILE).write_text(json.dumps(dashboard_of(kind), indent=2) + "\n")


def unit_of(kind: str, folder: Path) -> str:
    """A unit for systemd, which ends a node in order and starts one that has failed again."""
    program = Path(sys.executable).parent / "keifu"
    return f"""[Unit]
Description=Keifu node, {kind}, {str(folder).replace("%", "%%")}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={_quoted(program, runs=True)} node {kind} run {_quoted(folder, runs=True)} --json
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2
TimeoutStopSec={STOP_SECONDS}
Environment={_quoted(f"XDG_STATE_HOME={state_folder().parent}")}
# Compiled code: no other place may be written.
Environment={_quoted(f"NUMBA_CACHE_DIR={state_folder() / COMPILED}")}
# A key file's password: put it into a file that root alone can read, and name it here.
#LoadCredential=password:/etc/keifu/password
#Environment=KEIFU_PASSWORD_FILE=%d/password
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={_quoted(folder)} {_quoted(state_folder())}

[Install]
WantedBy=default.target
"""


def _quoted(text: Path | str, *, runs: bool = False) -> str:
    """As one word of a unit; in a command a dollar would begin a variable, too."""
    plain = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{plain.replace("$", "$$") if runs else plain}"'


def container_of(kind: str, folder: Path) -> str:
    """A container file. The folder is mounted, so that image and state are apart."""
    name = "".join(sign if sign.isalnum() else "-" for sign in folder.name.lower()).strip("-") or kind
    return f"""# A node in a container; podman takes the same words as docker:
#   docker build -t keifu-{name} -f {CONTAINER_FILE} .
#   docker run --network host --user "$(id -u)" -v "$PWD":/node -e KEIFU_PASSWORD keifu-{name}
# The folder belongs to the machine where it was made. What follows the image's name at the container's first start:
#   run /node --json --take-over
# In node.toml, paths of artefacts and documents are those in the container: mount them, too.
FROM docker.io/library/python:3.11-slim
RUN pip install --no-cache-dir "keifu=={__version__}"
# Its folder belongs to this name, which outlasts the container; whoever makes a second container takes another one.
# What is compiled at the first start stays beside its state, for the next ones.
ENV KEIFU_MACHINE={name} XDG_STATE_HOME=/node/.state NUMBA_CACHE_DIR=/node/.state/{COMPILED}
VOLUME /node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --start-period=60s CMD ["keifu", "node", "{kind}", "status", "/node"]
ENTRYPOINT ["keifu", "node", "{kind}"]
CMD ["run", "/node", "--json"]
"""


def dashboard_of(kind: str) -> dict[str, Any]:
    """A dashboard, as Grafana imports it; it asks for the Prometheus that has the node's /metrics."""
    panels = [_panel(place, *row) for place, row in enumerate((*_EVERY, *_OWN[kind]))]
    return {
        "title": f"Keifu node: {kind}",
        "uid": f"keifu-node-{kind}",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "tags": ["keifu"],
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": panels,
    }


def _panel(place: int, title: str, expression: str, unit: str) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"x": place % ACROSS * WIDTH, "y": place // ACROSS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [{"refId": "A", "datasource": source, "expr": _prefixed(expression)}],
    }


def _prefixed(expression: str) -> str:
    """The expression with the metrics' whole names."""
    return re.sub(
        r"(?<![0-9a-z_\[])[a-z][a-z_]+",
        lambda word: word[0] if word[0] in _WORDS else f"{PREFIX}_{word[0]}",
        expression,
    )
