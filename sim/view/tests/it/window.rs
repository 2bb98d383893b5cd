//! The window on a screen of its own, driven by keys and mouse as a user drives it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long the window may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that ends with the test.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Stage {
    display: String,
    window: String,
    lines: Receiver<Value>,
    last: Value,
    _screen: Kept,
    _view: Kept,
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let (to, from) = channel();
    let out = child.stdout.take().expect("stdout is piped");
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    from
}

impl Stage {
    fn open(args: &[&str]) -> Stage {
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is missing: apt-get install xvfb");
        let number = lines_of(&mut screen).recv_timeout(PATIENCE).expect("Xvfb names its display");
        let display = format!(":{}", number.trim());
        let mut view = Command::new(env!("CARGO_BIN_EXE_palisade-view"))
            .arg(crate::yard::folder())
            .args(["--tell", "--language", "en"])
            .args(args)
            .env("DISPLAY", &display)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = lines_of(&mut view);
        let (to, lines) = channel();
        std::thread::spawn(move || {
            for line in told {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if to.send(value).is_err() {
                    return;
                }
            }
        });
        let (screen, view) = (Kept(screen), Kept(view));
        let mut stage =
            Stage { display, window: String::new(), lines, last: Value::Null, _screen: screen, _view: view };
        stage.wait("the window opens", |_| true);
        stage.window =
            stage.xdo(&["search", "--sync", "--name", "Palisade"]).lines().next().unwrap().to_owned();
        let id = stage.window.clone();
        // There is no window manager: the focus must be given.
        stage.xdo(&["windowfocus", "--sync", &id]);
        stage
    }

    fn xdo(&self, args: &[&str]) -> String {
        let out = Command::new("xdotool")
            .args(args)
            .env("DISPLAY", &self.display)
            .output()
            .expect("xdotool is missing: apt-get install xdotool");
        assert!(out.status.success(), "xdotool {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    fn key(&self, key: &str) {
        self.xdo(&["key", key]);
    }

    /// Waits until what is told fulfils a condition.
    fn wait(&mut self, what: &str, holds: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        while self.last.is_null() || !holds(&self.last) {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(value) => self.last = value,
                Err(_) => panic!("{what}: not seen; last told: {}", self.last),
            }
        }
    }
}

#[test]
fn keys_and_mouse_drive_the_window() {
    let mut stage = Stage::open(&["--at", "07:30"]);
    assert_eq!(stage.last["at_ms"], 27_000_000);
    assert_eq!(stage.last["mode"], "orbit");

    stage.key("F1");
    stage.wait("help", |s| s["help"] == true);
    stage.key("Escape");
    stage.wait("help is closed", |s| s["help"] == false);
    stage.key("F2");
    stage.wait("Chinese", |s| s["language"] == "zh");

    for (key, word) in [("c", "coverage"), ("v", "cones"), ("t", "tours"), ("l", "latency")] {
        stage.key(key);
        let on = |s: &Value| s["overlays"].as_array().is_some_and(|o| o.iter().any(|w| w == word));
        stage.wait(word, on);
    }

    stage.key("Right");
    stage.wait("ten seconds on", |s| s["at_ms"] == 27_010_000);
    stage.key("equal");
    stage.wait("faster", |s| s["speed"] == 5.0);
    stage.key("space");
    stage.wait("it plays", |s| s["playing"] == true);
    stage.key("space");
    stage.wait("it stands, later", |s| s["at_ms"].as_i64().is_some_and(|at| at > 27_010_000));

    stage.key("shift+m");
    stage.wait("the missed alarm before", |s| {
        let device = s["selected"].as_str().is_some_and(|w| w.starts_with("device "));
        // What is said of it follows with the next picture.
        device && s["note"].is_string() && s["about"].to_string().contains("漏报 1")
    });
    let missed = stage.last.clone();
    stage.key("n");
    stage.wait("the next incident", |s| s["at_ms"].as_i64() > missed["at_ms"].as_i64());

    stage.key("3");
    stage.wait("flying", |s| s["mode"] == "fly");
    let before = stage.last["eye_m"].clone();
    stage.xdo(&["keydown", "e"]);
    stage.wait("higher", |s| s["eye_m"][2].as_f64() > before[2].as_f64().map(|z| z + 2.0));
    stage.xdo(&["keyup", "e"]);
    stage.key("2");
    stage.wait("on foot", |s| s["mode"] == "walk" && s["eye_m"][2].as_f64().is_some_and(|z| z < 1.8));
    stage.key("Home");
    stage.wait("the whole again", |s| {
        s["mode"] == "orbit" && s["eye_m"][2].as_f64().is_some_and(|z| z > 20.0)
    });
    stage.key("Escape");
    stage.wait("nothing selected", |s| s["selected"].is_null());

    stage.xdo(&["mousemove", "640", "400", "click", "1"]);
    stage.wait("what stands in the middle", |s| s["selected"].is_string());
    let eye = stage.last["eye_m"].clone();
    // A hand is slower than a picture.
    for step in [
        &["mousemove", "500", "300"][..],
        &["mousedown", "1"],
        &["mousemove", "620", "320"],
        &["mousemove", "700", "340"],
        &["mouseup", "1"],
    ] {
        stage.xdo(step);
        std::thread::sleep(Duration::from_millis(300));
    }
    stage.wait("the eye turned", |s| s["eye_m"] != eye);

    // The timeline's last quarter: a jump by mouse.
    stage.xdo(&["mousemove", "1000", "682", "click", "1"]);
    stage.wait("evening", |s| s["at_ms"].as_i64().is_some_and(|at| at > 64_000_000));
    stage.key("F12");
    stage.wait("a picture is saved", |s| s["note"].as_str().is_some_and(|n| n.starts_with("已保存 ")));
    let path = stage.last["note"].as_str().unwrap().trim_start_matches("已保存 ").to_owned();
    let until = Instant::now() + PATIENCE;
    let whole = |path: &str| image::open(path).is_ok();
    while !whole(&path) {
        assert!(Instant::now() < until, "{path} is not there");
        std::thread::sleep(Duration::from_millis(100));
    }
    let image = image::open(&path).unwrap().to_rgb8();
    let first = image.get_pixel(0, 0);
    assert!(image.pixels().filter(|p| *p != first).count() > 100_000, "the window shows something");
}
