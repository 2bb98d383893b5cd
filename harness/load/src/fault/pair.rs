//! Two sockets with a line between them.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

use super::line::{Leaves, Line};
use super::proxy::{Outcome, Settings};
use super::{Nanos, Way};

/// Bytes of a way that may be in the proxy before it stops reading, so that a slow line is felt by its sender.
const WAITING: usize = 64 << 10;
/// Reads of a connection before the others get their turn.
const TURN: usize = 32;

/// A connection through the proxy.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) line: Line,
    /// What its chance is drawn by, once that is known; until then nothing disturbs it.
    key: Option<u64>,
    /// The device's side, which sends up, and the gateway's, which sends down.
    ends: [End; 2],
    /// The instant for which a timer is set.
    pub(super) armed: Option<Nanos>,
}

/// What a connection is served with.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    /// The connection's number.
    pub(super) number: u64,
    /// Whether faults are at work.
    pub(super) begun: bool,
    /// Whether nothing is measured any more.
    pub(super) over: bool,
    pub(super) now: Nanos,
    pub(super) buffer: &'a mut [u8],
    pub(super) outcome: &'a mut Outcome,
}

/// What became of a connection when it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// It waits for bytes or for an instant.
    Waits,
    /// It has more to do at once.
    Again,
    /// It is over.
    Over,
}

#[derive(Debug)]
struct End {
    socket: TcpStream,
    connected: bool,
    /// There may be something to read.
    readable: bool,
    /// It sends no more.
    silent: bool,
    /// It takes no more.
    deaf: bool,
    /// When its bytes have left, it is told that there are no more.
    finishing: bool,
    out: Vec<u8>,
}

impl End {
    fn new(socket: TcpStream, connected: bool) -> End {
        End {
            socket,
            connected,
            readable: false,
            silent: false,
            deaf: false,
            finishing: false,
            out: Vec::new(),
        }
    }

    /// Writes what the socket takes.
    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while self.connected && !self.deaf && written < self.out.len() {
            match self.socket.write(&self.out[written..]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.drain(..written);
        if self.out.is_empty() && self.out.capacity() > 4_096 {
            self.out = Vec::new();
        }
        if self.finishing && self.connected && !self.deaf && self.out.is_empty() {
            self.deaf = true;
            // A side that has gone already needs not be told.
            let _ = self.socket.shutdown(Shutdown::Write);
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.deaf || (self.out.is_empty() && !self.finishing)
    }

    /// Reads what is there and forgets it: closing a socket with unread bytes would reset it.
    fn drain(&mut self, buffer: &mut [u8]) {
        for _ in 0..TURN {
            if !matches!(self.socket.read(buffer), Ok(n) if n > 0) {
                break;
            }
        }
    }
}

impl Pair {
    /// A device that has connected, and the gateway that is being connected to.
    pub(super) fn new(line: Line, key: Option<u64>, device: TcpStream, gateway: TcpStream) -> Pair {
        Pair { line, key, ends: [End::new(device, true), End::new(gateway, false)], armed: None }
    }

    /// Faults begin to disturb it. What its line held has left before.
    pub(super) fn befall(&mut self, desk: &mut Desk<'_>, opened: Nanos) {
        let Some(key) = self.key else { return };
        self.depart(desk);
        let settings = desk.settings;
        let mut line = Line::with_key(&settings.faults, (settings.seed, key), desk.number, opened);
        for way in Way::BOTH {
            if self.ends[way as usize].silent {
                line.finish(way, opened);
            }
        }
        (self.line, self.armed) = (line, None);
    }

    /// The first bytes of the device say what chance is drawn by.
    fn name(&mut self, desk: &mut Desk<'_>, bytes: usize) {
        if self.key.is_some() {
            return;
        }
        let witness = desk.settings.witness.as_ref();
        let key = witness.and_then(|witness| witness.key(desk.number, &desk.buffer[..bytes]));
        self.key = Some(key.unwrap_or(desk.number));
        if desk.begun {
            self.befall(desk, desk.now);
        }
    }

    /// Something happened on a socket.
    pub(super) fn event(&mut self, side: usize, readable: bool, writable: bool) -> io::Result<()> {
        let end = &mut self.ends[side];
        end.readable |= readable;
        if !end.connected && (writable || readable) {
            if let Some(error) = end.socket.take_error()? {
                return Err(error);
            }
            end.connected = end.socket.peer_addr().is_ok();
        }
        Ok(())
    }

    /// Moves what can be moved now.
    pub(super) fn serve(&mut self, desk: &mut Desk<'_>) -> Served {
        for _ in 0..TURN {
            if self.depart(desk) {
                return Served::Over;
            }
            if !self.read(desk) {
                let over = self.line.is_over() && self.ends.iter().all(End::is_done);
                return if over { Served::Over } else { Served::Waits };
            }
        }
        Served::Again
    }

    /// Hands on what is due. True when the connection was ended on purpose.
    fn depart(&mut self, desk: &mut Desk<'_>) -> bool {
        let now = desk.now;
        while let Some(departure) = self.line.pull(now) {
            let way = departure.way;
            let end = &mut self.ends[1 - way as usize];
            match departure.what {
                Leaves::Bytes(bytes) => {
                    if departure.at < now && !desk.over {
                        desk.outcome.lateness.take_ns(now - departure.at);
                    }
                    desk.outcome.left[way as usize] += bytes.len() as u64;
                    if !end.deaf {
                        end.out.extend_from_slice(&bytes);
                        if let Some(witness) = &desk.settings.witness {
                            witness.passed(desk.number, way, &bytes);
                        }
                    }
                }
                Leaves::Finish => end.finishing = true,
                Leaves::Cut => {
                    desk.outcome.cut += 1;
                    self.flush(now);
                    self.ends.iter_mut().for_each(|end| end.drain(desk.buffer));
                    return true;
                }
                Leaves::Reset => {
                    desk.outcome.reset += 1;
                    self.flush(now);
                    self.reset();
                    return true;
                }
            }
        }
        self.flush(now);
        false
    }

    fn flush(&mut self, now: Nanos) {
        for way in Way::BOTH {
            if self.ends[way as usize].flush().is_err() {
                self.lose(way, now);
            }
        }
    }

    /// The sender of a way is gone, and takes nothing any more.
    fn lose(&mut self, way: Way, now: Nanos) {
        let end = &mut self.ends[way as usize];
        (end.silent, end.deaf) = (true, true);
        end.out = Vec::new();
        self.line.reset(way, now);
    }

    /// One read from each side that may have something. False when there was none.
    fn read(&mut self, desk: &mut Desk<'_>) -> bool {
        let (now, mut came) = (desk.now, false);
        for way in Way::BOTH {
            let waiting = self.line.waiting(way) + self.ends[1 - way as usize].out.len();
            let end = &mut self.ends[way as usize];
            if !end.readable || end.silent || !end.connected || waiting >= WAITING {
                continue;
            }
            match end.socket.read(desk.buffer) {
                Ok(0) => {
                    end.silent = true;
                    self.line.finish(way, now);
                }
                Ok(n) => {
                    desk.outcome.came[way as usize] += n as u64;
                    if way == Way::Up {
                        self.name(desk, n);
                    }
                    self.line.push(way, &desk.buffer[..n], now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    end.readable = false;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.lose(way, now),
            }
            came = true;
        }
        came
    }

    /// Both sides get a reset when they are dropped.
    pub(super) fn reset(&self) {
        for end in &self.ends {
            // A socket that is gone cannot be reset, and needs not.
            let _ = SockRef::from(&end.socket).set_linger(Some(Duration::ZERO));
        }
    }
}
