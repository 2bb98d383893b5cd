//! A run shown while it is driven: metrics for a monitoring system, a screen for a reader.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::super::say::remark;
use super::super::{Exit, Failure};
use crate::live::metrics::Endpoint;
use crate::live::screen::{self, Left};
use crate::progress::Progress;
use crate::reference::serve::is_loopback;
use crate::run::{Measured, Request, Stop, measure};

/// Whether metrics may be told at an address.
pub(super) fn may_answer(at: SocketAddr, expose: bool) -> Result<(), Failure> {
    if is_loopback(&at) || expose {
        return Ok(());
    }
    let text = format!(
        "--metrics {at}: other machines reach this address, and the figures are told to everybody; say --expose if that is \
         meant, or name one such as 127.0.0.1:9464"
    );
    Err(Failure::new(Exit::Usage, text))
}

/// Answers with the run's figures from now on.
pub(super) fn metrics(at: SocketAddr, folder: &Arc<OnceLock<PathBuf>>) -> Result<Endpoint, Failure> {
    let endpoint = Endpoint::open(at, folder.clone()).map_err(|error| {
        let text = format!("--metrics: {at} cannot be listened at: {error}\n  remedy: name another address, such as 127.0.0.1:0");
        Failure::new(Exit::Usage, text)
    })?;
    remark(format_args!("metrics at http://{}/metrics", endpoint.address()));
    Ok(endpoint)
}

/// Measures while a thread shows it. Whoever leaves the screen sees the run's own lines again only at its end.
pub(super) fn watched(request: &Request, stop: &Stop) -> Result<Measured, Failure> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let screen = scope.spawn(|| {
            let over = || over.load(Ordering::SeqCst);
            while request.told.get().is_none() && !over() {
                std::thread::sleep(Duration::from_millis(20));
            }
            let Some(folder) = request.told.get() else { return Ok(Left::Ended) };
            let left = screen::watch(folder, &over);
            if matches!(left, Ok(Left::Interrupt)) {
                stop.ask();
            }
            left
        });
        let measured = measure(request, stop, &Progress::silent());
        over.store(true, Ordering::SeqCst);
        match screen.join() {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => remark(format_args!("the run could not be shown: {error}")),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        measured
    })
}
