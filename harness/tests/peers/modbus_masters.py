"""Polls the slaves of a serial line with a Modbus master that others wrote, and prints what it saw, as JSON.

Usage: modbus_masters.py pymodbus|minimalmodbus PORT BAUD PARITY

Says `CHANGE` when it has read the first state, and goes on when a line comes on standard input. The last line of
standard output is the result; everything before it, and standard error, is the master's own log.
"""

import json
import sys


def change():
    print("CHANGE", flush=True)
    sys.stdin.readline()


def on(bits):
    return [at for at, bit in enumerate(bits) if bit]


def with_pymodbus(port, baud, parity):
    from pymodbus import FramerType, pymodbus_apply_logging_config
    from pymodbus.client import ModbusSerialClient
    from pymodbus.exceptions import ModbusException
    from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest

    class TooMany(ReadDiscreteInputsRequest):
        """Asks for more bits than the protocol allows, which the library itself would not."""

        def encode(self):
            return bytes([0, 0, 0x07, 0xD1])

    pymodbus_apply_logging_config("DEBUG")
    client = ModbusSerialClient(
        port, framer=FramerType.RTU, baudrate=baud, parity=parity, timeout=0.6, retries=0
    )
    assert client.connect(), "the port does not open"

    def refused(answer):
        assert answer.isError(), answer
        return answer.exception_code

    seen = {"before": on(client.read_discrete_inputs(0, count=16, device_id=1).bits)}
    change()
    seen["after"] = on(client.read_discrete_inputs(0, count=16, device_id=1).bits)
    seen["other_unit"] = on(client.read_discrete_inputs(0, count=16, device_id=2).bits)
    seen["readings"] = client.read_input_registers(4, count=3, device_id=1).registers
    client.write_coil(3, True, device_id=1)
    client.write_coils(8, [True, False, True], device_id=1)
    seen["coils"] = on(client.read_coils(0, count=16, device_id=1).bits)
    client.write_register(0, 258, device_id=1)
    client.write_registers(1, [10, 65535], device_id=1)
    seen["holding"] = client.read_holding_registers(0, count=3, device_id=1).registers
    seen["refused"] = [
        refused(client.report_device_id(device_id=1)),
        refused(client.read_discrete_inputs(9, count=16, device_id=1)),
        refused(client.execute(False, TooMany(dev_id=1))),
    ]
    try:
        seen["stranger"] = repr(client.read_discrete_inputs(0, count=1, device_id=9))
    except ModbusException as error:
        seen["stranger"] = "silence" if "No response" in str(error) else str(error)
    seen["at_last"] = on(client.read_discrete_inputs(0, count=16, device_id=1).bits)
    client.close()
    return seen


def with_minimalmodbus(port, baud, parity):
    import minimalmodbus

    def unit(number):
        instrument = minimalmodbus.Instrument(port, number)
        instrument.serial.baudrate = baud
        instrument.serial.parity = parity
        instrument.serial.timeout = 0.6
        instrument.debug = True
        return instrument

    one = unit(1)

    def refused(function, payload):
        try:
            one._perform_command(function, bytes(payload))
        except minimalmodbus.SlaveReportedException as error:
            text = str(error).lower()
            words = ["illegal function", "illegal data address", "illegal data value"]
            return next((at + 1 for at, word in enumerate(words) if word in text), text)
        return "no exception"

    seen = {"before": on(one.read_bits(0, 16, functioncode=2))}
    change()
    seen["after"] = on(one.read_bits(0, 16, functioncode=2))
    seen["other_unit"] = on(unit(2).read_bits(0, 16, functioncode=2))
    seen["readings"] = one.read_registers(4, 3, functioncode=4)
    one.write_bit(3, 1, functioncode=5)
    one.write_bits(8, [1, 0, 1])
    seen["coils"] = on(one.read_bits(0, 16, functioncode=1))
    one.write_register(0, 258, functioncode=6)
    one.write_registers(1, [10, 65535])
    seen["holding"] = one.read_registers(0, 3)
    seen["refused"] = [
        refused(17, []),
        refused(2, [0, 9, 0, 16]),
        refused(2, [0, 0, 0x07, 0xD1]),
    ]
    try:
        seen["stranger"] = repr(unit(9).read_bit(0, functioncode=2))
    except minimalmodbus.NoResponseError:
        seen["stranger"] = "silence"
    seen["at_last"] = on(one.read_bits(0, 16, functioncode=2))
    return seen


def main():
    library, port, baud, parity = sys.argv[1:5]
    masters = {"pymodbus": with_pymodbus, "minimalmodbus": with_minimalmodbus}
    print(json.dumps(masters[library](port, int(baud), parity)), flush=True)


main()
