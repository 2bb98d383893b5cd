//! Topic filters of MQTT 3.1.1, section 4.7.

/// True when a name may be published to: not empty, no wildcard.
pub fn is_name(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['+', '#', '\0'])
}

/// True when a filter may be subscribed to: wildcards fill whole levels, `#` stands last.
pub fn is_filter(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    !filter.is_empty()
        && !filter.contains('\0')
        && levels.iter().enumerate().all(|(i, level)| {
            (!level.contains('+') || *level == "+")
                && (!level.contains('#') || (*level == "#" && i + 1 == levels.len()))
        })
}

/// True when a topic falls under a filter. Topics that begin with `$` are not reached by a leading wildcard.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fill_whole_levels() {
        for (filter, topic, expected) in [
            ("site/+/dev/+/event", "site/翠苑/dev/beam-07/event", true),
            ("site/+/dev/+/event", "site/a/dev/b/state", false),
            ("site/+/dev/+/event", "site/a/dev/event", false),
            ("site/#", "site", true),
            ("site/#", "site/a/b", true),
            ("#", "翠苑", true),
            ("+", "a/b", false),
            ("+/+", "/a", true),
            ("#", "$SYS/load", false),
            ("$SYS/#", "$SYS/load", true),
            ("a/b", "a/b/c", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} against {topic}");
        }
        for (filter, sound) in
            [("a/+/b", true), ("a/#", true), ("#", true), ("a/#/b", false), ("a+", false), ("", false)]
        {
            assert_eq!(is_filter(filter), sound, "{filter}");
        }
        assert!(is_name("a/b") && !is_name("a/+") && !is_name(""));
    }
}
