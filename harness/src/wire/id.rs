//! Ids on the wire: `<run>-<stimulus>` for what stands on the tape, `<run>-cmd<number>` for what a device says because
//! of the command with that number, `<run>-rep<number>` for what a device that chatters says again. All number a stimulus,
//! so that one is paired and judged like the other.

use palisade_sim::words::StimulusId;

/// Stimuli from this number on stand on no tape: commands caused them.
const COMMANDED: u32 = 1 << 31;
/// Stimuli from this number on are said again by devices that chatter.
const REPEATED: u32 = 1 << 30;
/// What stands before the number of a command.
const MARK: &str = "cmd";
/// What stands before the number of a repetition.
const AGAIN: &str = "rep";
/// Marks with the numbers from which their stimuli count, and how many there are.
const MARKS: [(&str, u32, u32); 3] =
    [(MARK, COMMANDED, COMMANDED), (AGAIN, REPEATED, REPEATED), ("", 0, REPEATED)];

/// The stimulus that the command with this number causes. A command causes one at most.
///
/// # Panics
/// When a part of a run has 2^31 commands.
pub fn of_command(number: u32) -> StimulusId {
    assert!(number < COMMANDED, "{number} commands in one part of a run");
    StimulusId(COMMANDED + number)
}

/// Whether a command caused a stimulus.
pub fn is_of_command(stimulus: StimulusId) -> bool {
    stimulus.0 >= COMMANDED
}

/// The stimulus that a repetition is.
///
/// # Panics
/// When a part of a run has 2^30 repetitions.
pub fn of_repeat(number: u32) -> StimulusId {
    assert!(number < REPEATED, "{number} repetitions in one part of a run");
    StimulusId(REPEATED + number)
}

/// The id of a stimulus on the wire.
pub fn wire_id(run: &str, stimulus: StimulusId) -> String {
    let fits = |(mark, from, many): &(&str, u32, u32)| {
        let number = stimulus.0.checked_sub(*from).filter(|number| number < many)?;
        Some(format!("{run}-{mark}{number}"))
    };
    MARKS.iter().find_map(fits).unwrap_or_default()
}

/// What an id says of a run: nothing when it is not that run's, and no stimulus when it has another form.
pub fn read(run: &str, id: &str) -> Option<Option<StimulusId>> {
    let number = id.strip_prefix(run)?.strip_prefix('-')?;
    let marked = MARKS.iter().find_map(|(mark, from, many)| Some((*from, *many, number.strip_prefix(mark)?)));
    let (from, many, digits) = marked?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let number: Option<u32> = digits.parse().ok().filter(|n| plain && *n < many);
    Some(number.map(|number| StimulusId(from + number)))
}

/// The tag of a copy of the compound, from 1.
pub fn tag_of_copy(run: &str, copy: u32) -> String {
    format!("{run}c{copy}")
}

/// What stands behind the names of a copy, and behind its site.
pub fn mark_of_copy(copy: u32) -> String {
    format!("-c{copy}")
}

/// The name without the mark of its copy, and which copy that is; nothing when there is no mark.
pub fn copy_of_name(name: &str) -> Option<(&str, u32)> {
    let (own, copy) = name.rsplit_once("-c")?;
    let copy = copy.parse().ok()?;
    (name.strip_suffix(mark_of_copy(copy).as_str()) == Some(own)).then_some((own, copy))
}

/// The copy that an id of this run's copies names, and the stimulus; nothing when it is no such id.
pub fn read_copy(run: &str, id: &str) -> Option<(u32, Option<StimulusId>)> {
    let (copy, _) = id.strip_prefix(run)?.strip_prefix('c')?.split_once('-')?;
    let plain = copy.bytes().all(|b| b.is_ascii_digit()) && !copy.starts_with('0');
    let copy: u32 = copy.parse().ok().filter(|_| plain)?;
    Some((copy, read(&tag_of_copy(run, copy), id)?))
}

/// Whether an id has the form of a run's ids, whatever the run: it is a leftover of another one then.
pub fn has_the_form(run: &str, id: &str) -> bool {
    id.split_once('-').is_some_and(|(tag, _)| {
        tag.len() >= run.len()
            && tag.bytes().all(|b| b.is_ascii_alphanumeric())
            && read(tag, id).flatten().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        for (stimulus, text) in [
            (StimulusId(0), "r-0"),
            (StimulusId(45), "r-45"),
            (of_command(0), "r-cmd0"),
            (of_command(7), "r-cmd7"),
            (of_repeat(0), "r-rep0"),
            (of_repeat(7), "r-rep7"),
        ] {
            assert_eq!(wire_id("r", stimulus), text);
            assert_eq!(read("r", text), Some(Some(stimulus)));
        }
    }

    #[test]
    fn what_is_no_id_names_no_stimulus() {
        for text in ["r-", "r-x", "r-cmd", "r-+1", "r-1073741824", "r-rep", "r-cmd-1", "r-1 "] {
            assert_eq!(read("r", text), Some(None), "{text}");
        }
        for text in ["", "r", "q-1", "rr-1"] {
            assert_eq!(read("r", text), None, "{text}");
        }
    }

    #[test]
    fn ids_of_copies_come_back() {
        let id = wire_id(&tag_of_copy("r", 12), StimulusId(7));
        assert_eq!((id.as_str(), read_copy("r", &id)), ("rc12-7", Some((12, Some(StimulusId(7))))));
        assert_eq!(read_copy("r", "rc3-x"), Some((3, None)));
        for text in ["r-7", "rc-7", "rc03-7", "rc+3-7", "rc3", "qc3-7"] {
            assert_eq!(read_copy("r", text), None, "{text}");
        }
        assert_eq!(read("r", "rc12-7"), None, "a copy's id is not the compound's");
        for copy in [1, 12] {
            assert_eq!(copy_of_name(&format!("beam{}", mark_of_copy(copy))), Some(("beam", copy)));
        }
        assert_eq!(copy_of_name("cam-c1-c2"), Some(("cam-c1", 2)));
        for text in ["beam", "beam-c", "beam-c01", "beam-c+1", "beam-cx"] {
            assert_eq!(copy_of_name(text), None, "{text}");
        }
    }

    #[test]
    fn leftovers_have_the_form() {
        for (text, is) in [
            ("0a1b-7", true),
            ("0a1b-cmd7", true),
            ("longer9-7", true),
            ("a-7", false),
            ("0a1b-x", false),
            ("0a1b", false),
        ] {
            assert_eq!(has_the_form("1234", text), is, "{text}");
        }
    }
}
