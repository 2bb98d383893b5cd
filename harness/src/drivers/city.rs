//! The city platform behind a gateway (雪亮工程), played by Palisade: it takes alarms over HTTP and acknowledges each,
//! or does wrong what its contract says.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_load::process::prefer_this_thread;
use palisade_sim::words::{AgentKey, Dice};
use tiny_http::{Method, Request, Response, Server};

use super::Clock;
use crate::record::Micros;

/// How often it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Bytes of a request that are read: an alarm is small.
const MOST: u64 = 64 << 10;
/// Before the first message nothing goes wrong.
const NOT_YET: Micros = Micros::MAX;

/// What it does wrong: shares of all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wrongs {
    /// 503, try again.
    pub refuse: f64,
    /// The answer comes late.
    pub slow: f64,
    /// How late, µs.
    pub slow_by_us: Micros,
    /// No answer.
    pub mute: f64,
    /// From when to when no request is answered, µs after the first message.
    pub down_us: [Micros; 2],
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Acknowledged at once.
    Taken,
    /// Acknowledged late.
    Slow,
    /// Refused: try again.
    Refused,
    /// Not answered.
    Mute,
    /// Not answered, since its network was down.
    Down,
    /// It was no alarm: another path or method, or no JSON.
    Odd,
}

impl Answered {
    /// The word of the journal.
    pub fn word(self) -> &'static str {
        match self {
            Answered::Taken => "taken",
            Answered::Slow => "slow",
            Answered::Refused => "refused",
            Answered::Mute => "mute",
            Answered::Down => "down",
            Answered::Odd => "odd",
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// When, µs on the run's clock.
    pub received_us: Micros,
    /// The path that was asked for.
    pub path: String,
    /// What was posted.
    pub body: String,
    /// What became of it.
    pub answered: Answered,
    /// When its answer left; nothing when it had none.
    pub answered_us: Option<Micros>,
}

/// Who is told of requests.
pub type Ear = Arc<dyn Fn(Posted) + Send + Sync>;

/// The platform, until it is dropped.
pub struct City {
    address: SocketAddr,
    first_us: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    path: String,
    wrongs: Wrongs,
    dice: Dice,
    clock: Clock,
    first_us: Arc<AtomicI64>,
    ear: Ear,
}

impl City {
    /// Listens from now on. Which request suffers is drawn by the seed and the request's number.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn listen(
        at: SocketAddr,
        (path, wrongs): (&str, Wrongs),
        seed: u64,
        clock: Clock,
        ear: Ear,
    ) -> io::Result<City> {
        let server = Server::http(at).map_err(io::Error::other)?;
        let address = server.server_addr().to_ip().unwrap_or(at);
        let (first_us, stop) = (Arc::new(AtomicI64::new(NOT_YET)), Arc::new(AtomicBool::new(false)));
        let desk = Arc::new(Desk {
            path: path.to_owned(),
            wrongs,
            dice: Dice::new(seed),
            clock,
            first_us: first_us.clone(),
            ear,
        });
        let stopped = stop.clone();
        let serve = move || {
            prefer_this_thread();
            let mut number = 0;
            while !stopped.load(Ordering::SeqCst) {
                // A listener that fails is asked again; a gateway that cannot reach it is told by what is missing.
                if let Ok(Some(request)) = server.recv_timeout(LOOK) {
                    desk.take(number, request);
                    number += 1;
                }
            }
        };
        let thread = std::thread::Builder::new().name("city".into()).spawn(serve)?;
        Ok(City { address, first_us, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first message is due then: what goes wrong counts from here.
    pub fn begin(&self, first_us: Micros) {
        self.first_us.store(first_us, Ordering::SeqCst);
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic of its own has been reported by its thread.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn take(self: &Arc<Desk>, number: u64, mut request: Request) {
        let received_us = self.clock.now_us();
        let mut body = String::new();
        let read = io::Read::take(request.as_reader(), MOST);
        let whole = io::read_to_string(read).map(|text| body = text).is_ok();
        let asked = request.method() == &Method::Post && request.url() == self.path;
        let alarm = asked && whole && serde_json::from_str::<serde_json::Value>(&body).is_ok();
        let answered = if alarm { self.draw(number, received_us) } else { Answered::Odd };
        let posted =
            Posted { received_us, path: request.url().to_owned(), body, answered, answered_us: None };
        let answer = |request: Request, code: u16| {
            // A gateway that has gone away asks again.
            let _ = request.respond(Response::from_string("{}\n").with_status_code(code));
        };
        let now = |posted: Posted| Posted { answered_us: Some(self.clock.now_us()), ..posted };
        match answered {
            Answered::Taken => answer(request, 200),
            Answered::Refused => answer(request, 503),
            Answered::Odd => answer(request, if asked { 400 } else { 404 }),
            Answered::Slow => return self.clone().later(request, posted),
            // Dropped as it is, a request would be answered with an error.
            Answered::Mute | Answered::Down => {
                drop(request.into_writer());
                return (self.ear)(posted);
            }
        }
        (self.ear)(now(posted));
    }

    fn later(self: Arc<Desk>, request: Request, posted: Posted) {
        let wait = Duration::from_micros(u64::try_from(self.wrongs.slow_by_us).unwrap_or_default());
        let ear = self.ear.clone();
        let lost = posted.clone();
        let answer = move || {
            prefer_this_thread();
            std::thread::sleep(wait);
            let gone = request.respond(Response::from_string("{}\n")).is_err();
            let answered_us = (!gone).then(|| self.clock.now_us());
            (self.ear)(Posted { answered_us, ..posted });
        };
        // Without a thread it is not answered at all.
        if std::thread::Builder::new().name("city-slow".into()).spawn(answer).is_err() {
            ear(Posted { answered: Answered::Mute, ..lost });
        }
    }

    fn draw(&self, number: u64, at_us: Micros) -> Answered {
        let first_us = self.first_us.load(Ordering::SeqCst);
        if at_us < first_us {
            return Answered::Taken;
        }
        let [from, until] = self.wrongs.down_us;
        if (from..until).contains(&(at_us - first_us)) {
            return Answered::Down;
        }
        let drawn = self.dice.draw(AgentKey::of("city"), "answer", number).unit();
        let shares = [
            (self.wrongs.refuse, Answered::Refused),
            (self.wrongs.slow, Answered::Slow),
            (self.wrongs.mute, Answered::Mute),
        ];
        let mut below = 0.0;
        for (share, answered) in shares {
            below += share;
            if drawn < below {
                return answered;
            }
        }
        Answered::Taken
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    /// The first line of the answer to a request; empty without one.
    fn post(at: SocketAddr, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut text = String::new();
        // A platform that is mute closes, or lets the time run out.
        let _ = stream.read_to_string(&mut text);
        text.lines().next().unwrap_or_default().to_owned()
    }

    fn city(wrongs: Wrongs) -> (City, Arc<Mutex<Vec<Posted>>>) {
        let heard: Arc<Mutex<Vec<Posted>>> = Arc::default();
        let ear = heard.clone();
        let at = ([127, 0, 0, 1], 0).into();
        let clock = Clock::start();
        let city =
            City::listen(at, ("/alarms", wrongs), 7, clock, Arc::new(move |p| ear.lock().unwrap().push(p)));
        let city = city.unwrap();
        city.begin(0);
        (city, heard)
    }

    /// What was answered to so many requests: it is told after the answer went out.
    fn told(heard: &Mutex<Vec<Posted>>, requests: usize) -> Vec<&'static str> {
        let until = Instant::now() + Duration::from_secs(10);
        while heard.lock().unwrap().len() < requests && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        heard.lock().unwrap().iter().map(|p| p.answered.word()).collect()
    }

    #[test]
    fn an_alarm_is_acknowledged_and_what_is_none_is_refused() {
        let (city, heard) = city(Wrongs::default());
        let said = |method, path, body| post(city.address(), method, path, body);
        assert_eq!(said("POST", "/alarms", r#"{"id":"1"}"#), "HTTP/1.1 200 OK");
        assert_eq!(said("POST", "/alarms", "alarm!"), "HTTP/1.1 400 Bad Request");
        assert_eq!(said("GET", "/alarms", ""), "HTTP/1.1 404 Not Found");
        assert_eq!(told(&heard, 3), ["taken", "odd", "odd"]);
        assert!(heard.lock().unwrap()[0].answered_us.is_some());
    }

    #[test]
    fn what_it_does_wrong_is_drawn_and_told() {
        let check = |wrongs: Wrongs, expected: &str, line: &str| {
            let (city, heard) = city(wrongs);
            assert_eq!(post(city.address(), "POST", "/alarms", "{}"), line, "{expected}");
            assert_eq!(told(&heard, 1), [expected]);
        };
        check(Wrongs { refuse: 1.0, ..Wrongs::default() }, "refused", "HTTP/1.1 503 Service Unavailable");
        check(Wrongs { slow: 1.0, slow_by_us: 100_000, ..Wrongs::default() }, "slow", "HTTP/1.1 200 OK");
        check(Wrongs { mute: 1.0, ..Wrongs::default() }, "mute", "");
        check(Wrongs { down_us: [0, 60_000_000], ..Wrongs::default() }, "down", "");
    }

    #[test]
    fn a_share_is_a_share() {
        let desk = Desk {
            path: String::new(),
            wrongs: Wrongs { refuse: 0.2, mute: 0.1, ..Wrongs::default() },
            dice: Dice::new(3),
            clock: Clock::start(),
            first_us: Arc::new(AtomicI64::new(0)),
            ear: Arc::new(|_| {}),
        };
        let count = |what| (0..5_000).filter(|n| desk.draw(*n, 1) == what).count();
        assert!((900..1_100).contains(&count(Answered::Refused)), "{}", count(Answered::Refused));
        assert!((420..580).contains(&count(Answered::Mute)) && count(Answered::Slow) == 0);
    }
}
