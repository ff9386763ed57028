"""The README and the pages in docs/ agree with the template, the Makefile and the files that they name."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.docs import PAGES, PROJECT
from tests.support.template import read_template

FOLDERS = "docs|events|functions|layers|local|operator_cli|requirements|tests"
MADE_UP = {"functions/health/app.py"}  # the function that CONTRIBUTING.md adds
OTHER_WORDS_FOR_DEFAULTS = {"(required)": None, "(empty)": ""}
LARGEST_IMAGE_BYTES = 60_000


def section(page: str, title: str) -> str:
    """Give a page's text below a heading of the second level, up to the next one."""
    return (PROJECT / page).read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def table_rows(text: str) -> list[list[str]]:
    """Give the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_parameters_table_has_every_parameter_of_the_template_with_its_default() -> None:
    told = {name.strip("`"): OTHER_WORDS_FOR_DEFAULTS.get(default, default) for name, default, _ in parameter_rows()}
    declared = {
        name: None if "Default" not in parameter else str(parameter["Default"])
        for name, parameter in read_template()["Parameters"].items()
    }

    assert {name: default.strip("`") if default else default for name, default in told.items()} == declared


def test_every_parameter_has_a_meaning() -> None:
    assert [name for name, _, meaning in parameter_rows() if len(meaning.split()) < 3] == []


def parameter_rows() -> list[list[str]]:
    return table_rows(section("docs/parameters.md", "Parameters"))


def test_the_routes_table_has_the_routes_of_the_template() -> None:
    assert {row[0].strip("`") for row in table_rows(section("docs/api.md", "Routes"))} == declared_routes()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_route_that_the_template_lacks(page: Path) -> None:
    named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^\s`?]*)`", page.read_text()))

    assert named <= declared_routes()


def declared_routes() -> set[str]:
    return {
        resource["Properties"]["RouteKey"]
        for resource in read_template()["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    }


def test_the_outputs_table_has_the_outputs_of_the_template() -> None:
    listed = {row[0].strip("`") for row in table_rows(section("docs/parameters.md", "Outputs"))}

    assert listed == set(read_template()["Outputs"])


def test_the_functions_whose_permissions_are_listed_are_those_that_exist() -> None:
    listed = {row[0].strip("`") for row in table_rows((PROJECT / "docs/permissions.md").read_text())}

    assert listed == {path.parent.name for path in PROJECT.glob("functions/*/app.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", page.read_text())

    assert [name for name in named if name not in MADE_UP and not (PROJECT / name).exists()] == []


def test_changelog_package_and_description_of_the_routes_name_the_same_version() -> None:
    [newest, *_] = re.findall(r"^## ([\d.]+) \(", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    package = re.findall(r'^version = "(.*)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    described = re.findall(r'^  version: "(.*)"$', (PROJECT / "docs/openapi.yaml").read_text(), re.MULTILINE)

    assert package == described == [newest]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_image_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    local = [target for target in targets if not target.startswith("https://")]

    assert [target for target in local if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = unquote(target).partition("#")
    file = page.parent / name if name else page
    return file.is_file() and (not anchor or anchor in anchors(file.read_text()))


def anchors(text: str) -> set[str]:
    """Give the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_leads_to_every_page() -> None:
    pages = {f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")}

    assert pages - set(re.findall(r"\]\((docs/[\w-]+\.md)", (PROJECT / "README.md").read_text())) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_benchmark_writes_into_a_page_is_there(page: Path) -> None:
    written = re.findall(r"<!-- bench:([a-z-]+) -->(.*?)<!-- /bench", page.read_text(), re.DOTALL)

    assert [key for key, content in written if not content.strip()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_sample_event_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"\bevents/[\w./-]+\.json", page.read_text())

    assert [name for name in named if not (PROJECT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_function_that_a_page_invokes_is_in_the_template(page: Path) -> None:
    named = re.findall(r"\bsam local invoke (\w+)", page.read_text())

    assert [name for name in named if name not in read_template()["Resources"]] == []


def test_the_images_are_small_enough_to_load_at_once() -> None:
    images = [path for path in (PROJECT / "docs" / "images").iterdir() if path.is_file()]

    assert [path.name for path in images if path.stat().st_size > LARGEST_IMAGE_BYTES] == []
    assert images
