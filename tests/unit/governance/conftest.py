from __future__ import annotations

import pytest

from tests.roles import role_fixtures

globals().update(role_fixtures("deployer", "other_deployer"))


@pytest.fixture(scope="module")
def factory(project, deployer):
    return project.Create3Factory.deploy(sender=deployer)
