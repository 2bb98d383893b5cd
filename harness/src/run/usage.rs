//! What the gateway's own processes hold while they are driven, and what this one does: memory and open files, looked at now
//! and then.

use palisade_load::process;

use super::part::Part;
use crate::record::{Entry, Micros, Usage};

/// So many looks at a part, whatever its length.
const LOOKS: Micros = 200;
/// Looks are this far apart at least, µs: what is measured is the gateway, and not the looking.
const LEAST_US: Micros = 100_000;
/// And at most.
const MOST_US: Micros = 10_000_000;
/// Within that, one in so many µs of a processor goes into looks.
const SHARE: Micros = 100;

/// When it is looked at next.
#[derive(Debug)]
pub(super) struct Looks {
    next_us: Micros,
    every_us: Micros,
}

impl Looks {
    /// Looks at a part of this length, from an instant on.
    pub(super) fn new(from_us: Micros, lasts_us: Micros) -> Looks {
        Looks { next_us: from_us, every_us: (lasts_us / LOOKS).clamp(LEAST_US, MOST_US) }
    }
}

impl Part<'_> {
    /// Writes down what each process holds, when it is time. One that has just ended holds nothing.
    pub(super) fn look_at_processes(&self, looks: &mut Looks) {
        let at_us = self.common.clock.now_us();
        if at_us < looks.next_us {
            return;
        }
        let before = process::cpu_of_thread();
        let builtin = self.gateway.iter().map(|gateway| ("gateway".to_owned(), gateway.id()));
        let own = std::iter::once(("palisade".to_owned(), std::process::id()));
        for (process, pid) in builtin.chain(self.processes.ids()).chain(own) {
            let (Ok(resident), Ok(files)) = (process::resident_bytes_of(pid), process::open_files_of(pid))
            else {
                continue;
            };
            let (part, resident_kb) = (self.common.part.into(), resident / 1_024);
            self.common.journal.write(Entry::Usage(Usage {
                at_us,
                part,
                process,
                own: pid == std::process::id(),
                pid,
                resident_kb,
                files,
            }));
        }
        // Where files are counted one by one, a look takes long.
        let took_us = (process::cpu_of_thread() - before).as_micros() as Micros;
        looks.next_us = at_us + looks.every_us.max(took_us * SHARE).min(MOST_US);
    }
}
