// The gateway as one function node: alarms, bypasses, commands, devices that vanish. `defect` bends it by one of the
// catalogue's defects; `strength` is in the catalogue's unit. Both come from the environment of the process.
const { defect, strength } = global.get("bent");
const [root, site, what, device, leaf] = msg.topic.split("/");
const has = (id) => defect === id;
const state = context.get("state") ?? {
    devices: [], seen: {}, instants: {}, online: {}, alarming: new Set(), bypassed: {}, lastAlarm: 0, inFlood: 0,
};
context.set("state", state);
if (root !== "site") return null;

const alarm = (body, after = 0) =>
    setTimeout(() => node.send({ topic: `site/${site}/alarm/${body.device}`, qos: 1, payload: body }), after);
const order = (to, body) => {
    if (!has("commands-none")) node.send({ topic: `site/${site}/dev/${to}/cmd`, qos: 1, payload: body });
};

// What the operator asks for.
if (what === "operator") {
    const { id, device: zone, for_s } = JSON.parse(msg.payload);
    state.bypassed[zone] = Date.now() + for_s * 1000;
    order(zone, { id: `${id}-bypass`, command: "bypass", ts: Date.now(), args: { for_s } });
    return null;
}

// A device that was online and vanished.
if (leaf === "status") {
    const was = state.online[device];
    state.online[device] = msg.payload === "online";
    if (was && msg.payload === "offline" && !has("wills-ignored")) {
        alarm({ device, signal: "device_offline", kind: "warning", gateway_ts: Date.now() });
    }
    return null;
}
if (leaf !== "event") return null;

const event = JSON.parse(msg.payload);
if (!state.devices.includes(device)) state.devices.push(device);
const seen = (state.seen[device] ??= new Set());
if (seen.has(event.id) && !has("repeats-passed")) return null;
seen.add(event.id);
const isBypassed = event.kind === "alarm" && Date.now() < (state.bypassed[device] ?? 0);
if (isBypassed && !has("bypass-forgotten")) return null;

if (event.kind === "alarm") {
    const gap = Date.now() - state.lastAlarm;
    state.inFlood = gap <= strength ? state.inFlood + 1 : 1;
    state.lastAlarm = Date.now();
    if (has("flood-second-lost") && state.inFlood === 2) return null;
}
const isTwin = state.instants[device] === event.ts;
state.instants[device] = event.ts;
if (has("same-instant-merged") && isTwin) return null;
if (has("zone-deaf") && state.devices.indexOf(device) + 1 === strength) return null;
if (has("restores-lost") && event.kind === "restore") return null;
if (has("oversize-lost") && Buffer.byteLength(msg.payload) > strength) return null;

const id = has("id-case-folded") ? event.id.toLowerCase() : event.id;
const ts = has("ts-zone-off") ? event.ts + strength * 3600000 : event.ts;
alarm({ id, device, signal: event.signal, kind: event.kind, ts, gateway_ts: Date.now() }, has("delayed") ? strength : 0);

// Beams and detectors sound the siren of the duty room until the last of them is quiet.
if (!["beam", "smoke_detector", "heat_detector"].includes(event.class)) return null;
const tell = (command, args) =>
    order("duty-room", { id: `${event.id}-${command}`, command, ts: Date.now(), args, cause: event.id });
if (event.kind === "alarm") {
    state.alarming.add(device);
    tell("siren_on", {});
} else if (event.kind === "restore" && state.alarming.delete(device)) {
    tell("acknowledge", { device });
    if (state.alarming.size === 0) tell("siren_off", {});
}
return null;
