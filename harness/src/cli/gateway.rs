//! `palisade gateway`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, Failure};
use crate::reference::flaws::Row;
use crate::reference::store::Store;
use crate::reference::upstream::Forwarder;
use crate::reference::{self, Defects, Inputs, Linkage, Options, Serial};

/// Options of `palisade gateway`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where to listen; port 0 takes any free port, and the line `listening ADDRESS` names it.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen on an address that other machines reach. There is no password and no encryption.
    #[arg(long)]
    expose: bool,
    /// Faults, such as `drop=0.05,delay=200ms,duplicate=0.02,reorder=0.02,deaf-to=beam-07,stall=500ms/5s,work=3ms,no-commands`
    /// (`work`: each message of a device keeps the only thread busy for so long), and the catalogue's, such as
    /// `oversize-lost=8000` (`palisade defects --list` names them).
    #[arg(long, default_value = "")]
    defect: String,
    /// Seed of the faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Defects that the one who starts it does not know: `SEED/ROW` is a row of what the seed draws from the catalogue,
    /// `SEED/pair-ROW` a row of its pairs.
    #[arg(long, value_name = "SEED/ROW", hide = true, conflicts_with = "defect")]
    sealed: Option<Sealed>,
    /// A file for what a subscriber has yet to hear, so that a restart loses nothing that was acknowledged.
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Pass every device message on at once, with no rules and no faults: the harness's own floor.
    #[arg(long)]
    echo: bool,
    /// The duty room's device, such as `duty-room`: alarms of beams, smoke and heat detectors sound its siren, and are
    /// acknowledged there once they are over. No device is told anything when this is not given.
    #[arg(long, value_name = "DEVICE")]
    commands: Option<String>,
    /// A linkage list: who is told what when a device says something, as CSV with the columns device,signal,to,command, such as
    /// `beam-07,beam_broken,cam-3,show`. A run writes one of its compound (`linkage.csv`).
    #[arg(long, value_name = "CSV")]
    linkage: Option<PathBuf>,
    /// The city platform: each alarm is posted there as JSON until it is acknowledged, such as http://127.0.0.1:8080/alarms.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Serial ports that it polls as a Modbus RTU master, several with commas between.
    #[arg(long, value_name = "PORT", value_delimiter = ',', requires = "inputs")]
    serial: Vec<PathBuf>,
    /// What the inputs there mean, a list for each port in their order: unit,input,site,device,class,on,on_kind,off,off_kind.
    #[arg(long, value_name = "CSV", value_delimiter = ',', requires = "serial")]
    inputs: Vec<PathBuf>,
    /// Speed of the serial ports, bits per second.
    #[arg(long, default_value_t = 9_600)]
    baud: u32,
    /// How often each unit is polled.
    #[arg(long, value_name = "TIME", default_value = "200ms")]
    every: palisade_sim::model::scenario::Duration,
    /// Stop when standard input closes, so that nothing is left when the parent process dies.
    #[arg(long)]
    with_parent: bool,
}

/// A row of a draw.
#[derive(Clone, Copy, Debug)]
struct Sealed(u64, Row);

impl FromStr for Sealed {
    type Err = String;

    fn from_str(text: &str) -> Result<Sealed, String> {
        let wrong = || "write `SEED/ROW` or `SEED/pair-ROW`, both whole numbers".to_owned();
        let (seed, row) = text.split_once('/').ok_or_else(wrong)?;
        let place = |text: &str| text.parse().map_err(|_| wrong());
        let row = match row.strip_prefix("pair-") {
            Some(row) => Row::Two(place(row)?),
            None => Row::One(place(row)?),
        };
        Ok(Sealed(seed.parse().map_err(|_| wrong())?, row))
    }
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let defects: Defects = args.defect.parse().map_err(|error| Failure::new(Exit::Usage, error))?;
    if !reference::serve::is_loopback(&args.listen) && !args.expose {
        let message = format!(
            "--listen {}: other machines reach this address, and the gateway asks nobody for a password; \
             say --expose if that is meant",
            args.listen
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    if let Some(device) = args.commands.as_deref().filter(|d| d.is_empty() || d.contains(['/', '+', '#'])) {
        let message =
            format!("--commands: `{device}` is no device's name; it stands in topics, without / + #");
        return Err(Failure::new(Exit::Usage, message));
    }
    let serial = lines(&args)?;
    let store = args.store.map(|path| {
        let wrong = |error| Failure::new(Exit::Input, format!("--store {}: {error}", path.display()));
        Store::open(&path).map_err(wrong)
    });
    let forwarder = args.upstream.map(|url| {
        if !url.starts_with("http://") {
            let text = format!(
                "--upstream: `{url}` is no address of a platform; write it like http://127.0.0.1:8080/alarms"
            );
            return Err(Failure::new(Exit::Usage, text));
        }
        Forwarder::start(&url).map_err(|error| Failure::new(Exit::Bug, error))
    });
    let linkage = args.linkage.as_deref().map(linkage).transpose()?.unwrap_or_default();
    let options = Options {
        defects,
        linkage,
        seed: args.seed,
        echo: args.echo,
        commands: args.commands,
        serial,
        store: store.transpose()?,
        upstream: forwarder.transpose()?,
        sealed: args.sealed.map(|Sealed(seed, row)| (seed, row)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Bug, format!("no runtime: {error}")))?;
    runtime.block_on(listen(args.listen, args.with_parent, options))?;
    Ok(Exit::Ok)
}

fn linkage(path: &Path) -> Result<Linkage, Failure> {
    let wrong = |why: String| Failure::new(Exit::Input, format!("--linkage {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Linkage::read(&text).map_err(|error| wrong(error.to_string()))
}

/// The serial lines with what their inputs mean.
fn lines(args: &Args) -> Result<Vec<Serial>, Failure> {
    if args.serial.len() != args.inputs.len() {
        let (ports, lists) = (args.serial.len(), args.inputs.len());
        let text =
            format!("there are {ports} ports and {lists} lists of inputs; each --serial needs its --inputs");
        return Err(Failure::new(Exit::Usage, text));
    }
    let line = |(port, list): (&PathBuf, &PathBuf)| {
        let wrong = |why: String| Failure::new(Exit::Input, format!("{}: {why}", list.display()));
        let text = std::fs::read_to_string(list).map_err(|error| wrong(error.to_string()))?;
        let inputs = Inputs::read(&text).map_err(|error| wrong(error.to_string()))?;
        let every = Duration::from_millis(args.every.0.0.unsigned_abs());
        Ok(Serial { port: port.clone(), baud: args.baud, every, inputs })
    };
    args.serial.iter().zip(&args.inputs).map(line).collect()
}

async fn listen(address: SocketAddr, with_parent: bool, options: Options) -> Result<(), Failure> {
    let cannot = |error| Failure::new(Exit::Sut, format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let no_signal = |error| Failure::new(Exit::Bug, format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signal)?;
    let mut stdout = std::io::stdout();
    let said = writeln!(stdout, "listening {bound}").and_then(|()| stdout.flush());
    said.map_err(|error| Failure::new(Exit::Harness, format!("cannot write to stdout: {error}")))?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            // A gateway that belongs to a run outlives the Ctrl-C of the terminal until its parent has said good-bye.
            _ = interrupt.recv(), if !with_parent => {}
            () = stdin_closed(), if with_parent => {}
        }
    };
    reference::serve(listener, options, stop).await;
    Ok(())
}

/// Standard input is read on a thread of its own, which ends with the process.
async fn stdin_closed() {
    let (closed, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = wait.await;
}
