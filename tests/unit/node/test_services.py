"""What `init` writes beside the configuration: a unit, a container file, a dashboard."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from keifu import __version__
from keifu.node.kinds import KINDS
from keifu.node.services import (
    CONTAINER_FILE,
    DASHBOARD_FILE,
    UNIT_FILE,
    container_of,
    dashboard_of,
    unit_of,
    write_services,
)

NAMES = [kind.name for kind in KINDS]
ODD = '/srv/my node, 100 % "$HOME"'


def test_systemd_finds_nothing_wrong_with_any_unit(tmp_path):
    units = []
    for number, kind in enumerate(NAMES):
        for place, folder in enumerate(("/srv/node", ODD)):
            units.append(tmp_path / f"keifu-{number}-{place}.service")
            units[-1].write_text(unit_of(kind, Path(folder)))
    if (program := shutil.which("systemd-analyze")) is not None:  # not on every machine
        done = subprocess.run([program, "verify", "--man=no", *units], check=False, capture_output=True, text=True)
        assert (done.returncode, [line for line in done.stderr.splitlines() if "keifu-" in line]) == (0, [])


def test_a_path_is_one_word_of_a_unit():
    text = unit_of("operator", Path(ODD))
    assert 'operator run "/srv/my node, 100 %% \\"$$HOME\\"" --json\n' in text
    assert 'ReadWritePaths="/srv/my node, 100 %% \\"$HOME\\"" "' in text


@pytest.mark.parametrize("kind", NAMES)
def test_the_container_runs_and_looks_after_the_node(kind):
    lines = container_of(kind, Path("/srv/My Node")).splitlines()
    assert f'RUN pip install --no-cache-dir "keifu=={__version__}"' in lines
    assert f'ENTRYPOINT ["keifu", "node", "{kind}"]' in lines
    assert 'CMD ["run", "/node", "--json"]' in lines
    assert "ENV KEIFU_MACHINE=my-node XDG_STATE_HOME=/node/.state NUMBA_CACHE_DIR=/node/.state/compiled" in lines


@pytest.mark.parametrize("kind", NAMES)
def test_a_dashboard_has_a_place_for_each_panel(kind):
    panels = dashboard_of(kind)["panels"]
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all("keifu_node_" in panel["targets"][0]["expr"] for panel in panels)


def test_all_three_are_written(tmp_path):
    write_services("keeper", tmp_path, Path("/srv/keeper"))
    assert {path.name for path in tmp_path.iterdir()} == {UNIT_FILE, CONTAINER_FILE, DASHBOARD_FILE}
    assert json.loads((tmp_path / DASHBOARD_FILE).read_text()) == dashboard_of("keeper")
