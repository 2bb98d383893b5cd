//! The machine's own lateness: an echoing gateway in a process of its own is asked again and again while exercises run.
//! What was late while its answers were late is nobody's fault.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::line::{Came, Client, Line};
use super::process::Gateway;

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(20);
/// An echo that takes longer tells of a machine that is busy with something else.
const SLOW: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(5);

type Spans = Arc<Mutex<Vec<(Instant, Instant)>>>;

/// Asks until it is dropped.
pub(super) struct Floor {
    spans: Spans,
    asking: JoinHandle<()>,
}

impl Floor {
    /// Starts the echo and asks it from now on.
    pub(super) async fn start(program: &Path) -> io::Result<Floor> {
        let gateway = Gateway::echo(program).await?;
        let (tell, mut told) = mpsc::unbounded_channel();
        let client = Client { name: "floor", clean: true, will: None };
        let mut line = Line::open(gateway.address, client, 0, tell).await?;
        line.subscribe("site/floor/alarm/#").await?;
        if let Some((_, _, came)) = told.recv().await {
            tracing::debug!(?came, "the echo is ready");
        }
        let spans = Spans::default();
        let slow = spans.clone();
        let asking = tokio::spawn(async move {
            let _gateway = gateway;
            let mut number = 0_u64;
            loop {
                sleep(EVERY).await;
                number += 1;
                let asked = Instant::now();
                let event = format!(r#"{{"id":"f-{number}","signal":"door_opened","kind":"info"}}"#);
                let topic = "site/floor/dev/floor/event";
                if line.publish(topic, event.as_bytes(), (0, 0, false, false)).await.is_err() {
                    return;
                }
                let echo = async {
                    while let Some((_, at, came)) = told.recv().await {
                        if let Came::Message { packet_id, .. } = came {
                            return (at, packet_id);
                        }
                    }
                    (Instant::now(), 0)
                };
                let (heard, packet_id) =
                    timeout(PATIENCE, echo).await.unwrap_or_else(|_| (Instant::now(), 0));
                if packet_id > 0 && line.acknowledge(packet_id).await.is_err() {
                    return;
                }
                // The clock that woke it may have been late, too.
                let due = asked.checked_sub(EVERY).unwrap_or(asked);
                if heard - asked > SLOW {
                    tracing::warn!(number, late = ?(heard - asked), "floor");
                    slow.lock().unwrap_or_else(PoisonError::into_inner).push((due, heard));
                }
            }
        });
        Ok(Floor { spans, asking })
    }

    /// When the machine was slow.
    pub(super) fn slow(&self) -> Vec<(Instant, Instant)> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        self.asking.abort();
    }
}
