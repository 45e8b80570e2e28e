// Starts GraphiQL with the first examples as tabs and a menu of all, and logs in as a demo seller when the page offers
// it. The token goes into each request, below whatever the header editor says, and into each subscription's socket.
import { createExamples } from "./examples.js";
import { Session } from "./session.js";

const data = JSON.parse(document.getElementById("page-data").textContent);
const url = window.location.href.split(/[?#]/)[0];
const state = document.getElementById("login-state");
const session = new Session({
  url,
  loginDocument: data.loginDocument,
  logins: data.logins,
  storage: window.sessionStorage,
  fetch: (input, init) => window.fetch(input, init),
});

function showSession() {
  state.textContent = session.email ? "Every request is now sent as " + session.email + "." : "";
  for (const button of document.getElementById("logins").children) {
    button.setAttribute("aria-pressed", String(button.title === session.email));
  }
}

function showLogins() {
  for (const login of data.logins) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Log in as " + login.sellerName;
    button.title = login.email;
    button.addEventListener("click", async () => {
      state.textContent = "Logging in…";
      try {
        await session.logIn(login);
      } catch (error) {
        state.textContent = "Not logged in: " + error.message;
      }
    });
    document.getElementById("logins").append(button);
  }
}

function linkedQuery() {
  const shared = new URLSearchParams(window.location.search);
  const query = shared.get("query");
  return query ? { document: query, variables: shared.get("variables") || "" } : null;
}

function isSubscription(tree, name) {
  const operations = tree ? tree.definitions.filter((each) => each.kind === "OperationDefinition") : [];
  return operations.some((each) => each.operation === "subscription" && (!name || each.name?.value === name));
}

const fetcher = GraphiQL.createFetcher({
  url,
  subscriptionUrl: url.replace(/^http/, "ws"),
  fetch: (input, init) => session.fetch(input, init),
});

// A socket can't be asked again with another token: one that has run out is replaced before.
async function authorizedFetcher(parameters, options = {}) {
  if (!isSubscription(options.documentAST, parameters.operationName)) {
    return fetcher(parameters, options);
  }
  await session.query("{ __typename }");
  return fetcher(parameters, { ...options, headers: session.withToken(options.headers) });
}

showLogins();
showSession();
session.follow(showSession);
const Examples = createExamples({
  React,
  ReactDOM,
  GraphiQL,
  examples: data.examples,
  linked: linkedQuery(),
  session,
  place: document.getElementById("examples"),
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: authorizedFetcher,
    defaultTabs: data.examples.filter((each) => each.isTab).map((each) => ({ query: each.document, variables: "" })),
    defaultEditorToolsVisibility: true,
    inputValueDeprecation: true,
    isHeadersEditorEnabled: true,
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    shouldPersistHeaders: false,
    toolbar: { additionalContent: React.createElement(Examples) },
  }),
);
