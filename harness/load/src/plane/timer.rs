//! A sleep that ends at an instant or with the first event of a socket, whichever is earlier. The timeout of epoll has
//! whole milliseconds; a timer of the kernel is a descriptor like a socket and has nanoseconds.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// The token of the timer.
pub(crate) const TIMER: Token = Token(usize::MAX);

/// A poll that can be woken at an instant.
#[derive(Debug)]
pub(crate) struct Sleeper {
    pub(crate) poll: Poll,
    timer: OwnedFd,
}

impl Sleeper {
    pub(crate) fn new() -> io::Result<Sleeper> {
        let poll = Poll::new()?;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        poll.registry().register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)?;
        Ok(Sleeper { poll, timer })
    }

    /// Waits for events, at most so long.
    pub(crate) fn wait(&mut self, events: &mut Events, at_most: Duration) -> io::Result<()> {
        let timeout = if at_most.is_zero() { Some(Duration::ZERO) } else { None };
        if timeout.is_none() {
            let it_value =
                Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: i64::from(at_most.subsec_nanos()) };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
            // Setting it again clears an expiry that nobody has read.
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        }
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                events.clear();
                Ok(())
            }
            other => other,
        }
    }
}
