//! The same exercise for a gateway that somebody else wrote: mosquitto and Node-RED, with a flow that can be bent.
//!
//! The flow is `scenarios/sut/node-red-bent`. Which of its defects it has is told to it by its environment, which comes
//! out of the envelope; nobody else reads it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::process::{Folder, Gateway};
use super::sealed::Sealed;

/// The defects of the flow, by their names in the catalogue.
pub const DEFECTS: [&str; 12] = [
    "bypass-forgotten",
    "commands-none",
    "delayed",
    "flood-second-lost",
    "id-case-folded",
    "oversize-lost",
    "repeats-passed",
    "restores-lost",
    "same-instant-merged",
    "ts-zone-off",
    "wills-ignored",
    "zone-deaf",
];
const FLOWS: &str = include_str!("../../../scenarios/sut/node-red-bent/flows.json");
const FUNCTION: &str = include_str!("../../../scenarios/sut/node-red-bent/gateway.js");
const SETTINGS: &str = include_str!("../../../scenarios/sut/node-red-bent/settings.js");
const BROKER: &str = include_str!("../../../scenarios/sut/node-red/mosquitto.conf");
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts broker and gateway and waits until one is connected to the other. `suts` is what `bash .ci/sut` prints,
/// `program` is palisade, which keeps both from being left behind.
pub(super) async fn start(
    program: &Path,
    suts: &Path,
    sealed: &Sealed,
    folder: &Folder,
) -> io::Result<Gateway> {
    let (mqtt, ui) = (free_port()?, free_port()?);
    let filled =
        |text: &str| text.replace("{port.mqtt}", &mqtt.to_string()).replace("{port.ui}", &ui.to_string());
    let function = serde_json::to_string(FUNCTION)?;
    let flows = filled(FLOWS).replace("\"{gateway.js}\"", &function);
    for (name, text) in
        [("mosquitto.conf", filled(BROKER)), ("settings.js", filled(SETTINGS)), ("flows.json", flows)]
    {
        std::fs::write(folder.file(name), text)?;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, mqtt));
    let broker =
        kept(program, &["mosquitto".into(), "-c".into(), folder.file("mosquitto.conf")], &[], Stdio::null())?;
    accepts(address).await?;
    let red = suts.join("node-red/node_modules/node-red/red.js");
    let settings = folder.file("settings.js");
    let node = ["node".into(), red, "-u".into(), folder.file(""), "-s".into(), settings];
    let mut node = kept(program, &node, &sealed.environment(), Stdio::piped())?;
    connected(&mut node).await?;
    Ok(Gateway::of(vec![broker, node], address))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Starts a program that ends when this process does.
fn kept(
    program: &Path,
    command: &[PathBuf],
    environment: &[(&str, String)],
    said: Stdio,
) -> io::Result<Child> {
    Command::new(program)
        .args(["keep", "--"])
        .args(command)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
}

async fn accepts(address: SocketAddr) -> io::Result<()> {
    let began = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        if began.elapsed() > PATIENCE {
            return Err(io::Error::other(
                "mosquitto accepts nobody; is it installed? `bash .ci/sut` does it",
            ));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Waits until Node-RED says that it is connected, and reads on, so that it can go on writing.
async fn connected(node: &mut Child) -> io::Result<()> {
    let stderr = node.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?;
    let mut lines = BufReader::new(stderr).lines();
    let mut last = String::new();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if line.contains("Connected to broker") {
                return io::Result::Ok(true);
            }
            last = line;
        }
        Ok(false)
    };
    if !timeout(PATIENCE, ready).await.unwrap_or(Ok(false))? {
        let text = format!(
            "Node-RED did not connect to the broker; is it installed? `bash .ci/sut` does it. It said: {last}"
        );
        return Err(io::Error::other(text));
    }
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(())
}
