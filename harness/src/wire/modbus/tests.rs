//! Whatever is written is read again, and a frame with one byte changed, missing or added is never taken for valid.

use proptest::prelude::*;

use super::bytes::LineRate;
use super::frame::{Direction, Frame, Length, length};
use super::meaning::{Request, Response, Table};
use super::receiver::{Heard, Receiver, Silence};

fn tables() -> impl Strategy<Value = Table> {
    prop_oneof![Just(Table::Coils), Just(Table::Inputs), Just(Table::Holding), Just(Table::InputRegisters)]
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        (tables(), any::<u16>(), any::<prop::sample::Index>()).prop_map(|(table, start, at)| Request::Read {
            table,
            start,
            quantity: 1 + at.index(usize::from(table.most())) as u16
        }),
        (any::<u16>(), any::<bool>()).prop_map(|(address, on)| Request::WriteCoil { address, on }),
        (any::<u16>(), any::<u16>()).prop_map(|(address, value)| Request::WriteRegister { address, value }),
        (any::<u16>(), prop::collection::vec(any::<bool>(), 1..=1_968))
            .prop_map(|(start, values)| Request::WriteCoils { start, values }),
        (any::<u16>(), prop::collection::vec(any::<u16>(), 1..=123))
            .prop_map(|(start, values)| Request::WriteRegisters { start, values }),
    ]
}

fn responses() -> impl Strategy<Value = Response> {
    prop_oneof![
        (any::<bool>(), prop::collection::vec(any::<bool>(), 1..=2_000)).prop_map(|(coils, values)| {
            Response::Bits { table: if coils { Table::Coils } else { Table::Inputs }, values }
        }),
        (any::<bool>(), prop::collection::vec(any::<u16>(), 1..=125)).prop_map(|(holding, values)| {
            Response::Registers {
                table: if holding { Table::Holding } else { Table::InputRegisters },
                values,
            }
        }),
        (any::<u16>(), any::<u16>())
            .prop_map(|(address, value)| Response::Echo(Request::WriteRegister { address, value })),
        (any::<bool>(), any::<u16>(), any::<u16>()).prop_map(|(coils, start, quantity)| {
            Response::Written { function: if coils { 15 } else { 16 }, start, quantity }
        }),
        (0u8..0x80, any::<u8>()).prop_map(|(function, code)| Response::Exception { function, code }),
    ]
}

/// A frame with one byte changed, missing or added.
fn spoilt() -> impl Strategy<Value = (Frame, Vec<u8>)> {
    (0u8..=247, requests(), any::<prop::sample::Index>(), 1u8..=255, 0..3).prop_map(
        |(unit, request, at, other, how)| {
            let frame = Frame::new(unit, request.encode()).expect("a request fits a frame");
            let mut bytes = frame.to_bytes();
            let i = at.index(bytes.len());
            match how {
                0 => bytes[i] ^= other,
                1 => drop(bytes.remove(i)),
                _ => bytes.insert(i, other),
            }
            (frame, bytes)
        },
    )
}

/// The bits of a response with those that fill up its last byte.
fn padded(response: Response) -> Response {
    match response {
        Response::Bits { table, mut values } => {
            values.resize(values.len().next_multiple_of(8), false);
            Response::Bits { table, values }
        }
        other => other,
    }
}

fn received(bytes: &[u8]) -> Vec<Heard> {
    let mut receiver = Receiver::new(Direction::Request, LineRate::default(), Silence::Exact);
    receiver.bytes(0, bytes);
    receiver.idle(1_000_000);
    std::iter::from_fn(|| receiver.heard()).collect()
}

proptest! {
    #[test]
    fn a_request_comes_back(unit in 0u8..=247, request in requests()) {
        let bytes = Frame::new(unit, request.encode()).expect("a request fits a frame").to_bytes();
        prop_assert_eq!(length(Direction::Request, &bytes), Length::Known(bytes.len()));
        let frame = Frame::check(&bytes).expect("just made");
        prop_assert_eq!((frame.unit(), Request::decode(frame.pdu())), (unit, Ok(request)));
        prop_assert_eq!(received(&bytes), vec![Heard::Frame { frame, began_us: 0 }]);
    }

    #[test]
    fn a_response_comes_back(unit in 1u8..=247, response in responses()) {
        let bytes = Frame::new(unit, response.encode()).expect("a response fits a frame").to_bytes();
        prop_assert_eq!(length(Direction::Answer, &bytes), Length::Known(bytes.len()));
        let frame = Frame::check(&bytes).expect("just made");
        prop_assert_eq!(Response::decode(frame.pdu()), Ok(padded(response)));
    }

    #[test]
    fn one_wrong_byte_is_never_taken_for_valid((frame, bytes) in spoilt()) {
        let read = Frame::check(&bytes).ok().filter(|f| Request::decode(f.pdu()).is_ok());
        prop_assert_eq!(read, None);
        // A byte too many behind a whole frame does not take the frame away, and nothing else is ever heard.
        for heard in received(&bytes) {
            if let Heard::Frame { frame: heard, .. } = heard {
                prop_assert!(heard == frame || Request::decode(heard.pdu()).is_err(), "{heard:?}");
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        pieces in prop::collection::vec((0i64..9_000, prop::collection::vec(any::<u8>(), 0..400)), 0..8),
        answers in any::<bool>(), exact in any::<bool>(),
    ) {
        let direction = if answers { Direction::Answer } else { Direction::Request };
        let silence = if exact { Silence::Exact } else { Silence::Coarse(20_000) };
        let mut receiver = Receiver::new(direction, LineRate::default(), silence);
        let (mut at_us, mut sent, mut heard) = (0, 0, 0);
        for (pause_us, bytes) in &pieces {
            at_us += pause_us;
            sent += bytes.len();
            receiver.bytes(at_us, bytes);
            let _ = Response::decode(bytes);
            let _ = Request::decode(bytes);
        }
        receiver.idle(at_us + 1_000_000);
        while let Some(one) = receiver.heard() {
            heard += match one {
                Heard::Frame { frame, .. } => frame.to_bytes().len(),
                Heard::Broken(bytes) => bytes,
            };
        }
        prop_assert_eq!(heard, sent, "every byte is accounted for");
    }
}
