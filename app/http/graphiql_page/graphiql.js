"use strict";

// Starts GraphiQL with the example queries as tabs, and logs in as a demo seller when the page offers it.
// The token stays in this page's memory and goes into each request, below whatever the header editor says.
(function () {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const url = window.location.href.split(/[?#]/)[0];
  const state = document.getElementById("login-state");
  let session = null; // {login, token}

  async function post(body) {
    const response = await window.fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
    return response.json();
  }

  async function logIn(login) {
    const answer = await post({ query: data.loginDocument, variables: { email: login.email, password: login.password } });
    const payload = (answer.data && answer.data.login) || {};
    if (!payload.accessToken) {
      const first = (answer.errors || payload.errors || [])[0];
      throw new Error(first ? first.message : "the login was refused");
    }
    session = { login, token: payload.accessToken };
  }

  function withToken(init) {
    const headers = new Headers(init.headers);
    if (session && !headers.has("Authorization")) {
      headers.set("Authorization", "Bearer " + session.token);
    }
    return { ...init, headers };
  }

  // An access token lives for minutes: when ours has run out, log in again and ask once more.
  async function authorizedFetch(input, init) {
    const response = await window.fetch(input, withToken(init));
    if (response.status !== 401 || !session || new Headers(init.headers).has("Authorization")) {
      return response;
    }
    await logIn(session.login);
    return window.fetch(input, withToken(init));
  }

  function showLogins() {
    const holder = document.getElementById("logins");
    for (const login of data.logins) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Log in as " + login.sellerName;
      button.title = login.email;
      button.addEventListener("click", async () => {
        state.textContent = "Logging in…";
        try {
          await logIn(login);
          state.textContent = "Every request is now sent as " + login.email + ".";
          for (const other of holder.children) {
            other.setAttribute("aria-pressed", String(other === button));
          }
        } catch (error) {
          state.textContent = "Not logged in: " + error.message;
        }
      });
      holder.append(button);
    }
  }

  function tabs() {
    const shared = new URLSearchParams(window.location.search);
    const linked = shared.get("query");
    const first = linked ? [{ query: linked, variables: shared.get("variables") || "" }] : [];
    return first.concat(data.examples.map((example) => ({ query: example.document, variables: example.variables })));
  }

  showLogins();
  const fetcher = GraphiQL.createFetcher({ url, fetch: authorizedFetch });
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  root.render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultTabs: tabs(),
      defaultEditorToolsVisibility: true,
      inputValueDeprecation: true,
      isHeadersEditorEnabled: true,
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      shouldPersistHeaders: false,
    }),
  );
})();
