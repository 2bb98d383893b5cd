//! Load generators that others wrote, against the same sink.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use palisade_load::bench::Rate;
use palisade_load::process::CpuTime;
use serde_json::Value;

const LOCUST: &str = include_str!("../../../tests/peers/locust_mqtt.py");

/// What every generator is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) to: SocketAddr,
    pub(super) connections: u32,
    pub(super) seconds: u64,
    pub(super) qos: u8,
}

/// Locust with paho-mqtt, in the Python that has them. It counts its own processor time, without its start.
pub(super) fn locust(task: Task) -> Result<Rate, String> {
    let python = std::env::var("PALISADE_PEERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let install = "install harness/tests/peers/requirements.txt in a virtual environment and name its Python in \
                   PALISADE_PEERS_PYTHON";
    let mut command = Command::new(&python);
    command.args(["-c", LOCUST, &task.to.ip().to_string(), &task.to.port().to_string()]);
    command.args([task.connections.to_string(), task.seconds.to_string(), task.qos.to_string()]);
    let said = said(
        command,
        &format!("Locust was not measured: `{python}` has no Locust with paho-mqtt; {install}"),
    )?;
    let number = |name: &str| said.get(name).and_then(Value::as_f64).ok_or("Locust said no figures");
    let messages = number("messages")? as u64;
    let time = |seconds: f64| Duration::from_secs_f64(seconds.max(0.0));
    // One call of `send` for each message; Locust does not count them.
    Ok(Rate { messages, writes: messages, cpu: time(number("cpu_s")?), wall: time(number("wall_s")?) })
}

/// mqttv5-cli, from its start to its end.
pub(super) fn mqttv5(task: Task) -> Result<Rate, String> {
    let program = std::env::var("PALISADE_MQTTV5").unwrap_or_else(|_| "mqttv5".into());
    let missing = format!(
        "mqttv5-cli was not measured: `{program}` did not run; install it with `cargo install mqttv5-cli --version \
         0.29.10`, or name it in PALISADE_MQTTV5"
    );
    let mut command = Command::new(&program);
    command.args([
        "bench",
        "--mode",
        "throughput",
        "--subscribers",
        "0",
        "--warmup",
        "0",
        "--payload-size",
        "16",
    ]);
    command.args(["--url", &format!("mqtt://{}", task.to), "--publishers", &task.connections.to_string()]);
    command.args(["--duration", &task.seconds.to_string(), "--qos", &task.qos.to_string()]);
    let children = || CpuTime::now().map(|time| time.children).map_err(|error| error.to_string());
    let (before, began) = (children()?, Instant::now());
    let said = said(command, &missing)?;
    let published =
        find(&said, "published").and_then(Value::as_u64).ok_or("mqttv5-cli said no `published`")?;
    let cpu = children()?.saturating_sub(before);
    Ok(Rate { messages: published, writes: published, cpu, wall: began.elapsed() })
}

/// The JSON that a program prints, or why there is none.
fn said(mut command: Command, missing: &str) -> Result<Value, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{missing} ({error})"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let json = text.find('{').and_then(|at| serde_json::from_str(&text[at..]).ok());
    json.ok_or_else(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        format!("{missing} ({})", errors.lines().last().unwrap_or("it said nothing"))
    })
}

/// A field, however deep.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    fields.get(name).or_else(|| fields.values().find_map(|inner| find(inner, name)))
}
