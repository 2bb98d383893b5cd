//! `palisade proxy` as one uses it: a file of faults, a device, a gateway, Ctrl-C.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::root;

const PATIENCE: Duration = Duration::from_secs(10);

fn palisade(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("proxy").args(args).current_dir(root()).env("NO_COLOR", "1");
    command
}

/// A proxy that is killed when the test ends early.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What one device's ten messages became: bytes at the gateway, the log without its instants, summary, stderr.
fn through(fault: &str, seed: &str, folder: &Path) -> Result<(Vec<u8>, Vec<Value>, String, String)> {
    let (gateway, log) = (TcpListener::bind("127.0.0.1:0")?, folder.join("log.jsonl"));
    let (to, path) = (gateway.local_addr()?.to_string(), log.display().to_string());
    let args = ["--to", &to, "--fault", fault, "--seed", seed, "--log", &path];
    let child = palisade(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut proxy = Running(child);
    let mut stdout = BufReader::new(proxy.0.stdout.take().context("stdout")?);
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening ").with_context(|| line.clone())?;
    let mut device = TcpStream::connect(address)?;
    device.set_nodelay(true)?;
    let (mut heard, _) = gateway.accept()?;
    heard.set_read_timeout(Some(PATIENCE))?;
    for i in 0..10_u8 {
        device.write_all(&[b'a' + i; 8])?;
        // Each message is a chunk of its own.
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(device);
    let mut came = Vec::new();
    heard.read_to_end(&mut came)?;
    let pid = proxy.0.id().to_string();
    ensure!(Command::new("kill").args(["-INT", &pid]).status()?.success());
    ensure!(proxy.0.wait()?.code() == Some(0));
    let (mut summary, mut said) = (String::new(), String::new());
    stdout.read_to_string(&mut summary)?;
    proxy.0.stderr.take().context("stderr")?.read_to_string(&mut said)?;
    let mut lines = Vec::new();
    for line in std::fs::read_to_string(&log)?.lines() {
        let mut value: Value = serde_json::from_str(line)?;
        ensure!(value["at_ns"].as_u64().is_some_and(|at| at > 0), "{line}");
        value["at_ns"] = Value::Null;
        lines.push(value);
    }
    Ok((came, lines, summary, said))
}

#[test]
fn a_proxy_says_what_it_will_do_and_what_it_did_and_a_seed_does_it_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("faults.toml");
    let text = "faults = 1\nname = \"test\"\n\n[[fault]]\nway = \"up\"\nwhat = { garbage = { chance = 0.4, bytes = 3 } }\n\n\
                [[fault]]\nway = \"up\"\nwhat = { duplicate = { every = 5 } }\n";
    std::fs::write(&file, text)?;
    let fault = file.display().to_string();
    let (came, log, summary, said) = through(&fault, "7", folder.path())?;
    let again = through(&fault, "7", folder.path())?;
    let other = through(&fault, "8", folder.path())?;
    ensure!((&came, &log) == (&again.0, &again.1), "the same seed did otherwise");
    ensure!(log != other.1, "another seed did the same");
    let added: u64 = log.iter().filter_map(|line| line["bytes"].as_u64()).sum();
    ensure!(came.len() as u64 == 80 + added && added > 0, "{} bytes came, {log:?}", came.len());
    let first = log.iter().find(|line| line["fault"] == 1).context("no garbage")?;
    ensure!(first["kind"] == "garbage" && first["done"] == "inserted" && first["way"] == "up", "{first}");
    ensure!(first["offset"].as_u64().is_some_and(|offset| offset % 8 == 0), "{first}");
    ensure!(
        said.contains("test, seed 7") && said.contains("fault 2: duplicate of one chunk in 5, up"),
        "{said}"
    );
    ensure!(summary.contains("1 connection\n") && summary.contains("up: 80 bytes came"), "{summary}");
    ensure!(summary.contains("fault 2 (duplicate): duplicated "), "{summary}");
    Ok(())
}

#[test]
fn a_proxy_refuses_wrong_faults_and_strangers() -> Result<()> {
    let check = |args: &[&str], exit: i32, said: &str| -> Result<()> {
        let output = palisade(&[&["--to", "127.0.0.1:9"], args].concat()).output()?;
        let stderr = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(exit) && stderr.contains(said), "{stderr}");
        Ok(())
    };
    check(&["--fault", "scenarios/broken/faults/nothing-happens.toml"], 3, "0 is no share of connections")?;
    check(&["--fault", "scenarios/faults/nowhere.toml"], 3, "there is no such file")?;
    check(&["--listen", "0.0.0.0:0"], 2, "say --expose")?;
    check(&["--log", "nowhere/at/all.jsonl"], 6, "cannot write nowhere/at/all.jsonl")
}
