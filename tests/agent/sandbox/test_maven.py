"""The install step of Maven, with a registry of the packages that Debian has, which is served here."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.projects.detect import detect
from agent.projects.files import ProjectFiles
from agent.sandbox import WorkdirSandbox
from agent.sandbox.toolchains import maven, maven_manifest, maven_poms

DEBIAN = Path("/usr/share/maven-repo")
NEEDS_MAVEN = pytest.mark.skipif(
    not all(shutil.which(name, path=maven.PATH) for name in ("mvn", "javac"))
    or not all((DEBIAN / name).is_dir() for name in ("org/apache/maven/surefire/surefire-junit4", "junit/junit")),
    reason="Maven, or libsurefire-java, junit4 or libmaven-{compiler,resources,dependency}-plugin-java of Debian, is absent",
)
STEP = """<build><plugins><plugin>
  <artifactId>maven-resources-plugin</artifactId><version>3.3.0</version>
  <executions><execution><id>%s</id><phase>validate</phase><goals><goal>copy-resources</goal></goals><configuration>
    <outputDirectory>${settings.localRepository}/../../written</outputDirectory>
    <resources><resource><directory>/etc/maven</directory></resource></resources>
  </configuration></execution></executions>
</plugin></plugins></build>"""
"""A step of a pom. It fails where the packages are fetched, as all around them is read-only there, and not where tests run."""
PARENT = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>fixture</groupId><artifactId>parent</artifactId><version>1</version><packaging>pom</packaging>
<properties><junit>4.13.2</junit><maven.compiler.source>11</maven.compiler.source>
<maven.compiler.target>11</maven.compiler.target></properties>
<dependencyManagement><dependencies><dependency>
  <groupId>junit</groupId><artifactId>junit</artifactId><version>${{junit}}</version><scope>test</scope>
</dependency></dependencies></dependencyManagement>
{STEP % "of-parent"}</project>"""
NAMESAKE = "fixture:dependency-maven-plugin:1"
DECLARED = """<plugin><groupId>fixture</groupId><artifactId>dependency-maven-plugin</artifactId><version>1</version></plugin>"""
DESCRIPTOR = """<plugin><name>x</name><groupId>fixture</groupId><artifactId>dependency-maven-plugin</artifactId>
<version>1</version><goalPrefix>dependency</goalPrefix><mojos><mojo><goal>resolve-plugins</goal>
<implementation>fixture.Runs</implementation><language>java</language></mojo></mojos></plugin>"""
"""A plugin that calls itself by the short name of the one that fetches, and that Maven looks at first."""
JUNIT = "<dependency><groupId>junit</groupId><artifactId>junit</artifactId></dependency>"
TEST = """package {name};
import static org.junit.Assert.assertEquals;
public class {Name}Test {{
    @org.junit.Test public void one() {{ assertEquals(1, {Name}.one()); }}
    @org.junit.Ignore @org.junit.Test public void later() {{}}
}}
"""


def module(name: str, dependencies: str, one: str) -> dict[str, str]:
    pom = f"""<project><modelVersion>4.0.0</modelVersion>
<parent><groupId>own</groupId><artifactId>all</artifactId><version>1</version></parent>
<artifactId>{name}</artifactId><dependencies>{JUNIT}{dependencies}</dependencies></project>"""
    title = name.title()
    return {
        f"java/{name}/pom.xml": pom,
        f"java/{name}/src/main/java/{name}/{title}.java": f"package {name};\npublic class {title} {{ {one} }}\n",
        f"java/{name}/src/test/java/{name}/{title}Test.java": TEST.format(name=name, Name=title),
    }


PROJECT = {
    "java/pom.xml": f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<parent><groupId>fixture</groupId><artifactId>parent</artifactId><version>1</version><relativePath/></parent>
<groupId>own</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging>
<modules><module>core</module><module>shop</module></modules>
{(STEP % "own").replace("</plugins>", f"{DECLARED}</plugins>")}</project>""",
    **module("core", "", "public static int one() { return 1; }"),
    **module(
        "shop",
        "<dependency><groupId>own</groupId><artifactId>core</artifactId><version>1</version></dependency>",
        "public static int one() { return core.Core.one(); }",
    ),
}


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that the server's own settings of Maven led to."""
    registry, home = tmp_path / "registry", tmp_path / "home"
    write(registry, {"fixture/parent/1/parent-1.pom": PARENT})
    namesake = pom("<packaging>maven-plugin</packaging>", "dependency-maven-plugin").replace("<groupId>g<", "<groupId>fixture<")
    write(registry, {"fixture/dependency-maven-plugin/1/dependency-maven-plugin-1.pom": namesake})
    with zipfile.ZipFile(registry / "fixture/dependency-maven-plugin/1/dependency-maven-plugin-1.jar", "w") as packed:
        packed.writestr("META-INF/maven/plugin.xml", DESCRIPTOR)
    for place in DEBIAN.iterdir():
        (registry / place.name).symlink_to(place)
    paths: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            paths.append(self.path)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(registry)))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    mirror = f"<mirror><id>ours</id><mirrorOf>*</mirrorOf><url>{url}</url></mirror>"
    write(home, {".m2/settings.xml": f"<settings><mirrors>{mirror}</mirrors></settings>"})
    monkeypatch.setenv("HOME", str(home))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@NEEDS_MAVEN
@pytest.mark.asyncio
async def test_modules_are_fetched_once_and_tested_without_a_network_and_nothing_of_a_pom_runs_before(
    sandbox: WorkdirSandbox, asked: list[str]
) -> None:
    write(sandbox.root, PROJECT)
    (part,) = detect(ProjectFiles.at(sandbox.root, sorted(PROJECT))).parts

    installed = await sandbox.install(part)

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert "/fixture/parent/1/parent-1.pom" in asked
    assert f"{NAMESAKE}:resolve-plugins" not in installed.output_tail
    tree = sorted(str(path.relative_to(sandbox.root)) for path in sandbox.root.rglob("*") if path.is_file())
    assert tree == sorted(PROJECT)

    del asked[:]
    again = await sandbox.install(part)
    assert again is not None
    assert "cached" in again.output_tail
    tested = await sandbox.run(part.test, directory=part.directory, reports=["**/surefire-reports/*.xml"])
    assert not asked
    assert tested.ok, tested.output_tail
    for step in ("(own)", "(of-parent)"):  # now they run, where there is no network
        assert step in tested.output_tail
    suites = [ET.fromstring(text) for text in tested.reports.values()]
    assert (
        sorted((suite.get("tests"), suite.get("skipped"), suite.get("failures")) for suite in suites) == [("2", "1", "0")] * 2
    )


def test_what_runs_is_not_in_our_poms_and_what_is_needed_is(tmp_path: Path) -> None:
    write(tmp_path, {"pom.xml": HOSTILE, ".mvn/extensions.xml": CORE_EXTENSION, "src/main/java/A.java": ""})

    found = maven_manifest.read(tmp_path, "")

    (made,) = found.poms.values()
    for word in (
        "evil",
        "execution",
        "extension",
        "exec.executable",
        "argLine",
        "directory",
        "exists",
        "elsewhere",
        "tools.jar",
    ):
        assert word not in made, word
    root = ET.fromstring(made)
    assert root.findtext("properties/own.jvm") == "/bin/x"
    assert root.findtext("dependencies/dependency/version") == "${own.of.junit}"
    assert root.findtext("packaging") == "jar"
    assert {plugin.findtext("artifactId") for plugin in root.iter("plugin")} == {"maven-surefire-plugin", "exec-maven-plugin"}
    assert {name.name for name in found.beside} == {"provider", "processor", "loaded", "of-core"}
    assert found.other_plugins
    assert found.notes == [
        "refused: pom.xml: repositories (only the server's own registry is asked)",
        "refused: pom.xml: tools (not a package of the registry)",
    ]


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("${g}", "maven-compiler-plugin"),
        ("${g}", "${a}"),
        ("org.apache.maven.plugins", "maven-${b}-plugin"),
        ("", "${a}"),
        ("${project.groupId}", "maven-compiler-plugin"),
    ],
)
@pytest.mark.parametrize("management", ["{}", "<pluginManagement>{}</pluginManagement>"])
def test_a_plugin_named_by_a_property_loads_no_package_of_the_project(
    tmp_path: Path, group: str, name: str, management: str
) -> None:
    """Maven puts properties in before it joins plugins, so that this one is the compiler's."""
    loaded = "<dependency><groupId>evil</groupId><artifactId>loaded</artifactId><version>1</version></dependency>"
    plugin = f"<groupId>{group}</groupId><artifactId>{name}</artifactId><dependencies>{loaded}</dependencies>"
    properties = "<g>org.apache.maven.plugins</g><a>maven-compiler-plugin</a><b>compiler</b>"
    build = management.format(f"<plugins><plugin>{plugin}</plugin></plugins>")
    write(tmp_path, {"pom.xml": pom(f"<properties>{properties}</properties><build>{build}</build>")})

    found = maven_manifest.read(tmp_path, "")

    assert "evil" not in found.poms["pom.xml"]
    assert {one.name for one in found.beside} == {"loaded"}, "it is fetched, for the project's own commands"
    assert found.other_plugins


HOSTILE = """<project><modelVersion>4.0.0</modelVersion>
<groupId>own</groupId><artifactId>a</artifactId><version>1</version><packaging>bundle</packaging>
<repositories><repository><id>elsewhere</id><url>http://127.0.0.1:9/elsewhere</url></repository></repositories>
<properties><jvm>/bin/x</jvm><of.junit>4.13.2</of.junit></properties>
<dependencies>
  <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>${of.junit}</version></dependency>
  <dependency><groupId>t</groupId><artifactId>tools</artifactId><version>1</version><scope>system</scope>
    <systemPath>/x/tools.jar</systemPath></dependency>
</dependencies>
<profiles><profile><id>p</id><activation><file><exists>/etc/file</exists></file></activation></profile></profiles>
<build><directory>/directory</directory>
<extensions><extension><groupId>x</groupId><artifactId>loaded</artifactId><version>1</version></extension></extensions>
<plugins>
  <plugin><artifactId>maven-surefire-plugin</artifactId><version>2.12.4</version>
    <configuration><argLine>evil</argLine><parallel>methods</parallel></configuration>
    <dependencies><dependency><groupId>x</groupId><artifactId>provider</artifactId><version>1</version></dependency></dependencies>
  </plugin>
  <plugin><groupId>org.codehaus.mojo</groupId><artifactId>exec-maven-plugin</artifactId><version>3.0.0</version>
    <extensions>true</extensions>
    <executions><execution><phase>validate</phase><goals><goal>exec</goal></goals></execution></executions>
    <configuration><executable>/bin/evil</executable><annotationProcessorPaths>
      <path><groupId>x</groupId><artifactId>processor</artifactId><version>1</version></path></annotationProcessorPaths>
    </configuration>
  </plugin>
</plugins></build></project>"""
CORE_EXTENSION = """<extensions><extension><groupId>x</groupId><artifactId>of-core</artifactId><version>1</version></extension>
</extensions>"""


def pom(inside: str, name: str = "a") -> str:
    own = f"<modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>{name}</artifactId><version>1</version>"
    return f"<project>{own}{inside}</project>"


def parent(name: str, path: str | None = None, version: str = "1") -> str:
    said = "" if path is None else f"<relativePath>{path}</relativePath>"
    return f"<parent><groupId>g</groupId><artifactId>{name}</artifactId><version>{version}</version>{said}</parent>"


def test_a_parent_of_the_registry_is_one_of_our_poms_and_is_called_what_it_was_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "tree", {"pom.xml": pom(parent("p"))})
    registry = {
        "g/p/1/p-1.pom": pom(f"{parent('q')}{STEP % 'x'}<properties><a.b>1</a.b></properties>", "called-something-else"),
        "g/q/1/q-1.pom": pom("<modules><module>m</module></modules>", "q"),
    }
    write(tmp_path / "registry", registry)

    named = maven_manifest.read(tmp_path / "tree", "")
    found = maven_manifest.read(tmp_path / "tree", "", tmp_path / "registry")

    assert {one.path for one in named.parents} == {"g/p/1/p-1.pom"}
    assert not found.unknown
    assert sorted(found.poms) == [".parents/g/p/1/p-1.pom", ".parents/g/q/1/q-1.pom", "pom.xml"]
    assert ET.fromstring(found.poms["pom.xml"]).findtext("parent/relativePath") == ".parents/g/p/1/p-1.pom"
    above = ET.fromstring(found.poms[".parents/g/p/1/p-1.pom"])
    assert [above.findtext(name) for name in ("artifactId", "properties/own.a.b", "parent/relativePath")] == [
        "p",
        "1",
        "../../q/1/q-1.pom",
    ]
    assert "execution" not in found.poms[".parents/g/p/1/p-1.pom"]
    assert "module>" not in found.poms[".parents/g/q/1/q-1.pom"]


@pytest.mark.parametrize(
    ("files", "ours"),
    [
        ({"a/pom.xml": pom(parent("p")), "pom.xml": pom("", "p")}, ["a/pom.xml", "pom.xml"]),
        ({"a/pom.xml": pom(parent("p", "../b")), "b/pom.xml": pom("", "p")}, ["a/pom.xml", "b/pom.xml"]),
        ({"a/pom.xml": pom(parent("p", "../b/p.xml")), "b/p.xml": pom("", "p")}, ["a/pom.xml", "b/p.xml"]),
        ({"a/pom.xml": pom("<modules><module>./b/</module></modules>"), "a/b/pom.xml": pom("")}, ["a/b/pom.xml", "a/pom.xml"]),
        ({"a/pom.xml": pom("<modules><module>../../x</module></modules>")}, ["a/pom.xml"]),
        ({"a/pom.xml": pom("<modules><module>target/b</module></modules>"), "a/target/b/pom.xml": pom("")}, ["a/pom.xml"]),
        ({"a/pom.xml": pom("<modules><module>../.parents/b</module></modules>"), ".parents/b/pom.xml": pom("")}, ["a/pom.xml"]),
        ({"a/pom.xml": pom("<modules><module>/etc</module><module>../a</module></modules>")}, ["a/pom.xml"]),
    ],
)
def test_modules_and_parents_are_those_of_the_repository(tmp_path: Path, files: dict[str, str], ours: list[str]) -> None:
    write(tmp_path / "tree", files)
    write(tmp_path, {"x/pom.xml": pom("")})

    found = maven_manifest.read(tmp_path / "tree", "a", tmp_path / "nothing-fetched")

    assert sorted(found.poms) == ours
    assert not found.unknown


@pytest.mark.parametrize(
    "above",
    [
        parent("p", "../b", version="2"),  # Maven asks the registry where the names are not the same
        parent("p", ""),
        parent("p", version="${revision}"),
        parent("../p"),
        parent("p", version="[1,2)"),
        parent("unreadable"),
    ],
)
def test_nothing_begins_with_a_parent_that_is_not_among_our_poms(tmp_path: Path, above: str) -> None:
    write(tmp_path / "tree", {"a/pom.xml": pom(above), "b/pom.xml": pom("", "p")})
    write(tmp_path / "registry", {"g/unreadable/1/unreadable-1.pom": "<!DOCTYPE a><project/>"})

    assert maven_manifest.read(tmp_path / "tree", "a", tmp_path / "registry").unknown


def test_two_poms_of_one_directory_are_laid_out(tmp_path: Path) -> None:
    write(tmp_path / "own", {"pom.xml": pom("<modules><module>b.xml</module></modules>"), "b.xml": pom("", "b")})
    maven._lay_out(tmp_path / "tree", maven_manifest.read(tmp_path / "own", ""))
    assert (tmp_path / "tree/b.xml").is_file()
    assert (tmp_path / "tree/target/test-classes/NothingTest.class").is_file()


def test_a_link_to_a_pom_of_the_server_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.xml": pom("", "secret"), "tree/pom.xml": pom("<modules><module>m</module></modules>")})
    (tmp_path / "tree/m").mkdir()
    (tmp_path / "tree/m/pom.xml").symlink_to(tmp_path / "secret.xml")

    found = maven_manifest.read(tmp_path / "tree", "")

    assert list(found.poms) == ["pom.xml"]
    assert found.notes == ["refused: m/pom.xml (it can't be read)"]


HIDDEN_STEP = pom(f"<packaging>pom</packaging>{STEP % 'hidden'}", "hidden").replace("<groupId>g<", "<groupId>fixture<")
LEADING_OUT = (
    "../packages/fixture/hidden/1/hidden-1.pom",
    "..\\packages\\fixture\\hidden\\1\\hidden-1.pom",
    "${settings.localRepository}/fixture/hidden/1/hidden-1.pom",
    "..${file.separator}packages/fixture/hidden/1/hidden-1.pom",
)


@NEEDS_MAVEN
@pytest.mark.asyncio
async def test_a_pom_of_the_registry_is_not_taken_as_it_is_by_its_path_among_the_packages(
    sandbox: WorkdirSandbox, asked: list[str], tmp_path: Path
) -> None:
    module = LEADING_OUT[0]
    write(tmp_path / "registry", {"fixture/hidden/1/hidden-1.pom": HIDDEN_STEP})
    above = parent("hidden", "").replace("<groupId>g<", "<groupId>fixture<")
    write(
        sandbox.root,
        {
            "pom.xml": pom(f"<packaging>pom</packaging><modules><module>a</module><module>{module}</module></modules>"),
            "a/pom.xml": pom(f"{above}<packaging>pom</packaging>", "b"),
        },
    )
    (part,) = detect(ProjectFiles.at(sandbox.root, ["pom.xml", "a/pom.xml"])).parts

    installed = await sandbox.install(part)

    assert installed is not None
    assert "/fixture/hidden/1/hidden-1.pom" in asked
    assert "(hidden)" not in installed.output_tail
    assert installed.ok, installed.output_tail


@pytest.mark.parametrize("module", [*LEADING_OUT, "/packages/x", "absent", "a/../../packages/x", "${basedir}/../packages"])
@pytest.mark.parametrize("form", ["{}", "<profiles><profile><id>p</id>{}</profile></profiles>"])
def test_our_poms_lead_to_our_poms_only(tmp_path: Path, module: str, form: str) -> None:
    inside = form.format(f"<modules><module>{module}</module><module>.\\a/</module></modules>")
    write(tmp_path, {"pom.xml": pom(inside), "a/pom.xml": pom("", "a"), f"{module.lstrip('/.')}/pom.xml": pom("", "c")})

    found = maven_manifest.read(tmp_path, "")

    named = [entry.text for made in found.poms.values() for entry in ET.fromstring(made).iter("module")]
    assert named[-1] == "a/pom.xml"
    assert {name for name in named if name not in found.poms} == set()
    assert not any("$" in path for path in found.poms)


def test_settings_of_maven_are_not_among_our_poms(tmp_path: Path) -> None:
    write(tmp_path, {"pom.xml": pom("<modules><module>.mvn/extensions.xml</module></modules>"), ".mvn/extensions.xml": pom("")})
    assert list(maven_manifest.read(tmp_path, "").poms) == ["pom.xml"]


def test_many_poms_are_not_all_in_memory(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(6)]
    modules = "".join(f"<module>{name}</module>" for name in names)
    write(tmp_path, {"large.xml": pom("", "large") + " " * (4 << 20), "pom.xml": pom(f"<modules>{modules}</modules>", "p")})
    for name in names:  # one file of the repository may stand at many places
        (tmp_path / name).mkdir()
        (tmp_path / name / "pom.xml").symlink_to(tmp_path / "large.xml")

    found = maven_manifest.read(tmp_path, "")

    assert sorted(found.poms) == ["m0/pom.xml", "m1/pom.xml", "m2/pom.xml", "pom.xml"]
    assert found.notes == [f"refused: {name}/pom.xml (it can't be read)" for name in names[3:]]


def test_the_parent_of_many_modules_is_read_once(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(40)]
    modules = "".join(f"<module>{name}</module>" for name in names)
    write(tmp_path, {"pom.xml": pom(f"<modules>{modules}</modules>{'<a/>' * (1 << 17)}", "p")})
    write(tmp_path, {f"{name}/pom.xml": pom(parent("p"), name) for name in names})

    reader = maven_poms._Reader(tmp_path, None)

    assert len(reader.read("pom.xml").documents) == 41
    assert maven_poms.MAX_TEXT - reader.left < 1 << 20


def test_of_many_modules_that_are_absent_not_all_are_said(tmp_path: Path) -> None:
    modules = "".join(f"<module>{number}</module>" for number in range(400))
    write(tmp_path, {"pom.xml": pom(f"<modules>{modules}</modules>")})
    assert len(maven_manifest.read(tmp_path, "").notes) == maven_poms.MAX_NOTES
