// Node-RED's settings for the defect bench: no editor, no telemetry, and the defect from the environment.
module.exports = {
    httpAdminRoot: false,
    httpNodeRoot: false,
    uiHost: "127.0.0.1",
    uiPort: {port.ui},
    flowFile: "flows.json",
    credentialSecret: "this flow holds no secret",
    telemetry: { enabled: false },
    externalModules: { autoInstall: false },
    functionGlobalContext: {
        bent: { defect: process.env.PALISADE_DEFECT ?? "", strength: Number(process.env.PALISADE_STRENGTH ?? 0) },
    },
    logging: { console: { level: "info", metrics: false, audit: false } },
};
