//! Modbus RTU against frames and masters that others made.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use palisade::drivers::Clock;
use palisade::drivers::serial::{Faults, Line, Pace, Spec};
use palisade::wire::modbus::meaning::{Request, Response, Table};
use palisade::wire::modbus::module::{self, Table as Places};
use palisade::wire::modbus::{Frame, LineRate, Parity};
use palisade_sim::contract::{Class, Signal};
use palisade_sim::words::{DeviceIx, StimulusId};
use serde_json::{Value, json};

/// How long a master may take for its whole conversation.
const PATIENCE: Duration = Duration::from_secs(60);

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

// Golden frames.

/// The request that a golden frame means.
fn request(meaning: &Value) -> Result<Request> {
    let number = |key: &str| u16::try_from(meaning.get(key)?.as_u64()?).ok();
    let wanted = |key: &str| number(key).with_context(|| format!("{key} is missing"));
    Ok(match wanted("function")? {
        function @ 1..=4 => {
            let table = [Table::Coils, Table::Inputs, Table::Holding, Table::InputRegisters];
            let table = table[usize::from(function) - 1];
            Request::Read { table, start: wanted("start")?, quantity: wanted("quantity")? }
        }
        5 => Request::WriteCoil { address: wanted("coil")?, on: meaning["value"] == json!(true) },
        6 => Request::WriteRegister { address: wanted("register")?, value: wanted("value")? },
        15 => Request::WriteCoils {
            start: wanted("start")?,
            values: serde_json::from_value(meaning["values"].clone())?,
        },
        16 => Request::WriteRegisters {
            start: wanted("start")?,
            values: serde_json::from_value(meaning["values"].clone())?,
        },
        other => bail!("no request has function {other}"),
    })
}

/// The response that a golden frame means; `asked` is the request before it.
fn response(meaning: &Value, asked: Option<&Request>) -> Result<Response> {
    let number = |key: &str| u16::try_from(meaning.get(key)?.as_u64()?).ok();
    let function = u8::try_from(number("function").context("function")?)?;
    if let Some(code) = number("exception") {
        return Ok(Response::Exception { function, code: u8::try_from(code)? });
    }
    if meaning["echo"] == json!(true) {
        return Ok(Response::Echo(asked.context("an echo needs the request before it")?.clone()));
    }
    Ok(match function {
        1 | 2 => {
            let on: Vec<usize> = serde_json::from_value(meaning["inputs_on"].clone())?;
            let bits = usize::from(number("byte_count").context("byte_count")?) * 8;
            let table = if function == 1 { Table::Coils } else { Table::Inputs };
            Response::Bits { table, values: (0..bits).map(|at| on.contains(&at)).collect() }
        }
        3 | 4 => {
            let table = if function == 3 { Table::Holding } else { Table::InputRegisters };
            let values = match number("raw") {
                Some(raw) => {
                    ensure!(Some(i64::from(raw.cast_signed())) == meaning["signed"].as_i64(), "{meaning}");
                    vec![raw]
                }
                None => serde_json::from_value(meaning["values"].clone())?,
            };
            Response::Registers { table, values }
        }
        _ => {
            let (start, quantity) = number("start").zip(number("quantity")).context("start and quantity")?;
            Response::Written { function, start, quantity }
        }
    })
}

/// Every frame is decoded to its meaning, and its meaning encoded to the same bytes.
fn agree(golden: &str) -> Result<usize> {
    let rows: Vec<Value> = serde_json::from_str(golden)?;
    let mut asked: Option<Request> = None;
    let mut compared = 0;
    for row in rows.iter().filter(|row| row["protocol"] == "modbus-rtu") {
        let (name, hex) = (row["name"].as_str().context("name")?, row["hex"].as_str().context("hex")?);
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16))
            .collect::<Result<_, _>>()?;
        let frame = Frame::check(&bytes).with_context(|| name.to_owned())?;
        ensure!(row["meaning"]["unit"] == json!(frame.unit()), "{name}: unit {}", frame.unit());
        let pdu = if row["direction"] == "master->slave" {
            let meant = request(&row["meaning"]).with_context(|| name.to_owned())?;
            ensure!(
                Request::decode(frame.pdu()) == Ok(meant.clone()),
                "{name}: {:?}",
                Request::decode(frame.pdu())
            );
            asked.insert(meant).encode()
        } else {
            let meant = response(&row["meaning"], asked.as_ref()).with_context(|| name.to_owned())?;
            let read = Response::decode(frame.pdu());
            ensure!(read == Ok(meant.clone()), "{name}: {read:?}");
            meant.encode()
        };
        let again = Frame::new(frame.unit(), pdu).context("too long")?.to_bytes();
        ensure!(again == bytes, "{name}: {again:02x?} instead of {bytes:02x?}");
        compared += 1;
    }
    Ok(compared)
}

#[test]
fn golden_frames_are_read_and_written() -> Result<()> {
    let golden = std::fs::read_to_string(tests_folder().join("frames/modbus.json"))?;
    ensure!(agree(&golden)? == 22);
    // The same frames with one bit of meaning changed do not agree: the comparison can fail.
    let wrong = golden.replace("\"inputs_on\": [0, 8, 11]", "\"inputs_on\": [0, 8, 10]");
    ensure!(wrong != golden && agree(&wrong).is_err());
    Ok(())
}

/// The collection of frames that the project's reference holds; it is not part of the project.
#[test]
fn frames_of_the_reference_are_read_and_written() -> Result<()> {
    // `.ci/test` says in its totals when they were not compared.
    let Ok(folder) = std::env::var("PALISADE_REFERENCE") else { return Ok(()) };
    let path = Path::new(&folder).join("frames.json");
    let golden = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let compared = agree(&golden)?;
    ensure!(compared >= 12, "only {compared} frames of Modbus in {}", path.display());
    Ok(())
}

fn python() -> Result<String> {
    std::env::var("PALISADE_PEERS_PYTHON").context(
        "the Python peers are not installed; `bash .ci/test` installs them and sets PALISADE_PEERS_PYTHON",
    )
}

#[test]
fn golden_frames_are_what_others_make() -> Result<()> {
    let output = Command::new(python()?).arg(tests_folder().join("peers/modbus_frames.py")).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let golden = std::fs::read_to_string(tests_folder().join("frames/modbus.json"))?;
    ensure!(
        String::from_utf8(output.stdout)? == golden,
        "frames/modbus.json is not what peers/modbus_frames.py prints; make it again"
    );
    Ok(())
}

// Masters, against our slaves.

/// 16 beams on unit 1, 3 smoke detectors and a charger on unit 2. The third beam is broken already.
fn line(folder: &Path, rate: LineRate) -> Result<Line> {
    let spec = Spec {
        name: "line-1".into(),
        link: folder.join("line-1"),
        rate,
        turnaround_us: 2_000,
        hold_us: 2_000_000,
        pace: Pace::Frame,
        faults: Faults::default(),
        seed: 1,
    };
    let classes = std::iter::repeat_n(Class::Beam, 16)
        .chain([Class::SmokeDetector; 3])
        .chain([Class::Charger])
        .enumerate()
        .map(|(at, class)| (DeviceIx(at as u32), class));
    let line = Line::open(spec, Places::allot(classes, 1, 16)?, Clock::start())?;
    say(&line, 2, &Signal::BeamBroken { broken_ms: 70 })?;
    Ok(line)
}

fn say(line: &Line, device: u32, signal: &Signal) -> Result<()> {
    let point = line.point(DeviceIx(device)).context("not on the line")?;
    line.set(point, module::effect(point.class, signal).context("not on a module")?, StimulusId(0));
    Ok(())
}

/// A master's process, ended with this.
struct Master {
    child: Child,
    log: PathBuf,
}

impl Master {
    fn start(program: &str, arguments: &[&str], log: &Path) -> Result<Master> {
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        Ok(Master { child, log: log.to_owned() })
    }

    /// All that it says, told to go on each time that it says `CHANGE`.
    fn talk(&mut self, change: impl Fn() -> Result<()>) -> Result<String> {
        let (tell, told) = std::sync::mpsc::channel();
        let stdout = self.child.stdout.take().context("its output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let until = Instant::now() + PATIENCE;
        let mut said = String::new();
        loop {
            match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line == "CHANGE" => {
                    change()?;
                    writeln!(self.child.stdin.as_mut().context("its input")?)?;
                }
                Ok(line) => said.push_str(&(line + "\n")),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Ok(said),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    bail!("it did not come to an end; its log:\n{said}\n{}", self.log()?)
                }
            }
        }
    }

    fn log(&self) -> Result<String> {
        let mut text = String::new();
        File::open(&self.log)?.read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn polled_from_python(library: &str, rate: LineRate, parity: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let line = line(folder.path(), rate)?;
    let script = tests_folder().join("peers/modbus_masters.py");
    let (script, port, baud) =
        (script.display().to_string(), line.link().display().to_string(), rate.baud.to_string());
    let arguments = [script.as_str(), library, &port, &baud, parity];
    let mut master = Master::start(&python()?, &arguments, &folder.path().join("log"))?;
    let said = master.talk(|| {
        say(&line, 5, &Signal::BeamBroken { broken_ms: 140 })?;
        say(&line, 17, &Signal::SmokeAlarm { obscuration_pct_per_m_x100: 510 })
    })?;
    let log = || format!("{said}\n{}", master.log().unwrap_or_default());
    let seen: Value = said
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .with_context(|| format!("{library} gave no result; its log:\n{}", log()))?;
    let expected = json!({
        "before": [2],
        "after": [2, 5],
        "other_unit": [1],
        "readings": [0, 140, 0],
        "coils": [3, 8, 10],
        "holding": [258, 10, 65535],
        "refused": [1, 2, 3],
        "stranger": "silence",
        "at_last": [2, 5],
    });
    ensure!(seen == expected, "{library} saw {seen} instead of {expected}; its log:\n{}", log());
    let figures = line.figures("main");
    ensure!((figures.exceptions, figures.broken) == (3, 0) && figures.strangers > 0, "{figures:?}");
    Ok(())
}

#[test]
fn pymodbus_polls_our_slaves() -> Result<()> {
    polled_from_python("pymodbus", LineRate::default(), "N")
}

#[test]
fn minimalmodbus_polls_our_slaves() -> Result<()> {
    // The line's times are those of 8E1; the port itself is opened without parity, which a pseudo terminal refuses.
    let rate = LineRate { baud: 19_200, parity: Parity::Even, stop_bits: 1 };
    polled_from_python("minimalmodbus", rate, "N")
}

/// `mbpoll` once: what it says on both outputs.
fn mbpoll(line: &Line, folder: &Path, arguments: &[&str]) -> Result<String> {
    let port = line.link().display().to_string();
    let common = ["-m", "rtu", "-b", "9600", "-P", "none", "-o", "0.5", "-1", "-v"];
    let all: Vec<&str> = common.into_iter().chain(arguments.iter().copied()).collect();
    // The port stands before the values to write.
    let (options, values) = all.split_at(all.iter().position(|a| *a == "--").unwrap_or(all.len()));
    let all: Vec<&str> =
        options.iter().copied().chain([port.as_str()]).chain(values.iter().skip(1).copied()).collect();
    let mut master = Master::start("mbpoll", &all, &folder.join("log"))
        .context("mbpoll is not installed: apt-get install mbpoll")?;
    let said = master.talk(|| Ok(()))?;
    Ok(said + &master.log()?)
}

#[test]
fn mbpoll_polls_our_slaves() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let line = line(folder.path(), LineRate::default())?;
    let ask = |arguments: &[&str], wanted: &[&str]| -> Result<()> {
        let said = mbpoll(&line, folder.path(), arguments)?;
        let plain: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for wanted in wanted {
            ensure!(plain.contains(wanted), "mbpoll {arguments:?} did not say {wanted:?}; its log:\n{said}");
        }
        Ok(())
    };
    ask(&["-a", "1", "-t", "1", "-r", "1", "-c", "16"], &["[2]: 0", "[3]: 1", "[6]: 0", "[16]: 0"])?;
    say(&line, 5, &Signal::BeamBroken { broken_ms: 140 })?;
    ask(&["-a", "1", "-t", "1", "-r", "1", "-c", "16"], &["[3]: 1", "[6]: 1"])?;
    ask(&["-a", "1", "-t", "3", "-r", "6"], &["[6]: 140"])?;
    ask(&["-a", "1", "-t", "0", "-r", "4", "--", "1"], &["Written 1 references"])?;
    ask(&["-a", "1", "-t", "0", "-r", "1", "-c", "8"], &["[3]: 0", "[4]: 1"])?;
    ask(&["-a", "2", "-t", "4", "-r", "1", "--", "7", "8"], &["Written 2 references"])?;
    ask(&["-a", "2", "-t", "4", "-r", "1", "-c", "2"], &["[1]: 7", "[2]: 8"])?;
    ask(&["-a", "1", "-u"], &["Illegal function"])?;
    ask(&["-a", "1", "-t", "1", "-r", "10", "-c", "16"], &["Illegal data address"])?;
    // It cannot be made to ask for a quantity that is not allowed: exception 3 is left to the others.
    ask(&["-a", "9", "-t", "1", "-r", "1"], &["Connection timed out"])?;
    let figures = line.figures("main");
    ensure!((figures.exceptions, figures.broken) == (2, 0) && figures.strangers > 0, "{figures:?}");
    Ok(())
}

// The reference gateway polls as well.

/// `palisade gateway` on two lines, with a client that hears its alarms.
struct Polled {
    child: Child,
    client: rumqttc::Connection,
}

impl Polled {
    fn start(lines: [&Line; 2], folder: &Path, defect: &str) -> Result<Polled> {
        let list = |n: usize| folder.join(format!("inputs-{n}.csv"));
        for (n, line) in lines.iter().enumerate() {
            std::fs::write(
                list(n),
                line.table().csv("yard", |device| format!("{}/{}", line.name(), device.0)),
            )?;
        }
        let both = |paths: [PathBuf; 2]| paths.map(|p| p.display().to_string()).join(",");
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["gateway", "--with-parent", "--every", "30ms", "--baud", "115200", "--defect", defect])
            .args(["--serial", &both(lines.map(|l| l.link().to_owned()))])
            .args(["--inputs", &both([list(0), list(1)])])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut said)?;
        let port = said.trim().rsplit_once(':').with_context(|| format!("no port in {said:?}"))?.1.parse()?;
        let (client, connection) =
            rumqttc::Client::new(rumqttc::MqttOptions::new("ears", "127.0.0.1", port), 10);
        client.subscribe("site/+/alarm/#", rumqttc::QoS::AtLeastOnce)?;
        let mut polled = Polled { child, client: connection };
        polled.until(|packet| matches!(packet, rumqttc::Packet::SubAck(_)).then_some(()))?;
        Ok(polled)
    }

    fn until<T>(&mut self, wanted: impl Fn(rumqttc::Packet) -> Option<T>) -> Result<T> {
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            match self.client.recv_timeout(Duration::from_millis(100)) {
                Ok(Ok(rumqttc::Event::Incoming(packet))) => {
                    if let Some(found) = wanted(packet) {
                        return Ok(found);
                    }
                }
                Ok(Ok(_)) | Err(rumqttc::RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(error) => bail!("the client ended: {error:?}"),
            }
        }
        bail!("nothing came in time")
    }

    /// Device, signal and kind of the next alarm.
    fn alarm(&mut self) -> Result<String> {
        let payload: Value = self.until(|packet| match packet {
            rumqttc::Packet::Publish(publish) => serde_json::from_slice(&publish.payload).ok(),
            _ => None,
        })?;
        ensure!(payload.get("id").is_none(), "Modbus carries no id: {payload}");
        let text = |key: &str| payload[key].as_str().unwrap_or_default().to_owned();
        Ok(format!("{} {} {}", text("device"), text("signal"), text("kind")))
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn two_lines(folder: &Path, faults: &str) -> Result<[Line; 2]> {
    let open = |name: &str| -> Result<Line> {
        let spec = Spec {
            name: name.into(),
            link: folder.join(name),
            rate: LineRate { baud: 115_200, ..LineRate::default() },
            turnaround_us: 500,
            hold_us: 300_000,
            pace: Pace::Frame,
            faults: faults.parse()?,
            seed: 3,
        };
        let kit = [Class::Beam, Class::Charger, Class::Beam].into_iter().enumerate();
        let places = Places::allot(kit.map(|(i, class)| (DeviceIx(i as u32), class)), 1, 3)?;
        Ok(Line::open(spec, places, Clock::start())?)
    };
    Ok([open("north")?, open("south")?])
}

#[test]
fn the_reference_gateway_turns_inputs_into_alarms() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [north, south] = two_lines(folder.path(), "")?;
    let mut gateway = Polled::start([&north, &south], folder.path(), "")?;
    say(&south, 0, &Signal::BeamBroken { broken_ms: 60 })?;
    assert_eq!(gateway.alarm()?, "south/0 beam_broken alarm");
    say(&north, 1, &Signal::SocketHot { socket: 2 })?;
    assert_eq!(gateway.alarm()?, "north/1 socket_hot alarm");
    say(&south, 0, &Signal::BeamRestored)?;
    assert_eq!(gateway.alarm()?, "south/0 beam_restored restore");
    say(&north, 2, &Signal::BeamBroken { broken_ms: 60 })?;
    assert_eq!(
        gateway.alarm()?,
        "north/2 beam_broken alarm",
        "and nothing was said of the socket that cooled"
    );
    let polls = north.figures("main");
    let units: Vec<(u8, u8)> = polls.units.iter().map(|u| (u.unit, u.function)).collect();
    assert_eq!(units, [(1, 2), (2, 2)]);
    ensure!((polls.exceptions, polls.broken, polls.strangers) == (0, 0, 0), "{polls:?}");
    Ok(())
}

#[test]
fn the_reference_gateway_gets_over_the_faults_of_slaves() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [north, south] = two_lines(folder.path(), "busy=0.1,wrong-unit=0.1,crc=0.1,stale=0.1")?;
    let mut gateway = Polled::start([&north, &south], folder.path(), "")?;
    for broken in [true, false, true] {
        let signal = if broken { Signal::BeamBroken { broken_ms: 60 } } else { Signal::BeamRestored };
        say(&north, 0, &signal)?;
        let word = if broken { "beam_broken alarm" } else { "beam_restored restore" };
        assert_eq!(gateway.alarm()?, format!("north/0 {word}"));
    }
    let played = north.figures("main").faults;
    ensure!(!played.is_empty(), "no fault was played");
    Ok(())
}

#[test]
fn a_deaf_gateway_is_deaf_on_serial_lines_too() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [north, south] = two_lines(folder.path(), "")?;
    let mut gateway = Polled::start([&north, &south], folder.path(), "deaf-to=north/0,duplicate=1")?;
    say(&north, 0, &Signal::BeamBroken { broken_ms: 60 })?;
    std::thread::sleep(Duration::from_millis(200));
    say(&south, 0, &Signal::BeamBroken { broken_ms: 60 })?;
    assert_eq!(gateway.alarm()?, "south/0 beam_broken alarm");
    assert_eq!(gateway.alarm()?, "south/0 beam_broken alarm", "each is said twice");
    Ok(())
}
