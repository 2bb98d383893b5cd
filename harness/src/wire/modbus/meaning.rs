//! What frames mean: requests of a master and responses of a slave, without unit and check sum.

use thiserror::Error;

use super::frame::EXCEPTION;

/// Bits that one request may read.
pub const BITS_READ: u16 = 2_000;
/// Registers that one request may read.
pub const REGISTERS_READ: u16 = 125;
/// Coils that one request may write.
pub const COILS_WRITTEN: u16 = 1_968;
/// Registers that one request may write.
pub const REGISTERS_WRITTEN: u16 = 123;

const ON: u16 = 0xFF00;
const OFF: u16 = 0x0000;

/// One of the four tables of a slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Bits that a master may write.
    Coils,
    /// Bits that it may only read.
    Inputs,
    /// Registers that it may write.
    Holding,
    /// Registers that it may only read.
    InputRegisters,
}

impl Table {
    /// The function that reads it.
    pub fn function(self) -> u8 {
        self as u8 + 1
    }

    fn read_by(function: u8) -> Option<Table> {
        [Table::Coils, Table::Inputs, Table::Holding, Table::InputRegisters]
            .into_iter()
            .find(|table| table.function() == function)
    }

    /// Whether it holds bits.
    pub fn is_bits(self) -> bool {
        matches!(self, Table::Coils | Table::Inputs)
    }

    /// How many one request may read.
    pub fn most(self) -> u16 {
        if self.is_bits() { BITS_READ } else { REGISTERS_READ }
    }
}

/// Why a slave refuses. The number is that on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exception {
    /// It does not know the function.
    Function = 1,
    /// It has no such address.
    Address = 2,
    /// A value or quantity is not allowed.
    Value = 3,
    /// It failed.
    Failure = 4,
    /// It has begun, and needs long.
    Accepted = 5,
    /// It is busy.
    Busy = 6,
    /// Its memory is damaged.
    Parity = 8,
    /// A gateway has no way to the unit.
    Path = 10,
    /// A gateway got no answer of the unit.
    Target = 11,
}

/// What a master asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Functions 1 to 4.
    Read {
        /// Which table.
        table: Table,
        /// First address.
        start: u16,
        /// How many.
        quantity: u16,
    },
    /// Function 5.
    WriteCoil {
        /// Which coil.
        address: u16,
        /// What it becomes.
        on: bool,
    },
    /// Function 6.
    WriteRegister {
        /// Which holding register.
        address: u16,
        /// What it becomes.
        value: u16,
    },
    /// Function 15.
    WriteCoils {
        /// First coil.
        start: u16,
        /// What they become.
        values: Vec<bool>,
    },
    /// Function 16.
    WriteRegisters {
        /// First holding register.
        start: u16,
        /// What they become.
        values: Vec<u16>,
    },
}

impl Request {
    /// The function.
    pub fn function(&self) -> u8 {
        match self {
            Request::Read { table, .. } => table.function(),
            Request::WriteCoil { .. } => 5,
            Request::WriteRegister { .. } => 6,
            Request::WriteCoils { .. } => 15,
            Request::WriteRegisters { .. } => 16,
        }
    }

    /// Function and data as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut pdu = vec![self.function()];
        match self {
            Request::Read { start, quantity, .. } => words(&mut pdu, &[*start, *quantity]),
            Request::WriteCoil { address, on } => words(&mut pdu, &[*address, if *on { ON } else { OFF }]),
            Request::WriteRegister { address, value } => words(&mut pdu, &[*address, *value]),
            Request::WriteCoils { start, values } => {
                words(&mut pdu, &[*start, values.len() as u16]);
                counted(&mut pdu, &packed(values));
            }
            Request::WriteRegisters { start, values } => {
                words(&mut pdu, &[*start, values.len() as u16]);
                pdu.push((values.len() * 2) as u8);
                words(&mut pdu, values);
            }
        }
        pdu
    }

    /// Reads function and data.
    ///
    /// # Errors
    /// With what a slave answers to it: exception 1 for a function that it does not know, 3 for a quantity or value
    /// that no slave allows or data that do not fit it.
    pub fn decode(pdu: &[u8]) -> Result<Request, Exception> {
        let (&function, data) = pdu.split_first().ok_or(Exception::Function)?;
        if !matches!(function, 1..=6 | 15 | 16) {
            return Err(Exception::Function);
        }
        let (start, second) = word(data, 0).zip(word(data, 2)).ok_or(Exception::Value)?;
        match function {
            1..=6 if data.len() != 4 => Err(Exception::Value),
            5 if second == ON || second == OFF => Ok(Request::WriteCoil { address: start, on: second == ON }),
            5 => Err(Exception::Value),
            6 => Ok(Request::WriteRegister { address: start, value: second }),
            15 | 16 => Request::many(function, start, second, &data[4..]),
            _ => {
                let table = Table::read_by(function).ok_or(Exception::Function)?;
                let allowed = (1..=table.most()).contains(&second);
                allowed.then_some(Request::Read { table, start, quantity: second }).ok_or(Exception::Value)
            }
        }
    }

    fn many(function: u8, start: u16, quantity: u16, counted: &[u8]) -> Result<Request, Exception> {
        let (&count, data) = counted.split_first().ok_or(Exception::Value)?;
        let coils = function == 15;
        let (most, bytes) = match coils {
            true => (COILS_WRITTEN, usize::from(quantity).div_ceil(8)),
            false => (REGISTERS_WRITTEN, usize::from(quantity) * 2),
        };
        if !(1..=most).contains(&quantity) || usize::from(count) != bytes || data.len() != bytes {
            return Err(Exception::Value);
        }
        Ok(match coils {
            true => Request::WriteCoils { start, values: bits(data).take(usize::from(quantity)).collect() },
            false => Request::WriteRegisters { start, values: registers(data) },
        })
    }
}

/// What a slave says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To functions 1 and 2. On the wire the last byte is filled up with zeros, and reading gives those too.
    Bits {
        /// Which table.
        table: Table,
        /// The bits, from the first address on.
        values: Vec<bool>,
    },
    /// To functions 3 and 4.
    Registers {
        /// Which table.
        table: Table,
        /// The registers, from the first address on.
        values: Vec<u16>,
    },
    /// To functions 5 and 6: the request again.
    Echo(Request),
    /// To functions 15 and 16.
    Written {
        /// The function.
        function: u8,
        /// First address.
        start: u16,
        /// How many were written.
        quantity: u16,
    },
    /// A refusal.
    Exception {
        /// The function that was asked for.
        function: u8,
        /// The number of the reason, see [`Exception`].
        code: u8,
    },
}

/// Why bytes are no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("these bytes are no response to function {0}")]
pub struct NoResponse(u8);

impl Response {
    /// Function and data as bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Response::Bits { table, values } => {
                let mut pdu = vec![table.function()];
                counted(&mut pdu, &packed(values));
                pdu
            }
            Response::Registers { table, values } => {
                let mut pdu = vec![table.function(), (values.len() * 2) as u8];
                words(&mut pdu, values);
                pdu
            }
            Response::Echo(request) => request.encode(),
            Response::Written { function, start, quantity } => {
                let mut pdu = vec![*function];
                words(&mut pdu, &[*start, *quantity]);
                pdu
            }
            Response::Exception { function, code } => vec![function | EXCEPTION, *code],
        }
    }

    /// Reads function and data.
    ///
    /// # Errors
    /// When they are no response.
    pub fn decode(pdu: &[u8]) -> Result<Response, NoResponse> {
        let (&function, data) = pdu.split_first().ok_or(NoResponse(0))?;
        let no = NoResponse(function & !EXCEPTION);
        match function {
            EXCEPTION.. => match data {
                [code] => Ok(Response::Exception { function: function & !EXCEPTION, code: *code }),
                _ => Err(no),
            },
            1..=4 => {
                let (&count, data) = data.split_first().ok_or(no)?;
                let table = Table::read_by(function).ok_or(no)?;
                let whole = usize::from(count) == data.len() && count > 0;
                match table.is_bits() {
                    true if whole => Ok(Response::Bits { table, values: bits(data).collect() }),
                    false if whole && count % 2 == 0 => {
                        Ok(Response::Registers { table, values: registers(data) })
                    }
                    _ => Err(no),
                }
            }
            5 | 6 => Request::decode(pdu).map(Response::Echo).map_err(|_| no),
            15 | 16 if data.len() == 4 => {
                let (start, quantity) = word(data, 0).zip(word(data, 2)).ok_or(no)?;
                Ok(Response::Written { function, start, quantity })
            }
            _ => Err(no),
        }
    }
}

fn words(pdu: &mut Vec<u8>, words: &[u16]) {
    pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

fn counted(pdu: &mut Vec<u8>, data: &[u8]) {
    pdu.push(data.len() as u8);
    pdu.extend_from_slice(data);
}

fn word(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn registers(data: &[u8]) -> Vec<u16> {
    data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// Low bit first; the last byte is filled up with zeros.
fn packed(values: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (i, on)| byte | (u8::from(*on) << i));
    values.chunks(8).map(byte).collect()
}

fn bits(data: &[u8]) -> impl Iterator<Item = bool> + '_ {
    data.iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slave_refuses_with_the_right_number() {
        for (pdu, expected) in [
            (&[7][..], Exception::Function),
            (&[0x2B, 14, 1, 0], Exception::Function),
            (&[2, 0, 0, 0, 0], Exception::Value),
            (&[2, 0, 0, 0x07, 0xD1], Exception::Value),
            (&[3, 0, 0, 0, 126], Exception::Value),
            (&[3, 0, 0, 0], Exception::Value),
            (&[5, 0, 1, 0xFF, 1], Exception::Value),
            (&[15, 0, 0, 0, 9, 1, 0xFF], Exception::Value),
            (&[16, 0, 0, 0, 2, 2, 0, 1], Exception::Value),
            (&[16, 0, 0, 0, 124, 248], Exception::Value),
        ] {
            assert_eq!(Request::decode(pdu), Err(expected), "{pdu:02x?}");
        }
    }

    #[test]
    fn the_largest_requests_are_read() {
        let all = Request::Read { table: Table::Inputs, start: 0, quantity: BITS_READ };
        assert_eq!(Request::decode(&all.encode()), Ok(all));
        let coils = vec![true; usize::from(COILS_WRITTEN)];
        let coils = Request::WriteCoils { start: 0xFFFF, values: coils };
        assert_eq!(Request::decode(&coils.encode()), Ok(coils));
        let registers = vec![0xABCD; usize::from(REGISTERS_WRITTEN)];
        let registers = Request::WriteRegisters { start: 1, values: registers };
        assert_eq!(registers.encode().len(), 6 + 246);
        assert_eq!(Request::decode(&registers.encode()), Ok(registers));
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for pdu in
            [&[][..], &[2], &[2, 0], &[2, 2, 0], &[3, 3, 0, 1, 2], &[0x82], &[0x82, 2, 2], &[16, 0, 1], &[7]]
        {
            assert!(Response::decode(pdu).is_err(), "{pdu:02x?}");
        }
    }
}
