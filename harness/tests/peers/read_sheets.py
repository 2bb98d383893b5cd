"""Reads a drawing and a workbook with ezdxf and openpyxl and says in JSON what is in them."""

import json
import sys

import ezdxf
import openpyxl
from ezdxf import units

drawing = ezdxf.readfile(sys.argv[1])
auditor = drawing.audit()
entities = {}
for entity in drawing.modelspace():
    layer = entities.setdefault(entity.dxf.layer, {"count": 0, "texts": [], "longest_m": 0.0})
    layer["count"] += 1
    if entity.dxftype() == "TEXT":
        layer["texts"].append(entity.dxf.text)
    if entity.dxftype() == "LWPOLYLINE" and not entity.closed:
        points = list(entity.vertices())
        ends = [points[0][k] - points[-1][k] for k in (0, 1)]
        layer["longest_m"] = max(layer["longest_m"], (ends[0] ** 2 + ends[1] ** 2) ** 0.5)

formulas = openpyxl.load_workbook(sys.argv[2])
values = openpyxl.load_workbook(sys.argv[2], data_only=True)
bill = [[cell.value for cell in row] for row in values.worksheets[0].iter_rows(min_row=5)]
json.dump(
    {
        "units": units.unit_name(drawing.units),
        "errors": [str(error.message) for error in auditor.errors],
        "layers": {layer.dxf.name: layer.dxf.color for layer in drawing.layers},
        "entities": entities,
        "bill": bill,
        "formulas": [row[5].value for row in formulas.worksheets[0].iter_rows(min_row=5)],
        "counts": [row[3].value for row in formulas.worksheets[0].iter_rows(min_row=5)],
        "devices": formulas.worksheets[1].max_row - 1,
    },
    sys.stdout,
    ensure_ascii=False,
)
