"""A project of Java or Kotlin: Maven's ``pom.xml``, or Gradle's ``build.gradle`` and ``settings.gradle``.

Gradle's files are programs; of them only what stands there as plain text is read.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import MAX_ENTRIES, text, xml_root, xml_text
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

TEST_FILES = (
    "**/src/test/**|**/src/integrationTest/**|**/src/it/**",
    "**/*Test.java|**/*Tests.java|**/*TestCase.java|**/*IT.java|**/*Test.kt|**/*Tests.kt|**/*Spec.groovy",
)
CONVENTION = {"maven": "convention of Maven", "gradle": "convention of Gradle"}
BUILD = ("build.gradle.kts", "build.gradle")
SETTINGS = ("settings.gradle.kts", "settings.gradle")
RELEASES = (
    "maven.compiler.release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
    "release",
    "jdk.version",
)
"""Properties of a pom.xml that say for which Java it is, the most exact first; ``java.version`` is Spring Boot's."""

_PROPERTY = linear(r"\$\{([\w.-]{1,80})\}")
_INCLUDE = linear(r"""(?m)^[ \t]*include\b[ \t]*(?:\(([^)]*)(?:\)|\z)|((?:[^\n]*,[ \t]*\n)*[^\n]*))""")
_NAME = linear(r"""rootProject\.name\s*=\s*["']([^"'\n]+)["']""")
_QUOTED = linear(r"""["']:?([^"'\n]+)["']""")
_RELEASES = tuple(
    linear(pattern)
    for pattern in (
        r"JavaLanguageVersion\.of\(\s*['\"]?(\d+)",
        r"jvmToolchain\(\s*(\d+)",
        r"options\.release\s*(?:=|\.set\()\s*(\d+)",
        r"(?:sourceCompatibility|targetCompatibility)\s*=?\s*(?:JavaVersion\.VERSION_)?['\"]?([\d._]+)",
    )
)


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """Maven where both are there: its file is data, and can be read whole."""
    if "pom.xml" in files:
        return _maven(files, directory)
    if any(name in files for name in (*BUILD, *SETTINGS)):
        return _gradle(files, directory)
    return None


def _maven(files: ProjectFiles, directory: str) -> ProjectPart:
    root = xml_root(files, "pom.xml")
    wanted, place = _release(root)
    modules = _modules(root, files)
    evidence = {"runner": "pom.xml", "language": "pom.xml"}
    if root is None:
        evidence["manifest"] = "pom.xml can't be read, so its name, modules and version of Java are not known"
    if modules:
        evidence["members"] = "pom.xml: modules"
    if wanted:
        evidence["runtime"] = f"pom.xml: {place}"
    if "mvnw" in files:
        evidence["wrapper"] = "mvnw downloads Maven; the mvn of this machine is used"
    commands = {
        "install": ProjectCommand(("mvn", "-B", "dependency:go-offline"), CONVENTION["maven"]),
        "test": ProjectCommand(("mvn", "-B", "-o", "test"), CONVENTION["maven"], "mvn test"),
        "build": ProjectCommand(("mvn", "-B", "-o", "package", "-DskipTests"), CONVENTION["maven"], "mvn package -DskipTests"),
    }
    commands |= _spotless("spotless" in (files.read("pom.xml") or ""), "pom.xml", ("mvn", "-B", "-o"), "spotless:")
    return _made(files, directory, "maven", _maven_name(root), wanted, modules, commands, evidence)


def _gradle(files: ProjectFiles, directory: str) -> ProjectPart:
    build = next((name for name in BUILD if name in files), "")
    settings = next((name for name in SETTINGS if name in files), "")
    read = files.read(build) or "" if build else ""
    structure = files.read(settings) or "" if settings else ""
    wanted = next((text(hit[1]).replace("_", ".") for pattern in _RELEASES if (hit := pattern.search(read))), "")
    modules = _included(structure, files)
    hit = _NAME.search(structure)
    evidence = {"runner": build or settings, "language": build or settings}
    if modules:
        evidence["members"] = f"{settings}: include"
    if wanted:
        evidence["runtime"] = build
    if "gradlew" in files:
        evidence["wrapper"] = "gradlew downloads Gradle; the gradle of this machine is used"
    commands = {
        "test": ProjectCommand(("gradle", "--offline", "test"), CONVENTION["gradle"], "gradle test"),
        "build": ProjectCommand(("gradle", "--offline", "assemble"), CONVENTION["gradle"], "gradle assemble"),
    }
    commands |= _spotless("com.diffplug.spotless" in read, build, ("gradle", "--offline"), "spotless")
    return _made(files, directory, "gradle", text(hit[1]) if hit else "", wanted, modules, commands, evidence)


def _made(
    files: ProjectFiles,
    directory: str,
    tool: str,
    name: str,
    wanted: str,
    modules: tuple[str, ...],
    commands: dict[str, ProjectCommand],
    evidence: dict[str, str],
) -> ProjectPart:
    kotlin, java = (sum(path.endswith(end) for path in files.paths) for end in (".kt", ".java"))
    formatters, said = _editor_tools(files)
    if formatters:
        evidence["formatters"] = said
    return ProjectPart(
        directory,
        "java",
        "kotlin" if kotlin > java else "java",
        name,
        tool,
        files.from_root("gradle.lockfile") if "gradle.lockfile" in files else "",
        build_backend=tool,
        layout="workspace" if modules else "src",
        members=modules,
        runtime=f"java {wanted}" if wanted else "",
        runner=tool,
        commands=commands,
        test_files=TEST_FILES,
        formatters=formatters,
        evidence=evidence,
    )


def _editor_tools(files: ProjectFiles) -> tuple[tuple[FormatTool, ...], str]:
    """ktlint, whose settings stand in .editorconfig; other formatters of this place are plugins of the build tool."""
    if "ktlint_" not in (files.read(".editorconfig") or ""):
        return (), ""
    return (FormatTool("ktlint", ("ktlint", "--format"), ("ktlint",), (".kt", ".kts")),), ".editorconfig: ktlint_…"


def _spotless(there: bool, where: str, tool: tuple[str, ...], start: str) -> dict[str, ProjectCommand]:
    """A plugin of the build tool, which formats the whole project."""
    if not there:
        return {}
    apply, check = ("apply", "check") if start.endswith(":") else ("Apply", "Check")
    return {
        "format": ProjectCommand((*tool, f"{start}{apply}"), f"{where}: spotless"),
        "lint": ProjectCommand((*tool, f"{start}{check}"), f"{where}: spotless"),
    }


def _maven_name(root: ET.Element | None) -> str:
    group = xml_text(root, "groupId") or xml_text(root, "parent", "groupId")
    artifact = xml_text(root, "artifactId")
    return f"{group}:{artifact}" if group and artifact else artifact


def _release(root: ET.Element | None) -> tuple[str, str]:
    """What the compiler is told, with properties of the same file put in; ("", "") where a parent says it."""
    properties = {_local(entry): text(entry.text) for entry in (root.find("{*}properties") if root is not None else None) or ()}
    for name in RELEASES[:4]:
        if wanted := _resolved(properties.get(name, ""), properties):
            return wanted, name
    for plugin in root.iterfind(".//{*}plugin") if root is not None else ():
        if xml_text(plugin, "artifactId") == "maven-compiler-plugin":
            for name in ("release", "target", "source"):
                if wanted := _resolved(xml_text(plugin, "configuration", name), properties):
                    return wanted, f"maven-compiler-plugin {name}"
    for name in RELEASES[4:]:
        if (wanted := _resolved(properties.get(name, ""), properties)).replace(".", "").isdigit():
            return wanted, name
    return "", ""


def _resolved(value: str, properties: dict[str, str]) -> str:
    for _ in range(3):
        hit = _PROPERTY.fullmatch(value)
        if hit is None:
            return value if "${" not in value else ""
        value = properties.get(hit[1], "")
    return ""


def _modules(root: ET.Element | None, files: ProjectFiles) -> tuple[str, ...]:
    """Those of the file itself and of its profiles, as far as they are there."""
    entries = root.iterfind(".//{*}modules/{*}module") if root is not None else ()
    found = [text(entry.text).removeprefix("./").rstrip("/") for _, entry in zip(range(MAX_ENTRIES), entries, strict=False)]
    places = [path.removesuffix("/pom.xml") for path in found]
    return tuple(files.from_root(path) for path in dict.fromkeys(places) if f"{path}/pom.xml" in files)


def _included(settings: str, files: ProjectFiles) -> tuple[str, ...]:
    """``include("a", ":b:c")``: a colon stands for a folder."""
    names = [hit[1] for line in _INCLUDE.finditer(settings) for hit in _QUOTED.finditer(line[1] or line[2] or "")][:MAX_ENTRIES]
    places = dict.fromkeys(name.replace(":", "/").strip("/") for name in names)
    return tuple(files.from_root(path) for path in places if next(files.starting_with(f"{path}/"), None) is not None)


def _local(entry: ET.Element) -> str:
    return entry.tag.rpartition("}")[2]
