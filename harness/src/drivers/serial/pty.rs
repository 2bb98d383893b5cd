//! A pseudo terminal with a name: what the gateway opens as its serial port.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use thiserror::Error;

/// Why there is no line.
#[derive(Debug, Error)]
pub enum PtyError {
    /// The system gives no pseudo terminal.
    #[error("no pseudo terminal could be made: {0}; is /dev/pts mounted?")]
    Terminal(io::Error),
    /// The name is taken by something that is no link.
    #[error("{0} exists and is no link; move it, or give the line another name")]
    Taken(PathBuf),
    /// The name cannot be given.
    #[error("the link {path} could not be made: {error}")]
    Name {
        /// The name.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Our end, and the link to the other one, which is removed when it is dropped.
#[derive(Debug)]
pub struct Pty {
    master: File,
    /// Held open: without it, reading fails whenever the gateway closes its port.
    _terminal: OwnedFd,
    device: PathBuf,
    link: PathBuf,
}

impl Pty {
    /// Makes one in raw mode and links its device to a name. A link of that name is replaced.
    ///
    /// # Errors
    /// When there is none to be had, or the name is taken.
    pub fn open(link: &Path) -> Result<Pty, PtyError> {
        let (master, terminal, device) =
            pair().map_err(|error| PtyError::Terminal(io::Error::from_raw_os_error(error.raw_os_error())))?;
        match link.symlink_metadata() {
            Ok(found) if !found.is_symlink() => return Err(PtyError::Taken(link.to_owned())),
            _ => {}
        }
        let named = |error| PtyError::Name { path: link.to_owned(), error };
        // Over a link that is there already, without a moment in which there is none.
        let fresh = link.with_extension(format!("new-{}", std::process::id()));
        let _ = std::fs::remove_file(&fresh);
        std::os::unix::fs::symlink(&device, &fresh).map_err(named)?;
        std::fs::rename(&fresh, link).map_err(named)?;
        Ok(Pty { master: master.into(), _terminal: terminal, device, link: link.to_owned() })
    }

    /// Our end; reading does not wait.
    pub fn master(&self) -> &File {
        &self.master
    }

    /// The terminal's device, such as `/dev/pts/3`.
    pub fn device(&self) -> &Path {
        &self.device
    }
}

fn pair() -> rustix::io::Result<(OwnedFd, OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let device = PathBuf::from(std::ffi::OsString::from_vec(ptsname(&master, Vec::new())?.into_bytes()));
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = ioctl_tiocgptpeer(&master, flags)?;
    let mut modes = tcgetattr(&terminal)?;
    // Else the terminal would echo answers and change bytes until the gateway sets its own modes.
    modes.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
    Ok((master, terminal, device))
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Another run may have given the name to a line of its own meanwhile.
        if std::fs::read_link(&self.link).is_ok_and(|to| to == self.device) {
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn bytes_go_both_ways_unchanged_and_the_name_goes_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("line-1");
        let pty = Pty::open(&link).expect("a terminal");
        let mut port = File::options().read(true).write(true).open(&link).expect("the port");
        let all: Vec<u8> = (0..=255).collect();
        port.write_all(&all).expect("written");
        let mut seen = vec![0; 256];
        pty.master().read_exact(&mut seen).expect("read");
        assert_eq!(seen, all);
        pty.master().write_all(&all).expect("written");
        port.read_exact(&mut seen).expect("read");
        assert_eq!(seen, all);
        drop(port);
        let again = pty.master().read(&mut seen).expect_err("nobody has the port open, and it still stands");
        assert_eq!(again.kind(), io::ErrorKind::WouldBlock);
        drop(pty);
        assert!(link.symlink_metadata().is_err());
    }

    #[test]
    fn a_name_that_is_a_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("line-1");
        std::fs::write(&link, "mine").expect("written");
        assert!(matches!(Pty::open(&link), Err(PtyError::Taken(_))));
        std::fs::remove_file(&link).expect("removed");
        let first = Pty::open(&link).expect("a terminal");
        let second = Pty::open(&link).expect("another one takes the name over");
        drop(first);
        assert!(link.exists(), "the name belongs to the second");
        drop(second);
    }
}
