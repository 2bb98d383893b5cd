//! The reference gateway, by its real binary and a client that others wrote.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, Publish, QoS};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway process; killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) port: u16,
}

impl Gateway {
    pub(crate) fn start(args: &[&str]) -> Result<Gateway> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .arg("gateway")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout is piped")?).read_line(&mut line)?;
        let port = line.trim().rsplit_once(':').with_context(|| format!("no port in {line:?}"))?.1.parse()?;
        Ok(Gateway { child, port })
    }

    /// Waits until the process has ended by itself.
    fn ended(&mut self) -> Result<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the gateway did not stop in {PATIENCE:?}")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    client: AsyncClient,
    events: EventLoop,
}

impl Client {
    async fn connect(port: u16, name: &str, adjust: impl FnOnce(&mut MqttOptions)) -> Result<Client> {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        adjust(&mut options);
        let (client, mut events) = AsyncClient::new(options, 2000);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        let mut this = Client { client, events };
        this.until(|packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await?;
        Ok(this)
    }

    async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<()> {
        self.client.subscribe(filter, qos).await?;
        self.until(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await
    }

    /// Polls until a packet of interest comes.
    async fn until<T>(&mut self, mut wanted: impl FnMut(Packet) -> Option<T>) -> Result<T> {
        timeout(PATIENCE, async {
            loop {
                if let Event::Incoming(packet) = self.events.poll().await?
                    && let Some(found) = wanted(packet)
                {
                    return Ok(found);
                }
            }
        })
        .await
        .context("nothing came in time")?
    }

    async fn next_publish(&mut self) -> Result<Publish> {
        self.until(|packet| if let Packet::Publish(publish) = packet { Some(publish) } else { None }).await
    }

    /// Everything published to this client until `quiet` passes without anything.
    async fn all_until_quiet(&mut self, quiet: Duration) -> Result<Vec<Publish>> {
        let mut all = Vec::new();
        loop {
            match timeout(quiet, self.events.poll()).await {
                Ok(Ok(Event::Incoming(Packet::Publish(publish)))) => all.push(publish),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Ok(all),
            }
        }
    }

    async fn publish(&mut self, topic: &str, qos: QoS, retain: bool, payload: &str) -> Result<()> {
        self.client.publish(topic, qos, retain, payload.as_bytes().to_vec()).await?;
        if qos == QoS::AtMostOnce {
            self.client.subscribe("flush/it", QoS::AtMostOnce).await?;
            return self.until(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
        }
        self.until(|packet| matches!(packet, Packet::PubAck(_) | Packet::PubComp(_)).then_some(())).await
    }
}

fn event(number: u32) -> String {
    format!(r#"{{"id":"r0-{number}","device":"beam-07","signal":"beam_broken","kind":"alarm","ts":1}}"#)
}

/// Ids of the alarms that come out when `count` events of `device` go in, with the time that all took.
async fn through(gateway: &Gateway, device: &str, count: u32) -> Result<(Vec<u32>, Duration)> {
    let mut watcher = Client::connect(gateway.port, "watcher", |_| {}).await?;
    watcher.subscribe("site/+/alarm/#", QoS::AtLeastOnce).await?;
    let mut sender = Client::connect(gateway.port, device, |_| {}).await?;
    let began = Instant::now();
    for number in 0..count {
        let topic = format!("site/a/dev/{device}/event");
        sender.client.publish(topic, QoS::AtLeastOnce, false, event(number)).await?;
    }
    let sending = tokio::spawn(async move {
        let mut acknowledged = 0;
        while acknowledged < count {
            if let Event::Incoming(Packet::PubAck(_)) = sender.events.poll().await? {
                acknowledged += 1;
            }
        }
        anyhow::Ok(sender)
    });
    let mut ids = Vec::new();
    let mut last = began;
    for publish in watcher.all_until_quiet(Duration::from_millis(1500)).await? {
        let said: serde_json::Value = serde_json::from_slice(&publish.payload)?;
        let id = said["id"].as_str().context("an id")?;
        ids.push(id.rsplit_once('-').context("a dash")?.1.parse()?);
        last = Instant::now();
    }
    timeout(PATIENCE, sending).await???;
    Ok((ids, last - began))
}

#[tokio::test]
async fn a_healthy_gateway_says_every_alarm_once_and_in_order() -> Result<()> {
    let gateway = Gateway::start(&[])?;
    let (ids, _) = through(&gateway, "beam-07", 500).await?;
    assert_eq!(ids, (0..500).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn each_defect_shows() -> Result<()> {
    let (kept, _) = through(&Gateway::start(&["--defect", "drop=0.2"])?, "beam-07", 500).await?;
    ensure!((350..450).contains(&kept.len()), "{} of 500 kept at drop=0.2", kept.len());
    let (again, _) = through(&Gateway::start(&["--defect", "drop=0.2"])?, "beam-07", 500).await?;
    assert_eq!(kept, again, "the same seed loses the same messages");
    let (other, _) =
        through(&Gateway::start(&["--defect", "drop=0.2", "--seed", "2"])?, "beam-07", 500).await?;
    assert_ne!(kept, other);

    let (ids, _) = through(&Gateway::start(&["--defect", "duplicate=0.2"])?, "beam-07", 500).await?;
    let twice = ids.len() - 500;
    ensure!((50..150).contains(&twice), "{twice} of 500 said twice at duplicate=0.2");

    let (ids, _) = through(&Gateway::start(&["--defect", "reorder=0.2"])?, "beam-07", 500).await?;
    assert_eq!(ids.len(), 500);
    ensure!(!ids.is_sorted(), "nothing was overtaken at reorder=0.2");

    let deaf = Gateway::start(&["--defect", "deaf-to=beam-07"])?;
    assert_eq!(through(&deaf, "beam-07", 5).await?.0.len(), 0);
    assert_eq!(through(&deaf, "beam-08", 5).await?.0.len(), 5);
    Ok(())
}

#[tokio::test]
async fn delay_and_stall_hold_alarms_back() -> Result<()> {
    let delayed = Gateway::start(&["--defect", "delay=300ms"])?;
    let mut watcher = Client::connect(delayed.port, "watcher", |_| {}).await?;
    watcher.subscribe("site/+/alarm/#", QoS::AtLeastOnce).await?;
    let mut sender = Client::connect(delayed.port, "beam-07", |_| {}).await?;
    let began = Instant::now();
    sender.publish("site/a/dev/beam-07/event", QoS::AtLeastOnce, false, &event(1)).await?;
    watcher.next_publish().await?;
    ensure!(began.elapsed() >= Duration::from_millis(300), "came after {:?}", began.elapsed());

    let stalled = Gateway::start(&["--defect", "stall=400ms/900ms"])?;
    let mut sender = Client::connect(stalled.port, "beam-07", |_| {}).await?;
    let mut longest = Duration::ZERO;
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < Duration::from_millis(2500) {
        let sent = Instant::now();
        sender.publish("site/a/dev/beam-07/event", QoS::AtLeastOnce, false, &event(number)).await?;
        longest = longest.max(sent.elapsed());
        number += 1;
    }
    ensure!(longest >= Duration::from_millis(300), "no standstill seen; the longest answer took {longest:?}");
    Ok(())
}

/// What any broker must do; run against ours and against one that others wrote.
async fn broker_basics(port: u16) -> Result<()> {
    let mut sender = Client::connect(port, "sender", |_| {}).await?;
    sender.publish("kept/状态", QoS::AtLeastOnce, true, "old").await?;
    let mut watcher = Client::connect(port, "watcher", |_| {}).await?;
    watcher.subscribe("kept/+", QoS::AtLeastOnce).await?;
    let replayed = watcher.next_publish().await?;
    ensure!(replayed.retain && replayed.payload == "old", "a retained message is replayed as such");
    sender.publish("kept/状态", QoS::AtLeastOnce, true, "new").await?;
    let live = watcher.next_publish().await?;
    ensure!(!live.retain && live.payload == "new", "a live message is not marked retained");

    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        watcher.subscribe("level/#", qos).await?;
        sender.publish("level/a/b", qos, false, "x").await?;
        let got = watcher.next_publish().await?;
        ensure!(got.qos == qos && got.topic == "level/a/b", "{qos:?} arrives as {:?}", got.qos);
        // Lets the client finish its part of the handshake.
        watcher.all_until_quiet(Duration::from_millis(100)).await?;
    }
    watcher.client.unsubscribe("level/#").await?;
    watcher.until(|packet| matches!(packet, Packet::UnsubAck(_)).then_some(())).await?;
    sender.publish("level/a/b", QoS::AtLeastOnce, false, "x").await?;
    ensure!(watcher.all_until_quiet(Duration::from_millis(200)).await?.is_empty(), "unsubscribed");

    watcher.subscribe("status/#", QoS::AtLeastOnce).await?;
    let doomed = Client::connect(port, "doomed", |options| {
        options.set_last_will(LastWill::new("status/doomed", "offline", QoS::AtLeastOnce, true));
    })
    .await?;
    drop(doomed);
    let will = watcher.next_publish().await?;
    ensure!(will.topic == "status/doomed" && will.payload == "offline", "the last will comes");

    let mut older = Client::connect(port, "same-name", |_| {}).await?;
    let _newer = Client::connect(port, "same-name", |_| {}).await?;
    ensure!(timeout(PATIENCE, older.events.poll()).await?.is_err(), "the older of one name is thrown out");
    Ok(())
}

#[tokio::test]
async fn the_broker_keeps_to_mqtt() -> Result<()> {
    broker_basics(Gateway::start(&[])?.port).await
}

#[tokio::test]
async fn mosquitto_does_the_same() -> Result<()> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("mosquitto.conf");
    std::fs::write(
        &file,
        format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"),
    )?;
    let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .context("mosquitto is not installed: apt-get install mosquitto")?;
    let child = Command::new(program).arg("-c").arg(&file).stderr(Stdio::null()).spawn()?;
    let broker = Gateway { child, port };
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(began.elapsed() < PATIENCE, "mosquitto does not accept connections");
        std::thread::sleep(Duration::from_millis(10));
    }
    broker_basics(broker.port).await
}

#[test]
fn it_stops_when_told_and_when_its_parent_is_gone() -> Result<()> {
    let mut gateway = Gateway::start(&[])?;
    ensure!(Command::new("kill").args(["-TERM", &gateway.child.id().to_string()]).status()?.success());
    ensure!(gateway.ended()?.success());

    let mut gateway = Gateway::start(&["--with-parent"])?;
    drop(gateway.child.stdin.take());
    ensure!(gateway.ended()?.success());
    Ok(())
}

#[test]
fn what_it_refuses_it_explains() -> Result<()> {
    for (args, expected) in [
        (["--defect", "dorp=0.5"], "drop, delay, duplicate"),
        (["--defect", "drop=5"], "from 0 to 1"),
        (["--listen", "0.0.0.0:0"], "--expose"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("gateway").args(args).output()?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2), "{said}");
        ensure!(said.contains(expected), "{args:?} says {said}");
    }
    Ok(())
}

#[test]
fn the_doctor_names_what_is_missing() -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["doctor", "--out", "/dev/null/results"])
        .output()?;
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8(output.stdout)?;
    ensure!(said.contains("MISSING  results") && said.contains("--out"), "{said}");
    Ok(())
}
