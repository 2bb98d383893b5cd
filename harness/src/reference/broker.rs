//! The broker as a state machine: packets of links go in, packets for links come out. No socket, no clock.
//!
//! MQTT 3.1.1 with QoS 0 to 2, wills, retained messages, kept sessions and take-over of a client id. A subscriber that
//! does not acknowledge keeps at most [`INFLIGHT`] messages under way and [`BACKLOG`] waiting; further ones are dropped
//! for it alone and counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use rumqttc::{
    ConnAck, Connect, ConnectReturnCode, LastWill, Packet, PubAck, PubComp, PubRec, PubRel, Publish, QoS,
    SubAck, Subscribe, SubscribeReasonCode, UnsubAck, Unsubscribe,
};

use super::topic;

/// Messages of QoS 1 and 2 under way to one client.
pub const INFLIGHT: usize = 1_000;
/// Messages waiting for one client.
pub const BACKLOG: usize = 100_000;

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(pub u64);

/// What the broker wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Send a packet over a link.
    Send(Link, Packet),
    /// Close a link after what was sent before.
    Close(Link),
    /// A client published this; the rules may want it.
    Published(Publish),
}

#[derive(Debug, Default)]
struct Session {
    link: Option<Link>,
    clean: bool,
    will: Option<LastWill>,
    subscriptions: Vec<(String, QoS)>,
    /// Sent and not yet acknowledged; a QoS 2 message stays as `None` between PUBREC and PUBCOMP.
    inflight: BTreeMap<u16, Option<Publish>>,
    backlog: VecDeque<Publish>,
    last_id: u16,
    /// QoS 2 messages received and not yet released.
    received: BTreeSet<u16>,
}

/// The broker.
#[derive(Debug, Default)]
pub struct Broker {
    sessions: BTreeMap<String, Session>,
    clients: BTreeMap<Link, String>,
    retained: BTreeMap<String, Publish>,
    dropped: u64,
    acts: Vec<Act>,
}

impl Broker {
    /// What is to be done since the last call, in order.
    pub fn take_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// Messages dropped because a subscriber's backlog was full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// A packet came over a link. Anything that the protocol forbids closes the link, as the standard asks.
    pub fn packet(&mut self, link: Link, packet: Packet) {
        let Some(client) = self.clients.get(&link).cloned() else {
            match packet {
                Packet::Connect(connect) => self.connect(link, connect),
                _ => self.acts.push(Act::Close(link)),
            }
            return;
        };
        match packet {
            Packet::Publish(publish) => self.publish_from(link, &client, publish),
            Packet::PubAck(PubAck { pkid }) => self.settled(&client, pkid),
            Packet::PubRec(PubRec { pkid }) => {
                if let Some(slot) = self.session(&client).inflight.get_mut(&pkid) {
                    *slot = None;
                }
                self.acts.push(Act::Send(link, Packet::PubRel(PubRel::new(pkid))));
            }
            Packet::PubRel(PubRel { pkid }) => {
                self.session(&client).received.remove(&pkid);
                self.acts.push(Act::Send(link, Packet::PubComp(PubComp::new(pkid))));
            }
            Packet::PubComp(PubComp { pkid }) => self.settled(&client, pkid),
            Packet::Subscribe(subscribe) => self.subscribe(link, &client, subscribe),
            Packet::Unsubscribe(Unsubscribe { pkid, topics }) => {
                self.session(&client).subscriptions.retain(|(filter, _)| !topics.contains(filter));
                self.acts.push(Act::Send(link, Packet::UnsubAck(UnsubAck::new(pkid))));
            }
            Packet::PingReq => self.acts.push(Act::Send(link, Packet::PingResp)),
            Packet::Disconnect => {
                self.session(&client).will = None;
                self.acts.push(Act::Close(link));
                self.gone(link);
            }
            _ => {
                self.acts.push(Act::Close(link));
                self.gone(link);
            }
        }
    }

    /// A link is gone: closed, broken or silent for too long. The will of its client is published.
    pub fn gone(&mut self, link: Link) {
        let Some(client) = self.clients.remove(&link) else { return };
        let session = self.session(&client);
        session.link = None;
        let will = session.will.take();
        if session.clean {
            self.sessions.remove(&client);
        }
        if let Some(LastWill { topic, message, qos, retain }) = will {
            let mut publish = Publish::from_bytes(topic, qos, message);
            publish.retain = retain;
            self.publish(publish);
        }
    }

    /// Publishes a message to all who subscribed to its topic, and keeps it when it is to be retained.
    pub fn publish(&mut self, publish: Publish) {
        self.acts.push(Act::Published(publish.clone()));
        self.distribute(publish);
    }

    /// The same for a message of the gateway itself, which its rules need not hear.
    pub fn distribute(&mut self, publish: Publish) {
        if publish.retain {
            if publish.payload.is_empty() {
                self.retained.remove(&publish.topic);
            } else {
                self.retained.insert(publish.topic.clone(), publish.clone());
            }
        }
        let receivers: Vec<(String, QoS)> = self
            .sessions
            .iter()
            .filter_map(|(client, session)| {
                let granted = session
                    .subscriptions
                    .iter()
                    .filter(|(filter, _)| topic::matches(filter, &publish.topic))
                    .map(|(_, qos)| *qos)
                    .max_by_key(|qos| *qos as u8)?;
                Some((client.clone(), granted))
            })
            .collect();
        for (client, granted) in receivers {
            let mut copy = publish.clone();
            copy.retain = false;
            copy.dup = false;
            copy.qos = lower(publish.qos, granted);
            self.deliver(&client, copy);
        }
    }

    /// Whether a client that is away would get a message on this topic once it is back.
    pub fn waits_for(&self, topic: &str) -> bool {
        self.sessions.values().any(|session| {
            let wants =
                |(filter, qos): &(String, QoS)| *qos != QoS::AtMostOnce && topic::matches(filter, topic);
            session.link.is_none() && session.subscriptions.iter().any(wants)
        })
    }

    fn session(&mut self, client: &str) -> &mut Session {
        self.sessions.entry(client.to_owned()).or_default()
    }

    fn connect(&mut self, link: Link, connect: Connect) {
        let client = match (connect.client_id.is_empty(), connect.clean_session) {
            (true, false) => {
                let refused = ConnAck::new(ConnectReturnCode::BadClientId, false);
                self.acts.push(Act::Send(link, Packet::ConnAck(refused)));
                self.acts.push(Act::Close(link));
                return;
            }
            (true, true) => format!("anonymous-{}", link.0),
            (false, _) => connect.client_id,
        };
        if let Some(older) = self.sessions.get(&client).and_then(|session| session.link) {
            self.acts.push(Act::Close(older));
            self.gone(older);
        }
        if connect.clean_session {
            self.sessions.remove(&client);
        }
        let present = self.sessions.contains_key(&client);
        self.clients.insert(link, client.clone());
        let session = self.session(&client);
        session.link = Some(link);
        session.clean = connect.clean_session;
        session.will = connect.last_will;
        self.acts.push(Act::Send(link, Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, present))));
        self.resume(link, &client);
    }

    /// Sends again what a kept session had not acknowledged, then what waited.
    fn resume(&mut self, link: Link, client: &str) {
        let inflight: Vec<(u16, Option<Publish>)> =
            self.session(client).inflight.iter().map(|(id, slot)| (*id, slot.clone())).collect();
        for (id, slot) in inflight {
            let packet = match slot {
                Some(mut publish) => {
                    publish.dup = true;
                    Packet::Publish(publish)
                }
                None => Packet::PubRel(PubRel::new(id)),
            };
            self.acts.push(Act::Send(link, packet));
        }
        self.drain(client);
    }

    fn publish_from(&mut self, link: Link, client: &str, publish: Publish) {
        if !topic::is_name(&publish.topic) {
            self.acts.push(Act::Close(link));
            self.gone(link);
            return;
        }
        match publish.qos {
            QoS::AtMostOnce => self.publish(publish),
            QoS::AtLeastOnce => {
                self.acts.push(Act::Send(link, Packet::PubAck(PubAck::new(publish.pkid))));
                self.publish(publish);
            }
            QoS::ExactlyOnce => {
                let is_new = self.session(client).received.insert(publish.pkid);
                self.acts.push(Act::Send(link, Packet::PubRec(PubRec::new(publish.pkid))));
                if is_new {
                    self.publish(publish);
                }
            }
        }
    }

    fn subscribe(&mut self, link: Link, client: &str, subscribe: Subscribe) {
        let mut codes = Vec::new();
        let mut replay = Vec::new();
        for filter in subscribe.filters {
            if !topic::is_filter(&filter.path) {
                codes.push(SubscribeReasonCode::Failure);
                continue;
            }
            codes.push(SubscribeReasonCode::Success(filter.qos));
            for publish in self.retained.values().filter(|kept| topic::matches(&filter.path, &kept.topic)) {
                let mut copy = publish.clone();
                copy.qos = lower(publish.qos, filter.qos);
                copy.dup = false;
                replay.push(copy);
            }
            let subscriptions = &mut self.session(client).subscriptions;
            subscriptions.retain(|(path, _)| *path != filter.path);
            subscriptions.push((filter.path, filter.qos));
        }
        self.acts.push(Act::Send(link, Packet::SubAck(SubAck::new(subscribe.pkid, codes))));
        for copy in replay {
            self.deliver(client, copy);
        }
    }

    /// Hands a message to one client: at once, or into its backlog.
    fn deliver(&mut self, client: &str, publish: Publish) {
        let session = self.session(client);
        if publish.qos == QoS::AtMostOnce {
            if let Some(link) = session.link {
                self.acts.push(Act::Send(link, Packet::Publish(publish)));
            }
            return;
        }
        if session.backlog.len() >= BACKLOG {
            self.dropped += 1;
            return;
        }
        session.backlog.push_back(publish);
        self.drain(client);
    }

    fn settled(&mut self, client: &str, pkid: u16) {
        self.session(client).inflight.remove(&pkid);
        self.drain(client);
    }

    /// Moves waiting messages under way as far as there is room.
    fn drain(&mut self, client: &str) {
        let Some(session) = self.sessions.get_mut(client) else { return };
        let Some(link) = session.link else { return };
        while session.inflight.len() < INFLIGHT {
            let Some(mut publish) = session.backlog.pop_front() else { break };
            loop {
                session.last_id = session.last_id.checked_add(1).unwrap_or(1);
                if !session.inflight.contains_key(&session.last_id) {
                    break;
                }
            }
            publish.pkid = session.last_id;
            session.inflight.insert(publish.pkid, Some(publish.clone()));
            self.acts.push(Act::Send(link, Packet::Publish(publish)));
        }
    }
}

fn lower(a: QoS, b: QoS) -> QoS {
    if (a as u8) < (b as u8) { a } else { b }
}

/// A message that the gateway publishes itself, QoS 1.
pub fn own_message(topic: &str, payload: Vec<u8>) -> Publish {
    Publish::from_bytes(topic, QoS::AtLeastOnce, Bytes::from(payload))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn connected(broker: &mut Broker, link: u64, name: &str, clean: bool) -> Link {
        let link = Link(link);
        let mut connect = Connect::new(name);
        connect.clean_session = clean;
        broker.packet(link, Packet::Connect(connect));
        link
    }

    fn subscribed(broker: &mut Broker, link: Link, filter: &str, qos: QoS) {
        let mut subscribe = Subscribe::new(filter, qos);
        subscribe.pkid = 1;
        broker.packet(link, Packet::Subscribe(subscribe));
        broker.take_acts();
    }

    fn sent(acts: &[Act], to: Link) -> Vec<&Packet> {
        acts.iter()
            .filter_map(|act| match act {
                Act::Send(link, packet) if *link == to => Some(packet),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_will_is_published_when_a_link_breaks_and_not_after_a_good_bye() {
        for (good_bye, expected) in [(false, 1), (true, 0)] {
            let mut broker = Broker::default();
            let watcher = connected(&mut broker, 1, "watcher", true);
            subscribed(&mut broker, watcher, "status/#", QoS::AtLeastOnce);
            let mut connect = Connect::new("beam");
            connect.last_will = Some(LastWill::new("status/beam", "offline", QoS::AtLeastOnce, true));
            broker.packet(Link(2), Packet::Connect(connect));
            if good_bye {
                broker.packet(Link(2), Packet::Disconnect);
            }
            broker.gone(Link(2));
            let acts = broker.take_acts();
            assert_eq!(sent(&acts, watcher).len(), expected, "good-bye: {good_bye}");
        }
    }

    #[test]
    fn a_kept_session_gets_what_it_missed_and_what_it_had_not_acknowledged() {
        let mut broker = Broker::default();
        let first = connected(&mut broker, 1, "panel", false);
        subscribed(&mut broker, first, "a/+", QoS::AtLeastOnce);
        broker.distribute(own_message("a/1", b"one".to_vec()));
        broker.gone(first);
        broker.distribute(own_message("a/2", b"two".to_vec()));
        broker.take_acts();
        let second = connected(&mut broker, 2, "panel", false);
        let acts = broker.take_acts();
        let packets = sent(&acts, second);
        assert!(matches!(packets[0], Packet::ConnAck(ack) if ack.session_present));
        assert!(matches!(packets[1], Packet::Publish(p) if p.dup && p.topic == "a/1"));
        assert!(matches!(packets[2], Packet::Publish(p) if !p.dup && p.topic == "a/2"));
    }

    #[test]
    fn the_older_of_two_with_one_name_is_thrown_out() {
        let mut broker = Broker::default();
        let older = connected(&mut broker, 1, "twin", true);
        broker.take_acts();
        connected(&mut broker, 2, "twin", true);
        assert_eq!(broker.take_acts()[0], Act::Close(older));
    }

    #[test]
    fn qos_2_is_published_once_however_often_it_is_sent() {
        let mut broker = Broker::default();
        let link = connected(&mut broker, 1, "a", true);
        broker.take_acts();
        let mut publish = Publish::new("x", QoS::ExactlyOnce, "1");
        publish.pkid = 9;
        for _ in 0..3 {
            broker.packet(link, Packet::Publish(publish.clone()));
        }
        broker.packet(link, Packet::PubRel(PubRel::new(9)));
        let acts = broker.take_acts();
        assert_eq!(acts.iter().filter(|act| matches!(act, Act::Published(_))).count(), 1);
        assert_eq!(sent(&acts, link).iter().filter(|p| matches!(p, Packet::PubRec(_))).count(), 3);
    }

    #[test]
    fn a_subscriber_that_never_acknowledges_holds_up_only_itself() {
        let mut broker = Broker::default();
        let slow = connected(&mut broker, 1, "slow", true);
        let quick = connected(&mut broker, 2, "quick", true);
        subscribed(&mut broker, slow, "#", QoS::AtLeastOnce);
        subscribed(&mut broker, quick, "#", QoS::AtMostOnce);
        for n in 0..INFLIGHT + 50 {
            broker.distribute(own_message("t", n.to_string().into_bytes()));
        }
        let acts = broker.take_acts();
        assert_eq!(sent(&acts, slow).len(), INFLIGHT);
        assert_eq!(sent(&acts, quick).len(), INFLIGHT + 50);
        broker.packet(slow, Packet::PubAck(PubAck::new(1)));
        assert_eq!(sent(&broker.take_acts(), slow).len(), 1);
    }

    #[test]
    fn a_wrong_first_packet_closes_the_link() {
        let mut broker = Broker::default();
        broker.packet(Link(1), Packet::PingReq);
        assert_eq!(broker.take_acts(), [Act::Close(Link(1))]);
    }
}
