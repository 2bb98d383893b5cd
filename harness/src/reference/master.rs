//! The gateway as a Modbus master on a serial port: it asks for discrete inputs, one unit after the other. Written on
//! its own, so that it checks what the devices say instead of repeating their mistakes.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::inputs::{Inputs, Said};

/// How long a slave may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// How often a question is asked before a unit is taken for dead.
const TRIES: u32 = 2;
/// A unit that is taken for dead is left out for so many rounds.
const LEFT_OUT: u32 = 5;
/// How long until a port that is not there is tried again.
const PORT_AGAIN: Duration = Duration::from_millis(500);
/// Asks for discrete inputs.
const READ_INPUTS: u8 = 2;

/// How a line is polled.
#[derive(Clone, Debug)]
pub struct Serial {
    /// The port.
    pub port: PathBuf,
    /// Bits per second.
    pub baud: u32,
    /// From the beginning of one round to the next.
    pub every: Duration,
    /// What the inputs mean.
    pub inputs: Inputs,
}

/// Polls for ever and tells each change.
pub async fn poll(serial: Serial, changes: mpsc::Sender<Said>) {
    let mut known = Known::default();
    loop {
        match open_port(&serial.port, serial.baud) {
            Ok(port) => {
                let Err(error) = rounds(&serial, &port, &mut known, &changes).await else { return };
                tracing::warn!(%error, port = %serial.port.display(), "the port broke");
            }
            Err(error) => tracing::warn!(%error, port = %serial.port.display(), "the port does not open"),
        }
        sleep(PORT_AGAIN).await;
    }
}

/// What the master remembers of the units.
#[derive(Debug, Default)]
struct Known {
    states: BTreeMap<u8, Vec<bool>>,
    left_out: BTreeMap<u8, u32>,
}

/// Rounds until the port breaks. Nobody listens any more when it ends well.
async fn rounds(
    serial: &Serial,
    port: &AsyncFd<OwnedFd>,
    known: &mut Known,
    changes: &mpsc::Sender<Said>,
) -> io::Result<()> {
    // Silence of 3.5 characters of 11 bits between frames, at least 1.75 ms.
    let gap = Duration::from_micros(1_750.max(38_500_000 / u64::from(serial.baud.max(1))));
    let mut round = Instant::now();
    loop {
        for unit in serial.inputs.units() {
            if let Some(rounds) = known.left_out.get_mut(&unit).filter(|rounds| **rounds > 0) {
                *rounds -= 1;
                continue;
            }
            let (first, count) = serial.inputs.span(unit);
            match ask(port, unit, first, count).await? {
                Some(now) => {
                    known.left_out.remove(&unit);
                    let before = known.states.insert(unit, now.clone()).unwrap_or_default();
                    for said in serial.inputs.changes(unit, &before, &now) {
                        if changes.send(said).await.is_err() {
                            return Ok(());
                        }
                    }
                }
                None => {
                    tracing::warn!(unit, "the unit does not answer");
                    known.left_out.insert(unit, LEFT_OUT);
                }
            }
            sleep(gap).await;
        }
        round = (round + serial.every).max(Instant::now());
        sleep_until(round).await;
    }
}

/// Asks a unit for its inputs, again when nothing of use comes.
async fn ask(port: &AsyncFd<OwnedFd>, unit: u8, first: u16, count: u16) -> io::Result<Option<Vec<bool>>> {
    for _ in 0..TRIES {
        // Whatever came too late belongs to a question before.
        tcflush(port.get_ref(), QueueSelector::IFlush)?;
        write(port, &question(unit, first, count)).await?;
        let until = Instant::now() + ANSWER_LIMIT;
        let mut bytes = Vec::new();
        while let Ok(came) = timeout_at(until, read(port, &mut bytes)).await {
            came?;
            match understood(&bytes, unit, count) {
                Answer::Inputs(inputs) => return Ok(Some(inputs)),
                Answer::Refused(why) => {
                    tracing::warn!(unit, why, "the unit refuses");
                    break;
                }
                Answer::NotYet => {}
                Answer::Nonsense => {
                    tracing::warn!(unit, ?bytes, "not an answer to this question");
                    break;
                }
            }
        }
    }
    Ok(None)
}

/// The check sum, bit by bit from the polynomial x^16 + x^15 + x^2 + 1.
fn check_sum(bytes: &[u8]) -> [u8; 2] {
    let mut register: u16 = 0xFFFF;
    for byte in bytes {
        register ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = register & 1;
            register >>= 1;
            if carry == 1 {
                register ^= 0xA001;
            }
        }
    }
    register.to_le_bytes()
}

fn question(unit: u8, first: u16, count: u16) -> Vec<u8> {
    let mut bytes = vec![unit, READ_INPUTS];
    bytes.extend(first.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    let sum = check_sum(&bytes);
    bytes.extend(sum);
    bytes
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The inputs, from the first that was asked for.
    Inputs(Vec<bool>),
    /// An exception.
    Refused(u8),
    /// More must come.
    NotYet,
    /// No answer to this question.
    Nonsense,
}

fn understood(bytes: &[u8], unit: u8, count: u16) -> Answer {
    let data = usize::from(count).div_ceil(8);
    let length = match bytes.get(1) {
        None => return Answer::NotYet,
        Some(function) if *function == READ_INPUTS | 0x80 => 5,
        Some(_) => 5 + data,
    };
    if bytes.len() < length {
        return Answer::NotYet;
    }
    let (body, sum) = bytes.split_at(length - 2);
    if bytes.len() > length || sum != check_sum(body) || body[0] != unit {
        return Answer::Nonsense;
    }
    match body {
        [_, function, why] if *function == READ_INPUTS | 0x80 => Answer::Refused(*why),
        [_, READ_INPUTS, n, inputs @ ..] if usize::from(*n) == data && inputs.len() == data => {
            Answer::Inputs((0..usize::from(count)).map(|at| inputs[at / 8] >> (at % 8) & 1 == 1).collect())
        }
        _ => Answer::Nonsense,
    }
}

#[expect(
    deprecated,
    reason = "its safe successor is not there yet; an owned descriptor is what the unsafe one asks for"
)]
fn open_port(path: &Path, baud: u32) -> io::Result<AsyncFd<OwnedFd>> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open(path, flags, Mode::empty())?;
    let mut modes = tcgetattr(&port)?;
    modes.make_raw();
    modes.set_speed(baud)?;
    tcsetattr(&port, OptionalActions::Now, &modes)?;
    AsyncFd::with_interest(port, Interest::READABLE | Interest::WRITABLE)
}

async fn write(port: &AsyncFd<OwnedFd>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let mut ready = port.writable().await?;
        if let Ok(written) = ready.try_io(|port| rustix::io::write(port, bytes).map_err(io::Error::from)) {
            bytes = bytes.get(written?..).unwrap_or_default();
        }
    }
    Ok(())
}

async fn read(port: &AsyncFd<OwnedFd>, bytes: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut ready = port.readable().await?;
        let mut some = [0; 256];
        if let Ok(came) = ready.try_io(|port| rustix::io::read(port, &mut some).map_err(io::Error::from)) {
            let came = came?;
            if came == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(&some[..came]);
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_and_understands() {
        // Seen on a line between programs that others wrote.
        assert_eq!(question(1, 0, 16), [1, 2, 0, 0, 0, 16, 0x79, 0xC6]);
        let answer = [1, 2, 2, 4, 0, 0xBB, 0x78];
        let mut third = vec![false; 16];
        third[2] = true;
        assert_eq!(understood(&answer, 1, 16), Answer::Inputs(third));
        for cut in 0..answer.len() {
            assert_eq!(understood(&answer[..cut], 1, 16), Answer::NotYet);
        }
        assert_eq!(understood(&answer, 2, 16), Answer::Nonsense, "another unit's");
        assert_eq!(understood(&answer, 1, 4), Answer::Nonsense, "another question's");
        for at in 0..answer.len() {
            let mut bent = answer;
            bent[at] ^= 0x10;
            assert!(!matches!(understood(&bent, 1, 16), Answer::Inputs(_)), "byte {at}");
        }
        let refused = [&[10, 0x82, 2][..], &check_sum(&[10, 0x82, 2])].concat();
        assert_eq!(understood(&refused, 10, 16), Answer::Refused(2));
    }
}
