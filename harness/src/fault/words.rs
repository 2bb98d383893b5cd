//! A fault in words, as the proxy prints it before it begins.

use std::fmt;

use super::{Break, Fault, Ways, What};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        f.write_str(match self.way {
            Ways::Up => ", up",
            Ways::Down => ", down",
            Ways::Both => ", both ways",
        })?;
        if let Some(share) = self.connections {
            write!(f, ", on {} % of connections", share * 100.0)?;
        }
        if let Some(from) = self.from {
            write!(f, ", from {from}")?;
        }
        self.until.map_or(Ok(()), |until| write!(f, ", until {until}"))
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.line().word())?;
        match self {
            What::Delay { by, jitter: None } => write!(f, " of {by}"),
            What::Delay { by, jitter: Some(jitter) } => write!(f, " of {by} and up to {jitter} more"),
            What::Rate { bytes_per_s } => write!(f, " of {bytes_per_s} bytes/s"),
            What::Drip { bytes, every } => write!(f, " of {bytes} bytes every {every}"),
            What::Cut(when) | What::Reset(when) | What::HalfOpen(when) => write!(f, " {when}"),
            What::Flip { bit_error_rate } => write!(f, " of one bit in {:.0}", 1.0 / bit_error_rate),
            What::Truncate(_) | What::Duplicate(_) | What::Reorder { .. } | What::Garbage { .. } => {
                match self.chunks() {
                    Some((_, Some(every))) => write!(f, " of one chunk in {every}"),
                    Some((Some(chance), _)) => {
                        write!(f, " of each chunk with a chance of {} %", chance * 100.0)
                    }
                    _ => Ok(()),
                }?;
                match self {
                    What::Reorder { within, .. } => write!(f, ", within {within}"),
                    What::Garbage { bytes, .. } => write!(f, ", 1 to {bytes} bytes"),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at, self.after, self.after_bytes) {
            (Some(at), ..) => write!(f, "at {at}"),
            (_, Some(after), _) => write!(f, "{after} after the opening"),
            (.., bytes) => write!(f, "after {} bytes", bytes.unwrap_or_default()),
        }?;
        self.within.map_or(Ok(()), |within| write!(f, ", within {within}"))
    }
}
