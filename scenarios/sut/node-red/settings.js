// Node-RED's settings for a run: loopback only, no projects, no telemetry, nothing installed on the way.
const fs = require("fs");

// The list of inputs on a serial line that Palisade writes beside it: what an installer would type in.
// Gives { unit: { input: { site, device, on, on_kind, off, off_kind } } }; nothing when there is no such line.
function inputs(path) {
    if (!fs.existsSync(path)) return {};
    const [header, ...rows] = fs.readFileSync(path, "utf8").trim().split("\n").map((row) => row.split(","));
    const table = {};
    for (const row of rows) {
        const entry = Object.fromEntries(header.map((name, at) => [name, row[at]]));
        (table[entry.unit] ??= {})[entry.input] = entry;
    }
    return table;
}

module.exports = {
    uiHost: "127.0.0.1",
    uiPort: {port.ui},
    flowFile: "flows.json",
    credentialSecret: "none of these flows holds a secret",
    telemetry: { enabled: false },
    externalModules: { autoInstall: false },
    functionGlobalContext: { inputs: inputs("{work}/line-1.csv") },
    logging: { console: { level: "info", metrics: false, audit: false } },
};
