// The menu of examples, which opens each as a tab, and the variables of those that need ids.

// The variables as the editor shows them, from the answer of an example's own query: a list for a name in the plural.
export function variablesOf(data) {
  const entries = Object.entries(data).map(([name, list]) => {
    const ids = list.nodes.map((node) => node.id);
    return [name, /ids$/i.test(name) ? ids : (ids[0] ?? null)];
  });
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

// A React component inside GraphiQL. `linked`, a document and its variables, is opened first.
export function createExamples({ React, ReactDOM, GraphiQL, examples, linked, session, place }) {
  const make = React.createElement;
  const filled = new Map(); // what was filled in, by document: it may be replaced, what people wrote may not

  async function fillIn(editor) {
    const document = editor.queryEditor.getValue();
    const example = examples.find((each) => each.document === document && each.variables);
    const before = editor.variableEditor.getValue();
    if (!example || !session.email || (before.trim() && before !== filled.get(document))) {
      return;
    }
    const variables = variablesOf(await session.query(example.variables));
    if (editor.queryEditor.getValue() === document && editor.variableEditor.getValue() === before) {
      filled.set(document, variables);
      editor.variableEditor.setValue(variables);
    }
  }

  return function Examples() {
    const editor = GraphiQL.React.useEditorContext({ nonNull: true });
    const email = React.useSyncExternalStore((listener) => session.follow(listener), () => session.email);
    const wanted = React.useRef(null); // what the tab that is being added gets once it is there
    const isReady = Boolean(editor.queryEditor && editor.variableEditor && editor.responseEditor);

    function open(document, variables) {
      const index = editor.tabs.findIndex((tab) => tab.query === document);
      if (index >= 0) {
        editor.changeTab(index);
      } else {
        wanted.current = { document, variables, index: editor.tabs.length };
        editor.addTab();
      }
    }

    React.useEffect(() => {
      if (isReady && linked) {
        open(linked.document, linked.variables);
      }
    }, [isReady]);

    const title = editor.tabs[editor.activeTabIndex]?.title; // a tab grows with it
    React.useEffect(() => {
      document.querySelector(".graphiql-tab-active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }, [editor.activeTabIndex, title]);

    React.useEffect(() => {
      if (!isReady) {
        return;
      }
      if (wanted.current && wanted.current.index === editor.activeTabIndex) {
        editor.queryEditor.setValue(wanted.current.document);
        editor.variableEditor.setValue(wanted.current.variables);
        wanted.current = null;
      }
      fillIn(editor).catch((error) => console.warn("No variables for this example: " + error.message));
    }, [isReady, email, editor.activeTabIndex]);

    const options = examples.map((each, index) => make("option", { key: index, value: index }, each.title));
    const menu = make(
      "select",
      {
        "aria-label": "Examples",
        value: "",
        onChange: (event) => open(examples[event.target.value].document, ""),
      },
      make("option", { value: "", disabled: true }, "Examples"),
      ...options,
    );
    return ReactDOM.createPortal(menu, place);
  };
}
