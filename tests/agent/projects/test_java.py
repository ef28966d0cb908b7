"""Facts of Maven and Gradle projects."""

from __future__ import annotations

import pytest

from agent.projects import ProjectFiles, ProjectPart, java

NAMESPACE = 'xmlns="http://maven.apache.org/POM/4.0.0"'


def part_of(files: dict[str, str]) -> ProjectPart:
    found = java.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


def pom(inside: str) -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<project {NAMESPACE}><artifactId>shop</artifactId>{inside}</project>"


def compiler(inside: str) -> str:
    plugin = f"<plugin><artifactId>maven-compiler-plugin</artifactId><configuration>{inside}</configuration></plugin>"
    return f"<build><plugins>{plugin}</plugins></build>"


@pytest.mark.parametrize(
    ("inside", "wanted", "said"),
    [
        ("<properties><maven.compiler.release>21</maven.compiler.release></properties>", "java 21", "maven.compiler.release"),
        ("<properties><java.version>17</java.version></properties>", "java 17", "java.version"),
        ("<properties><j>11</j><maven.compiler.source>${j}</maven.compiler.source></properties>", "java 11",
         "maven.compiler.source"),
        (f"<properties><v>8</v></properties>{compiler('<release>${v}</release>')}", "java 8", "maven-compiler-plugin release"),
        (compiler("<source>1.8</source>"), "java 1.8", "maven-compiler-plugin source"),
        (compiler("<source>${of.parent}</source>"), "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_version_of_java(inside: str, wanted: str, said: str) -> None:
    part = part_of({"pom.xml": pom(inside), "src/main/java/A.java": ""})
    assert part.runtime == wanted
    assert part.evidence.get("runtime", "") == (f"pom.xml: {said}" if said else "")


def test_a_project_of_maven() -> None:
    text = pom(
        "<parent><groupId>org.shop</groupId></parent><modules><module>api</module><module>./web/</module><module>no</module></modules>"
    )
    part = part_of({"pom.xml": text, "api/pom.xml": "", "web/pom.xml": "", "mvnw": "", "api/src/main/java/A.java": ""})
    assert (part.name, part.language, part.package_manager, part.runner) == ("org.shop:shop", "java", "maven", "maven")
    assert (part.layout, part.members) == ("workspace", ("api", "web"))
    assert part.commands["test"].argv == ("mvn", "-B", "-o", "test")
    assert part.commands["test"].line == "mvn test"
    assert part.evidence["wrapper"] == "mvnw downloads Maven; the mvn of this machine is used"


@pytest.mark.parametrize("text", ["", "<project", '<!DOCTYPE a [<!ENTITY b "c">]><project>&b;</project>'])
def test_a_pom_that_can_not_be_read_is_said(text: str) -> None:
    part = part_of({"pom.xml": text})
    assert (part.name, part.members, part.runtime) == ("", (), "")
    assert part.evidence["manifest"] == "pom.xml can't be read, so its name, modules and version of Java are not known"


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        ("java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }", "java 21"),
        ("kotlin {\n    jvmToolchain(17)\n}", "java 17"),
        ("tasks.withType<JavaCompile> { options.release.set(11) }", "java 11"),
        ("sourceCompatibility = JavaVersion.VERSION_1_8", "java 1.8"),
        ("sourceCompatibility = '17'", "java 17"),
        ("plugins { id 'java' }", ""),
    ],
)
def test_the_version_of_java_in_gradle(build: str, wanted: str) -> None:
    assert part_of({"build.gradle": build}).runtime == wanted


@pytest.mark.parametrize(
    "settings",
    [
        "rootProject.name = 'shop'\ninclude 'api', ':web:ui'\n",
        'rootProject.name = "shop"\ninclude("api")\ninclude("web:ui", "gone")\n',
        'rootProject.name = "shop"\ninclude(\n    "api",\n    ":web:ui",\n)\n',
        "rootProject.name = 'shop'\ninclude 'api',\n    'web:ui'\n",
    ],
)
def test_a_project_of_gradle(settings: str) -> None:
    part = part_of({"settings.gradle": settings, "api/build.gradle": "", "web/ui/build.gradle.kts": "", "api/A.kt": ""})
    assert (part.name, part.members, part.language, part.runner) == ("shop", ("api", "web/ui"), "kotlin", "gradle")
    assert part.commands["test"].argv == ("gradle", "--offline", "test")


def test_formatters_that_are_plugins_are_commands_of_the_whole_project() -> None:
    gradle = part_of({"build.gradle.kts": 'plugins { id("com.diffplug.spotless") version "6" }'})
    maven = part_of(
        {"pom.xml": pom("<build><plugins><plugin><artifactId>spotless-maven-plugin</artifactId></plugin></plugins></build>")}
    )
    assert gradle.commands["format"].argv == ("gradle", "--offline", "spotlessApply")
    assert maven.commands["lint"].argv == ("mvn", "-B", "-o", "spotless:check")
    assert gradle.formatters == maven.formatters == ()


def test_no_manifest_is_no_part() -> None:
    assert java.part(ProjectFiles.of({"src/A.java": "", "sub/pom.xml": ""}), "") is None
