/* Runs the shipped scripts on stand-ins for the platform. stdin: {properties, table, columns,
 * variables, status}; stdout: {requests, log}. */
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const requests = [];
const log = [];

class RESTMessageV2 {
  constructor() { this.made = { headers: {} }; }
  setEndpoint(url) { this.made.url = url; }
  setHttpMethod(method) { this.made.method = method; }
  setHttpTimeout(milliseconds) { this.made.timeout = milliseconds; }
  setMIDServer(name) { this.made.mid = name; }
  setRequestHeader(name, value) { this.made.headers[name] = value; }
  setRequestBody(body) { this.made.body = body; }
  execute() {
    requests.push(this.made);
    return { getStatusCode: () => input.status };
  }
}

class CertificateEncryption {
  generateMac(key, algorithm, data) {
    if (algorithm !== "HmacSHA256") { throw new Error("unknown algorithm " + algorithm); }
    return crypto.createHmac("sha256", Buffer.from(key, "base64")).update(data).digest("base64");
  }
}

const shown = (cell) => ({ getDisplayValue: () => cell[1] });
const question = (name, cell) => ({
  getName: () => name,
  getType: () => cell[2] || 6,
  getValue: () => cell[0],
  getDisplayValue: () => cell[1],
});
const current = {
  getTableName: () => input.table,
  getUniqueValue: () => input.columns.sys_id[0],
  isValidField: (name) => name in input.columns,
  getValue: (name) => (name in input.columns ? input.columns[name][0] : null),
  getElement: (name) => shown(input.columns[name]),
  variables: {
    getElements: () => {
      if (input.variables === null) { throw new Error("no variables here"); }
      return Object.entries(input.variables).map(([name, cell]) => ({
        isMultiRow: () => cell === "rows",
        getQuestion: () => question(name, cell),
      }));
    },
  },
};

const platform = {
  Class: { create: () => function made(...args) { this.initialize(...args); } },
  gs: {
    getProperty: (name, otherwise) => input.properties[name] || otherwise,
    error: (text) => log.push(text),
  },
  sn_ws: { RESTMessageV2 },
  [input.scoped ? "CertificateEncryption" : "GlideCertificateEncryption"]: CertificateEncryption,
  current,
  previous: null,
};
vm.createContext(platform);
const scripts = path.join(__dirname, "..", "..", "connectors", "servicenow");
for (const name of ["TicketgateHook.js", "business_rule.js"]) {
  vm.runInContext(fs.readFileSync(path.join(scripts, name), "utf8"), platform, { filename: name });
}
process.stdout.write(JSON.stringify({ requests, log }));
