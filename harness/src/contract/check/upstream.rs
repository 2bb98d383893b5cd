//! The city platform of a contract.

use super::{Desk, signal_words};

impl Desk<'_> {
    /// Where it listens, what comes to it, what it does wrong.
    pub(super) fn upstream(&mut self) {
        let contract = self.contract;
        let Some(upstream) = &contract.upstream else { return };
        let path = |key: &str| format!("upstream.{key}");
        self.plain_text(&path("listen"), &upstream.listen, &["site"]);
        let ports = contract.ports.names.iter();
        let filled = ports.fold(upstream.listen.clone(), |t, p| t.replace(&format!("{{port.{p}}}"), "1"));
        if !filled.contains('{') && filled.parse::<core::net::SocketAddr>().is_err() {
            let message = format!("`{}` is no place to listen at", upstream.listen);
            let help = "write it like \"127.0.0.1:{port.city}\", with \"city\" among `names` of `[ports]`";
            self.wrong(&path("listen"), "contract::address", message, help);
        }
        if contract.link.iter().any(|link| link.listen.as_deref() == Some(upstream.listen.as_str())) {
            let message = format!("a link listens at `{}` already", upstream.listen);
            self.wrong(
                &path("listen"),
                "contract::duplicate",
                message,
                "give the city platform a port of its own",
            );
        }
        if !upstream.path.starts_with('/') {
            let message = format!("`{}` is no path", upstream.path);
            self.wrong(
                &path("path"),
                "contract::upstream",
                message,
                "begin it with a slash, such as \"/alarms\"",
            );
        }
        if upstream.severity.is_empty() {
            let message = "nothing must be passed on to the city platform".to_owned();
            self.wrong(
                &path("severity"),
                "contract::upstream",
                message,
                "write what must, such as [\"alarm\"]",
            );
        }
        if upstream.deadline.0.0 <= 0 {
            let message = "a deadline of nothing can never be kept".to_owned();
            self.wrong(
                &path("deadline"),
                "contract::deadline",
                message,
                "write how long it may take, such as \"5s\"",
            );
        }
        let fields = &upstream.fields;
        let pointers = [
            ("id", &fields.id),
            ("device", &fields.device),
            ("signal", &fields.signal),
            ("kind", &fields.kind),
            ("time", &fields.time),
        ];
        for (key, pointer) in pointers {
            if let Some(pointer) = pointer {
                self.pointer(&path(&format!("fields.{key}")), key, pointer);
            }
        }
        let words = signal_words();
        for ours in upstream.words.keys() {
            self.signals(&path(&format!("words.{ours}")), std::slice::from_ref(ours), &words);
        }
        let shares = upstream.defects.shares();
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        if shares.iter().any(|(_, share)| !(0.0..=1.0).contains(share)) || sum > 1.0 {
            let message = "shares of all requests are numbers from 0 to 1 and sum to 1 at most".to_owned();
            self.wrong(&path("defects"), "contract::upstream", message, "lower them");
        }
    }
}
