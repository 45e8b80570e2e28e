// Who the page's requests are sent as. The access token is kept for this tab of the browser: it survives a reload, and
// no other tab and no later visit sees it.
const KEY = "pixecom.session";

export class Session {
  #url;
  #loginDocument;
  #logins;
  #storage;
  #fetch;
  #kept;
  #listeners = new Set();

  constructor({ url, loginDocument, logins, storage, fetch }) {
    this.#url = url;
    this.#loginDocument = loginDocument;
    this.#logins = logins;
    this.#storage = storage;
    this.#fetch = fetch;
    this.#kept = JSON.parse(storage.getItem(KEY) || "null"); // {email, token}
  }

  // The e-mail address of the login; null before one.
  get email() {
    return this.#kept ? this.#kept.email : null;
  }

  // Calls `listener` whenever somebody else is logged in; returns what ends that.
  follow(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // Throws an Error with the reason if the login is refused.
  async logIn(login) {
    const body = { query: this.#loginDocument, variables: { email: login.email, password: login.password } };
    const response = await this.#fetch(this.#url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    const payload = (answer.data && answer.data.login) || {};
    if (!payload.accessToken) {
      const first = (answer.errors || payload.errors || [])[0];
      throw new Error(first ? first.message : "the login was refused");
    }
    this.#keep({ email: login.email, token: payload.accessToken });
  }

  // The same headers, with the token unless they have one of their own.
  withToken(headers) {
    const { authorization, ...others } = Object.fromEntries(new Headers(headers));
    const sent = authorization || (this.#kept && "Bearer " + this.#kept.token);
    return sent ? { ...others, Authorization: sent } : others;
  }

  // As window.fetch. An access token lives for minutes: when ours has run out, log in again and ask once more.
  async fetch(input, init) {
    const response = await this.#fetch(input, { ...init, headers: this.withToken(init.headers) });
    if (response.status !== 401 || !this.#kept || new Headers(init.headers).has("Authorization")) {
      return response;
    }
    const login = this.#logins.find((each) => each.email === this.email);
    if (!login) {
      this.#keep(null);
      return response;
    }
    await this.logIn(login);
    return this.#fetch(input, { ...init, headers: this.withToken(init.headers) });
  }

  // The data of a query. Throws an Error if there is none.
  async query(document) {
    const response = await this.fetch(this.#url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ query: document }),
    });
    const answer = await response.json();
    if (!answer.data) {
      throw new Error(answer.errors ? answer.errors[0].message : "there was no answer");
    }
    return answer.data;
  }

  #keep(session) {
    this.#kept = session;
    if (session) {
      this.#storage.setItem(KEY, JSON.stringify(session));
    } else {
      this.#storage.removeItem(KEY);
    }
    this.#listeners.forEach((listener) => listener());
  }
}
