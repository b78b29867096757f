"""Templates are read once, compiled at first use, and found again by the next application."""

from pathlib import Path

import flask
import jinja2
import pytest

from ticketgate.web.rendering import prepare_templates


def app_of(folder: Path) -> flask.Flask:
    app = flask.Flask(__name__, template_folder=str(folder))
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    prepare_templates(app)
    return app


def rendered(app: flask.Flask, name: str) -> str:
    with app.app_context():
        return flask.render_template(name)


def test_a_template_that_changes_under_a_running_gateway_changes_no_page(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text("before")
    app = app_of(tmp_path)
    (tmp_path / "one.html").write_text("behind")
    assert rendered(app, "one.html") == "before"
    assert rendered(app_of(tmp_path), "one.html") == "behind"  # the control: it is another text


def test_a_template_is_compiled_once_in_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.html").write_text("{{ 1 + 1 }}")
    compiled: list[str] = []
    compile_ = jinja2.Environment.compile

    def counted(env: jinja2.Environment, source: str, name: str, file: str) -> object:
        compiled.append(name)
        return compile_(env, source, name, file)

    monkeypatch.setattr(jinja2.Environment, "compile", counted)
    assert [rendered(app_of(tmp_path), "one.html") for _ in range(3)] == ["2", "2", "2"]
    assert compiled == ["one.html"]


def test_the_file_of_a_template_stands_in_what_the_log_says_of_its_fault(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text("{{ nobody_knows_it }}")
    with pytest.raises(jinja2.UndefinedError) as fault:
        rendered(app_of(tmp_path), "one.html")
    assert any(step.path == tmp_path / "one.html" for step in fault.traceback)


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        rendered(app_of(tmp_path), "two.html")
