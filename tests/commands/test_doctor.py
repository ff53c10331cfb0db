"""The doctor tells a healthy machine from a sick one, and says what to do."""

import json
import tomllib

import typer
from typer.testing import CliRunner

from workbench.commands import doctor
from workbench.commands.doctor import CHECKOUT
from workbench.commands.machine import Check, State

app = typer.Typer()
doctor.register(app)
app.callback()(lambda: None)  # a group of commands, as in the product


def test_every_finding_that_is_not_well_says_what_to_do():
    for check in doctor.report():
        assert check.found
        assert check.state is State.OK or check.remedy, check


def test_this_environment_is_as_locked():
    assert doctor.environment(CHECKOUT / "requirements.lock").state is State.OK


def test_a_version_that_differs_from_the_lock_is_named(tmp_path):
    (tmp_path / "requirements.lock").write_text("typer==0.0.1 \\\n    --hash=sha256:00\nno-such-thing==1.0\n")
    found = doctor.environment(tmp_path / "requirements.lock")
    assert found.state is State.WRONG
    assert "lock: 0.0.1" in found.found
    assert "no-such-thing missing" in found.found


def test_a_lock_that_is_not_there_is_not_checked(tmp_path):
    assert doctor.environment(tmp_path / "requirements.lock").state is State.NOT_CHECKED


def test_the_python_of_the_project_is_the_python_of_the_doctor():
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["requires-python"]
    first, after = (".".join(map(str, each)) for each in (doctor.FIRST_PYTHON, doctor.AFTER_PYTHON))
    assert wanted == f">={first},<{after}"


def test_a_program_can_read_it(tmp_path):
    run = CliRunner().invoke(app, ["doctor", "--json", "--data", str(tmp_path)])
    checks = [Check(**each) for each in json.loads(run.stdout)]
    assert len(checks) == len(doctor.report())
    assert run.exit_code == doctor.exit_code(checks)


def test_a_person_can_read_it(tmp_path):
    printed = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path)]).stdout
    for check in doctor.report():
        assert check.name in printed
