//! What a slave answers from its coils, inputs and registers.

use std::collections::BTreeMap;

use super::frame::{BROADCAST, Frame};
use super::meaning::{Exception, Request, Response, Table};

/// Coils, inputs and registers of one slave. Each table begins at address 0 and ends with its last element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Bits that a master may write.
    pub coils: Vec<bool>,
    /// Bits that it may only read.
    pub inputs: Vec<bool>,
    /// Registers that it may write.
    pub holding: Vec<u16>,
    /// Registers that it may only read.
    pub input_registers: Vec<u16>,
}

/// The slaves of one line by their unit, 1..=247.
pub type Units = BTreeMap<u8, Image>;

/// What the slaves of a line do with a request: carry it out and answer. Nothing is said to a request for a unit that is
/// not there, nor to a broadcast, which all carry out.
pub fn answer(units: &mut Units, frame: &Frame) -> Option<Frame> {
    let request = Request::decode(frame.pdu());
    if frame.unit() == BROADCAST {
        if let Ok(request) = request {
            for image in units.values_mut() {
                // A unit that refuses has nobody to tell.
                let _ = image.carry_out(&request);
            }
        }
        return None;
    }
    let image = units.get_mut(&frame.unit())?;
    let response = request
        .and_then(|request| image.carry_out(&request))
        .unwrap_or_else(|refused| Response::Exception { function: frame.function(), code: refused as u8 });
    Frame::new(frame.unit(), response.encode())
}

/// The answer that refuses a request.
pub fn refusal(frame: &Frame, why: Exception) -> Option<Frame> {
    let response = Response::Exception { function: frame.function(), code: why as u8 };
    Frame::new(frame.unit(), response.encode())
}

impl Image {
    fn carry_out(&mut self, request: &Request) -> Result<Response, Exception> {
        Ok(match request {
            Request::Read { table, start, quantity } => self.read(*table, *start, *quantity)?,
            Request::WriteCoil { address, on } => {
                write(&mut self.coils, *address, &[*on])?;
                Response::Echo(request.clone())
            }
            Request::WriteRegister { address, value } => {
                write(&mut self.holding, *address, &[*value])?;
                Response::Echo(request.clone())
            }
            Request::WriteCoils { start, values } => {
                write(&mut self.coils, *start, values)?;
                written(request, *start, values.len())
            }
            Request::WriteRegisters { start, values } => {
                write(&mut self.holding, *start, values)?;
                written(request, *start, values.len())
            }
        })
    }

    fn read(&self, table: Table, start: u16, quantity: u16) -> Result<Response, Exception> {
        let bits = |all: &[bool]| slice(all, start, quantity).map(|values| Response::Bits { table, values });
        let registers =
            |all: &[u16]| slice(all, start, quantity).map(|values| Response::Registers { table, values });
        match table {
            Table::Coils => bits(&self.coils),
            Table::Inputs => bits(&self.inputs),
            Table::Holding => registers(&self.holding),
            Table::InputRegisters => registers(&self.input_registers),
        }
    }
}

fn slice<T: Clone>(all: &[T], start: u16, quantity: u16) -> Result<Vec<T>, Exception> {
    let start = usize::from(start);
    all.get(start..start + usize::from(quantity)).map(<[T]>::to_vec).ok_or(Exception::Address)
}

fn write<T: Clone>(all: &mut [T], start: u16, values: &[T]) -> Result<(), Exception> {
    let start = usize::from(start);
    all.get_mut(start..start + values.len()).ok_or(Exception::Address)?.clone_from_slice(values);
    Ok(())
}

fn written(request: &Request, start: u16, quantity: usize) -> Response {
    Response::Written { function: request.function(), start, quantity: quantity as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> Units {
        let image = Image {
            coils: vec![false; 8],
            inputs: vec![false, true, false, true, false, false, false, false, true, false],
            holding: vec![0; 4],
            input_registers: vec![7, 0xFFC9],
        };
        Units::from([(1, image.clone()), (9, image)])
    }

    fn ask(units: &mut Units, unit: u8, pdu: &[u8]) -> Option<Vec<u8>> {
        let request = Frame::new(unit, pdu.to_vec()).expect("short");
        answer(units, &request).map(|frame| {
            assert_eq!(frame.unit(), unit);
            frame.pdu().to_vec()
        })
    }

    #[test]
    fn it_answers_as_a_slave_does() {
        for (pdu, expected) in [
            (&[2, 0, 0, 0, 10][..], &[2, 2, 0b1010, 1][..]),
            (&[2, 0, 1, 0, 3], &[2, 1, 0b101]),
            (&[4, 0, 0, 0, 2], &[4, 4, 0, 7, 0xFF, 0xC9]),
            (&[5, 0, 7, 0xFF, 0], &[5, 0, 7, 0xFF, 0]),
            (&[6, 0, 3, 1, 2], &[6, 0, 3, 1, 2]),
            (&[15, 0, 0, 0, 2, 1, 3], &[15, 0, 0, 0, 2]),
            (&[16, 0, 2, 0, 2, 4, 0, 1, 0, 2], &[16, 0, 2, 0, 2]),
            // Unknown function, address past the end, bad quantity.
            (&[8, 0, 0, 0, 0], &[0x88, 1]),
            (&[2, 0, 9, 0, 2], &[0x82, 2]),
            (&[4, 0xFF, 0xFF, 0, 1], &[0x84, 2]),
            (&[5, 0, 8, 0xFF, 0], &[0x85, 2]),
            (&[16, 0, 3, 0, 2, 4, 0, 1, 0, 2], &[0x90, 2]),
            (&[2, 0, 0, 0, 0], &[0x82, 3]),
            // A quantity that no slave allows is said before the address is looked at.
            (&[3, 0xFF, 0xFF, 0, 126], &[0x83, 3]),
        ] {
            assert_eq!(ask(&mut units(), 1, pdu).as_deref(), Some(expected), "{pdu:02x?}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut units = units();
        ask(&mut units, 9, &[15, 0, 2, 0, 3, 1, 0b101]);
        ask(&mut units, 9, &[6, 0, 1, 0xAB, 0xCD]);
        assert_eq!(ask(&mut units, 9, &[1, 0, 0, 0, 8]), Some(vec![1, 1, 0b10100]));
        assert_eq!(ask(&mut units, 9, &[3, 0, 0, 0, 2]), Some(vec![3, 4, 0, 0, 0xAB, 0xCD]));
        assert_eq!(ask(&mut units, 1, &[1, 0, 0, 0, 8]), Some(vec![1, 1, 0]), "the other unit has its own");
    }

    #[test]
    fn nobody_answers_for_others_and_all_hear_a_broadcast() {
        let mut units = units();
        assert_eq!(ask(&mut units, 2, &[2, 0, 0, 0, 1]), None);
        assert_eq!(ask(&mut units, 0, &[5, 0, 1, 0xFF, 0]), None);
        assert_eq!(ask(&mut units, 0, &[2, 0, 0, 0, 1]), None);
        assert_eq!(ask(&mut units, 0, &[99]), None);
        for unit in [1, 9] {
            assert_eq!(ask(&mut units, unit, &[1, 0, 0, 0, 8]), Some(vec![1, 1, 0b10]));
        }
    }
}
