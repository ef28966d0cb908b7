from __future__ import annotations

from pathlib import Path

from agent.sandbox.install_env import install_env, local_binds


def test_only_what_the_install_step_needs_is_passed() -> None:
    env = install_env(
        {
            "UV_DEFAULT_INDEX": "https://a.example/simple",
            "UV_INDEX_PRIVATE_PASSWORD": "p",
            "HTTPS_PROXY": "http://proxy.example:3128",
            "SSL_CERT_FILE": "/etc/ssl/ca.pem",
            "UV_PROJECT_ENVIRONMENT": "/x",
            "UV_CACHE_DIR": "/y",
            "OPENAI_API_KEY": "secret",
            "DATABASE_URL": "secret",
        }
    )

    assert sorted(env) == ["HTTPS_PROXY", "SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_PRIVATE_PASSWORD"]


def test_pip_s_settings_count_where_uv_has_none() -> None:
    environ = {"PIP_INDEX_URL": "https://pip.example/simple", "PIP_FIND_LINKS": "/wheels"}

    assert install_env(environ) == {"UV_DEFAULT_INDEX": "https://pip.example/simple", "UV_FIND_LINKS": "/wheels"}
    assert install_env({**environ, "UV_DEFAULT_INDEX": "https://uv.example"})["UV_DEFAULT_INDEX"] == "https://uv.example"


def test_local_indexes_are_made_visible(tmp_path: Path) -> None:
    wheels = tmp_path / "wheel house"
    wheels.mkdir()
    plain = tmp_path / "plain"
    plain.mkdir()

    binds = local_binds(
        {"UV_EXTRA_INDEX_URL": f"https://a.example/simple {wheels.as_uri()}", "UV_FIND_LINKS": f"{plain},/nowhere"}
    )

    assert [bind.target for bind in binds] == [str(wheels), str(plain)]
    assert not any(bind.writable for bind in binds)
