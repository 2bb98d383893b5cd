//! `palisade sink`: a server that says yes to every MQTT message and keeps none. Hidden from help: `bench load` measures
//! against it, in a process of its own so that its work is not counted as the generator's.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use palisade_load::sink::{Counts, Server};

use super::{Exit, Failure};

/// Options of `palisade sink`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where it listens; port 0 takes a free one, which is printed.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Milliseconds that it sleeps between two looks at its sockets; 0 when not given: it wakes for each message.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pause_ms: u64,
}

/// Serves until standard input closes.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let cannot = |error| Failure::new(Exit::Sut, format!("cannot listen on {}: {error}", args.listen));
    let (mut server, address) = Server::bind(args.listen).map_err(cannot)?;
    server.pause = Duration::from_millis(args.pause_ms);
    let mut stdout = std::io::stdout();
    let said = writeln!(stdout, "listening {address}").and_then(|()| stdout.flush());
    said.map_err(|error| Failure::new(Exit::Harness, format!("cannot write to stdout: {error}")))?;
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let served = thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            stop.store(true, Ordering::Relaxed);
        });
        server.run(&counts, &stop)
    });
    served.map_err(|error| Failure::new(Exit::Harness, format!("the sink stopped: {error}")))?;
    Ok(Exit::Ok)
}
