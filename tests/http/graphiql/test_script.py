"""The GraphiQL page's script without a browser: who its requests are sent as, and the variables of examples."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.http.graphiql import page as graphiql

PAGE = Path(graphiql.__file__).parents[1] / "graphiql_page"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node is installed")
WORLD = """
const load = (text) => import("data:text/javascript," + encodeURIComponent(text));
const { Session } = await load(SESSION);
const { variablesOf } = await load(EXAMPLES);
const kept = new Map();
const storage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const sent = [];
let valid = "t1";
const logins = [{ email: "owner@hats.test", password: "pw" }];
const answer = (status, body) => ({ status, json: async () => body });
async function fetch(url, { headers, body }) {
  const token = new Headers(headers).get("Authorization");
  const { variables } = JSON.parse(body);
  if (variables) {
    sent.push("login " + variables.email);
    const right = variables.password === "pw";
    const payload = { accessToken: right ? valid : null, errors: right ? [] : [{ message: "wrong" }] };
    return answer(200, { data: { login: payload } });
  }
  sent.push(token);
  return token === null || token === "Bearer " + valid ? answer(200, { data: { token } }) : answer(401, {});
}
const open = (offered = logins) =>
  new Session({ url: "/graphql", loginDocument: "L", logins: offered, storage, fetch });
const ask = (session, headers = {}) => session.fetch("/graphql", { headers, body: "{}" });
"""


def run(script: str) -> Any:
    """What `script` hands to `print`, in WORLD."""
    sources = {"SESSION": "session.js", "EXAMPLES": "examples.js"}
    constants = [f"const {name} = {json.dumps((PAGE / file).read_text())};" for name, file in sources.items()]
    program = "\n".join([*constants, WORLD, "const print = (value) => console.log(JSON.stringify(value));", script])
    command = [NODE or "", "--input-type=module", "--eval", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_reload_keeps_the_login_and_a_new_tab_has_none() -> None:
    script = """
    await open().logIn(logins[0]);
    const again = open();
    await ask(again);
    const before = again.email;
    kept.clear();
    const elsewhere = open();
    await ask(elsewhere);
    print([before, elsewhere.email, sent]);
    """
    assert run(script) == ["owner@hats.test", None, ["login owner@hats.test", "Bearer t1", None]]


def test_a_token_that_has_run_out_is_replaced_once() -> None:
    script = """
    const session = open();
    await session.logIn(logins[0]);
    valid = "t2";
    const response = await ask(session);
    print([response.status, sent]);
    """
    assert run(script) == [200, ["login owner@hats.test", "Bearer t1", "login owner@hats.test", "Bearer t2"]]


def test_a_login_that_is_no_longer_offered_ends() -> None:
    script = """
    await open().logIn(logins[0]);
    valid = "t2";
    const session = open([]);
    let told = 0;
    session.follow(() => told++);
    const response = await ask(session);
    print([response.status, session.email, told, kept.size]);
    """
    assert run(script) == [401, None, 1, 0]


def test_a_token_in_the_header_editor_comes_first_and_is_never_replaced() -> None:
    script = """
    const session = open();
    await session.logIn(logins[0]);
    const response = await ask(session, { authorization: "Bearer mine" });
    print([response.status, sent, session.withToken({ authorization: "Bearer mine" })]);
    """
    assert run(script) == [401, ["login owner@hats.test", "Bearer mine"], {"Authorization": "Bearer mine"}]


def test_a_refused_login_says_why_and_changes_nothing() -> None:
    script = """
    const session = open();
    await session.logIn({ email: "x", password: "no" }).catch((error) => print([error.message, session.email]));
    """
    assert run(script) == ["wrong", None]


def test_ids_become_variables_as_a_list_or_as_one() -> None:
    script = """
    const two = { nodes: [{ id: "a" }, { id: "b" }] };
    print([two, { nodes: [] }].map((list) => JSON.parse(variablesOf({ ids: list, runId: list }))));
    """
    assert run(script) == [{"ids": ["a", "b"], "runId": "a"}, {"ids": [], "runId": None}]
