//! Subscribers who are away or slow, at mosquitto as it is, and at one whose queues are too short.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use palisade_load::codec::{Publish, QoS, Version};
use palisade_load::plane::{self, Due, Source, Watch};
use palisade_load::series::Series;
use palisade_load::subscribe::{Account, CONTROL, Ear, Habit, Settings, Subscriber, Subscribers};

/// A broker that is killed in the end.
struct Mosquitto {
    child: Child,
    address: SocketAddr,
    folder: std::path::PathBuf,
}

impl Mosquitto {
    fn start(name: &str, more: &str) -> Result<Mosquitto> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("palisade-load-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let file = folder.join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n{more}\n");
        std::fs::write(&file, text)?;
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .context("mosquitto is not installed: apt-get install mosquitto")?;
        let child = Command::new(program).arg("-c").arg(&file).stderr(Stdio::null()).spawn()?;
        let broker = Mosquitto { child, address: SocketAddr::from(([127, 0, 0, 1], port)), folder };
        let began = Instant::now();
        while TcpStream::connect(broker.address).is_err() {
            ensure!(began.elapsed() < Duration::from_secs(20), "mosquitto does not accept connections");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(broker)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself, and the folder is in the temporary one.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Messages 0, 1, 2 … on three topics from one client, one each 2 ms.
struct Numbered {
    number: u64,
    until: u64,
    text: (String, String),
}

impl Numbered {
    fn up_to(until: u64) -> Numbered {
        let mut source = Numbered { number: 0, until, text: Default::default() };
        source.write();
        source
    }

    fn write(&mut self) {
        let payload = format!("{{\"n\":{},\"text\":\"{}\"}}", self.number, "x".repeat(60));
        self.text = (format!("site/alarm/{}", self.number % 3), payload);
    }
}

impl Source for Numbered {
    fn peek(&self) -> Option<Due<'_>> {
        let at = self.number * 2_000_000;
        let (topic, payload) = (self.text.0.as_str(), self.text.1.as_bytes());
        let (qos, tag) = (QoS::AtLeastOnce, None);
        let due = Due { at, client: 0, class: 0, qos, retain: false, topic, payload, tag };
        (self.number < self.until).then_some(due)
    }

    fn advance(&mut self) {
        self.number += 1;
        self.write();
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The accounts after 750 messages in 1.5 s: of the control, and of those who from 300 to 1,100 ms were away, read nothing,
/// read slowly.
fn four(broker: &Mosquitto, version: Version) -> Result<[Account; 4]> {
    let habits = [
        Habit::Away { at: ms(300), lasts: ms(800) },
        Habit::Slow { at: ms(300), lasts: ms(800), bytes_per_s: 0 },
        Habit::Slow { at: ms(300), lasts: ms(800), bytes_per_s: 5_000 },
    ];
    let subscribers: Vec<Subscriber> = ["away", "hung", "slow"]
        .iter()
        .zip(habits)
        .map(|(n, habit)| Subscriber { name: (*n).into(), habit })
        .collect();
    let settings =
        Settings { version, ..Settings::new(broker.address, vec!["site/alarm/+".into()], subscribers) };
    let listening = Subscribers::listen(&settings)?;
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    thread::scope(|scope| -> Result<()> {
        let plane = plane::Settings { version, ..plane::Settings::new(broker.address) };
        let (watch, stop) = (&watch, &stop);
        let said = scope
            .spawn(move || plane::run(&plane, &["device".into()], vec![Numbered::up_to(750)], (watch, stop)));
        while watch.start().is_none() && !said.is_finished() {
            thread::sleep(ms(1));
        }
        listening.begin(watch.start().context("the plane did not start")?);
        let outcome = said.join().expect("the plane does not panic")?;
        ensure!(outcome.all().answered == 750, "{:?}", outcome.all().answered);
        Ok(())
    })?;
    // Whoever acknowledges may not have passed on the last one yet.
    thread::sleep(ms(100));
    let accounts = listening.end();
    ensure!(accounts[0].0.name == CONTROL, "{:?}", accounts[0].0);
    let accounts: Vec<Account> = accounts.into_iter().map(|(_, account)| account).collect();
    accounts.try_into().map_err(|all| anyhow::anyhow!("four accounts, not {all:?}"))
}

#[test]
fn what_was_promised_comes_whole_and_in_order_to_those_who_were_away_or_slow() -> Result<()> {
    let broker = Mosquitto::start("sound", "max_queued_messages 0")?;
    for version in [Version::V311, Version::V5] {
        let all = four(&broker, version)?;
        for account in &all {
            let Account { owed, lost, duplicates, out_of_order, .. } = account;
            ensure!((*owed, *lost, *duplicates, *out_of_order) == (750, 0, 0, 0), "{version:?} {account:?}");
            ensure!(account.behind.count() == 750 && account.broke == 0, "{account:?}");
        }
        let [control, away, hung, slow] = &all;
        ensure!((control.said_meanwhile, control.drained, control.kept) == (0, None, None), "{control:?}");
        ensure!(away.kept == Some(true) && hung.kept.is_none(), "{away:?}");
        for account in [away, hung, slow] {
            ensure!(account.said_meanwhile > 300 && account.waiting_max > 300, "{account:?}");
            ensure!(account.drained.is_some(), "{account:?}");
            ensure!(account.behind.percentile_us(100.0) > Some(600_000), "{account:?}");
        }
        // 5,000 bytes a second are some 40 messages in that time.
        let read = hung.waiting_max.saturating_sub(slow.waiting_max);
        ensure!((15..=80).contains(&read), "{hung:?} {slow:?}");
    }
    Ok(())
}

#[test]
fn a_queue_that_is_too_short_loses_what_was_promised_and_the_control_hears_all() -> Result<()> {
    let broker = Mosquitto::start("short", "max_queued_messages 25\nmax_inflight_messages 5")?;
    let [control, away, hung, _] = four(&broker, Version::V311)?;
    ensure!((control.owed, control.lost) == (750, 0), "{control:?}");
    for account in [away, hung] {
        // 25 wait, and so many more as were under way.
        let kept = account.said_meanwhile - account.lost;
        ensure!((20..=60).contains(&kept) && account.lost > 250, "{account:?}");
        ensure!(account.duplicates == 0 && account.out_of_order == 0, "{account:?}");
    }
    Ok(())
}

/// Who is held up by one message reads those that came meanwhile so much later, and knows it.
#[test]
fn whoever_hears_late_says_how_late() -> Result<()> {
    let broker = Mosquitto::start("late", "")?;
    let settings = Settings::new(broker.address, vec!["site/alarm/+".into()], vec![]);
    let looks = |holds_up: Duration| -> Result<Series> {
        let mut heard = 0;
        let hears = Box::new(move |_: &Publish<'_>, _| {
            heard += 1;
            if heard == 50 {
                thread::sleep(holds_up);
            }
        });
        let ear = Ear::listen(&settings, hears)?;
        ear.begin(Instant::now());
        let (watch, stop) = (Watch::default(), AtomicBool::new(false));
        let plane = plane::Settings::new(broker.address);
        plane::run(&plane, &["device".into()], vec![Numbered::up_to(250)], (&watch, &stop))?;
        Ok(ear.end().looks)
    };
    let (prompt, late) = (looks(Duration::ZERO)?, looks(ms(400))?);
    let above = |looks: &Series, us: u64| -> u64 {
        looks
            .histogram()
            .iter_recorded()
            .filter(|v| v.value_iterated_to() > us)
            .map(|v| v.count_at_value())
            .sum()
    };
    // 500 ms of messages and as many of silence; 40 looks fall into the 400 ms.
    ensure!(prompt.count() >= 80 && late.count() >= 80, "{prompt:?} {late:?}");
    ensure!(above(&late, 100_000) >= above(&prompt, 100_000) + 20, "{prompt:?} {late:?}");
    ensure!((360_000..900_000).contains(&late.percentile_us(100.0).unwrap_or(0)), "{late:?}");
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let error =
        Subscribers::listen(&Settings::new(taken, vec!["a/#".into()], vec![])).expect_err("nobody listens");
    assert!(error.to_string().starts_with(&format!("the subscriber `control` could not listen at {taken}")));
}
