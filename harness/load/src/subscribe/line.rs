//! One subscriber: its socket, its session, its habit.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::account::Heard;
use super::{Habit, Hears, Notebook, PROMPT, Settings, Times};
use crate::codec::{
    Ack, Connect, End, Inbox, Login, Many, Packet, Property, Publish, QoS, Subscribe, Subscription, Value,
    Version, encode,
};

/// How long a wait for bytes may take before times are looked at again.
const LOOK: Duration = Duration::from_millis(20);
/// After a connection that could not be made.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PACKET: usize = 1 << 20;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a server keeps the session of a client that is away, in 5.0; in 3.1.1 for ever.
const SESSION_S: u32 = 3_600;
/// The least receive buffer of a socket that kernels allow is about as small.
const SMALL_BUFFER: usize = 4 << 10;
/// Bytes of topics and payloads that the control keeps at most.
const WORDS: usize = 1 << 20;
/// Bytes that are read at once.
const READ: usize = 64 << 10;

/// A subscriber's connection.
pub(super) struct Line<'a> {
    id: String,
    habit: Habit,
    settings: &'a Settings,
    times: &'a Arc<Times>,
    socket: Option<TcpStream>,
    inbox: Inbox,
    written: Instant,
    /// When it next looks how late it comes.
    look: Instant,
    /// Who is given what comes; the log keeps it when nobody is.
    hears: Option<Hears>,
    /// When something last came.
    heard: Option<Instant>,
    log: Notebook,
    /// Bytes of words that there is still room for.
    room: usize,
    /// The server said CONNACK, and whether it had a session; and SUBACK.
    welcome: Option<bool>,
    subscribed: bool,
    /// It has subscribed and its connection stands.
    stands: Arc<AtomicBool>,
}

/// What a subscriber does at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    Reads,
    Away,
    Slow(u32),
}

impl<'a> Line<'a> {
    pub(super) fn new(
        id: String,
        (habit, hears): (Habit, Option<Hears>),
        settings: &'a Settings,
        (times, stands, log): (&'a Arc<Times>, Arc<AtomicBool>, Notebook),
    ) -> Line<'a> {
        let inbox = Inbox::new(settings.version, LONGEST_PACKET);
        let written = Instant::now();
        let room = if habit == Habit::Reads { WORDS } else { 0 };
        Line {
            id,
            habit,
            settings,
            times,
            socket: None,
            inbox,
            written,
            look: written,
            hears,
            heard: None,
            log,
            room,
            welcome: None,
            subscribed: false,
            stands,
        }
    }

    /// Connects and subscribes.
    pub(super) fn begin(&mut self) -> Result<(), String> {
        self.connect(false).map_err(|error| error.to_string())
    }

    /// Listens until the end, and a while longer for what still waits. Forgets its session.
    pub(super) fn run(mut self) {
        while !self.is_over() {
            let done = match self.now() {
                Now::Away => self.be_away(),
                _ if self.socket.is_none() => self.come_back(),
                now => self.listen(now),
            };
            if let Err(error) = done {
                *self.log.open().reasons.entry(error.to_string()).or_default() += 1;
                self.socket = None;
                if self.stands.swap(false, Ordering::SeqCst) {
                    self.log.open().broke.push(Instant::now());
                }
                thread::sleep(PAUSE);
            }
        }
        self.socket = None;
        // A server that is gone has no session to forget.
        let _ = self.connect(true).and_then(|()| self.put(&Packet::Disconnect(End::default())));
    }

    /// After the end everybody reads, so that what waits can come.
    fn now(&self) -> Now {
        let (Some(start), None) = (self.times.start.get(), self.times.end.get()) else { return Now::Reads };
        let since = Instant::now().saturating_duration_since(*start);
        match self.habit {
            Habit::Away { at, lasts } if (at..at + lasts).contains(&since) => Now::Away,
            Habit::Slow { at, lasts, bytes_per_s } if (at..at + lasts).contains(&since) => {
                Now::Slow(bytes_per_s)
            }
            _ => Now::Reads,
        }
    }

    fn is_over(&self) -> bool {
        let Some(end) = self.times.end.get() else { return false };
        let last = self.heard.map_or(*end, |heard| heard.max(*end));
        let since = self.log.open().back.map_or(last, |back| back.max(last));
        end.elapsed() > self.settings.longest
            || since.elapsed() > self.settings.quiet && self.socket.is_some()
    }

    /// Its line breaks without a goodbye.
    fn be_away(&mut self) -> io::Result<()> {
        self.socket = None;
        thread::sleep(LOOK);
        Ok(())
    }

    fn come_back(&mut self) -> io::Result<()> {
        // What had waited may come with the first answer, so its time begins here.
        let back = Instant::now();
        self.connect(false)?;
        let mut log = self.log.open();
        if matches!(self.habit, Habit::Away { .. }) && log.back.is_none() {
            (log.back, log.kept) = (Some(back), self.welcome);
        }
        Ok(())
    }

    /// A connection whose session stands. `clean`: the server is to forget the session.
    fn connect(&mut self, clean: bool) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(self.settings.to), Type::STREAM, Some(Protocol::TCP))?;
        if matches!(self.habit, Habit::Slow { .. }) {
            socket.set_recv_buffer_size(SMALL_BUFFER)?;
        }
        socket.connect_timeout(&self.settings.to.into(), self.settings.patience)?;
        let socket = TcpStream::from(socket);
        socket.set_nodelay(true)?;
        // Closing resets: an absence is a line that breaks.
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(self.settings.patience))?;
        self.socket = Some(socket);
        self.inbox = Inbox::new(self.settings.version, LONGEST_PACKET);
        (self.welcome, self.subscribed) = (None, false);
        self.greet(clean)?;
        if clean {
            return self.wait(|line| line.welcome.is_some());
        }
        self.wait(|line| line.welcome.is_some())?;
        // A session that was kept has its subscriptions; one that was lost is made again, and says so in `kept`.
        if self.welcome != Some(true) {
            self.subscribe()?;
            self.wait(|line| line.subscribed)?;
        }
        self.look = Instant::now();
        self.stands.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn greet(&mut self, clean: bool) -> io::Result<()> {
        let version = self.settings.version;
        let expiry = [Property { id: Property::SESSION_EXPIRY, value: Value::Four(SESSION_S) }];
        let properties = if version == Version::V5 && !clean { Many::Listed(&expiry) } else { Many::NONE };
        let client_id = self.id.clone();
        let keep_alive_s = KEEP_ALIVE.as_secs() as u16;
        let (will, login) = (None, Login::default());
        self.put(&Packet::Connect(Connect {
            version,
            clean,
            keep_alive_s,
            client_id: &client_id,
            will,
            login,
            properties,
        }))
    }

    fn subscribe(&mut self) -> io::Result<()> {
        let options = QoS::AtLeastOnce.bits();
        let filters: Vec<Subscription<'_>> =
            self.settings.filters.iter().map(|filter| Subscription { filter, options }).collect();
        let filters = Many::Listed(&filters);
        self.put(&Packet::Subscribe(Subscribe { packet_id: 1, properties: Many::NONE, filters }))
    }

    /// Reads until something is so.
    fn wait(&mut self, done: impl Fn(&Line<'_>) -> bool) -> io::Result<()> {
        let began = Instant::now();
        while !done(self) {
            self.read(&mut [0; 4_096])?;
            if began.elapsed() > self.settings.patience {
                return Err(io::Error::new(ErrorKind::TimedOut, "the server did not answer"));
            }
        }
        Ok(())
    }

    fn listen(&mut self, now: Now) -> io::Result<()> {
        // Only what it is not slow in is a sign of life.
        if self.written.elapsed() > KEEP_ALIVE / 3 {
            self.put(&Packet::PingReq)?;
        }
        let Now::Slow(bytes_per_s) = now else { return self.attend() };
        let began = Instant::now();
        let every = if bytes_per_s == 0 { LOOK } else { Duration::from_secs(1) / bytes_per_s };
        let most = (f64::from(bytes_per_s) * LOOK.as_secs_f64()).ceil() as usize;
        if most > 0 {
            self.read(&mut vec![0; most])?;
        }
        thread::sleep(every.max(LOOK).min(Duration::from_secs(1)).saturating_sub(began.elapsed()));
        self.look = Instant::now();
        Ok(())
    }

    /// Takes what comes until the next look. The timeout of a socket has the kernel's ticks, that of a poll nanoseconds.
    fn attend(&mut self) -> io::Result<()> {
        let Some(socket) = &self.socket else { return Ok(()) };
        let left = self.look.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut polled = [PollFd::new(socket, PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(0) => self.looked(Instant::now()),
            Ok(_) => {
                let emptied = self.read(&mut vec![0; READ])?;
                emptied.into_iter().for_each(|at| self.looked(at));
            }
            Err(error) if error == rustix::io::Errno::INTR => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Nothing waits in the socket at this instant that came before: as late as the looks are that were due until then, so
    /// late may something have been read. Looks that were missed are made up for.
    fn looked(&mut self, at: Instant) {
        let began = self.times.start.get();
        while self.look <= at {
            if began.is_some_and(|start| *start <= self.look) {
                self.log.open().looks.take_ns(at.duration_since(self.look).as_nanos() as u64);
            }
            self.look += PROMPT;
        }
    }

    /// Takes what has come, if it comes soon. When, if that was all that waited.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Instant>> {
        let Some(socket) = &mut self.socket else { return Ok(None) };
        let came = match socket.read(buffer) {
            Ok(0) => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            Ok(came) => came,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let at = Instant::now();
        let emptied = (came < buffer.len()).then_some(at);
        let (mut inbox, mut acks, mut wrong) =
            (std::mem::replace(&mut self.inbox, Inbox::new(self.settings.version, 0)), Vec::new(), None);
        let fed = inbox.feed(&buffer[..came], |_, packet| {
            wrong = self.packet(&packet, at, &mut acks).err();
            wrong.is_none()
        });
        self.inbox = inbox;
        fed.map_err(|error| io::Error::other(format!("the server sent no MQTT: {error}")))?;
        wrong.map_or(Ok(()), |why| Err(io::Error::other(why)))?;
        self.write(&acks)?;
        Ok(emptied)
    }

    fn packet(&mut self, packet: &Packet<'_>, at: Instant, acks: &mut Vec<u8>) -> Result<(), String> {
        match packet {
            Packet::ConnAck(ack) if ack.code != 0 => {
                return Err(format!("the server refused the connection, code {:#04x}", ack.code));
            }
            Packet::ConnAck(ack) => self.welcome = Some(ack.session_present),
            Packet::SubAck(ack) if ack.codes.iter().any(|code| *code >= 0x80) => {
                return Err(format!("the server refused {}", self.settings.filters.join(" or ")));
            }
            Packet::SubAck(_) => self.subscribed = true,
            Packet::Publish(publish) => {
                self.heard = Some(at);
                match &mut self.hears {
                    Some(hears) => hears(publish, at),
                    None => {
                        let heard = heard(publish, at);
                        self.remember(heard.message, publish);
                        self.log.open().heard.push(heard);
                    }
                }
                if publish.qos == QoS::AtLeastOnce {
                    let ack = Packet::PubAck(Ack::ok(publish.packet_id));
                    encode(self.settings.version, &ack, acks).map_err(|error| error.to_string())?;
                }
            }
            Packet::Disconnect(end) => {
                return Err(format!("the server said DISCONNECT, reason {:#04x}", end.reason));
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps the words of a live message while there is room.
    fn remember(&mut self, message: u64, publish: &Publish<'_>) {
        let bytes = publish.topic.len() + publish.payload.len();
        if publish.retain || bytes > self.room {
            return;
        }
        self.room -= bytes;
        let words = || (publish.topic.to_owned(), publish.payload.to_vec());
        self.log.open().words.entry(message).or_insert_with(words);
    }

    fn put(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode(self.settings.version, packet, &mut bytes).map_err(io::Error::other)?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(socket) = self.socket.as_mut().filter(|_| !bytes.is_empty()) else { return Ok(()) };
        self.written = Instant::now();
        socket.write_all(bytes)
    }
}

fn heard(publish: &Publish<'_>, at: Instant) -> Heard {
    let of = |what: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        what(&mut hasher);
        hasher.finish()
    };
    let topic = of(&|hasher| publish.topic.hash(hasher));
    let message = of(&|hasher| (publish.topic, publish.payload).hash(hasher));
    Heard { at, topic, message, dup: publish.dup, retained: publish.retain }
}
