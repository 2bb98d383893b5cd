//! How the day is driven, the gateway's address, thresholds.

use super::Desk;
use crate::model::near::nearest;
use crate::model::threshold::{COUNTS, is_comparison, is_figure, is_time, with_time};

pub(super) fn all(desk: &mut Desk<'_>) {
    let (drive, day) = (&desk.file.drive, &desk.file.day);
    for (key, value) in [
        ("total", drive.total),
        ("window", drive.window),
        ("heartbeat", drive.heartbeat),
        ("drain", drive.drain),
        ("lateness_bound", drive.lateness_bound()),
    ] {
        desk.positive(&format!("drive.{key}"), value.as_seconds());
    }
    for (i, window) in drive.windows.iter().enumerate() {
        desk.positive(&format!("drive.windows[{i}].lasting"), window.lasting.as_seconds());
        if window.from.0 + window.lasting.0 > day.lasting.0 {
            let message = format!("this window runs past the end of the day, {} after midnight", day.lasting);
            let help = "shorten it, let it begin earlier, or write a longer `day.lasting`";
            desk.at(&format!("drive.windows[{i}]"), "drive::window-past-day", message, help);
        }
    }
    if drive.windows.is_empty() && drive.window.0 > day.lasting.0 {
        let message = format!("a window of {} does not fit into a day of {}", drive.window, day.lasting);
        desk.at("drive.window", "drive::window-past-day", message, "write a shorter window");
    }
    sut(desk);
    thresholds(desk);
}

fn sut(desk: &mut Desk<'_>) {
    let sut = &desk.file.sut;
    if sut.address != "builtin" && !is_address(&sut.address) {
        let message = format!("`{}` is no address of a gateway", sut.address);
        desk.at("sut.address", "sut::bad-address", message, "write \"builtin\" or \"mqtt://HOST:PORT\"");
    }
    let fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if let Some(topic) = sut.topic_site.as_ref().filter(|t| t.is_empty() || !t.chars().all(fit)) {
        let message = format!("`{topic}` cannot be one level of a topic");
        desk.at("sut.topic_site", "sut::bad-topic", message, "use letters, digits, `-`, `_` and `.`");
    }
    desk.positive("sut.deadline", sut.deadline.as_seconds());
}

/// `mqtt://HOST:PORT`; an IPv6 host stands in square brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.strip_prefix("mqtt://").and_then(|rest| rest.rsplit_once(':')) else {
        return false;
    };
    let port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
    let six = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    port && six.map_or(named, |h| h.parse::<std::net::Ipv6Addr>().is_ok())
}

fn thresholds(desk: &mut Desk<'_>) {
    for (figure, comparison) in &desk.file.thresholds {
        let path = format!("thresholds.{figure}");
        if !is_figure(figure) {
            let near = nearest(figure, &COUNTS).map_or(String::new(), |n| format!("did you mean `{n}`? "));
            let help = format!(
                "{near}names are counts ({}), times such as `response.p99` or `beam.response.p99`, `coverage.2025.1.5.observe`, `perimeter.gaps`, `recovery.p99`, `queue.max`",
                ["missed", "late", "duplicate", "wrong", "spurious", "false_alarm"].join(", ")
            );
            desk.at(&path, "thresholds::unknown-figure", format!("there is no figure `{figure}`"), help);
        }
        if !is_comparison(comparison) {
            let message = format!("`{comparison}` is no comparison");
            desk.at(
                &path,
                "thresholds::bad-comparison",
                message,
                "write it like \"== 0\", \"< 2s\" or \">= 0.95\"",
            );
        } else if is_figure(figure) && with_time(comparison) && !is_time(figure) {
            let message = format!("`{figure}` is no length of time, and `{comparison}` compares it with one");
            desk.at(&path, "thresholds::bad-comparison", message, "write a number without a unit: \"< 5\"");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn knows_addresses() {
        for text in ["mqtt://127.0.0.1:1883", "mqtt://gateway.local:8883", "mqtt://[::1]:1883"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "mqtt://host",
            "http://host:80",
            "mqtt://:1883",
            "mqtt://host:0",
            "mqtt://host:99999",
            "mqtt://a b:1",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
