//! Embree, through Python's `embreex`, on the same map: two processes, each with every second pair.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;

pub(super) const SCRIPT: &str = include_str!("../../../tests/peers/embree.py");

/// One half of Embree's work: a process that is ended when this goes.
struct Half {
    child: Child,
    go: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

impl Drop for Half {
    fn drop(&mut self) {
        self.go = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one half says after a pass.
#[derive(Debug, Deserialize)]
struct Said {
    rays: usize,
    seen: Vec<usize>,
    build_s: f64,
    cast_s: f64,
}

/// One pass of Embree over the map.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) rays: usize,
    /// Points seen, per pair.
    pub(super) seen: Vec<usize>,
    pub(super) build_s: f64,
    /// The slower half's time for casting alone, s.
    pub(super) cast_s: f64,
}

/// Embree, ready for passes.
pub(super) struct Embree {
    halves: Vec<Half>,
}

/// The Python that has `embreex`, or why there is none.
pub(super) fn python() -> Result<String, String> {
    let python = std::env::var("PALISADE_PEERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let missing = |why: &str| {
        format!(
            "Embree was not measured: {why}; install harness/tests/peers/requirements.txt in a virtual environment and \
             name its Python in PALISADE_PEERS_PYTHON"
        )
    };
    let asked = Command::new(&python)
        .args(["-c", "import embreex.rtcore_scene, numpy"])
        .stderr(Stdio::null())
        .status();
    match asked {
        Ok(status) if status.success() => Ok(python),
        Ok(_) => Err(missing(&format!("`{python}` lacks the package `embreex` or `numpy`"))),
        Err(_) => Err(missing(&format!("there is no `{python}`"))),
    }
}

impl Embree {
    pub(super) fn start(python: &str, mesh: &Path, cameras: &Path, parts: usize) -> Result<Embree, String> {
        let halves = (0..parts).map(|part| -> std::io::Result<Half> {
            let mut command = Command::new(python);
            command.args(["-c", SCRIPT, "map"]).arg(mesh).arg(cameras);
            command.args([part.to_string(), parts.to_string()]);
            let mut child = command
                .env("OMP_NUM_THREADS", "1")
                .env("OPENBLAS_NUM_THREADS", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let go = child.stdin.take();
            let said = child.stdout.take().ok_or_else(|| std::io::Error::other("no stdout"))?;
            Ok(Half { child, go, said: BufReader::new(said) })
        });
        let halves = halves
            .collect::<Result<_, _>>()
            .map_err(|error| format!("Embree could not be started: {error}"))?;
        Ok(Embree { halves })
    }

    pub(super) fn pass(&mut self) -> Result<Pass, String> {
        let lost = |why: &str| format!("Embree's side was lost: {why}");
        for half in &mut self.halves {
            let go = half.go.as_mut().ok_or_else(|| lost("its input is closed"))?;
            writeln!(go).and_then(|()| go.flush()).map_err(|error| lost(&error.to_string()))?;
        }
        let mut said = Vec::new();
        for half in &mut self.halves {
            let mut line = String::new();
            half.said.read_line(&mut line).map_err(|error| lost(&error.to_string()))?;
            said.push(serde_json::from_str::<Said>(&line).map_err(|_| lost("it ended without an answer"))?);
        }
        let parts = said.len();
        let pairs = said.iter().map(|half| half.seen.len()).sum();
        let most = |of: fn(&Said) -> f64| said.iter().map(of).fold(0.0, f64::max);
        Ok(Pass {
            rays: said.iter().map(|half| half.rays).sum(),
            seen: (0..pairs).map(|pair| said[pair % parts].seen[pair / parts]).collect(),
            build_s: most(|half| half.build_s),
            cast_s: most(|half| half.cast_s),
        })
    }
}
