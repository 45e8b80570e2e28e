// Runs the audit of the npm package graphql-http against a server: node graphql_http_audit.mjs <url of /graphql>
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { auditServer } = require("graphql-http");

const results = await auditServer({ url: process.argv[2] });
const outcomes = results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }));
console.log(JSON.stringify(outcomes));
