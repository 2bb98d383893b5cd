//! A connection that breaks by itself, outside of `--fault`: the device says again what was not acknowledged, and a gateway
//! that passes on both is within its rights at QoS 1.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use palisade::report;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::tiny::Tiny;

/// The gateway has what it was given after this, and its acknowledgement is on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(300);

/// Passes bytes on until the other end is gone, or until `asked` says otherwise of them.
fn pass(mut from: TcpStream, mut to: TcpStream, mut goes_on: impl FnMut(&[u8]) -> bool) {
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut chunk) {
        if !goes_on(&chunk[..n]) || to.write_all(&chunk[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// A way to a gateway that breaks once: after the first event of a beam has passed, and before its acknowledgement has.
fn breaks_once(gateway: u16) -> Result<u16> {
    let door = TcpListener::bind("127.0.0.1:0")?;
    let port = door.local_addr()?.port();
    let broke = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        for device in door.incoming().map_while(Result::ok) {
            let Ok(to) = TcpStream::connect(("127.0.0.1", gateway)) else { break };
            let (Ok(back), Ok(answers)) = (device.try_clone(), to.try_clone()) else { break };
            let (broke, breaks) = (Arc::clone(&broke), Arc::new(AtomicBool::new(false)));
            let mine = Arc::clone(&breaks);
            std::thread::spawn(move || pass(answers, back, |_| !mine.load(Ordering::SeqCst)));
            std::thread::spawn(move || {
                let (line, mut last) = (device.try_clone(), to.try_clone());
                pass(device, to, |said| {
                    let event = b"/beam-north/event";
                    let is_event = said.windows(event.len()).any(|part| part == event);
                    if !is_event || broke.swap(true, Ordering::SeqCst) {
                        return true;
                    }
                    breaks.store(true, Ordering::SeqCst);
                    let _ = last.as_mut().map(|to| to.write_all(said));
                    std::thread::sleep(ON_ITS_WAY);
                    let _ = line.as_ref().map(|line| line.shutdown(Shutdown::Both));
                    false
                });
            });
        }
    });
    Ok(port)
}

#[test]
fn what_was_said_again_after_a_connection_broke_may_be_passed_on_twice() -> Result<()> {
    let gateway = Gateway::start(&["--commands", "duty-room", "--defect", "repeats-passed"])?;
    let sut = format!("mqtt://127.0.0.1:{}", breaks_once(gateway.port)?);
    let tiny = Tiny::with(&[])?;
    let output = tiny.command(&["--windows", "02:14:00+12s", "--sut", &sut]).output()?;
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    ensure!(output.status.code() == Some(0), "{said}");
    let resent: Vec<Value> =
        tiny.journal()?.into_iter().filter(|line| line.get("resent").is_some()).collect();
    ensure!(resent.len() == 1, "{resent:?}");
    let (lost, duplicate) =
        (&tiny.report()?["connections"]["lost"], &tiny.report()?["outcomes"]["duplicate"]);
    ensure!(*lost == 1 && *duplicate == 0, "{lost} lost, {duplicate} twice");
    // It was passed on twice indeed: nobody who did not know of the repeat would let it pass.
    let journal = tiny.out().join("journal.jsonl");
    let text = fs::read_to_string(&journal)?;
    let kept = text.lines().filter(|line| !line.starts_with("{\"resent\""));
    fs::write(&journal, kept.map(|line| line.to_owned() + "\n").collect::<String>())?;
    let blamed = report::make(&tiny.out())?;
    ensure!(blamed.outcomes.duplicate == 1 && blamed.exit == 5, "{:?}", blamed.verdict);
    let id = resent[0]["resent"]["stimulus"].as_u64().context("a stimulus")?;
    ensure!(blamed.verdict.reasons[0].contains(&format!("-{id} at ")), "{:?}", blamed.verdict.reasons);
    Ok(())
}
