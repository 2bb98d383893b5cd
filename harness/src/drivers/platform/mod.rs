//! The platform behind a ThingsBoard gateway, played by Palisade: what the gateway would send to its cloud arrives here
//! and is stamped.
//!
//! It listens on a thread of its own, so that no device's work delays the stamp.

mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::BytesMut;
use palisade_load::process::prefer_this_thread;
use rumqttc::v5::mqttbytes;
use rumqttc::v5::mqttbytes::v5::Packet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::Clock;
use crate::record::Micros;
use session::Act;
pub use session::Row;

/// Largest packet that is read, bytes: no smaller than what the gateway is told that it may send.
const MAX_PACKET: u32 = 1 << 20;

/// What the platform hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A gateway connected.
    Connected,
    /// It is gone, and why.
    Gone(String),
    /// It said that a device is there.
    Device(String),
    /// It passed on a row.
    Row(Row),
    /// It said something that a platform does not understand.
    Odd(String),
}

/// Whoever wants to know; called on the platform's thread with the instant of arrival, µs on the run's clock.
pub type Ear = Arc<dyn Fn(Micros, Heard) + Send + Sync>;

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Platform {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
}

impl Platform {
    /// Listens at an address, which gateways are told to connect to.
    ///
    /// # Errors
    /// When the address is taken or cannot be listened at.
    pub fn listen(at: SocketAddr, clock: Clock, ear: Ear) -> io::Result<Platform> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(at))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("platform".into()).spawn(move || {
            prefer_this_thread();
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, clock, ear) => {}
                }
            });
        })?;
        Ok(Platform { stop: Some(stop), thread: Some(thread), address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that has ended already needs no telling.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, clock: Clock, ear: Ear) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let ear = ear.clone();
                tokio::spawn(async move {
                    let why = serve(stream, clock, &ear).await;
                    ear(clock.now_us(), Heard::Gone(why));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the platform could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves one connection until it ends; why it did.
async fn serve(mut stream: TcpStream, clock: Clock, ear: &Ear) -> String {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(%error, "TCP_NODELAY could not be set");
    }
    let mut session = session::Session::default();
    let mut buffer = BytesMut::with_capacity(4096);
    let mut reply = BytesMut::new();
    ear(clock.now_us(), Heard::Connected);
    loop {
        match stream.read_buf(&mut buffer).await {
            Ok(0) => return "it closed the connection".into(),
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
        let received_us = clock.now_us();
        let mut over = None;
        while over.is_none() {
            match Packet::read(&mut buffer, Some(MAX_PACKET)) {
                Ok(packet) => {
                    for act in session.packet(packet) {
                        over = over.or(take(act, received_us, ear, &mut reply));
                    }
                }
                Err(mqttbytes::Error::InsufficientBytes(_)) => break,
                // A good-bye without a reason.
                Err(mqttbytes::Error::PayloadRequired) => over = Some("it said good-bye".into()),
                Err(error) => over = Some(format!("it does not speak MQTT 5: {error:?}")),
            }
        }
        if let Err(error) = stream.write_all(&reply).await {
            return error.to_string();
        }
        reply.clear();
        if let Some(why) = over {
            return why;
        }
    }
}

/// Does one thing; the reason when the connection is to be closed.
fn take(act: Act, received_us: Micros, ear: &Ear, reply: &mut BytesMut) -> Option<String> {
    match act {
        Act::Send(packet) => {
            if let Err(error) = packet.write(reply, Some(MAX_PACKET)) {
                tracing::error!(?error, "a packet could not be written");
            }
        }
        Act::Close(why) => return Some(why),
        Act::Device(device) => ear(received_us, Heard::Device(device)),
        Act::Row(row) => ear(received_us, Heard::Row(row)),
        Act::Odd(text) => ear(received_us, Heard::Odd(text)),
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};

    use super::*;

    /// A gateway of another make: a plain client that speaks as a ThingsBoard gateway does.
    #[test]
    fn a_gateway_gets_its_limits_and_its_rows_arrive() {
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let all = heard.clone();
        let ear: Ear = Arc::new(move |_, what| all.lock().expect("no test panics in it").push(what));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let platform = Platform::listen(any, Clock::start(), ear).expect("a free port");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let limits = runtime.block_on(async {
            let mut options = MqttOptions::new("gateway", "127.0.0.1", platform.address().port());
            options.set_credentials("token", "");
            let (client, mut events) = AsyncClient::new(options, 10);
            client.subscribe("v1/devices/me/rpc/response/+", QoS::AtLeastOnce).await.expect("room");
            let ask = r#"{"method":"getSessionLimits"}"#;
            client.publish("v1/devices/me/rpc/request/1", QoS::AtLeastOnce, false, ask).await.expect("room");
            let row = r#"{"beam-1":[{"ts":1,"values":{"id":"r-1"}}]}"#;
            client.publish("v1/gateway/telemetry", QoS::AtLeastOnce, false, row).await.expect("room");
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until {
                let wait = Duration::from_secs(20);
                let event =
                    tokio::time::timeout(wait, events.poll()).await.expect("an event").expect("a connection");
                if let Event::Incoming(Incoming::Publish(publish)) = event {
                    return String::from_utf8_lossy(&publish.payload).into_owned();
                }
            }
            String::new()
        });
        assert!(limits.contains("maxInflightMessages"), "{limits}");
        let until = Instant::now() + Duration::from_secs(20);
        let row = |h: &Heard| matches!(h, Heard::Row(row) if row.device == "beam-1" && row.ts == Some(1));
        while Instant::now() < until && !heard.lock().expect("no panic").iter().any(row) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(heard.lock().expect("no panic").iter().any(row), "{heard:?}");
    }
}
