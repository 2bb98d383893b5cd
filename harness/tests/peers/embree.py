"""Embree's side of `palisade bench sight`: the same map, or the same list of rays.

map MESH CAMERAS PART PARTS   answers every PARTS-th pair of camera and height from PART on; waits for a line on stdin before
                              each pass and then prints {"rays", "seen": [per pair], "build_s", "cast_s"}
list MESH RAYS                reads 6 doubles per ray from a file, or from stdin for `-`, and prints the distance of the first hit of each, or -1
"""

import json
import struct
import sys
import time

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh

CELL = 0.25
HEIGHTS = (0.5, 1.0, 1.7)
# Unsigned component types of glTF 2.0, 3.6.2.2.
INDICES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32}


def read(path):
    data = open(path, "rb").read()
    length = struct.unpack_from("<I", data, 12)[0]
    head, body = json.loads(data[20 : 20 + length]), data[28 + length :]

    def array(accessor, kind, width):
        accessor = head["accessors"][accessor]
        start = head["bufferViews"][accessor["bufferView"]].get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(body, kind, accessor["count"] * width, start)

    primitive = head["meshes"][0]["primitives"][0]
    corners = array(primitive["attributes"]["POSITION"], np.float32, 3).reshape(-1, 3)
    kind = INDICES[head["accessors"][primitive["indices"]]["componentType"]]
    return corners, array(primitive["indices"], kind, 1).reshape(-1, 3).astype(np.int32)


def built(mesh):
    started = time.perf_counter()
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, *read(mesh))
    first = np.zeros((1, 3), np.float32)
    scene.run(first, first + 1, query="DISTANCE")
    return scene, time.perf_counter() - started


def ways(camera, height):
    reach, yaw = camera["range_m"], np.radians(camera["yaw_deg"])
    eye = np.array([camera["x_m"], camera["y_m"], camera["z_m"]])
    axes = [CELL * (0.5 + np.arange(np.floor((e - reach) / CELL) - 1, np.ceil((e + reach) / CELL) + 1)) for e in eye[:2]]
    east, north = np.meshgrid(*[axis[(axis > 0) & (axis < 500)] for axis in axes])
    way = np.stack([east - eye[0], north - eye[1], np.full_like(east, height - eye[2])], -1).reshape(-1, 3)
    length = np.linalg.norm(way, axis=1)
    turn = np.arctan2(way[:, 1], way[:, 0]) - yaw
    turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    kept = (length <= reach) & (turn <= np.radians(camera["hfov_deg"] / 2))
    way, length = way[kept], length[kept]
    origins = np.repeat(eye.astype(np.float32)[None], len(way), 0)
    return origins, (way / length[:, None]).astype(np.float32), length


def the_map(mesh, cameras, part, parts):
    scene, build = built(mesh)
    pairs = [(camera, height) for camera in json.load(open(cameras)) for height in HEIGHTS][part::parts]
    for _ in sys.stdin:
        rays, seen, cast = 0, [], 0.0
        for camera, height in pairs:
            origins, directions, length = ways(camera, height)
            # Whether anything is in the way before the target: no more than is asked of us.
            reach = (length - 1e-3).astype(np.float32)
            started = time.perf_counter()
            hit = scene.run(origins, directions, reach, query="OCCLUDED")
            cast += time.perf_counter() - started
            rays += len(length)
            seen.append(int((hit == -1).sum()))
        print(json.dumps({"rays": rays, "seen": seen, "build_s": build, "cast_s": cast}), flush=True)


def the_list(mesh, rays):
    scene, _ = built(mesh)
    rays = np.frombuffer(sys.stdin.buffer.read()) if rays == "-" else np.fromfile(rays)
    rays = rays.reshape(-1, 6)
    way = rays[:, 3:] - rays[:, :3]
    length = np.linalg.norm(way, axis=1)
    origins, directions = rays[:, :3].astype(np.float32), (way / length[:, None]).astype(np.float32)
    distance = scene.run(origins, directions, query="DISTANCE")
    np.where(distance >= length - 1e-3, -1.0, distance).astype(np.float64).tofile(sys.stdout.buffer)


if sys.argv[1] == "map":
    the_map(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
else:
    the_list(sys.argv[2], sys.argv[3])
