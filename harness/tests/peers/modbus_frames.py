"""Prints golden frames of Modbus RTU as JSON: bytes by pymodbus, check sums by minimalmodbus as well.

Usage: modbus_frames.py > ../frames/modbus.json
"""

import json

import minimalmodbus
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteMultipleCoilsResponse,
    WriteSingleCoilRequest,
    WriteSingleCoilResponse,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

ASK, ANSWER = "master->slave", "slave->master"


def bits(count, on):
    return [at in on for at in range(count)]


def frames():
    """Name, direction, meaning, and the message as pymodbus has it."""
    yield (
        "poll the 12 beams of unit 3", ASK,
        {"unit": 3, "function": 2, "start": 0, "quantity": 12},
        ReadDiscreteInputsRequest(address=0, count=12, dev_id=3),
    )
    yield (
        "beams 1, 9 and 12 are broken", ANSWER,
        {"unit": 3, "function": 2, "byte_count": 2, "inputs_on": [0, 8, 11]},
        ReadDiscreteInputsResponse(bits=bits(16, [0, 8, 11]), dev_id=3),
    )
    yield (
        "which relays are closed", ASK,
        {"unit": 247, "function": 1, "start": 19, "quantity": 5},
        ReadCoilsRequest(address=19, count=5, dev_id=247),
    )
    yield (
        "the second and the fifth", ANSWER,
        {"unit": 247, "function": 1, "byte_count": 1, "inputs_on": [1, 4]},
        ReadCoilsResponse(bits=bits(8, [1, 4]), dev_id=247),
    )
    yield (
        "read 3 holding registers", ASK,
        {"unit": 12, "function": 3, "start": 4096, "quantity": 3},
        ReadHoldingRegistersRequest(address=4096, count=3, dev_id=12),
    )
    yield (
        "their values", ANSWER,
        {"unit": 12, "function": 3, "values": [0, 32768, 65535]},
        ReadHoldingRegistersResponse(registers=[0, 32768, 65535], dev_id=12),
    )
    yield (
        "how hot is the shed", ASK,
        {"unit": 5, "function": 4, "start": 7, "quantity": 1},
        ReadInputRegistersRequest(address=7, count=1, dev_id=5),
    )
    yield (
        "minus 12 degrees", ANSWER,
        {"unit": 5, "function": 4, "raw": 65524, "signed": -12},
        ReadInputRegistersResponse(registers=[65524], dev_id=5),
    )
    yield (
        "close relay 6", ASK,
        {"unit": 8, "function": 5, "coil": 5, "value": True},
        WriteSingleCoilRequest(address=5, bits=[True], dev_id=8),
    )
    yield (
        "relay 6 is closed", ANSWER,
        {"unit": 8, "function": 5, "echo": True},
        WriteSingleCoilResponse(address=5, bits=[True], dev_id=8),
    )
    yield (
        "open relay 6", ASK,
        {"unit": 8, "function": 5, "coil": 5, "value": False},
        WriteSingleCoilRequest(address=5, bits=[False], dev_id=8),
    )
    yield (
        "set the delay to 1,500", ASK,
        {"unit": 8, "function": 6, "register": 300, "value": 1500},
        WriteSingleRegisterRequest(address=300, registers=[1500], dev_id=8),
    )
    yield (
        "the delay is set", ANSWER,
        {"unit": 8, "function": 6, "echo": True},
        WriteSingleRegisterResponse(address=300, registers=[1500], dev_id=8),
    )
    yield (
        "all relays of all units open", ASK,
        {"unit": 0, "function": 15, "start": 0, "values": [False] * 10},
        WriteMultipleCoilsRequest(address=0, bits=[False] * 10, dev_id=0),
    )
    yield (
        "close every other relay", ASK,
        {"unit": 9, "function": 15, "start": 2, "values": [True, False] * 5},
        WriteMultipleCoilsRequest(address=2, bits=[True, False] * 5, dev_id=9),
    )
    yield (
        "10 relays were written", ANSWER,
        {"unit": 9, "function": 15, "start": 2, "quantity": 10},
        WriteMultipleCoilsResponse(address=2, count=10, dev_id=9),
    )
    yield (
        "write 2 registers", ASK,
        {"unit": 9, "function": 16, "start": 100, "values": [1, 513]},
        WriteMultipleRegistersRequest(address=100, registers=[1, 513], dev_id=9),
    )
    yield (
        "2 registers were written", ANSWER,
        {"unit": 9, "function": 16, "start": 100, "quantity": 2},
        WriteMultipleRegistersResponse(address=100, count=2, dev_id=9),
    )
    for function, code in ((17, 1), (2, 2), (16, 3), (4, 6)):
        yield (
            f"function {function} is refused with {code}", ANSWER,
            {"unit": 31, "function": function, "exception": code},
            ExceptionResponse(function, code, device_id=31),
        )


def main():
    framer = FramerRTU(DecodePDU(False))
    rows = []
    for name, direction, meaning, message in frames():
        frame = framer.buildFrame(message)
        assert frame[-2:] == minimalmodbus._calculate_crc(frame[:-2]), name
        rows.append(
            {"protocol": "modbus-rtu", "name": name, "direction": direction, "hex": frame.hex(), "meaning": meaning}
        )
    print("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]")


main()
